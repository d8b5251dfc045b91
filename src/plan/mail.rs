//! What was sent already is not sent again though it could not be removed; and what `mailfirst` could not send when it was new is
//! followed to its end, and goes unsent.

use std::ffi::{OsStr, OsString};

use super::{Look, Question, Rotation, Step, Subject};
use crate::naming::ArchiveNames;
use crate::policy::Policy;

/// Enters into a plan what became of earlier letters.
pub(super) fn remember(question: &Question<'_>, look: &mut dyn Look, rotation: &mut Rotation) {
    if question.policy.mail.is_none() {
        return;
    }
    for name in look.sent() {
        if let Some(then) = follow(&mut rotation.prepare, name, false) {
            follow(&mut rotation.finish, then, false);
        }
    }
    for name in question.unsent {
        if let Some(then) = follow(&mut rotation.prepare, name.clone(), true) {
            let at_last = follow(&mut rotation.finish, then.clone(), true);
            rotation.unsent.extend(at_last.filter(|last| *last != then));
            rotation.unsent.push(then);
        }
    }
}

/// Follows an archive that is not sent any more through steps, to the name that it has then; `None` where it goes. One that `is_unsent`
/// goes with an error.
fn follow(steps: &mut Vec<Step>, mut name: OsString, is_unsent: bool) -> Option<OsString> {
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        match step {
            Step::Rename { from, to } if from.name == name => name.clone_from(&to.name),
            Step::Compress { from, to, .. } if *from == name => name.clone_from(to),
            Step::Mail { what, .. } if *what == name => {
                steps.remove(at);
                continue;
            }
            Step::Remove { what, .. } if what.name == name => {
                if is_unsent {
                    steps.insert(at, Step::GiveUpMail { what: name });
                }
                return None;
            }
            _ => {}
        }
        at += 1;
    }
    Some(name)
}

/// Sends an archive that could not be sent when it was new.
#[must_use]
pub fn send_again(policy: &Policy, names: &ArchiveNames, what: &OsStr) -> Step {
    let uncompress = policy.compression.is_some() && names.is_compressed(what);
    Step::Mail {
        what: what.to_owned(),
        subject: if uncompress { Subject::Log } else { Subject::Archive },
        uncompress,
    }
}
