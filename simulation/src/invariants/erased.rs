//! D1: what is left of an erased account.

use super::{Item, Snapshot, is_closing, number, text};

/// The attributes of a profile that say who it is of.
const PERSONAL: [&str; 5] = ["email", "name", "password_hash", "language", "proven_at"];

impl Snapshot {
    /// D1: an erased account has no name, address, password or role, nobody's address leads to it, its wallet was empty,
    /// and its ledger, its log and its unpaid orders are closed. No other account is closed.
    pub(super) fn check_erased(&self) {
        let erased: Vec<String> = self
            .with_sort_key("PROFILE")
            .filter(|profile| profile.contains_key("erased_at"))
            .map(|profile| {
                let kept: Vec<&&str> = PERSONAL.iter().filter(|name| profile.contains_key(**name)).collect();
                assert!(kept.is_empty(), "{} is erased and has {kept:?}", text(profile, "pk"));
                text(profile, "pk")
            })
            .collect();
        for pk in &erased {
            let user = pk.trim_start_matches("USER#");
            let claimed = self.with_sort_key("EMAIL").any(|claim| text(claim, "user") == user);
            assert!(!claimed, "an address leads to {pk}, which is erased");
            assert!(self.of_partition(&format!("GRANTS#{user}"), "").next().is_none(), "{pk} is erased and has a role");
            self.check_closed(pk);
        }
        let closings = self.with_sort_key("ENTRY#").filter(|entry| text(entry, "kind") == "closing");
        let closings = closings.chain(self.items().filter(|item| is_closing(item)));
        for closing in closings {
            assert!(erased.contains(&text(closing, "pk")), "{} is closed and not erased", text(closing, "pk"));
        }
    }

    /// The chains of an erased account have their ends.
    fn check_closed(&self, pk: &str) {
        let mut entries: Vec<&Item> = self.of_partition(pk, "ENTRY#").collect();
        entries.sort_by_key(|entry| number(entry, "seq"));
        let closing = entries.iter().position(|entry| text(entry, "kind") == "closing");
        let closing = closing.unwrap_or_else(|| panic!("the ledger of {pk} goes on"));
        assert_eq!(number(entries[closing], "balance_after"), 0, "{pk} was erased with money in its wallet");
        for later in &entries[closing + 1..] {
            let kind = text(later, "kind");
            assert!(["card_charge", "card_refund_returned"].contains(&kind.as_str()), "{kind} after the end of {pk}");
        }
        let mut log: Vec<&Item> = self.of_partition(pk, "RSV#").collect();
        log.sort_by_key(|item| text(item, "sk"));
        assert!(log.last().is_some_and(|last| is_closing(last)), "the log of {pk} goes on");
        let live = log.iter().find(|item| ["held", "declined"].contains(&text(item, "state").as_str()));
        assert!(live.is_none_or(|item| !item.contains_key("expiry_shard")), "{pk} is erased and holds seats");
        let mut unpaid = self.of_partition(pk, "UNPAID");
        assert!(unpaid.next().is_some_and(is_closing), "{pk} may order");
    }
}
