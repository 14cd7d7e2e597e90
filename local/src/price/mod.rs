//! The cost of the product on AWS: its usage, as the local stack counts it, times a dated list of prices.

mod measure;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use measure::{Journey, booking, month_without_anybody};

/// The list of prices.
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
    /// A metric of our own for a month.
    Metric,
    /// An alarm for a month.
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

/// The list of prices.
#[derive(Clone, Debug, Deserialize)]
pub struct Prices {
    /// Of which region.
    pub region: String,
    /// In which currency.
    pub currency: String,
    prices: Vec<Price>,
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
    /// When it was this much.
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
    /// The list that comes with the program.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load() -> Result<Self, serde_json::Error> {
        serde_json::from_str(PRICES)
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
        let prices = Prices::load().expect("it can be read");
        let mut usage = Usage::default();
        let all =
            [Charged::WriteUnit, Charged::ReadUnit, Charged::Stored, Charged::Invocation, Charged::GigabyteSecond]
                .into_iter()
                .chain([Charged::Request, Charged::QueueRequest, Charged::Logged])
                .chain([Charged::Metric, Charged::Alarm, Charged::Dashboard, Charged::Secret]);
        for what in all {
            usage.add(what, 1_000_000.0);
            let bill = prices.bill(&usage);
            assert_eq!(bill.iter().filter(|line| line.price.charge == what).count(), 1, "{what:?}");
        }
        let twice = usage.scaled(2.0);
        let sum = |usage: &Usage| prices.bill(usage).iter().map(|line| line.cost).sum::<f64>();
        assert!((sum(&twice) - 2.0 * sum(&usage)).abs() < 1e-6);
        let mut writes = Usage::default();
        writes.add(Charged::WriteUnit, 8_000_000.0);
        assert!((sum(&writes) - 5.0).abs() < 1e-9);
    }
}
