//! The measures of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::contention::claims::is_of_batches;
use crate::contention::heat::Heat;
use crate::contention::polls::polls_by_quarters;
use crate::contention::refusal::Why;
use crate::contention::services::Services;
use crate::contention::table::Table;
use local::price::{Charged, Prices, REGION, Usage};

/// Partitions and keys that are printed.
const HOTTEST: usize = 5;
/// Bytes of logs of one call (`docs/reports/price.md`).
const LOGGED_BYTES: f64 = 1_500.0;

/// Figures of one run.
#[derive(Debug, Default)]
pub struct Figures {
    /// When each hold, order or admission came to be, by the step's name, since the sale began.
    pub done: BTreeMap<&'static str, Vec<Duration>>,
    /// How long each step took from the first request to its last answer, retries after a 503 included.
    pub took: BTreeMap<&'static str, Vec<Duration>>,
    /// Answers by step, status and problem code.
    pub answers: BTreeMap<(&'static str, u16, String), u64>,
    /// Answers of 429 and 5xx by step and cause.
    pub trouble: BTreeMap<(&'static str, Why), u64>,
    /// How people ended.
    pub ends: BTreeMap<&'static str, u64>,
    /// The position of each who joined a queue.
    pub positions: Vec<u64>,
    /// Most who are admitted there in a second.
    pub admit_per_second: u32,
    /// Requests to the API.
    pub requests: u64,
}

impl Figures {
    /// All of it as text; `table` and `services` say what was used.
    #[must_use]
    pub fn text(&self, table: &Table, services: &Services<'_>, wanted: usize) -> String {
        let mut lines =
            vec![String::from("| step | done | first | 80 % | last | most in a second | p50 | p95 | p99 |")];
        lines.push("|---|--:|--:|--:|--:|--:|--:|--:|--:|".to_owned());
        for (step, took) in &self.took {
            let done = self.done.get(step).map(Vec::as_slice).unwrap_or_default();
            let took = sorted(took);
            lines.push(format!(
                "| {step} | {} | {} | {} | {} | {} | {} | {} | {} |",
                done.len(),
                seconds(sorted(done).first()),
                seconds(sorted(done).get((wanted * 4 / 5).saturating_sub(1))),
                seconds(sorted(done).last()),
                busiest(done),
                milliseconds(percentile(&took, 0.5)),
                milliseconds(percentile(&took, 0.95)),
                milliseconds(percentile(&took, 0.99)),
            ));
        }
        let count = |(name, count): (String, u64)| format!("{count} × {name}");
        let answers =
            self.answers.iter().map(|((step, status, code), count)| (format!("{step} {status} {code}"), *count));
        lines.push(format!("\nanswers: {}", answers.map(count).collect::<Vec<_>>().join(", ")));
        let trouble = self.trouble.iter().map(|((step, why), count)| (format!("{step}: {}", why.as_str()), *count));
        let trouble: Vec<String> = trouble.map(count).collect();
        lines.push(format!(
            "429 and 5xx by cause: {}",
            if trouble.is_empty() { "none".into() } else { trouble.join(", ") }
        ));
        let ends = self.ends.iter().map(|(end, count)| count.to_string() + " " + end);
        lines.push(format!("people: {}", ends.collect::<Vec<_>>().join(", ")));
        lines.extend(self.claims(table));
        lines.extend(self.polls());
        lines.extend(services.isolation());
        lines.push(used(table, services));
        lines.push(self.bill(table, services));
        lines.join("\n")
    }

    /// The claims of a queue's numbers, if there were any.
    fn claims(&self, table: &Table) -> Option<String> {
        let claims = table.claims();
        let (first, last) = (claims.committed_at.iter().min()?, claims.committed_at.iter().max()?);
        let count = claims.committed_at.len();
        let mean = count as f64 / (*last - *first).max(Duration::from_secs(1)).as_secs_f64();
        let heat = table.heat().into_iter().filter(|(key, _)| is_of_batches(key));
        let busiest_partition = heat.map(|(_, heat)| heat.busiest).fold(0.0, f64::max);
        let refused = claims.refused.iter().map(|(cause, count)| format!("{count} × {}", cause.as_str()));
        let refused: Vec<String> = refused.collect();
        let unavailable = self.answers.iter().filter(|((step, status, _), _)| *step == "poll" && *status == 503);
        Some(format!(
            "claims: {count}, {mean:.0} a second from the first to the last, most {} in a second; the busiest key of \
             batches had {busiest_partition:.0} units written in a second; tries refused: {}; polls answered 503: {}",
            busiest(&claims.committed_at),
            if refused.is_empty() { "none".to_owned() } else { refused.join(", ") },
            unavailable.map(|(_, count)| count).sum::<u64>(),
        ))
    }

    /// The polls beside those of the rule before, if there is a queue.
    fn polls(&self) -> Option<String> {
        let polls: u64 = self.answers.iter().filter(|((step, _, _), _)| *step == "poll").map(|(_, count)| count).sum();
        let before = polls_by_quarters(&self.positions, self.admit_per_second);
        (!self.positions.is_empty()).then(|| {
            format!(
                "polls: {polls}, {:.1} a person; {before} by the rule before, so {:.2} of those",
                polls as f64 / self.positions.len() as f64,
                polls as f64 / before.max(1) as f64
            )
        })
    }

    fn bill(&self, table: &Table, services: &Services<'_>) -> String {
        let mut usage = Usage::default();
        let sum = |of: fn(&Heat) -> f64| table.heat().iter().map(|(_, heat)| of(heat)).sum::<f64>();
        let indexes: f64 = table.index_heat().iter().map(|(_, heat)| heat.writes).sum();
        usage.add(Charged::WriteUnit, sum(|heat| heat.writes) + indexes);
        usage.add(Charged::ReadUnit, sum(|heat| heat.reads));
        let calls: f64 = services.used().values().map(|used| used.calls as f64).sum();
        let gigabyte_seconds =
            services.used().values().map(|used| used.time.as_secs_f64() * used.memory as f64 / 1_024.0).sum();
        usage.add(Charged::Invocation, calls);
        usage.add(Charged::GigabyteSecond, gigabyte_seconds);
        usage.add(Charged::Logged, calls * LOGGED_BYTES / 1e9);
        usage.add(Charged::Request, self.requests as f64);
        let Ok(prices) = Prices::load(REGION) else { return "no list of prices".to_owned() };
        let lines = prices.bill(&usage);
        let cost: f64 = lines.iter().map(|line| line.cost).sum();
        let parts: Vec<String> = lines.iter().map(|line| format!("{} {:.2}", line.price.what, line.cost)).collect();
        format!("cost: {cost:.2} {} ({})", prices.currency, parts.join(", "))
    }
}

fn used(table: &Table, services: &Services<'_>) -> String {
    let mut refused = table.refused();
    refused.sort_unstable();
    let refused: Vec<String> = refused.iter().map(|(cause, count)| format!("{count} × {}", cause.as_str())).collect();
    let mut partitions: Vec<(usize, Heat)> = table.partition_heat().into_iter().enumerate().collect();
    let count = partitions.len();
    partitions.sort_by(|(_, one), (_, other)| other.writes.total_cmp(&one.writes));
    let mut keys = table.heat();
    keys.sort_by(|(name, one), (other_name, other)| other.writes.total_cmp(&one.writes).then(name.cmp(other_name)));
    let shown = |name: String, heat: &Heat| {
        format!("{name} {:.0} written (most {:.0} in a second), {:.0} read", heat.writes, heat.busiest, heat.reads)
    };
    let partitions = partitions.iter().take(HOTTEST).map(|(number, heat)| shown(format!("#{number}"), heat));
    let keys = keys.iter().take(HOTTEST).map(|(key, heat)| shown(key.clone(), heat));
    let mut indexes = table.index_heat();
    indexes.sort_by(|(one, _), (other, _)| one.cmp(other));
    let indexes = indexes.iter().map(|(name, heat)| shown(name.clone(), heat));
    format!(
        "calls of the table refused: {}\nunits by partition, of {count}: {}\nunits by key: {}\nunits by index: {}\n\
         most calls of functions at a time: {}",
        if refused.is_empty() { "none".to_owned() } else { refused.join(", ") },
        partitions.collect::<Vec<_>>().join("; "),
        keys.collect::<Vec<_>>().join("; "),
        indexes.collect::<Vec<_>>().join("; "),
        services.most_running(),
    )
}

fn sorted(times: &[Duration]) -> Vec<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times
}

/// The time that this share of all does not exceed; the times are sorted.
fn percentile(times: &[Duration], share: f64) -> Option<&Duration> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of a list")]
    let index = (times.len() as f64 * share).ceil() as usize;
    times.get(index.saturating_sub(1))
}

/// Most of them in one second.
fn busiest(times: &[Duration]) -> u64 {
    let mut by_second: BTreeMap<u64, u64> = BTreeMap::new();
    times.iter().for_each(|time| *by_second.entry(time.as_secs()).or_default() += 1);
    by_second.into_values().max().unwrap_or_default()
}

fn seconds(time: Option<&Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
}

fn milliseconds(time: Option<&Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{} ms", time.as_millis()))
}
