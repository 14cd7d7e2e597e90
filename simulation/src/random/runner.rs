//! Many runs, side by side.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::random::run::{Plan, run};
use crate::report::{Report, Violation};
use crate::rng::Rng;
use local::output::complain;
use onsale_platform::memory::lock;

/// After how many runs is said how far it has come.
const TOLD_EVERY: u64 = 100;

/// The result of many runs.
#[derive(Debug)]
pub struct Run {
    /// All of them that ended well.
    pub total: Report,
    /// One that did not, by its seed.
    pub failed: Option<(u64, Violation)>,
}

/// Runs `plan` with each of these seeds, until one fails; `seen` is told of each that does not.
#[must_use]
pub fn run_seeds(
    plan: &Plan,
    seeds: Range<u64>,
    threads: usize,
    report_seed: &(dyn Fn(u64, &Report, &str) + Sync),
) -> Run {
    let (next, total) = (AtomicU64::new(seeds.start), Mutex::new(Report::default()));
    let failed: Mutex<Option<(u64, Violation)>> = Mutex::new(None);
    let is_over = || lock(&failed).is_some();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end || is_over() {
                return;
            }
            match run(&Plan { seed, ..plan.clone() }, Rng::from_seed(seed)) {
                Ok((report, hash)) => {
                    report_seed(seed, &report, &hash);
                    lock(&total).add(&report);
                }
                Err(violation) => {
                    let mut failed = lock(&failed);
                    // Of several the first seed, so that the same seeds say the same.
                    if failed.as_ref().is_none_or(|(other, _)| seed < *other) {
                        *failed = Some((seed, violation));
                    }
                }
            }
            let done = seed + 1 - seeds.start;
            if done.is_multiple_of(TOLD_EVERY) && plan.struck.is_empty() {
                complain(format_args!(
                    "{done} of {} seeds; to go on from here: --seeds {}..{}",
                    seeds.end - seeds.start,
                    seed + 1,
                    seeds.end
                ));
            }
        }
    };
    std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    let total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    Run { total, failed: failed.into_inner().unwrap_or_else(PoisonError::into_inner) }
}
