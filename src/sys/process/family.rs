//! A process and what it started.

use nix::unistd::Pid;

/// Returns a process, its children, and theirs.
pub(super) fn family_of(pid: Pid) -> Vec<Pid> {
    let mut family = vec![pid];
    add_descendants(pid, &mut family);
    family
}

/// Adds a process's children, and theirs; where the kernel does not list them, there are none.
fn add_descendants(pid: Pid, family: &mut Vec<Pid>) {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in listed.split_ascii_whitespace().filter_map(|word| word.parse().ok()) {
        let child = Pid::from_raw(child);
        if !family.contains(&child) {
            family.push(child);
            add_descendants(child, family);
        }
    }
}
