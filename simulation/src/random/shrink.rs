//! Makes a failing run shorter.

use crate::random::run::{Plan, run};
use crate::report::Violation;
use crate::rng::Rng;

/// The shortest record of dice that was found within `tries` runs to end in a violation, and that violation.
///
/// Throws are cut off at the end, taken out in pieces, and set to 0, in pieces that grow smaller.
#[must_use]
pub fn shortest(plan: &Plan, found: Violation, tries: usize) -> Violation {
    let plan = Plan { trace: true, ..plan.clone() };
    let mut best = found;
    let mut left = tries;
    let mut attempt = |record: Vec<u32>, best: &mut Violation| {
        if left == 0 {
            return false;
        }
        left -= 1;
        match run(&plan, Rng::from_record(record.clone())) {
            Err(violation) => {
                // Numbers that are not drawn any more are not part of it.
                let thrown = violation.record.len().min(record.len());
                *best = Violation { record: record[..thrown].to_vec(), ..violation };
                true
            }
            Ok(_) => false,
        }
    };
    let whole = best.record.clone();
    attempt(whole, &mut best);
    let mut size = best.record.len() / 2;
    while size > 0 {
        let mut start = 0;
        while start < best.record.len() {
            let end = (start + size).min(best.record.len());
            let mut without = best.record.clone();
            without.drain(start..end);
            let mut calm = best.record.clone();
            calm[start..end].fill(0);
            let is_calm = calm == best.record;
            if !attempt(without, &mut best) {
                if !is_calm {
                    attempt(calm, &mut best);
                }
                start = end;
            }
        }
        size /= 2;
    }
    best
}
