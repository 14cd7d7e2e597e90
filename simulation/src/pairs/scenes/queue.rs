//! Scenes of the waiting queue, and of events.

use super::*;
use crate::random::organise::Organise;

fn with(mut before: Vec<Before>, more: Vec<Before>) -> Vec<Before> {
    before.extend(more);
    before
}

fn and(mut some: Vec<Operation>, more: Vec<Operation>) -> Vec<Operation> {
    some.extend(more);
    some
}

fn asks(person: usize, actions: &[Action]) -> Vec<Operation> {
    actions.iter().map(|action| Operation::Request(person, action.clone())).collect()
}

fn join(person: usize) -> Before {
    Before::Request(person, Action::Join, 201)
}

fn poll(person: usize) -> Before {
    Before::Request(person, Action::Poll, 200)
}

/// A number that the next look calls: the sweep has seen it given out three seconds ago.
fn called() -> Vec<Before> {
    vec![join(ANNA), Before::Pass(3), ADVANCED, Before::Pass(3)]
}

const ADVANCED: Before = Before::Sweep("advance_queues");

/// Somebody is away when called, and comes back.
pub(super) fn missed_calls() -> Vec<Scene> {
    use Operation::Request;
    // The second sweep calls the number, nobody claims it, the window ends, and the third closes the batch.
    let missed = || {
        let closed = [Before::Has("BATCH#", true), Before::Pass(LONG + 2), ADVANCED, Before::Has("BATCH#", false)];
        with(with(called(), vec![ADVANCED]), closed.into())
    };
    let noted = || with(missed(), vec![poll(ANNA), Before::Has("MISSED#", true)]);
    let called_again = || with(noted(), vec![Before::Pass(3), ADVANCED, Before::Has("MISSED#", false)]);
    let on_missed = || and(asks(ANNA, &[Action::Poll, Action::Leave, Action::Join]), vec![ADVANCE]);
    vec![
        scene("a call that was missed", missed(), on_missed()),
        scene("a missed number that waits", with(noted(), vec![Before::Pass(3)]), {
            and(on_missed(), vec![Request(BERT, Action::Join), Request(ADMIN, Action::Pause(true))])
        }),
        scene("a number that is called a second time", called_again(), on_missed()),
        Scene { passes: Some(LONG + 30), ..scene("a second call, and then no longer", called_again(), on_missed()) },
    ]
}

/// More join than the counter has room for.
pub(super) fn leases() -> Vec<Scene> {
    let joins = || and(asks(ANNA, &[Action::Join, Action::Leave]), vec![Operation::Request(BERT, Action::Join)]);
    let leased = || vec![join(CARL), Before::Has("LEASE", true)];
    let full = |name, before, operations| Scene { is_counter_full: true, ..scene(name, before, operations) };
    vec![
        full("a counter that is full", Vec::new(), joins()),
        full("a lease with numbers", leased(), joins()),
        Scene {
            skew: [0, SKEW_SECONDS],
            ..full("a lease that is fresh by one clock", leased(), and(joins(), vec![ADVANCE]))
        },
        full("a lease that is over", with(leased(), vec![Before::Pass(3)]), and(joins(), vec![ADVANCE])),
    ]
}

/// A queue is put in front of a concert that is to come, taken away, or deleted.
pub(super) fn guarded_concerts() -> Vec<Scene> {
    let asks = |wanted: Organise| Operation::Request(ADMIN, Action::Organise(wanted));
    let asked = |wanted: Organise, status| Before::Request(ADMIN, Action::Organise(wanted), status);
    let set = |queued| asks(Organise::SetQueue { concert: concert(1), queued });
    let scene_of = |name, queued| {
        let before = vec![
            asked(Organise::PutQueue, 201),
            asked(Organise::CreateConcert { queued }, 201),
            asked(Organise::CreateSchedule { concert: concert(1) }, 201),
        ];
        let dates = [Organise::CreateSchedule { concert: concert(1) }, Organise::DeleteConcert { concert: concert(1) }];
        let queues = [Organise::PutQueue, Organise::DeleteQueue, Organise::CreateConcert { queued: true }];
        let others = dates.into_iter().chain(queues).map(asks);
        scene(name, before, [set(true), set(false)].into_iter().chain(others).collect())
    };
    vec![scene_of("a concert to come without a queue", false), scene_of("a concert to come behind a queue", true)]
}

pub(super) fn queue() -> Vec<Scene> {
    use Operation::Request;
    let inside = |person: usize| vec![join(person), Before::Pass(3), ADVANCED, Before::Pass(3), poll(person)];
    let mine = || reservation(ANNA, 5);
    let holding = || with(inside(ANNA), vec![Before::Request(ANNA, hold_queued(&["A-1-1"]), 201)]);
    let on_place =
        || and(asks(ANNA, &[Action::Poll, Action::Leave, Action::Join]), vec![ADVANCE, Request(BERT, Action::Join)]);
    let buys = || {
        let actions =
            [Action::Pay(mine()), hold_queued(&["A-1-2"]), Action::Leave, Action::Join, Action::Cancel(mine())];
        and(asks(ANNA, &actions), vec![ADVANCE])
    };
    vec![
        scene(
            "an empty queue",
            Vec::new(),
            vec![Request(ANNA, Action::Join), Request(BERT, Action::Join), ADVANCE, Operation::Places(2)],
        ),
        scene("somebody who waits", with(inside(CARL), vec![join(ANNA), Before::Pass(3)]), {
            and(on_place(), vec![Request(CARL, Action::Leave), Operation::Places(2)])
        }),
        scene("a number that is called", called(), and(on_place(), vec![Request(ADMIN, Action::Pause(true))])),
        Scene {
            passes: Some(LONG + 30),
            ..scene(
                "a number that is called, and then no longer",
                called(),
                and(asks(ANNA, &[Action::Poll, Action::Leave]), vec![ADVANCE]),
            )
        },
        scene(
            "somebody who is inside",
            inside(ANNA),
            and(asks(ANNA, &[hold_queued(&["A-1-1"]), Action::Leave, Action::Join, Action::Poll]), vec![ADVANCE]),
        ),
        scene("somebody who is inside and holds", holding(), buys()),
        Scene {
            passes: Some(LONG + 40),
            ..scene("an admission that ends with a hold", holding(), vec![Request(ANNA, Action::Pay(mine())), ADVANCE])
        },
        Scene {
            passes: Some(LONG + 40),
            ..scene(
                "an admission that ends",
                inside(ANNA),
                and(asks(ANNA, &[hold_queued(&["A-1-1"]), Action::Leave, Action::Join]), vec![ADVANCE]),
            )
        },
        scene(
            "an admission that has ended",
            with(inside(ANNA), vec![Before::Settle, Before::Request(ANNA, Action::Leave, 204), Before::Relay]),
            vec![Operation::Deliver("free_queue_places"), ADVANCE, Request(BERT, Action::Join), Operation::Places(2)],
        ),
    ]
}

pub(super) fn events() -> Vec<Scene> {
    use Operation::Request;
    let bought = || {
        vec![
            Before::Settle,
            Before::Request(ANNA, order(&[(SPREAD, 2)], true), 201),
            Before::Request(ANNA, hold(&["A-1-1", "A-1-2"]), 201),
            Before::Request(ANNA, Action::Pay(reservation(ANNA, 2)), 402),
        ]
    };
    let refund = || Request(ANNA, Action::Refund(placed(ANNA, 1)));
    let mut relayed = bought();
    relayed.extend([Before::Request(ANNA, Action::Refund(placed(ANNA, 1)), 200), Before::Relay]);
    vec![
        scene("changes that are not relayed", bought(), vec![Operation::Relay, refund(), EXPIRE]),
        scene(
            "messages that are not delivered",
            relayed,
            vec![
                Operation::Deliver("record_sales"),
                Operation::Deliver("release_declined_payment"),
                Operation::Sweep("rank_products"),
                Operation::Relay,
            ],
        ),
    ]
}
