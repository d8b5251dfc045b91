//! Names of users and groups for messages; a number where there is no name.

/// Returns the user's name.
#[must_use]
pub fn user(id: u32) -> String {
    crate::sys::names::user_name(id).unwrap_or_else(|| id.to_string())
}

/// Returns the group's name.
#[must_use]
pub fn group(id: u32) -> String {
    crate::sys::names::group_name(id).unwrap_or_else(|| id.to_string())
}
