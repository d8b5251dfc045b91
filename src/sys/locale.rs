//! The locale of the run, as far as the order of names and the meaning of a character go.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_ulong};
use std::os::unix::ffi::OsStringExt;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use nix::libc;

/// What the run's locale means for names.
#[derive(Clone, Copy, Debug)]
struct Manner {
    /// Names sort as bytes.
    by_bytes: bool,
    /// A character may have several bytes.
    utf8: bool,
}

/// Takes on the environment's locale, once.
fn manner() -> Manner {
    static MANNER: OnceLock<Manner> = OnceLock::new();
    *MANNER.get_or_init(|| plain_manner().unwrap_or_else(read_manner))
}

/// Where the C library keeps what it knows of `C.UTF-8`, if it has that.
const PLAIN_UTF8: &str = "/usr/lib/locale/C.utf8/LC_CTYPE";

/// Knows the locales that most scheduled runs have, without the C library's loading them.
fn plain_manner() -> Option<Manner> {
    let collate = named("LC_COLLATE");
    let ctype = named("LC_CTYPE");
    let is_plain = |name: &[u8]| matches!(name, b"" | b"C" | b"POSIX");
    let is_utf8 = |name: &[u8]| matches!(name, b"C.UTF-8" | b"C.utf8");
    if !is_plain(&collate) && !is_utf8(&collate) {
        return None;
    }
    let utf8 = is_utf8(&ctype) && nix::unistd::access(PLAIN_UTF8, nix::unistd::AccessFlags::F_OK).is_ok();
    (utf8 || is_plain(&ctype)).then_some(Manner { by_bytes: true, utf8 })
}

/// Returns the name of the environment's locale for a category.
fn named(category: &str) -> Vec<u8> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let name = set("LC_ALL").or_else(|| set(category)).or_else(|| set("LANG"));
    name.map(OsStringExt::into_vec).unwrap_or_default()
}

#[expect(unsafe_code, reason = "the standard library does not know locales")]
fn read_manner() -> Manner {
    // SAFETY: the strings are NUL-terminated, and the results are read before anything could change them. `setlocale` is called
    // here only, under the lock of a `OnceLock`, before the program has started any thread that would ask for the locale.
    unsafe {
        libc::setlocale(libc::LC_COLLATE, c"".as_ptr());
        libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let name = libc::setlocale(libc::LC_COLLATE, std::ptr::null());
        let by_bytes = name.is_null()
            || matches!(
                CStr::from_ptr(name).to_bytes(),
                b"C" | b"POSIX" | b"C.UTF-8" | b"C.utf8"
            );
        let codeset = libc::nl_langinfo(libc::CODESET);
        let utf8 = !codeset.is_null() && CStr::from_ptr(codeset).to_bytes() == b"UTF-8";
        Manner { by_bytes, utf8 }
    }
}

/// Makes the C library take on the environment's locale, for tests that compare with what it does.
#[cfg(test)]
pub(crate) fn take_on() {
    read_manner();
}

/// Tells whether characters are those of UTF-8.
#[must_use]
pub fn is_utf8() -> bool {
    manner().utf8
}

#[expect(unsafe_code, reason = "the standard library does not know locales")]
unsafe extern "C" {
    /// The class of a name in a locale, 0 if that has none so named (POSIX; the `libc` crate does not declare it).
    fn wctype_l(name: *const c_char, locale: libc::locale_t) -> c_ulong;
    /// Tells whether a character is of a class, not 0 if so.
    fn iswctype_l(one: u32, class: c_ulong, locale: libc::locale_t) -> c_int;
}

/// Returns the characters of a class, `alpha` or another that the environment's locale knows, as ranges; `None` if it knows no such
/// class.
///
/// The whole of Unicode is asked about, some milliseconds' work: once a class and run.
#[must_use]
pub fn class_members(name: &str) -> Option<Arc<[(char, char)]>> {
    type Classes = HashMap<String, Option<Arc<[(char, char)]>>>;
    static KNOWN: LazyLock<Mutex<Classes>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let ask = || Some(ranges_of(&Class::of_environment(name)?));
    known.entry(name.to_owned()).or_insert_with(ask).clone()
}

/// A class of characters in the environment's locale.
struct Class {
    locale: libc::locale_t,
    /// What `wctype_l` calls it in that locale.
    number: c_ulong,
}

impl Class {
    /// Looks a class up; `None` if the locale has none so named. Where the environment names no locale there is, it is `C`.
    #[expect(unsafe_code, reason = "the standard library does not know locales")]
    fn of_environment(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name is NUL-terminated, and no locale is built upon.
        let open = |name: &CStr| unsafe { libc::newlocale(libc::LC_CTYPE_MASK, name.as_ptr(), std::ptr::null_mut()) };
        let locale = [c"", c"C"].into_iter().map(open).find(|locale| !locale.is_null())?;
        // SAFETY: the name is NUL-terminated, and the locale was opened right here.
        let number = unsafe { wctype_l(name.as_ptr(), locale) };
        let class = Self { locale, number };
        (number != 0).then_some(class)
    }

    #[expect(unsafe_code, reason = "the standard library does not know locales")]
    fn has(&self, one: char) -> bool {
        // SAFETY: the locale is open as long as `self` is, and the number is one of its classes.
        unsafe { iswctype_l(u32::from(one), self.number, self.locale) != 0 }
    }
}

impl Drop for Class {
    #[expect(unsafe_code, reason = "the standard library does not know locales")]
    fn drop(&mut self) {
        // SAFETY: it was opened by `newlocale`, and nothing else has it.
        unsafe { libc::freelocale(self.locale) }
    }
}

fn ranges_of(class: &Class) -> Arc<[(char, char)]> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for one in ('\0'..=char::MAX).filter(|one| class.has(*one)) {
        match ranges.last_mut() {
            Some((_, high)) if u32::from(*high) + 1 == u32::from(one) => *high = one,
            _ => ranges.push((one, one)),
        }
    }
    ranges.into()
}

/// Sorts by names as the run's locale does it; names that it holds for equal sort by their bytes.
pub fn sort_by_name<T>(items: &mut Vec<T>, name: impl Fn(&T) -> &[u8]) {
    if manner().by_bytes || items.iter().any(|item| name(item).contains(&0)) {
        items.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        return;
    }
    let terminated = |item: T| Some((CString::new(name(&item)).ok()?, item));
    let mut named: Vec<(CString, T)> = std::mem::take(items).into_iter().filter_map(terminated).collect();
    named.sort_by(|(a, _), (b, _)| collate(a, b).then_with(|| a.cmp(b)));
    *items = named.into_iter().map(|(_, item)| item).collect();
}

/// Sorts names as the run's locale does it.
pub fn sort_names(names: &mut Vec<Vec<u8>>) {
    sort_by_name(names, |name| name);
}

#[expect(unsafe_code, reason = "the standard library does not know locales")]
fn collate(a: &CStr, b: &CStr) -> Ordering {
    // SAFETY: both are NUL-terminated and live through the call.
    unsafe { libc::strcoll(a.as_ptr(), b.as_ptr()) }.cmp(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_the_characters_that_the_locale_says() {
        let digits = class_members("digit").unwrap();
        assert_eq!(&*digits, [('0', '9')]);
        assert_eq!(class_members("nosuch"), None);
    }

    #[test]
    fn sorting_keeps_every_name() {
        let mut names: Vec<Vec<u8>> = [&b"b"[..], b"a", b"\xff", b"B", b"10", b"9", b"a"]
            .map(<[u8]>::to_vec)
            .into();
        sort_names(&mut names);
        assert_eq!(names.len(), 7);
        assert!(names.iter().position(|name| name == b"a") < names.iter().position(|name| name == b"b"));
    }
}
