//! A storm of polls: counted, not executed.
//!
//! Tens of thousands of polls a second are too many to execute in virtual time. So a poll of the storm is a moment at
//! which it arrives; the same [`Quotas`] that decide for buyers decide whether the gateway passes it on and whether
//! Lambda has an execution for it, and then it occupies that execution for as long as any call does that asks the table
//! nothing. Its handler does not run, and it leaves nothing in the table: here its quotas are all that it can take from
//! a buyer. Nobody repeats a poll that was refused; the next ones come anyway.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use crate::contention::parameters::{Latency, Parameters};
use crate::contention::quotas::Quotas;
use crate::contention::refusal::Why;

/// The functions that are polled, by half of the crowd each: the public number, and that of a token.
const POLLED: [&str; 2] = ["get_queue", "get_queue_entry"];
/// Times of the runtime are whole milliseconds, so a buyer's request has come within the last one.
const TICK: Duration = Duration::from_millis(1);

/// The polls of a storm.
pub struct Storm {
    rng: fastrand::Rng,
    polls_per_second: f64,
    function: Latency,
    cold_start: Latency,
    /// When the next poll arrives, since the run began.
    next: Duration,
    /// When each poll that has an execution ends, and which of [`POLLED`] it calls.
    running: BinaryHeap<Reverse<(Duration, usize)>>,
    arrived: u64,
    refused: BTreeMap<Why, u64>,
}

impl Storm {
    /// Polls that arrive by chance, so many a second on average; none without any.
    #[must_use]
    pub fn new(polls_per_second: f64, parameters: &Parameters, seed: u64) -> Option<Self> {
        // Dice of its own: nobody else's throws depend on whether there is a storm.
        let mut storm = Self {
            rng: fastrand::Rng::with_seed(seed ^ 0x0057_0124),
            polls_per_second,
            function: parameters.function,
            cold_start: parameters.cold_start,
            next: Duration::ZERO,
            running: BinaryHeap::new(),
            arrived: 0,
            refused: BTreeMap::new(),
        };
        if polls_per_second <= 0.0 {
            return None;
        }
        storm.next = storm.pause();
        Some(storm)
    }

    /// The time to the next poll: exponential.
    fn pause(&mut self) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.rng.f64()).ln() / self.polls_per_second)
    }

    /// A moment within the tick that ends `now`. All requests of a tick at its end would come before or after all of its
    /// polls, and have nothing or everything that the quotas leave.
    pub fn moment_before(&mut self, now: Duration) -> Duration {
        now.saturating_sub(TICK.mul_f64(self.rng.f64()))
    }

    /// Lets arrive and end what does so until `now`.
    pub fn advance(&mut self, quotas: &mut Quotas, now: Duration) {
        loop {
            let ends = self.running.peek().map(|Reverse(first)| *first).filter(|(ends, _)| *ends <= self.next);
            match ends {
                Some((ends, polled)) if ends <= now => {
                    self.running.pop();
                    quotas.end(POLLED[polled]);
                }
                None if self.next <= now => {
                    self.arrive(quotas);
                    let pause = self.pause();
                    self.next += pause;
                }
                _ => return,
            }
        }
    }

    fn arrive(&mut self, quotas: &mut Quotas) {
        self.arrived += 1;
        let polled = self.rng.usize(..POLLED.len());
        let passed = quotas.pass(POLLED[polled], self.next);
        match passed.and_then(|()| quotas.begin(POLLED[polled], self.next).map_err(Why::Function)) {
            Ok(is_new) => {
                let start = if is_new { self.cold_start.draw(&mut self.rng) } else { Duration::ZERO };
                let ends = self.next + start + self.function.draw(&mut self.rng);
                self.running.push(Reverse((ends, polled)));
            }
            Err(why) => *self.refused.entry(why).or_default() += 1,
        }
    }

    /// How many polls had an answer of a function.
    #[must_use]
    pub fn served(&self) -> u64 {
        self.arrived - self.refused.values().sum::<u64>()
    }

    /// The answers, as text.
    #[must_use]
    pub fn text(&self) -> String {
        let refused = self.refused.iter().map(|(why, count)| {
            let status = if matches!(why, Why::Function(_)) { 503 } else { 429 };
            format!(", {count} × {status} {}", why.as_str())
        });
        let (arrived, served) = (self.arrived, self.served());
        format!(
            "polls of the storm, each counted by the quotas and not executed, nor in the cost: {arrived} arrived, \
             {served} × 200{}",
            refused.collect::<String>()
        )
    }
}
