//! Joins that take numbers from one counter by leases, at random.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::queue::number_lease::*;

fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millisecond).expect("a time")
}

/// The counter, the leases, and when each number was taken from the counter.
struct Model {
    counter: u64,
    leases: Vec<Option<NumberLease>>,
    taken_at: BTreeMap<u64, i64>,
    given: Vec<(u64, i64)>,
    gaps: Vec<Gap>,
    writes: u64,
}

impl Model {
    fn new(leases: usize) -> Self {
        Self {
            counter: 0,
            leases: vec![None; leases],
            taken_at: BTreeMap::new(),
            given: Vec::new(),
            gaps: Vec::new(),
            writes: 0,
        }
    }

    fn join(&mut self, part: usize, now: i64) {
        let number = match &mut self.leases[part] {
            Some(lease) if lease.is_fresh(at(now)) && lease.rest().is_some() => {
                lease.next += 1;
                lease.next - 1
            }
            old => {
                let wanted = old.map_or(LEASE_NUMBERS_MIN, |old| old.count_to_follow(at(now)));
                assert!((LEASE_NUMBERS_MIN..=LEASE_NUMBERS_MAX).contains(&wanted));
                self.gaps.extend(old.and_then(|old| old.rest()));
                self.taken_at.extend((self.counter + 1..=self.counter + wanted).map(|number| (number, now)));
                self.counter += wanted;
                self.writes += 1;
                old.insert(NumberLease::new(self.counter, wanted, at(now))).first
            }
        };
        self.given.push((number, now));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn numbers_are_unique_fresh_and_in_order_up_to_a_lease(
        joins in vec((0_usize..4, prop_oneof![30 => 0_i64..3, 3 => 50_i64..300, 1 => 600_000_i64..600_001]), 1..1_500),
    ) {
        let (mut model, mut now) = (Model::new(4), 0);
        for (part, later) in joins {
            now += later;
            model.join(part, now);
        }
        for (number, now) in &model.given {
            let age = now - model.taken_at[number];
            prop_assert!((0..200).contains(&age), "{} is {} ms old", number, age);
        }
        // A user who came a fifth of a second earlier has the smaller number, whatever lease it is of.
        let (mut highest_until, mut older) = (0, 0);
        for (number, now) in &model.given {
            while model.given[older].1 + 200 <= *now {
                highest_until = highest_until.max(model.given[older].0);
                older += 1;
            }
            prop_assert!(*number > highest_until, "{} is before {}", number, highest_until);
        }
        // Every number is somebody's, or a gap, or left in a lease; once.
        let left = model.leases.iter().flatten().filter_map(NumberLease::rest);
        let nobodys = model.gaps.iter().copied().chain(left).flat_map(|gap| gap.first..=gap.last);
        let mut all: Vec<u64> = model.given.iter().map(|(number, _)| *number).chain(nobodys).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (1..=model.counter).collect::<Vec<u64>>());
    }
}

#[test]
fn a_lease_is_as_large_as_what_joins_in_its_time() {
    for (apart, least, most) in [(1, 100, 140), (10, 8, 18), (100, 4, 4)] {
        let mut model = Model::new(1);
        for step in 0..2_000 {
            model.join(0, step * apart);
        }
        let last = model.leases[0].expect("a lease");
        let count = last.last + 1 - last.first;
        assert!((least..=most).contains(&count), "{count} numbers with a join each {apart} ms");
    }
}

#[test]
fn a_steady_crowd_writes_the_counter_seldom_and_leaves_few_gaps() {
    let mut model = Model::new(usize::from(LEASES));
    // 2,000 joins a second for four seconds, each of an account of any lease.
    let mut rng = 7_u64;
    for step in 0..8_000_i64 {
        rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        model.join(usize::try_from(rng >> 60).expect("few"), step / 2);
    }
    let gaps: u64 = model.gaps.iter().map(Gap::count).sum();
    println!("8,000 joins: {} writes of the counter, {gaps} numbers are gaps, in {}", model.writes, model.gaps.len());
    assert!(model.writes < 800, "{} writes of the counter", model.writes);
    assert!(gaps < 600, "{gaps} of {} numbers are gaps", model.counter);
}

#[test]
fn a_lease_that_a_clock_ahead_took_is_worth_nothing_either() {
    let lease = NumberLease::new(10, 4, at(0));
    assert_eq!((lease.first, lease.next, lease.last), (7, 8, 10));
    assert_eq!(lease.rest(), Some(Gap { first: 8, last: 10 }));
    let fresh: Vec<i64> = [-201, -200, -199, 0, 199, 200].into_iter().filter(|now| lease.is_fresh(at(*now))).collect();
    assert_eq!(fresh, [-199, 0, 199]);
    assert_eq!(NumberLease { next: 11, ..lease }.rest(), None);
}
