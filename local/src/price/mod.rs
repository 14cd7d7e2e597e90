//! The cost of the product on AWS: its usage, as the local stack counts it, times a dated list of prices.

mod cards;
mod measure;
mod polls;
mod visits;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use measure::{Journey, PaidBy, booking, month_without_anybody};
pub use polls::{poll, polls_of_a_wait};
pub use visits::visit;

/// The region whose prices count unless somebody says otherwise.
pub const REGION: &str = "us-east-1";

/// The lists of prices, by region.
const PRICES: &str = include_str!("prices.json");

/// Something that AWS counts and charges for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum Charged {
    /// A write request unit of the table.
    WriteUnit,
    /// A read request unit of the table.
    ReadUnit,
    /// A GB that is stored for a month, with its backup.
    Stored,
    /// A call of a function.
    Invocation,
    /// A second of a function that has a GB of memory.
    GigabyteSecond,
    /// A request to the API.
    Request,
    /// A request to a queue.
    QueueRequest,
    /// A GB of logs.
    Logged,
    /// A mail that SES sends.
    Mail,
    /// A trace that X-Ray keeps.
    Trace,
    /// A GB that leaves for the internet.
    TransferredOut,
    /// A metric of our own for a month.
    Metric,
    /// A metric that an alarm watches for a month: an alarm of several metrics is charged for each.
    Alarm,
    /// A dashboard for a month.
    Dashboard,
    /// A secret for a month.
    Secret,
}

/// The usage, by the kind of charge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage(BTreeMap<Charged, f64>);

impl Usage {
    /// Uses so much more.
    pub fn add(&mut self, what: Charged, amount: f64) {
        *self.0.entry(what).or_default() += amount;
    }

    /// Uses all of that as well.
    pub fn add_all(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, amount)| self.add(*what, *amount));
    }

    /// How much is used.
    #[must_use]
    pub fn amount(&self, what: Charged) -> f64 {
        self.0.get(&what).copied().unwrap_or_default()
    }

    /// So many times as much.
    #[must_use]
    pub fn scaled(&self, count: f64) -> Self {
        Self(self.0.iter().map(|(what, amount)| (*what, amount * count)).collect())
    }
}

/// The file of prices.
#[derive(Deserialize)]
struct Regions {
    currency: String,
    regions: BTreeMap<String, Vec<Price>>,
}

/// The list of prices of a region.
#[derive(Clone, Debug)]
pub struct Prices {
    /// Of which region.
    pub region: String,
    /// In which currency.
    pub currency: String,
    prices: Vec<Price>,
}

/// There are no prices.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// The file cannot be read.
    #[error("the list of prices: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// The file does not have the region.
    #[error("no prices of {region}; there are those of {known}")]
    UnknownRegion {
        /// The region that was asked for.
        region: String,
        /// The regions that there are.
        known: String,
    },
}

/// One of its lines.
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    #[serde(rename = "of")]
    charge: Charged,
    /// The kind of charge, in words.
    pub what: String,
    price: f64,
    per: f64,
    /// The day on which it was this much, or `not verified`.
    pub as_of: String,
    /// Where AWS says how much it is now.
    pub page: String,
}

/// One line of a bill.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its price.
    pub price: &'a Price,
    /// How much of it.
    pub amount: f64,
    /// The cost of that.
    pub cost: f64,
}

impl Prices {
    /// The list of a region that comes with the program.
    ///
    /// # Errors
    /// When it cannot be read, or does not have the region.
    pub fn load(region: &str) -> Result<Self, PricesError> {
        let Regions { currency, mut regions } = serde_json::from_str(PRICES)?;
        let prices = regions.remove(region).ok_or_else(|| PricesError::UnknownRegion {
            region: region.to_owned(),
            known: regions.keys().cloned().collect::<Vec<_>>().join(", "),
        })?;
        Ok(Self { region: region.to_owned(), currency, prices })
    }

    /// The cost of something.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> f64 {
        self.bill(usage).iter().map(|line| line.cost).sum()
    }

    /// The bill for something: what is not used is not on it.
    #[must_use]
    pub fn bill(&self, usage: &Usage) -> Vec<Line<'_>> {
        let lines = self.prices.iter().map(|price| {
            let amount = usage.amount(price.charge);
            Line { price, amount, cost: amount * price.price / price.per }
        });
        lines.filter(|line| line.amount > 0.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_adds_up_and_everything_has_a_price() {
        let all =
            [Charged::WriteUnit, Charged::ReadUnit, Charged::Stored, Charged::Invocation, Charged::GigabyteSecond]
                .into_iter()
                .chain([Charged::Request, Charged::QueueRequest, Charged::Logged])
                .chain([Charged::Mail, Charged::Trace, Charged::TransferredOut])
                .chain([Charged::Metric, Charged::Alarm, Charged::Dashboard, Charged::Secret]);
        for region in ["us-east-1", "ap-northeast-2"] {
            let prices = Prices::load(region).expect("it can be read");
            let mut usage = Usage::default();
            for what in all.clone() {
                usage.add(what, 1_000_000.0);
                let bill = prices.bill(&usage);
                assert_eq!(bill.iter().filter(|line| line.price.charge == what).count(), 1, "{what:?}");
            }
            let (once, twice) = (prices.cost(&usage), prices.cost(&usage.scaled(2.0)));
            assert!((twice - 2.0 * once).abs() < 1e-6);
        }
        let mut writes = Usage::default();
        writes.add(Charged::WriteUnit, 8_000_000.0);
        let cost = Prices::load("us-east-1").expect("it can be read").cost(&writes);
        assert!((cost - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_region_without_prices_is_refused_and_every_price_says_when_it_was_read() {
        let refused = Prices::load("mars-north-1").expect_err("no such region").to_string();
        assert!(refused.contains("ap-northeast-2, us-east-1"), "{refused}");
        for region in ["us-east-1", "ap-northeast-2"] {
            for Price { what, as_of, page, .. } in Prices::load(region).expect("it can be read").prices {
                let is_day = as_of.parse::<jiff::civil::Date>().is_ok();
                assert!(is_day || as_of == "not verified", "{region}: {what}: {as_of}");
                assert!(page.starts_with("https://aws.amazon.com/"), "{region}: {what}: {page}");
            }
        }
    }
}
