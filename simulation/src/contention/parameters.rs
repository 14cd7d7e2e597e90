//! The assumptions about AWS, number by number, each with its source.
//!
//! *Guide* is the developer guide of the service that is named. *ATC '23* is "Distributed Transactions at Scale in
//! Amazon DynamoDB" (USENIX ATC 2023), by section. *Assumed* has no source: it is of the order that operators report.

use std::time::Duration;

/// How long something takes: lognormal, by its median and its 99th percentile.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Half of all take no longer, in milliseconds.
    pub median: f64,
    /// 99 of 100 take no longer, in milliseconds.
    pub p99: f64,
}

/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874;

impl Latency {
    const NONE: Self = Self { median: 0.0, p99: 0.0 };

    /// One of them.
    #[must_use]
    pub fn draw(self, rng: &mut fastrand::Rng) -> Duration {
        if self.median <= 0.0 {
            return Duration::ZERO;
        }
        let spread = (self.p99 / self.median).ln() / Z99;
        // Box and Muller; the logarithm of 0 is none.
        let (radius, angle) = (1.0 - rng.f64(), rng.f64());
        let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
        Duration::from_secs_f64(self.median * (spread * normal).exp() / 1_000.0)
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// A write of one item. Guide: single-digit milliseconds.
    pub single_write: Latency,
    /// A consistent read. Assumed.
    pub strong_read: Latency,
    /// A read that may be stale. Assumed.
    pub weak_read: Latency,
    /// A transaction that writes one item: four times a single write (ATC '23 §5.2).
    pub transaction: Latency,
    /// How much longer it takes for each item more: 20 % for ten (ATC '23 §5.3).
    pub transaction_item_share: f64,
    /// A transaction that reads: two reads one after the other (ATC '23 §3.4).
    pub read_transaction: Latency,
    /// Milliseconds between its two reads (ATC '23 §3.4). Assumed.
    pub read_phases_apart: f64,
    /// The share of a call's time that has passed when it reaches the item. Assumed.
    pub reaches_at: f64,
    /// The share of a transaction's time that has passed when its items are prepared. Assumed.
    pub prepares_at: f64,
    /// The share of its time from which it is committed, item by item up to `committed_by` (ATC '23 §3.3); assumed
    /// split.
    pub commits_from: f64,
    /// The share of its time by which the last item is committed.
    pub committed_by: f64,
    /// Coordinators that stall, of one (SDK text of `TransactionInProgressException`; the rate is assumed).
    pub stalls: f64,
    /// Seconds after which what a stalled coordinator left is completed (the same text).
    pub stall_seconds: f64,
    /// Whether items of transactions under way refuse other writes (ATC '23 §3.3).
    pub locks: bool,
    /// Whether partitions, the table and its indexes, routes and functions refuse what is more than they carry.
    pub throttles: bool,
    /// Write units a second of a partition (Guide, "Partitions and data distribution").
    pub partition_writes: f64,
    /// Read units a second of a partition (the same).
    pub partition_reads: f64,
    /// Write units a second of a new table on demand (Guide, "On-demand capacity mode").
    pub table_writes: f64,
    /// Read units a second of a new table on demand (the same).
    pub table_reads: f64,
    /// Seconds of unused capacity that may be used at once. Assumed; the guide says "burst capacity", up to 300 s, "not
    /// guaranteed".
    pub burst_seconds: f64,
    /// Partitions of a new table on demand: what its first capacity needs.
    pub partitions_least: u32,
    /// From a commit to its record in the stream's reader. Guide: "near-real time"; assumed.
    pub stream: Latency,
    /// Reads of a shard of the stream each second (Guide of Lambda: the base rate of polls).
    pub stream_reads_a_second: f64,
    /// From a message's sending to its consumer. Assumed.
    pub queue: Latency,
    /// The own time of a function, its calls apart, with 256 MB. Assumed.
    pub function: Latency,
    /// A cold start (`docs/reports/cold-start.md` counts its instructions). Assumed.
    pub cold_start: Latency,
    /// Calls that may run at the same time in an account (Guide of Lambda, "Quotas").
    pub concurrency: u32,
    /// Calls a second of an account, as a multiple of `concurrency` (the same).
    pub calls_by_concurrency: f64,
    /// New processes of a function every ten seconds (Guide of Lambda, "Scaling behavior").
    pub processes_in_ten_seconds: f64,
    /// API Gateway's own share of a request. Assumed.
    pub gateway: Latency,
    /// Requests a second that the gateway lets through in an account and region (Guide of API Gateway, "Quotas").
    pub gateway_requests: f64,
    /// Requests that it lets through at once (the same).
    pub gateway_burst: f64,
    /// Whether the gateway asks the authorizer for each token as often as `template.yaml` says.
    pub authorizes: bool,
    /// Parameters of `template.yaml` that have another value than their default.
    pub given: Vec<(String, String)>,
}

/// Parameters of `template.yaml` that keep a storm of polls away from buyers, in an account with the quotas above. They
/// are those of docs/deploy.md for 100,000 people but for two. The polled routes together must leave something of the
/// account's rate, and of its burst. And a payment takes an execution for three tenths of a second, not for one, while
/// processes start.
pub const ISOLATED: [(&str, &str); 10] = [
    ("AuthorizeConcurrency", "150"),
    ("CreateReservationConcurrency", "60"),
    ("HoldSeatConcurrency", "60"),
    ("PayConcurrency", "60"),
    ("GetQueueEntryConcurrency", "250"),
    ("GetQueueConcurrency", "20"),
    ("JoinQueueConcurrency", "150"),
    ("LogInConcurrency", "40"),
    ("PollsPerSecond", "3000"),
    ("PollsBurst", "1000"),
];

impl Parameters {
    /// A table on demand that has carried `warm` write units a second before, or was told to; a new one carries 4,000.
    #[must_use]
    pub fn warmed_to(warm: f64) -> Self {
        let table_writes = warm.max(4_000.0);
        Self {
            single_write: Latency { median: 4.0, p99: 12.0 },
            strong_read: Latency { median: 3.0, p99: 9.0 },
            weak_read: Latency { median: 2.5, p99: 8.0 },
            transaction: Latency { median: 16.0, p99: 48.0 },
            transaction_item_share: 0.02,
            read_transaction: Latency { median: 7.0, p99: 20.0 },
            read_phases_apart: 4.0,
            reaches_at: 0.5,
            prepares_at: 0.25,
            commits_from: 0.6,
            committed_by: 0.85,
            stalls: 1e-6,
            stall_seconds: 5.0,
            locks: true,
            throttles: true,
            partition_writes: 1_000.0,
            partition_reads: 3_000.0,
            table_writes,
            table_reads: 3.0 * table_writes,
            burst_seconds: 1.0,
            partitions_least: 4,
            stream: Latency { median: 250.0, p99: 1_000.0 },
            stream_reads_a_second: 4.0,
            queue: Latency { median: 30.0, p99: 100.0 },
            function: Latency { median: 3.0, p99: 15.0 },
            cold_start: Latency { median: 200.0, p99: 300.0 },
            concurrency: 1_000,
            calls_by_concurrency: 10.0,
            processes_in_ten_seconds: 1_000.0,
            gateway: Latency { median: 8.0, p99: 25.0 },
            gateway_requests: 10_000.0,
            gateway_burst: 5_000.0,
            authorizes: false,
            given: Vec::new(),
        }
    }

    /// The same with these values of parameters of `template.yaml`.
    #[must_use]
    pub fn with(mut self, given: &[(&str, &str)]) -> Self {
        self.given.extend(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// The same latencies with nothing that refuses: no locks, no limits.
    #[must_use]
    pub fn without_limits(self) -> Self {
        let without = f64::INFINITY;
        Self {
            locks: false,
            throttles: false,
            stalls: 0.0,
            concurrency: u32::MAX,
            processes_in_ten_seconds: without,
            gateway_requests: without,
            gateway_burst: without,
            given: Vec::new(),
            ..self
        }
    }

    /// Nothing takes any time either: what is left is the product on its embedded engine.
    #[must_use]
    pub fn off() -> Self {
        Self {
            single_write: Latency::NONE,
            strong_read: Latency::NONE,
            weak_read: Latency::NONE,
            transaction: Latency::NONE,
            read_transaction: Latency::NONE,
            read_phases_apart: 0.0,
            stream: Latency::NONE,
            queue: Latency::NONE,
            function: Latency::NONE,
            cold_start: Latency::NONE,
            gateway: Latency::NONE,
            ..Self::warmed_to(0.0).without_limits()
        }
    }

    /// Over how many partitions the table is spread.
    #[must_use]
    pub fn partitions(&self) -> u32 {
        let needed = (self.table_writes / self.partition_writes).ceil();
        // At most 40,000 units of a thousand each.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 4 to 40")]
        let needed = needed.clamp(1.0, 1_000.0) as u32;
        needed.max(self.partitions_least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_the_median_and_the_percentile_they_are_given() {
        let (latency, mut rng) = (Latency { median: 4.0, p99: 12.0 }, fastrand::Rng::with_seed(1));
        let mut drawn: Vec<f64> = (0..20_000).map(|_| latency.draw(&mut rng).as_secs_f64() * 1_000.0).collect();
        drawn.sort_by(f64::total_cmp);
        assert!((drawn[10_000] - 4.0).abs() < 0.2, "{}", drawn[10_000]);
        assert!((drawn[19_800] - 12.0).abs() < 1.5, "{}", drawn[19_800]);
        assert_eq!(Latency::NONE.draw(&mut rng), Duration::ZERO);
    }

    #[test]
    fn a_warm_table_has_more_partitions() {
        assert_eq!(Parameters::warmed_to(0.0).partitions(), 4);
        assert_eq!(Parameters::warmed_to(20_000.0).partitions(), 20);
    }
}
