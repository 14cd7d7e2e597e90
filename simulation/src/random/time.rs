//! How time passes, for everybody alike, and how clocks go wrong.

use std::time::Duration;

use jiff::SignedDuration;

use crate::random::run::{JUMP_SECONDS, JUMPS_IN_ONE_OF, LATE_MILLISECONDS_MAX, SKEW_SECONDS, Simulation};

impl Simulation {
    pub(crate) async fn pass_time(&mut self) -> Result<(), String> {
        // Not in every run: what may be said of clocks that jump is less.
        if self.plan.faults && self.plan.seed.is_multiple_of(JUMPS_IN_ONE_OF) && self.rng.below(8) == 7 {
            self.jump_clock();
        }
        // While calls are under way long times are rare: they end all of them.
        let busy = self.actors.iter().any(Option::is_some) && self.rng.below(4) != 3;
        let milliseconds = match if busy { 0 } else { self.rng.below(12) } {
            0..=6 => 10 + self.rng.below(400),
            7..=9 => 1_000 + self.rng.below(3_000),
            10 => 5_000 + self.rng.below(30_000),
            _ => 40_000 + self.rng.below(120_000),
        };
        self.advance_clocks(milliseconds).await
    }

    /// Sets the clock of a machine back, or right again.
    fn jump_clock(&mut self) {
        let index = self.rng.below(self.machines.len());
        let back = self.machines[index].jump(SignedDuration::from_secs(JUMP_SECONDS));
        self.report.count_other("clocks that jumped");
        self.report.add_line(&format!("the clock of {index} jumps {}", if back { "back" } else { "forth" }));
        // A time that a jumped clock wrote stays in the table.
        self.skew = SKEW_SECONDS + JUMP_SECONDS;
    }

    pub(crate) async fn advance_clocks(&mut self, milliseconds: usize) -> Result<(), String> {
        while milliseconds > LATE_MILLISECONDS_MAX && self.scheduler.has_late_request() {
            self.deliver_late_requests(None)?;
        }
        self.report.add_line(&format!("{milliseconds} ms pass"));
        let passed = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
        let by = SignedDuration::try_from(passed).unwrap_or_default();
        self.clock.advance(by);
        self.machines.iter().for_each(|machine| machine.advance(by));
        tokio::time::advance(passed).await;
        Ok(())
    }
}
