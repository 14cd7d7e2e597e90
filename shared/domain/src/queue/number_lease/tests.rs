//! Processes that take numbers from one counter, at random, with frozen moments and clocks that jump.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::queue::number_lease::*;

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millisecond).expect("a time")
}

/// The counter, the processes, and when each number was taken from the counter.
struct Model {
    counter: u64,
    processes: Vec<NumberLease>,
    taken_at: BTreeMap<u64, i64>,
    given: Vec<Given>,
}

#[derive(Clone, Copy, Debug)]
struct Given {
    number: u64,
    process: usize,
    now: i64,
}

impl Model {
    fn new(processes: usize) -> Self {
        Self {
            counter: 0,
            processes: vec![NumberLease::default(); processes],
            taken_at: BTreeMap::new(),
            given: Vec::new(),
        }
    }

    /// Adds to the counter, as one write of the table does; the last number and how many.
    fn count(&mut self, process: usize, now: i64) -> (u64, u64) {
        let wanted = self.processes[process].count_to_take(at(now));
        assert!((1..=LEASE_NUMBERS_MAX).contains(&wanted));
        for number in self.counter + 1..=self.counter + wanted {
            self.taken_at.insert(number, now);
        }
        self.counter += wanted;
        (self.counter, wanted)
    }

    fn join(&mut self, process: usize, now: i64) -> u64 {
        let number = match self.processes[process].take(at(now)) {
            Some(leased) => leased,
            None => {
                let (last, count) = self.count(process, now);
                self.processes[process].add_lease(last, count, at(now))
            }
        };
        self.given.push(Given { number, process, now });
        number
    }

    fn check_unique_and_fresh(&self) {
        let mut seen = BTreeMap::new();
        for given in &self.given {
            assert!(seen.insert(given.number, given).is_none(), "{given:?} was given before");
            let age = given.now - self.taken_at[&given.number];
            assert!((0..200).contains(&age), "{given:?} is {age} ms old");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn numbers_are_unique_fresh_and_in_order_up_to_a_lease(
        joins in vec((0_usize..4, prop_oneof![30 => 0_i64..3, 3 => 50_i64..300, 1 => 600_000_i64..600_001]), 1..1_500),
    ) {
        let (mut model, mut now) = (Model::new(4), 0);
        for (process, later) in joins {
            now += later;
            model.join(process, now);
        }
        model.check_unique_and_fresh();
        let mut last = [0; 4];
        for given in &model.given {
            prop_assert!(given.number > last[given.process], "{:?} goes back in its process", given);
            last[given.process] = given.number;
        }
        // A user who came a fifth of a second earlier has the smaller number, on whatever process.
        let mut highest_until = 0;
        let mut older = 0;
        for given in &model.given {
            while model.given[older].now + 200 <= given.now {
                highest_until = highest_until.max(model.given[older].number);
                older += 1;
            }
            prop_assert!(given.number > highest_until, "{:?} is before {}", given, highest_until);
        }
    }

    #[test]
    fn clocks_that_jump_and_requests_side_by_side_leave_only_holes(
        steps in vec((0_usize..3, -300_i64..300, any::<bool>()), 1..600),
    ) {
        let (mut model, mut now) = (Model::new(3), 0);
        let mut on_their_way: Vec<(usize, u64, u64, i64)> = Vec::new();
        let mut numbers = Vec::new();
        for (process, later, slow) in steps {
            now += later;
            if slow {
                // Counted by the table; the answer comes after those of others.
                let (last, count) = model.count(process, now);
                on_their_way.push((process, last, count, now));
            } else if let Some((process, last, count, _)) = on_their_way.pop() {
                numbers.push(model.processes[process].add_lease(last, count, at(now)));
            } else {
                numbers.push(model.join(process, now));
            }
        }
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), count, "a number was given twice");
        prop_assert!(numbers.iter().all(|number| (1..=model.counter).contains(number)));
        // Every other number was told as a gap, or is still leased, or on its way, or its process knew of too many.
        for process in &mut model.processes {
            let untold = process.take_unused();
            prop_assert!(untold.len() <= UNTOLD_MAX);
            for gap in untold {
                prop_assert!((1..=model.counter).contains(&gap.first) && gap.last <= model.counter);
                prop_assert!(!numbers.iter().any(|given| (gap.first..=gap.last).contains(given)), "{gap:?} was given");
                numbers.extend(gap.first..=gap.last);
            }
        }
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), all, "a number is a gap twice");
    }
}

#[test]
fn what_is_left_of_a_lease_is_told_once() {
    let mut numbers = NumberLease::default();
    assert_eq!(numbers.add_lease(10, 10, at(0)), 1);
    assert_eq!(numbers.take(at(1)), Some(2));
    assert_eq!(numbers.take_unused(), []);
    assert_eq!(numbers.take(at(200)), None);
    assert_eq!(numbers.add_lease(12, 2, at(200)), 11);
    assert_eq!(numbers.take_unused(), [Gap { first: 3, last: 10 }]);
    assert_eq!(numbers.take_unused(), []);
    // Another request of the same process has leased meanwhile.
    assert_eq!(numbers.add_lease(15, 3, at(201)), 13);
    assert_eq!(numbers.take_unused(), [Gap::single(12)]);
    // A lease that was used up leaves nothing.
    assert_eq!((numbers.take(at(202)), numbers.take(at(202)), numbers.take(at(202))), (Some(14), Some(15), None));
    assert_eq!(numbers.take_unused(), []);
}

#[test]
fn few_who_join_take_one_number_each() {
    let mut model = Model::new(2);
    for step in 0..1_000 {
        let number = model.join(usize::try_from(step % 2).expect("few"), step * 5);
        // 200 a second: no number is lost, and none is out of order.
        assert_eq!(Some(number), u64::try_from(step + 1).ok());
    }
}

#[test]
fn many_who_join_write_the_counter_seldom() {
    let mut model = Model::new(2);
    let mut writes = 0;
    for step in 0..4_000_i64 {
        let before = model.counter;
        model.join(usize::try_from(step % 2).expect("few"), step / 2);
        writes += usize::from(model.counter != before);
    }
    // 2,000 a second for two seconds.
    model.check_unique_and_fresh();
    assert!(writes < 700, "{writes} writes of the counter for 4,000 joins");
    assert!(model.counter < 6_000, "{} numbers for 4,000 joins", model.counter);
    // It goes back to one by one when the crowd has gone.
    for step in 0..20 {
        model.join(0, 10_000 + step * 100);
    }
    assert_eq!(model.processes[0].count_to_take(at(10_000 + 19 * 100)), 1);
}

#[test]
fn a_lease_is_dropped_by_a_process_that_was_frozen() {
    let mut numbers = NumberLease::default();
    assert_eq!(numbers.add_lease(10, 10, at(0)), 1);
    assert_eq!(numbers.take(at(199)), Some(2));
    for frozen in [200, 600_000, -1] {
        let mut thawed = numbers.clone();
        assert_eq!(thawed.take(at(frozen)), None, "{frozen} ms later");
        assert_eq!(thawed.take(at(100)), None, "what was dropped stays dropped");
    }
}

#[test]
fn a_lease_has_an_end() {
    let mut numbers = NumberLease::default();
    assert_eq!(numbers.add_lease(3, 3, at(0)), 1);
    let rest: Vec<_> = (0..3).map(|_| numbers.take(at(1))).collect();
    assert_eq!(rest, [Some(2), Some(3), None]);
}
