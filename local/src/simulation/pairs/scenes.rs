//! The scenes in which two operations meet: what was before, and what may happen then.

use onsale_domain::id;
use uuid::Uuid;

use super::world::{ADMIN, World, id_of};
use crate::simulation::people::{Thing, Wish};
use crate::simulation::run::SKEW_SECONDS;

/// The two who meet, and who else there is.
const ANNA: usize = 0;
const BERT: usize = 1;
const CARL: usize = 2;
/// What is sold out soonest: three units in two shards, one in one.
const SPREAD: usize = 0;
const SINGLE: usize = 1;
/// Longer than any hold lasts.
const LONG: i64 = 90;
/// The SDK gives a call up after a second; no call is to be given up while it waits for its turn, for that would be a fault
/// more.
pub(super) const PATIENCE: u64 = 900;
/// Where one of two only waits for the other: it has looked once, and looks no more.
const IMPATIENCE: u64 = 2;
/// Longer than a deletion is left to the request that began it.
const CARRIED_ON: i64 = 400;
/// Most that a wallet may have.
const CAP: i64 = 10_000_000;

/// Something that can happen.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// Somebody asks for something.
    Ask(usize, Wish),
    /// A function runs by the clock.
    Sweep(&'static str),
    /// The changes that were not relayed yet are.
    Relay,
    /// All messages for a consumer are delivered.
    Deliver(&'static str),
    /// The administrator gives the queue so many places.
    Places(u32),
}

impl Operation {
    /// The function that runs.
    pub(super) fn function(&self) -> &'static str {
        match self {
            Self::Ask(_, wish) => wish.function(),
            Self::Sweep(function) | Self::Deliver(function) => function,
            Self::Relay => "relay_changes",
            Self::Places(_) => "put_queue",
        }
    }
}

/// Something that has happened before.
pub(super) enum Before {
    /// Somebody asked and was answered so.
    Ask(usize, Wish, u16),
    /// Seconds passed.
    Pass(i64),
    /// The changes were relayed, but nothing was delivered.
    Relay,
    /// They were relayed, and delivered.
    Settle,
    /// A function ran by the clock.
    Sweep(&'static str),
}

/// What was before, and what may happen then, two of it at a time.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) before: Vec<Before>,
    pub(super) operations: Vec<Operation>,
    /// How far the clocks of the two machines are from the right time, in seconds.
    pub(super) skew: [i64; 2],
    /// Seconds that pass at once, at any moment.
    pub(super) passes: Option<i64>,
    /// Longest that callers may wait for their next try in one execution, in milliseconds.
    pub(super) patience: u64,
}

/// The idempotency key of the operation with this number.
pub(super) fn key(number: usize) -> Uuid {
    Uuid::from_u128(0x0194_0000_0000_7000_8000_0000_0000_0000 + number as u128)
}

/// What somebody holds by the step of the preparation with this number.
fn held(person: usize, step: usize) -> Thing {
    Thing::Reservation(held_id(person, step))
}

fn held_id(person: usize, step: usize) -> String {
    id::derived(id_of(person), "create_reservation", key(step)).to_string()
}

fn ordered(person: usize, step: usize) -> Thing {
    Thing::Order(id::derived(id_of(person), "place_order", key(step)).to_string())
}

fn hold(seats: &[&'static str]) -> Wish {
    Wish::Hold { queued: false, seats: seats.to_vec() }
}

fn hold_queued(seats: &[&'static str]) -> Wish {
    Wish::Hold { queued: true, seats: seats.to_vec() }
}

fn order(lines: &[(usize, i64)], pay: bool) -> Wish {
    Wish::Order { lines: lines.to_vec(), coupon: false, pay }
}

fn order_with_coupon(lines: &[(usize, i64)], pay: bool) -> Wish {
    Wish::Order { lines: lines.to_vec(), coupon: true, pay }
}

const EXPIRE: Operation = Operation::Sweep("expire_holds");
const ADVANCE: Operation = Operation::Sweep("advance_queues");

fn scene(name: &'static str, before: Vec<Before>, operations: Vec<Operation>) -> Scene {
    Scene { name, before, operations, skew: [0, 0], passes: None, patience: PATIENCE }
}

/// All of them.
pub(super) fn all() -> Vec<Scene> {
    let mut scenes = seats();
    scenes.extend(deletions());
    scenes.extend(payments());
    scenes.extend(stock());
    scenes.extend(coupons());
    scenes.extend(wallets());
    scenes.extend(queue());
    scenes.extend(events());
    scenes
}

fn seats() -> Vec<Scene> {
    use Operation::Ask;
    let mine = || held(ANNA, 0);
    let free = vec![
        Ask(ANNA, hold(&["A-1-1"])),
        Ask(BERT, hold(&["A-1-1"])),
        Ask(ANNA, hold(&["A-1-1", "A-1-2"])),
        Ask(BERT, hold(&["A-1-2", "B-1-1"])),
        Ask(ANNA, hold(&["B-1-1"])),
    ];
    let live = vec![
        Ask(ANNA, Wish::Pay(mine())),
        Ask(ANNA, Wish::Cancel(mine())),
        Ask(ANNA, Wish::CancelTicket(held_id(ANNA, 0), "A-1-1")),
        Ask(ANNA, Wish::CancelTicket(held_id(ANNA, 0), "A-1-2")),
        Ask(BERT, hold(&["A-1-1"])),
        Ask(ANNA, hold(&["B-1-1"])),
        EXPIRE,
    ];
    let over = || {
        vec![
            Ask(ANNA, Wish::Pay(mine())),
            Ask(BERT, hold(&["A-1-1"])),
            Ask(ANNA, hold(&["A-1-1", "A-1-2"])),
            Ask(ANNA, Wish::Cancel(mine())),
            Ask(ANNA, Wish::CancelTicket(held_id(ANNA, 0), "A-1-1")),
            EXPIRE,
        ]
    };
    let rich = || vec![Before::Ask(ANNA, hold(&["A-1-1", "A-1-2"]), 201), Before::Ask(ANNA, Wish::TopUp(50_000), 201)];
    let with = |mut before: Vec<Before>, more: Vec<Before>| {
        before.extend(more);
        before
    };
    vec![
        scene("free seats", Vec::new(), free),
        scene("a live hold", rich(), live),
        Scene { passes: Some(LONG), ..scene("a hold that lapses", rich(), over()) },
        Scene {
            skew: [-SKEW_SECONDS, SKEW_SECONDS],
            ..scene("a hold that has lapsed by one of two clocks", with(rich(), vec![Before::Pass(60)]), over())
        },
        scene("a lapsed hold", with(rich(), vec![Before::Pass(LONG)]), over()),
    ]
}

/// Halls that are taken off sale. By the time of their second look sweeps have carried on what was left to them.
fn deletions() -> Vec<Scene> {
    use Operation::Ask;
    let delete = || Wish::DeleteSchedule { queued: false };
    let mine = || held(ANNA, 0);
    let hold_of_anna = || Before::Ask(ANNA, hold(&["A-1-1", "A-1-2"]), 201);
    let lapsed = vec![hold_of_anna(), Before::Pass(LONG)];
    let deleted = vec![Before::Ask(ADMIN, delete(), 204), Before::Pass(CARRIED_ON)];
    let mut scenes = vec![
        scene("an empty hall", Vec::new(), vec![Ask(ADMIN, delete()), Ask(BERT, hold(&["A-1-1"]))]),
        scene(
            "a hall with a lapsed hold",
            lapsed,
            vec![
                Ask(ADMIN, delete()),
                Ask(ANNA, Wish::Pay(mine())),
                Ask(ANNA, Wish::Cancel(mine())),
                Ask(BERT, hold(&["A-1-2", "B-1-1"])),
            ],
        ),
        Scene {
            skew: [SKEW_SECONDS, -SKEW_SECONDS],
            ..scene(
                "a hall with a hold that has lapsed by one of two clocks",
                vec![hold_of_anna(), Before::Ask(ANNA, Wish::TopUp(50_000), 201), Before::Pass(60)],
                vec![Ask(ADMIN, delete()), Ask(ANNA, Wish::Pay(mine()))],
            )
        },
        scene("a deleted hall", deleted, vec![EXPIRE, Ask(ADMIN, delete()), Ask(BERT, hold(&["A-1-1"]))]),
    ];
    scenes.iter_mut().for_each(|scene| scene.patience = IMPATIENCE);
    scenes
}

fn payments() -> Vec<Scene> {
    use Operation::Ask;
    let pair = || Before::Ask(ANNA, hold(&["A-1-1", "A-1-2"]), 201);
    let mine = || held(ANNA, 0);
    let paid = vec![pair(), Before::Ask(ANNA, Wish::TopUp(50_000), 201), Before::Ask(ANNA, Wish::Pay(mine()), 201)];
    let declined = vec![pair(), Before::Ask(ANNA, Wish::Pay(mine()), 402), Before::Relay];
    vec![
        scene(
            "paid seats",
            paid,
            vec![
                Ask(ANNA, Wish::Refund(mine())),
                Ask(ANNA, Wish::CancelTicket(held_id(ANNA, 0), "A-1-1")),
                Ask(ANNA, Wish::CancelTicket(held_id(ANNA, 0), "A-1-2")),
                Ask(BERT, hold(&["A-1-1"])),
                Ask(ANNA, hold(&["B-1-1"])),
                Ask(ANNA, Wish::Spend(10_000)),
            ],
        ),
        scene(
            "a declined payment",
            declined,
            vec![
                Operation::Deliver("settle_payment"),
                Ask(ANNA, Wish::Pay(mine())),
                Ask(ANNA, Wish::TopUp(50_000)),
                Ask(ANNA, Wish::Cancel(mine())),
                Ask(BERT, hold(&["A-1-1"])),
                Ask(ANNA, hold(&["B-1-1"])),
                EXPIRE,
            ],
        ),
        scene(
            "too little money",
            vec![pair()],
            vec![
                Ask(ANNA, Wish::Pay(mine())),
                Ask(ANNA, Wish::TopUp(50_000)),
                Ask(ANNA, Wish::CancelTicket(held_id(ANNA, 0), "A-1-1")),
                Ask(ANNA, Wish::Cancel(mine())),
                Ask(BERT, hold(&["A-1-1"])),
            ],
        ),
    ]
}

fn stock() -> Vec<Scene> {
    use Operation::Ask;
    let last = |product: usize| {
        vec![
            Ask(ANNA, order(&[(product, 1)], true)),
            Ask(ANNA, order(&[(product, 1)], false)),
            Ask(BERT, order(&[(product, 1)], true)),
            Ask(BERT, order(&[(SPREAD, 1), (SINGLE, 1)], false)),
            Ask(ADMIN, Wish::Adjust { product, delta: -1 }),
            Ask(ADMIN, Wish::Adjust { product, delta: 1 }),
            Ask(ADMIN, Wish::Reprice { product, price: 700 }),
        ]
    };
    let pending = || vec![Before::Ask(ANNA, order(&[(SINGLE, 1), (SPREAD, 1)], false), 201)];
    let mine = || ordered(ANNA, 0);
    let on_it = || {
        vec![
            Ask(ANNA, Wish::Pay(mine())),
            Ask(ANNA, Wish::Cancel(mine())),
            Ask(BERT, order(&[(SINGLE, 1)], true)),
            Ask(ADMIN, Wish::Adjust { product: SINGLE, delta: 1 }),
            EXPIRE,
        ]
    };
    let one_left = vec![Before::Ask(ADMIN, Wish::Adjust { product: SPREAD, delta: -2 }, 201)];
    let mut lapsed = pending();
    lapsed.push(Before::Pass(LONG));
    vec![
        scene("the last unit, in one of two shards", one_left, last(SPREAD)),
        scene("the last unit, in the only shard", Vec::new(), last(SINGLE)),
        scene("a pending order", pending(), on_it()),
        Scene { passes: Some(LONG), ..scene("an order that lapses", pending(), on_it()) },
        scene("a lapsed order", lapsed, on_it()),
    ]
}

fn coupons() -> Vec<Scene> {
    use Operation::Ask;
    let claimed = || Before::Ask(ANNA, Wish::Claim, 201);
    let mine = || ordered(ANNA, 1);
    let with = |pay: bool| order_with_coupon(&[(SPREAD, 1)], pay);
    let ordered_with = |pay: bool| vec![claimed(), Before::Ask(ANNA, with(pay), 201)];
    vec![
        scene(
            "the last coupon",
            vec![Before::Ask(CARL, Wish::Claim, 201)],
            vec![Ask(ANNA, Wish::Claim), Ask(BERT, Wish::Claim), Ask(ANNA, with(true))],
        ),
        scene(
            "a claimed coupon",
            vec![claimed()],
            vec![Ask(ANNA, with(true)), Ask(ANNA, with(false)), Ask(ANNA, Wish::Claim), Ask(BERT, with(true))],
        ),
        scene(
            "a pending order with the coupon",
            ordered_with(false),
            vec![
                Ask(ANNA, Wish::Pay(mine())),
                Ask(ANNA, Wish::Cancel(mine())),
                Ask(ANNA, with(true)),
                Ask(ADMIN, Wish::Reprice { product: SPREAD, price: 500 }),
            ],
        ),
        Scene {
            passes: Some(LONG),
            ..scene(
                "an order with the coupon that lapses",
                ordered_with(false),
                vec![Ask(ANNA, Wish::Pay(mine())), Ask(ANNA, with(true)), EXPIRE],
            )
        },
        scene(
            "a paid order with the coupon",
            ordered_with(true),
            vec![
                Ask(ANNA, Wish::Refund(mine())),
                Ask(ANNA, with(true)),
                Ask(BERT, order(&[(SPREAD, 2)], true)),
                Ask(ANNA, Wish::Spend(60_000)),
            ],
        ),
    ]
}

fn wallets() -> Vec<Scene> {
    use Operation::Ask;
    let one = || Before::Ask(ANNA, hold(&["A-1-1"]), 201);
    let paid = |step: usize| Before::Ask(ANNA, Wish::Pay(held(ANNA, step)), 201);
    let pay = || Ask(ANNA, Wish::Pay(held(ANNA, 0)));
    let money = vec![
        pay(),
        Ask(ANNA, Wish::Spend(60_000)),
        Ask(ANNA, Wish::Spend(5_000)),
        Ask(ANNA, Wish::TopUp(10_000)),
        Ask(ANNA, order(&[(SPREAD, 1)], true)),
    ];
    let refund = || Ask(ANNA, Wish::Refund(held(ANNA, 0)));
    // 60,000 less 50,000, and so much more that one of two top-ups of 10,000 still fits.
    let full = vec![one(), paid(0), Before::Ask(ANNA, Wish::TopUp(CAP - 20_000), 201)];
    vec![
        scene("a wallet with the money for one thing", vec![one()], money),
        scene(
            "a wallet that is nearly full",
            full,
            vec![Ask(ANNA, Wish::TopUp(10_000)), Ask(ANNA, Wish::TopUp(7)), Ask(ANNA, Wish::Spend(10_000)), refund()],
        ),
    ]
}

fn queue() -> Vec<Scene> {
    use Operation::Ask;
    let join = |person: usize| Before::Ask(person, Wish::Join, 201);
    let poll = |person: usize| Before::Ask(person, Wish::Poll, 200);
    let advance = || Before::Sweep("advance_queues");
    // Numbers are called at the second of the sweep after the first, and claimed by the poll.
    let inside = |person: usize| vec![join(person), Before::Pass(3), advance(), Before::Pass(3), poll(person)];
    let with = |mut before: Vec<Before>, more: Vec<Before>| {
        before.extend(more);
        before
    };
    let asks = |person: usize, wishes: &[Wish]| wishes.iter().map(|wish| Ask(person, wish.clone())).collect::<Vec<_>>();
    let and = |mut some: Vec<Operation>, more: Vec<Operation>| {
        some.extend(more);
        some
    };
    let mine = || held(ANNA, 5);
    let holding = || with(inside(ANNA), vec![Before::Ask(ANNA, hold_queued(&["A-1-1"]), 201)]);
    let on_place = || and(asks(ANNA, &[Wish::Poll, Wish::Leave, Wish::Join]), vec![ADVANCE, Ask(BERT, Wish::Join)]);
    let buys = || {
        let wishes = [Wish::Pay(mine()), hold_queued(&["A-1-2"]), Wish::Leave, Wish::Join, Wish::Cancel(mine())];
        and(asks(ANNA, &wishes), vec![ADVANCE])
    };
    vec![
        scene(
            "an empty queue",
            Vec::new(),
            vec![Ask(ANNA, Wish::Join), Ask(BERT, Wish::Join), ADVANCE, Operation::Places(2)],
        ),
        scene("somebody who waits", with(inside(CARL), vec![join(ANNA), Before::Pass(3)]), {
            and(on_place(), vec![Ask(CARL, Wish::Leave), Operation::Places(2)])
        }),
        scene("a number that is called", vec![join(ANNA), Before::Pass(3), advance(), Before::Pass(3)], on_place()),
        Scene {
            passes: Some(LONG + 30),
            ..scene(
                "a number that is called, and then no longer",
                vec![join(ANNA), Before::Pass(3), advance(), Before::Pass(3)],
                and(asks(ANNA, &[Wish::Poll, Wish::Leave]), vec![ADVANCE]),
            )
        },
        scene(
            "somebody who is inside",
            inside(ANNA),
            and(asks(ANNA, &[hold_queued(&["A-1-1"]), Wish::Leave, Wish::Join, Wish::Poll]), vec![ADVANCE]),
        ),
        scene("somebody who is inside and holds", holding(), buys()),
        Scene {
            passes: Some(120),
            ..scene(
                "an admission that ends",
                inside(ANNA),
                and(asks(ANNA, &[hold_queued(&["A-1-1"]), Wish::Leave, Wish::Join]), vec![ADVANCE]),
            )
        },
        scene(
            "an admission that has ended",
            with(inside(ANNA), vec![Before::Settle, Before::Ask(ANNA, Wish::Leave, 204), Before::Relay]),
            vec![Operation::Deliver("finish_tokens"), ADVANCE, Ask(BERT, Wish::Join), Operation::Places(2)],
        ),
    ]
}

fn events() -> Vec<Scene> {
    use Operation::Ask;
    let bought = || {
        vec![
            Before::Settle,
            Before::Ask(ANNA, order(&[(SPREAD, 2)], true), 201),
            Before::Ask(ANNA, hold(&["A-1-1", "A-1-2"]), 201),
            Before::Ask(ANNA, Wish::Pay(held(ANNA, 2)), 402),
        ]
    };
    let refund = || Ask(ANNA, Wish::Refund(ordered(ANNA, 1)));
    let mut relayed = bought();
    relayed.extend([Before::Ask(ANNA, Wish::Refund(ordered(ANNA, 1)), 200), Before::Relay]);
    vec![
        scene("changes that are not relayed", bought(), vec![Operation::Relay, refund(), EXPIRE]),
        scene(
            "messages that are not delivered",
            relayed,
            vec![
                Operation::Deliver("record_sales"),
                Operation::Deliver("settle_payment"),
                Operation::Sweep("rank_products"),
                Operation::Relay,
            ],
        ),
    ]
}

impl World {
    /// Makes the world what it is at the beginning of a scene, and keeps it.
    pub(super) async fn prepare(&mut self, scene: &Scene) -> Result<(), String> {
        for (step, before) in scene.before.iter().enumerate() {
            match before {
                Before::Ask(person, wish, expected) => {
                    let answer = self.ask(*person, wish, key(step)).await?;
                    if answer.status != *expected {
                        return Err(format!("{wish:?} was answered {}: {}", answer.status, answer.body));
                    }
                }
                Before::Pass(seconds) => self.pass(*seconds),
                Before::Relay => self.relay().await?,
                Before::Settle => self.settle().await?,
                Before::Sweep(function) => {
                    self.call(function, serde_json::json!({})).await??;
                }
            }
        }
        self.skew = scene.skew.into_iter().map(i64::abs).max().unwrap_or_default();
        self.keep().map_err(|problem| problem.to_string())
    }
}
