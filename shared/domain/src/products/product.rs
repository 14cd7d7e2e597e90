//! Products: what is sold by the piece, at one price, while it is on sale.

use jiff::Timestamp;

use crate::id::ProductId;
use crate::money::Price;
use crate::products::stock::Shards;
use crate::text::{self, TextError};

/// Longest name of a product.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// The most that a product's limit may be.
pub const MAX_PER_USER_MAX: i64 = 100;

/// How many units of a product one order may have, and all unpaid orders of one account together: 1 to
/// [`MAX_PER_USER_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxPerUser(i64);

/// Not a limit of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be between 1 and 100")]
pub struct MaxPerUserError;

impl MaxPerUser {
    /// The limit of a product that names no other.
    pub const DEFAULT: Self = Self(10);

    /// Takes a limit of units.
    ///
    /// # Errors
    /// When it is below 1 or above [`MAX_PER_USER_MAX`].
    pub fn parse(units: i64) -> Result<Self, MaxPerUserError> {
        if (1..=MAX_PER_USER_MAX).contains(&units) { Ok(Self(units)) } else { Err(MaxPerUserError) }
    }

    /// In units.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

/// A product's name: one line of 1 to 60 characters.
///
/// # Errors
/// As [`text::parse_line`].
pub fn parse_name(given: &str) -> Result<String, TextError> {
    text::parse_line(given, NAME_CHARACTERS_MAX)
}

/// Most bytes of a folded name by which products are listed: one character may stand for eighteen, and the name is in
/// a sort key, of at most 1,024 bytes, and in cursors. Names that are the same up to there are listed by their ids.
pub const LISTED_NAME_BYTES_MAX: usize = 240;

/// The beginning of a folded name by which a product is listed.
#[must_use]
pub fn listed_name(name: &str) -> String {
    let mut folded = text::fold(name);
    folded.truncate(folded.floor_char_boundary(LISTED_NAME_BYTES_MAX));
    folded
}

/// Whether a product may be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductState {
    /// Held back for now: neither listed nor sold.
    Hold,
    /// On sale.
    Selling,
    /// No longer offered: neither listed nor sold.
    Stopped,
}

impl ProductState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Hold, Self::Selling, Self::Stopped];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Selling => "selling",
            Self::Stopped => "stopped",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An order in which products are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// The cheapest first.
    PriceUp,
    /// The dearest first.
    PriceDown,
    /// By name, as folded.
    Name,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Newest, Self::PriceUp, Self::PriceDown, Self::Name];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::PriceUp => "price",
            Self::PriceDown => "-price",
            Self::Name => "name",
        }
    }

    /// The order of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == name)
    }
}

/// A product as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Id.
    pub id: ProductId,
    /// Name.
    pub name: String,
    /// By what it is listed among names, as [`listed_name`] gave it: kept, so that its entry in the catalog is found
    /// again when names are folded in another way one day.
    pub listed_name: String,
    /// Price of one.
    pub price: Price,
    /// Whether it may be bought.
    pub state: ProductState,
    /// How much of it one account may have unpaid.
    pub max_per_user: MaxPerUser,
    /// Over how many items its stock is spread; never changed.
    pub shards: Shards,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with every change of name, price, state or limit.
    pub version: u64,
    /// Digest of the request that made it.
    pub fingerprint: String,
}

/// The changes to a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// A new name.
    pub name: Option<String>,
    /// A new price.
    pub price: Option<Price>,
    /// A new state.
    pub state: Option<ProductState>,
    /// A new limit of units.
    pub max_per_user: Option<MaxPerUser>,
}

impl Product {
    /// Whether it is listed and sold.
    #[must_use]
    pub fn is_selling(&self) -> bool {
        self.state == ProductState::Selling
    }

    /// The product after a change; `None` if it is so already.
    #[must_use]
    pub fn with_change(&self, change: &Change) -> Option<Self> {
        let mut after = self.clone();
        if let Some(name) = change.name.as_ref().filter(|name| **name != self.name) {
            after.name.clone_from(name);
            after.listed_name = listed_name(name);
        }
        after.price = change.price.unwrap_or(after.price);
        after.state = change.state.unwrap_or(after.state);
        after.max_per_user = change.max_per_user.unwrap_or(after.max_per_user);
        if after == *self {
            return None;
        }
        after.version += 1;
        Some(after)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use uuid::Uuid;

    pub(crate) fn product(id: u128, price: i64) -> Product {
        Product {
            id: ProductId(Uuid::from_u128(id)),
            name: format!("Product {id}"),
            listed_name: format!("product {id}"),
            price: Price::parse(price).expect("a price"),
            state: ProductState::Selling,
            max_per_user: MaxPerUser(MAX_PER_USER_MAX),
            shards: Shards::ONE,
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
            fingerprint: String::new(),
        }
    }

    #[test]
    fn a_change_that_changes_nothing_is_none() {
        let before = product(1, 100);
        assert_eq!(before.with_change(&Change::default()), None);
        assert_eq!(before.with_change(&Change { price: Some(before.price), ..Change::default() }), None);
        let after =
            before.with_change(&Change { state: Some(ProductState::Stopped), ..Change::default() }).expect("a change");
        assert_eq!((after.version, after.is_selling(), after.price), (2, false, before.price));
    }

    #[test]
    fn a_limit_is_of_one_to_a_hundred_units() {
        assert_eq!([0, -1, 101].map(MaxPerUser::parse), [Err(MaxPerUserError); 3]);
        assert_eq!([1, 10, 100].map(|units| MaxPerUser::parse(units).map(MaxPerUser::get)), [Ok(1), Ok(10), Ok(100)]);
        let lower = Change { max_per_user: Some(MaxPerUser::DEFAULT), ..Change::default() };
        assert_eq!(
            product(1, 100).with_change(&lower).map(|after| (after.max_per_user.get(), after.version)),
            Some((10, 2))
        );
    }

    #[test]
    fn names_of_states_and_orders_are_their_own() {
        assert!(ProductState::ALL.into_iter().all(|state| ProductState::parse(state.as_str()) == Some(state)));
        assert!(Sort::ALL.into_iter().all(|sort| Sort::parse(sort.as_str()) == Some(sort)));
        assert_eq!((ProductState::parse("Selling"), Sort::parse("price ")), (None, None));
    }
}
