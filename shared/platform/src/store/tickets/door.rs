//! The list at the door: which codes are dead, and later who came in. One item for each reservation of which a code ever
//! died, over 16 partitions of a date.
//!
//! **It is written by the transaction that ends a code**, so there is no moment at which a ticket was given back and its
//! code is good.

use jiff::Timestamp;
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::tickets::generation::{Generation, Ordinal};

use crate::store::dynamodb::item::{number, text};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;

/// The attribute that says of a ticket the highest generation of which a code is dead.
fn dead(ordinal: Ordinal) -> String {
    format!("d{}", ordinal.get())
}

/// The attribute that says of a ticket that it was scanned.
fn scanned(ordinal: Ordinal) -> String {
    format!("s{}", ordinal.get())
}

/// Whether a ticket may be given back or get a new code after it was scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterScan {
    /// Nothing is given back after a scan: the write is on condition that there was none.
    Refused,
    /// The money never came, whoever has come in meanwhile.
    Allowed,
}

/// The write that puts the codes on the list that are dead `after` and were not when it was `read`; none if no code dies.
/// The reservation's version, which is in the same transaction, is what makes it happen once.
pub(crate) fn end_codes(read: &Reservation, after: &Reservation, now: Timestamp, scan: AfterScan) -> Option<Write> {
    let before: Vec<(Ordinal, Generation)> = read.dead_generations().collect();
    let ended: Vec<(Ordinal, Generation)> = after.dead_generations().filter(|dead| !before.contains(dead)).collect();
    let key = keys::door(after.schedule_id, after.id);
    let mut write = Write::update(&key)
        .name("#owner", "owner")
        .set("#owner", text(&key.pk))
        .set("created_at", number(now.as_millisecond()));
    for (ordinal, generation) in &ended {
        write = write.set(dead(*ordinal), number(generation.get()));
    }
    if scan == AfterScan::Refused {
        let unscanned = ended.iter().map(|(ordinal, _)| format!("attribute_not_exists({})", scanned(*ordinal)));
        write = write.when(unscanned.collect::<Vec<_>>().join(" AND "));
    }
    (!ended.is_empty()).then_some(write)
}
