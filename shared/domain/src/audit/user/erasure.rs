//! D1, an erased account: its chains are closed together, nothing follows, and nothing says who it was.

use super::UserAudit;
use crate::audit::{Entity, What};
use crate::wallet::{Entry, EntryKind};

/// The traces of an erasure.
#[derive(Debug, Default)]
pub(super) struct Erasure {
    /// The attributes of an erased profile that say who it was; `None` if no profile is erased.
    profile: Option<Vec<String>>,
    is_ledger_closed: bool,
    /// The number of the closing in the log of reservations.
    log_closed: Option<u32>,
    is_unpaid_closed: bool,
}

impl UserAudit {
    /// The profile of an erased account, and which attributes of it say who it was.
    pub fn add_erased_profile(&mut self, personal: Vec<String>) {
        self.erasure.profile = Some(personal);
    }

    /// The closing of the log of reservations, at this number.
    pub fn add_log_closing(&mut self, number: u32) {
        self.erasure.log_closed = Some(number);
    }

    /// The mark that no order waits for payment any more.
    pub fn add_unpaid_closing(&mut self) {
        self.erasure.is_unpaid_closed = true;
    }

    /// A closing moves nothing and leaves nothing; after it only money comes in that nobody has asked for.
    pub(super) fn check_closing(&mut self, entry: &Entry) {
        let of = Entity::Entry(self.user, entry.seq);
        if entry.kind == EntryKind::Closing && !self.erasure.is_ledger_closed {
            self.erasure.is_ledger_closed = true;
            if (entry.amount, entry.balance_after) != (0, 0) {
                self.differences.add_difference(What::Erasure, of, "an empty wallet", entry.balance_after);
            }
        } else if self.erasure.is_ledger_closed && !entry.kind.may_follow_closing() {
            let expected = "money that comes in by itself";
            self.differences.add_difference(What::AfterClosing, of, expected, entry.kind.as_str());
        }
    }

    /// The traces of an erasure are all there, or none is.
    pub(super) fn judge_erasure(&mut self) {
        let Erasure { profile, is_ledger_closed, log_closed, is_unpaid_closed } = &self.erasure;
        let traces = [
            ("profile", profile.is_some()),
            ("ledger", *is_ledger_closed),
            ("log of reservations", log_closed.is_some()),
            ("unpaid orders", *is_unpaid_closed),
        ];
        if !traces.iter().any(|(_, there)| *there) {
            return;
        }
        let of = || Entity::User(self.user);
        let all = traces.map(|(name, _)| name).join(", ");
        let there: Vec<&str> = traces.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
        self.differences.compare(What::Erasure, of(), all, there.join(", "));
        if let Some(personal) = profile.as_ref().filter(|personal| !personal.is_empty()) {
            self.differences.add_difference(What::ErasedProfile, of(), "nothing", personal.join(", "));
        }
        for (id, number) in &self.numbers {
            if log_closed.is_some_and(|closing| *number > closing) {
                let of = Entity::Reservation(self.user, *id);
                self.differences.add_difference(What::AfterClosing, of, "nothing", *number);
            }
        }
    }
}
