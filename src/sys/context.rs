//! SELinux contexts: a new file is born with another's, and never has a name without it.
//!
//! With the cargo feature `selinux` this goes through libselinux; without it nothing here does anything. The context is set
//! for files to come of this thread alone, around the one call that makes the file: policies let a log rotation program make
//! files of a log's type, but not change a file's type afterwards. Where that does not work it is changed afterwards.

use std::fs::File;
use std::path::Path;

use crate::fault::SysError;

/// Whether this build keeps SELinux contexts.
pub const KEEPS_CONTEXT: bool = cfg!(feature = "selinux");

/// Makes a file with the context of another; without a model, or where there are no contexts, as the system has it.
#[cfg(feature = "selinux")]
pub fn born_like<T>(model: Option<&File>, make: impl FnOnce() -> T) -> T {
    let _birth = model.and_then(kept::Birth::prepare);
    make()
}

/// Makes a file: this build does not know SELinux.
#[cfg(not(feature = "selinux"))]
pub fn born_like<T>(_model: Option<&File>, make: impl FnOnce() -> T) -> T {
    make()
}

/// Copies the context of one open file to another, where there is one and the other was not born with it.
///
/// # Errors
/// It could not be set, save on a file system that keeps none or where SELinux only watches.
#[cfg(feature = "selinux")]
pub fn copy_context(from: &File, to: &File, path: &Path) -> Result<(), SysError> {
    kept::copy(from, to, path)
}

/// Does nothing: this build does not know SELinux.
#[cfg(not(feature = "selinux"))]
pub fn copy_context(_from: &File, _to: &File, _path: &Path) -> Result<(), SysError> {
    Ok(())
}

#[cfg(feature = "selinux")]
mod kept {
    use std::fs::File;
    use std::path::Path;

    use nix::errno::Errno;
    use selinux::errors::Error;
    use selinux::{KernelSupport, SELinuxMode, SecurityContext};

    use crate::fault::{Op, SysError};

    /// Contexts are taken and given as the kernel has them, not as a translation daemon shows them.
    const RAW: bool = true;

    /// Files that this thread makes have a certain context until this is dropped.
    pub(super) struct Birth;

    impl Birth {
        /// Asks for the model's context; `None` where it cannot be had: then it is set when the file is there.
        pub(super) fn prepare(model: &File) -> Option<Self> {
            if matches!(selinux::kernel_support(), KernelSupport::Unsupported) {
                return None;
            }
            let context = SecurityContext::of_file(model, RAW).ok().flatten()?;
            context.set_for_new_file_system_objects(RAW).ok().map(|()| Self)
        }
    }

    impl Drop for Birth {
        fn drop(&mut self) {
            // What was allowed a moment ago is allowed now; each next birth sets its own context in any case.
            let _ = SecurityContext::set_default_context_for_new_file_system_objects();
        }
    }

    /// Copies the context, unless it is there already.
    pub(super) fn copy(from: &File, to: &File, path: &Path) -> Result<(), SysError> {
        let Some(wanted) = context_of(from, path)? else {
            return Ok(());
        };
        let has = context_of(to, path)?;
        if has.is_some_and(|has| has.as_bytes() == wanted.as_bytes()) {
            return Ok(());
        }
        match wanted.set_for_file(to) {
            Err(error) if is_binding(&error) => Err(fail(&error, path)),
            _ => Ok(()),
        }
    }

    fn context_of(file: &File, path: &Path) -> Result<Option<SecurityContext<'static>>, SysError> {
        match SecurityContext::of_file(file, RAW) {
            Ok(context) => Ok(context),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(fail(&error, path)),
        }
    }

    /// Answers whether a context that could not be set is an error: not where there are none, nor where SELinux only watches.
    fn is_binding(error: &Error) -> bool {
        !is_absent(error) && selinux::current_mode() != SELinuxMode::Permissive
    }

    fn is_absent(error: &Error) -> bool {
        matches!(errno_of(error), Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::ENODATA)
    }

    fn errno_of(error: &Error) -> Errno {
        match error {
            Error::IO { source, .. } | Error::IO1Path { source, .. } => {
                Errno::from_raw(source.raw_os_error().unwrap_or(0))
            }
            _ => Errno::EINVAL,
        }
    }

    fn fail(error: &Error, path: &Path) -> SysError {
        SysError::new(Op::SetAttribute, path, errno_of(error) as i32)
    }
}

#[cfg(all(test, feature = "selinux"))]
mod tests {
    use super::*;
    use xattr::FileExt as _;

    #[test]
    fn a_context_is_taken_over_from_one_open_file_to_another() {
        // As an attribute a context is kept also by a kernel that runs no SELinux; only root may set one.
        let dir = tempfile::tempdir().unwrap();
        let old = File::create(dir.path().join("old")).unwrap();
        let new = born_like(Some(&old), || File::create(dir.path().join("new"))).unwrap();
        let label: &[u8] = b"system_u:object_r:httpd_log_t:s0\0";
        if old.set_xattr("security.selinux", label).is_err() {
            return;
        }
        copy_context(&old, &new, Path::new("new")).unwrap();
        assert_eq!(new.get_xattr("security.selinux").unwrap().as_deref(), Some(label));
    }
}
