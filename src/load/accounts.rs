//! Users and groups that a configuration names, looked up once each.

use crate::policy::given::Accounts;
use crate::sys::accounts::{self, KnownAccounts};
use crate::unix::{GroupId, UserId};
/// The users and groups that exist, or all that could exist on some machine.
pub(super) struct AccountBook {
    pub(super) known: KnownAccounts,
    pub(super) offline: bool,
}

impl Accounts for AccountBook {
    fn user(&mut self, word: &[u8]) -> Option<UserId> {
        if self.offline {
            accounts::may_exist(word).then_some(UserId(0))
        } else {
            self.known.user(word)
        }
    }

    fn group(&mut self, word: &[u8]) -> Option<GroupId> {
        if self.offline {
            accounts::may_exist(word).then_some(GroupId(0))
        } else {
            self.known.group(word)
        }
    }

    fn expand_home(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let rest = path.strip_prefix(b"~/")?;
        let mut home = accounts::own_home()?;
        home.push(b'/');
        home.extend_from_slice(rest);
        Some(home)
    }
}
