//! Double entry: everything that was moved is added up from both of its sides, and each difference has a name.
//!
//! A wallet is one side of every movement of money. The other side, cash-in, sales and refunds, is no item that every
//! purchase would have to write to: it is derived, from the receipts of top-ups and spends and from the payments in
//! reservations and orders. Seats, units and coupons are counted in the same way: by what is left of them, and by those
//! who have them. Whoever reads the table hands its items over here, in pieces, so that it is never in memory as a
//! whole.

mod concerts;
mod doors;
mod evidence;
mod queues;
mod sections;
mod stock;
mod trial_balance;
mod user;
mod verdict;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use uuid::Uuid;

use crate::id::{CardPaymentId, ConcertId, CouponId, OrderId, ProductId, ReservationId, ScheduleId, UserId};
use crate::seats::{Label, SeatId};

pub use concerts::Concerts;
pub use doors::Doors;
use evidence::Evidence;
pub use queues::Queues;
pub use sections::{CLOCKS_APART_SECONDS, Sections, expected_value};
pub use stock::{Shard, Stock, Terms};
pub use trial_balance::{Account, TrialBalance};
pub use user::{Judged, Receipt, ReceiptKind, UserAudit};
pub use verdict::{Extent, Outcome, PASSES_MAX, Passes, Verdict};

/// The kinds of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// An item has another form than its kind.
    Unreadable,
    /// A ledger begins with the opening of its wallet.
    NoWallet,
    /// Entries are numbered without a gap.
    EntryNumber,
    /// An entry starts where the one before ended.
    BalanceAfter,
    /// No entry leaves less than nothing.
    BelowZero,
    /// An entry moves something: what costs nothing leaves none.
    NothingMoved,
    /// Top-ups and spends name a receipt, payments and refunds what was paid.
    EntryKind,
    /// The purchase that an entry names is there, and was paid.
    EntryUnexplained,
    /// A receipt has one entry.
    ReceiptEntries,
    /// A receipt's entry has its amount.
    ReceiptAmount,
    /// A payment has one entry that takes it; one of nothing has none.
    PaymentEntries,
    /// The entry of a payment has its amount.
    PaymentAmount,
    /// Entries that give a payment back come to what it says of itself.
    Refunds,
    /// Never more is given back than was paid.
    RefundRange,
    /// A paid purchase has a payment, one that was never paid has none.
    PaymentState,
    /// A payment is the sum of the tickets or lines.
    PaymentTotal,
    /// The rest of a payment is the sum of its live tickets or lines; of a cancelled one nothing.
    PaymentRest,
    /// A charge has one entry, a refund to a card one, and one more if the card took none.
    CardEntries,
    /// These entries, and the payment of a purchase by card, have the amount of the charge or refund.
    CardAmount,
    /// The refunds of a charge come to what the charge and its purchase say of themselves.
    CardRefunds,
    /// A charge pays for one purchase, unless its money is in the wallet.
    CardPurchases,
    /// The receipts of a user's payouts come to what went back to cards from the wallet.
    Payouts,
    /// An open purchase waits for the sweep, an ended one does not.
    Settled,
    /// An order's discount follows from the terms of its coupon's claim.
    Discount,
    /// A claim is used by the live order that names it, and by no other.
    CouponUse,
    /// A reservation is in its owner's log once.
    ReservationTwice,
    /// Nobody holds and owns more seats of a schedule than one user may.
    SeatLimit,
    /// A user's unpaid orders count as many as they name.
    UnpaidCount,
    /// A user's unpaid orders name each that has neither ended nor been paid.
    UnpaidOpen,
    /// A user's unpaid orders count the units of these.
    UnpaidUnits,
    /// Profile, ledger, log of reservations and unpaid orders of an account are erased and closed together.
    Erasure,
    /// The profile of an erased account has nothing that says who it was.
    ErasedProfile,
    /// Nothing follows a closing but money that comes in by itself.
    AfterClosing,
    /// A live ticket's seat names its reservation.
    Seat,
    /// As many seats of a section are sold as reservations own.
    SeatsSold,
    /// As many seats of a section are held as reservations hold.
    SeatsHeld,
    /// The list at the door of a date names the codes that are dead, and no other.
    DeadCodes,
    /// Units that are left and units of live orders are those that were put in.
    Units,
    /// A quantity has as many shards as it says.
    Shards,
    /// No shard has less than nothing.
    ShardBelowZero,
    /// A product's shard has its price and state.
    ShardTerms,
    /// Coupons that are left and claims are those that were made.
    Coupons,
    /// A shard, a claim, a line or a change of stock is of a product or coupon that is there.
    Ownerless,
    /// A queue counts no fewer places in use than admissions and open calls are known.
    QueuePlaces,
    /// A concert counts the dates in its list.
    Dates,
    /// The ledger's side of an account is the side of receipts and payments, though no user's books say so.
    TrialBalance,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 46] = [
        Self::Unreadable,
        Self::NoWallet,
        Self::EntryNumber,
        Self::BalanceAfter,
        Self::BelowZero,
        Self::NothingMoved,
        Self::EntryKind,
        Self::EntryUnexplained,
        Self::ReceiptEntries,
        Self::ReceiptAmount,
        Self::PaymentEntries,
        Self::PaymentAmount,
        Self::Refunds,
        Self::RefundRange,
        Self::PaymentState,
        Self::PaymentTotal,
        Self::PaymentRest,
        Self::CardEntries,
        Self::CardAmount,
        Self::CardRefunds,
        Self::CardPurchases,
        Self::Payouts,
        Self::Settled,
        Self::Discount,
        Self::CouponUse,
        Self::ReservationTwice,
        Self::SeatLimit,
        Self::UnpaidCount,
        Self::UnpaidOpen,
        Self::UnpaidUnits,
        Self::Erasure,
        Self::ErasedProfile,
        Self::AfterClosing,
        Self::Seat,
        Self::SeatsSold,
        Self::SeatsHeld,
        Self::DeadCodes,
        Self::Units,
        Self::Shards,
        Self::ShardBelowZero,
        Self::ShardTerms,
        Self::Coupons,
        Self::Ownerless,
        Self::QueuePlaces,
        Self::Dates,
        Self::TrialBalance,
    ];

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "the item",
            Self::NoWallet => "the opening of its ledger",
            Self::EntryNumber => "its number",
            Self::BalanceAfter => "the balance after it",
            Self::BelowZero => "what it leaves",
            Self::NothingMoved => "what it moves",
            Self::EntryKind => "its kind and reference",
            Self::EntryUnexplained => "what explains it",
            Self::ReceiptEntries => "its entries",
            Self::ReceiptAmount => "the amount of its entry",
            Self::PaymentEntries => "the entries that take its payment",
            Self::PaymentAmount => "the amount of that entry",
            Self::Refunds => "the sum of its refunds",
            Self::RefundRange => "what was given back",
            Self::PaymentState => "its payment",
            Self::PaymentTotal => "the amount of its payment",
            Self::PaymentRest => "what is left of its payment",
            Self::CardEntries => "its entries",
            Self::CardAmount => "their amount",
            Self::CardRefunds => "its refunds",
            Self::CardPurchases => "the purchases that it pays for",
            Self::Payouts => "what was paid out of it",
            Self::Settled => "its place on the expiry index",
            Self::Discount => "its discount",
            Self::CouponUse => "the order that uses it",
            Self::ReservationTwice => "its place in the log",
            Self::SeatLimit => "how many there are",
            Self::UnpaidCount => "how many there are",
            Self::UnpaidOpen => "which there are",
            Self::UnpaidUnits => "units by product",
            Self::Erasure => "what its erasure has closed",
            Self::ErasedProfile => "what says who it was",
            Self::AfterClosing => "what may follow the closing",
            Self::Seat => "its value",
            Self::SeatsSold => "seats sold",
            Self::SeatsHeld => "seats held",
            Self::DeadCodes => "dead codes",
            Self::Units => "units left and ordered",
            Self::Shards => "its shards",
            Self::ShardBelowZero => "what is left",
            Self::ShardTerms => "its price and state",
            Self::Coupons => "coupons left and claimed",
            Self::Ownerless => "the product or coupon it is of",
            Self::QueuePlaces => "places in use",
            Self::Dates => "its dates",
            Self::TrialBalance => "its two sides",
        }
    }

    /// Whether it is about money: then it is why the trial balance is uneven.
    fn is_of_money(self) -> bool {
        self <= Self::Payouts
    }
}

/// The thing that a difference is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// A user's account, with all that is in it.
    User(UserId),
    /// A user's wallet.
    Wallet(UserId),
    /// An entry of a user's ledger.
    Entry(UserId, u64),
    /// The receipt of a top-up, credit or spend of a user.
    Receipt(UserId, Uuid),
    /// A user's reservation.
    Reservation(UserId, ReservationId),
    /// A user's order.
    Order(UserId, OrderId),
    /// A user's card payment.
    CardPayment(UserId, CardPaymentId),
    /// A refund of a user's card payment, by its number.
    CardRefund(UserId, CardPaymentId, u32),
    /// A user's claim of a coupon.
    Claim(UserId, CouponId),
    /// A user's seats of a schedule.
    Seats(UserId, ScheduleId),
    /// The unpaid orders of a user.
    Unpaid(UserId),
    /// A seat of a schedule.
    Seat(ScheduleId, SeatId),
    /// A section of a schedule.
    Section(ScheduleId, Label),
    /// The door of a date.
    Door(ScheduleId),
    /// A product.
    Product(ProductId),
    /// A coupon.
    Coupon(CouponId),
    /// Shards, claims or lines of a product or coupon that is not there.
    Unknown(Uuid),
    /// A shard of a quantity.
    Shard(Uuid, u8),
    /// A queue.
    Queue(String),
    /// A concert.
    Concert(ConcertId),
    /// An account of the trial balance.
    Account(Account),
    /// Anything, by its key.
    Item(String),
}

impl fmt::Display for Entity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(formatter, "account of user {user}"),
            Self::Wallet(user) => write!(formatter, "wallet of user {user}"),
            Self::Entry(user, seq) => write!(formatter, "entry {seq} of user {user}"),
            Self::Receipt(user, id) => write!(formatter, "receipt {id} of user {user}"),
            Self::Reservation(user, id) => write!(formatter, "reservation {id} of user {user}"),
            Self::Order(user, id) => write!(formatter, "order {id} of user {user}"),
            Self::CardPayment(user, id) => write!(formatter, "card payment {id} of user {user}"),
            Self::CardRefund(user, id, number) => {
                write!(formatter, "refund {number} of card payment {id} of user {user}")
            }
            Self::Claim(user, coupon) => write!(formatter, "claim of coupon {coupon} of user {user}"),
            Self::Seats(user, schedule) => write!(formatter, "seats of schedule {schedule} of user {user}"),
            Self::Unpaid(user) => write!(formatter, "unpaid orders of user {user}"),
            Self::Seat(schedule, seat) => write!(formatter, "seat {seat} of schedule {schedule}"),
            Self::Section(schedule, section) => write!(formatter, "section {section} of schedule {schedule}"),
            Self::Door(schedule) => write!(formatter, "door of date {schedule}"),
            Self::Product(id) => write!(formatter, "product {id}"),
            Self::Coupon(id) => write!(formatter, "coupon {id}"),
            Self::Unknown(id) => write!(formatter, "stock of {id}"),
            Self::Shard(id, shard) => write!(formatter, "shard {shard} of {id}"),
            Self::Queue(id) => write!(formatter, "queue {id}"),
            Self::Concert(id) => write!(formatter, "concert {id}"),
            Self::Account(account) => write!(formatter, "account {}", account.as_str()),
            Self::Item(key) => write!(formatter, "item {key}"),
        }
    }
}

/// Something that should be otherwise. Two passes over the table have found the same one if all of it is the same, the
/// amounts included, and what they are the sums of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference {
    /// The kind of the difference.
    pub what: What,
    /// Of what.
    pub entity: Entity,
    /// As it follows from the other side.
    pub expected: String,
    /// As it is.
    pub found: String,
    evidence: Evidence,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, entity, expected, found, .. } = self;
        write!(formatter, "{entity}: {}: expected {expected}, found {found}", what.as_str())
    }
}

/// The differences of a pass: all are counted, and of too many the first in their order are kept, so that two passes
/// over the same table keep the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    differences: BTreeSet<Difference>,
    left_out: u64,
}

impl Differences {
    /// Most that are kept.
    pub const KEPT_MAX: usize = 1_000;

    /// Adds one.
    pub fn add(&mut self, difference: Difference) {
        if self.differences.insert(difference) && self.differences.len() > Self::KEPT_MAX {
            self.differences.pop_last();
            self.left_out += 1;
        }
    }

    /// Adds one of these parts.
    pub(crate) fn add_difference(&mut self, what: What, entity: Entity, expected: impl ToString, found: impl ToString) {
        self.add_sum_difference(what, entity, expected, found, Evidence::default());
    }

    /// Adds one of a sum, which was made of this.
    fn add_sum_difference(
        &mut self,
        what: What,
        entity: Entity,
        expected: impl ToString,
        found: impl ToString,
        evidence: Evidence,
    ) {
        self.add(Difference { what, entity, expected: expected.to_string(), found: found.to_string(), evidence });
    }

    /// Adds one, unless both are the same.
    pub(crate) fn compare<T: PartialEq + ToString>(&mut self, what: What, entity: Entity, expected: T, found: T) {
        if expected != found {
            self.add_difference(what, entity, expected, found);
        }
    }

    /// Says that an item has not the form of its kind.
    pub fn add_unreadable(&mut self, key: String) {
        self.add_difference(What::Unreadable, Entity::Item(key), "one that can be read", "one that cannot");
    }

    /// Adds what another part of the pass has found.
    pub fn merge(&mut self, other: Self) {
        self.left_out += other.left_out;
        for difference in other.differences {
            self.add(difference);
        }
    }

    /// Those that were kept.
    #[must_use]
    pub fn kept_differences(&self) -> &BTreeSet<Difference> {
        &self.differences
    }

    /// How many there are, kept or not.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.left_out + u64::try_from(self.differences.len()).unwrap_or(u64::MAX)
    }
}
