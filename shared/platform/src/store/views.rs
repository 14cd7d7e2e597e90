//! Views of the table, which may be remembered for a moment.

use std::collections::BTreeMap;
use std::ops::Add;
use std::sync::Arc;

use jiff::Timestamp;
use onsale_domain::concerts::schedule::{SaleState, Schedule};
use onsale_domain::id::{ProductId, ReservationId};
use onsale_domain::money::Price;
use onsale_domain::products::product::{MaxPerUser, Product};
use onsale_domain::seats::{BlockId, Label, SeatState, SeatValue};
use onsale_domain::time::EpochSecond;
use serde::{Deserialize, Serialize};

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Cursor of the next page; `None` after the last.
    pub next: Option<String>,
}

/// One item of neighbouring seats.
#[derive(Clone, Debug)]
pub struct Block {
    /// The id of the block.
    pub id: BlockId,
    /// Its seats, by number.
    pub seats: BTreeMap<u16, SeatValue>,
    /// The lease of a deletion, lapsed or not.
    pub(crate) lease: Option<String>,
}

/// How many seats of a section are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// May be taken.
    pub available: u32,
    /// Held by live reservations.
    pub held: u32,
    /// Sold.
    pub sold: u32,
}

impl Block {
    /// Whether a seat is held by or sold to this reservation at `now`, an epoch second.
    pub(crate) fn is_of_reservation(&self, reservation: ReservationId, now: EpochSecond) -> bool {
        let is_live = |value: &SeatValue| value.state(now) != SeatState::Available;
        self.seats.values().any(|value| value.owner() == Some(reservation) && is_live(value))
    }
}

impl Counts {
    /// Whether there are seats, and all of them are sold.
    #[must_use]
    pub fn is_sold_out(self) -> bool {
        self.available == 0 && self.held == 0 && self.sold > 0
    }

    /// Counts the seats of blocks as they are at `now`.
    #[must_use]
    pub fn count(blocks: &[Block], now: Timestamp) -> Self {
        let mut counts = Self::default();
        for value in blocks.iter().flat_map(|block| block.seats.values()) {
            match value.state(EpochSecond::begun(now)) {
                SeatState::Available => counts.available += 1,
                SeatState::Held => counts.held += 1,
                SeatState::Sold => counts.sold += 1,
            }
        }
        counts
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { available: self.available + other.available, held: self.held + other.held, sold: self.sold + other.sold }
    }
}

/// Counts by section, as they were a moment ago.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When they were counted.
    pub as_of: Timestamp,
    /// By section.
    pub sections: BTreeMap<Label, Counts>,
}

impl Overview {
    /// The seats of all sections together.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.sections.values().copied().fold(Counts::default(), Counts::add)
    }
}

/// A date of a concert as everybody may see it, before its sale and during it.
#[derive(Clone, Debug)]
pub struct DateView {
    /// The date, with its sections.
    pub schedule: Arc<Schedule>,
    /// Its seats, as they were counted a moment ago.
    pub seats: Arc<Overview>,
}

impl DateView {
    /// The state of its sale at `now`.
    #[must_use]
    pub fn sale_state(&self, now: Timestamp) -> SaleState {
        self.schedule.sale_state(self.seats.total().is_sold_out(), now)
    }
}

/// A product as the catalog lists it: an entry has all that a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The product.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its price.
    pub price: Price,
    /// How much of it one account may have unpaid.
    pub max_per_user: MaxPerUser,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A product with how many units of it can be had.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// The product.
    pub product: Product,
    /// Units, of all shards together.
    pub available: i64,
}

/// The products that sold best in a span, as counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// When that was.
    pub(crate) as_of: Timestamp,
    /// Product and units, the best first.
    pub(crate) sold: Vec<(ProductId, i64)>,
}

/// A product among those that sold best.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// The product, which is selling.
    pub product: Product,
    /// Units paid for and not given back.
    pub sold: i64,
}

/// The products that sold best in a span, of those that are selling.
#[derive(Clone, Debug)]
pub struct Popular {
    /// When the units were counted.
    pub as_of: Timestamp,
    /// The best first.
    pub products: Vec<Ranked>,
}
