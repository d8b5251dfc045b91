//! The locale of the run, as far as the order of names and the meaning of a character go.

use std::cmp::Ordering;
use std::ffi::{CStr, CString};
use std::sync::OnceLock;

use nix::libc;

/// The environment's locale, as far as names go: what a character is, and in what order they come.
struct Environment(libc::locale_t);

#[expect(unsafe_code, reason = "the standard library does not know locales")]
// SAFETY: a locale that is never changed nor freed may be used by all threads.
unsafe impl Send for Environment {}
#[expect(unsafe_code, reason = "the standard library does not know locales")]
// SAFETY: as above.
unsafe impl Sync for Environment {}

impl Environment {
    /// Loads it, once. A category for which the environment names no locale that is there is that of `C`.
    #[expect(unsafe_code, reason = "the standard library does not know locales")]
    fn get() -> &'static Self {
        static LOADED: OnceLock<Environment> = OnceLock::new();
        LOADED.get_or_init(|| {
            let masks = [libc::LC_CTYPE_MASK, libc::LC_COLLATE_MASK];
            // SAFETY: the names end in a NUL; a locale that was built upon is not used any more, where that succeeded.
            let mut locale = unsafe { libc::newlocale(libc::LC_ALL_MASK, c"C".as_ptr(), std::ptr::null_mut()) };
            for mask in masks {
                // SAFETY: as above.
                let more = unsafe { libc::newlocale(mask, c"".as_ptr(), locale) };
                if !more.is_null() {
                    locale = more;
                }
            }
            Self(locale)
        })
    }
}

/// Lets the C library do something in the environment's locale.
#[expect(unsafe_code, reason = "the standard library does not know locales")]
pub(super) fn within<T>(act: impl FnOnce() -> T) -> T {
    let environment = Environment::get();
    // SAFETY: the locale lives for ever; it is this thread's only as long as `act` lasts, and a null one changes nothing.
    let before = unsafe { libc::uselocale(environment.0) };
    let result = act();
    // SAFETY: it was this thread's a moment ago.
    unsafe { libc::uselocale(before) };
    result
}

/// Tells whether names sort as bytes, which most scheduled runs' locales say: the C library need not load those.
fn sorts_by_bytes() -> bool {
    static BY_BYTES: OnceLock<bool> = OnceLock::new();
    *BY_BYTES.get_or_init(|| {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let name = set("LC_ALL").or_else(|| set("LC_COLLATE")).or_else(|| set("LANG"));
        let name = name.unwrap_or_default();
        ["", "C", "POSIX", "C.UTF-8", "C.utf8"]
            .iter()
            .any(|plain| name == *plain)
    })
}

/// Sorts by names as the run's locale does it; names that it holds for equal sort by their bytes.
pub fn sort_by_name<T>(items: &mut Vec<T>, name: impl Fn(&T) -> &[u8]) {
    if sorts_by_bytes() || items.iter().any(|item| name(item).contains(&0)) {
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
    within(|| unsafe { libc::strcoll(a.as_ptr(), b.as_ptr()) }).cmp(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
