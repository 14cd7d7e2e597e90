//! Scenes of seats: held, paid, given back, and taken away with their hall.

use super::*;

pub(super) fn seats() -> Vec<Scene> {
    use Operation::Request;
    let mine = || reservation(ANNA, 0);
    let free = vec![
        Request(ANNA, hold(&["A-1-1"])),
        Request(BERT, hold(&["A-1-1"])),
        Request(ANNA, hold(&["A-1-1", "A-1-2"])),
        Request(BERT, hold(&["A-1-2", "B-1-1"])),
        Request(ANNA, hold(&["B-1-1"])),
    ];
    let live = vec![
        Request(ANNA, Action::Pay(mine())),
        Request(ANNA, Action::Cancel(mine())),
        Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
        Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-2")),
        Request(BERT, hold(&["A-1-1"])),
        Request(ANNA, hold(&["B-1-1"])),
        EXPIRE,
    ];
    let over = || {
        vec![
            Request(ANNA, Action::Pay(mine())),
            Request(BERT, hold(&["A-1-1"])),
            Request(ANNA, hold(&["A-1-1", "A-1-2"])),
            Request(ANNA, Action::Cancel(mine())),
            Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
            EXPIRE,
        ]
    };
    let rich = || {
        vec![Before::Request(ANNA, hold(&["A-1-1", "A-1-2"]), 201), Before::Request(ANNA, Action::TopUp(50_000), 201)]
    };
    let with = |mut before: Vec<Before>, more: Vec<Before>| {
        before.extend(more);
        before
    };
    let best = |count: u16| {
        let first = if count == 1 { hold(&["A-1-1"]) } else { hold(&["A-1-1", "A-1-2"]) };
        vec![
            Request(ANNA, hold_best(count)),
            Request(BERT, hold_best(count)),
            Request(BERT, first),
            Request(BERT, hold(&["B-1-1"])),
        ]
    };
    vec![
        scene("free seats", Vec::new(), free),
        scene("the best of free seats", Vec::new(), best(2)),
        Scene { passes: Some(LONG), ..scene("the best seats beside a hold that lapses", rich(), best(1)) },
        scene("a live hold", rich(), live),
        Scene { passes: Some(LONG), ..scene("a hold that lapses", rich(), over()) },
        Scene {
            skew: [-SKEW_SECONDS, SKEW_SECONDS],
            ..scene("a hold that has lapsed by one of two clocks", with(rich(), vec![Before::Pass(60)]), over())
        },
        scene("a lapsed hold", with(rich(), vec![Before::Pass(LONG)]), over()),
        Scene {
            repeats: Some((0, 0)),
            passes: Some(LONG),
            ..scene(
                "a hold that is asked for again",
                rich(),
                vec![
                    Request(ANNA, hold(&["A-1-1", "A-1-2"])),
                    Request(ANNA, Action::Cancel(mine())),
                    Request(ANNA, Action::Pay(mine())),
                    Request(BERT, hold(&["A-1-1"])),
                ],
            )
        },
    ]
}

/// Deletions of a date. Before a deletion reads its seats again, sweeps have carried on the deletions left to them.
pub(super) fn deletions() -> Vec<Scene> {
    use Operation::Request;
    let delete = || Action::DeleteSchedule { queued: false };
    let mine = || reservation(ANNA, 0);
    let hold_of_anna = || Before::Request(ANNA, hold(&["A-1-1", "A-1-2"]), 201);
    let lapsed = vec![hold_of_anna(), Before::Pass(LONG)];
    let deleted = vec![Before::Request(ADMIN, delete(), 204), Before::Pass(CARRIED_ON)];
    let mut scenes = vec![
        scene("an empty hall", Vec::new(), vec![Request(ADMIN, delete()), Request(BERT, hold(&["A-1-1"]))]),
        scene(
            "a hall with a lapsed hold",
            lapsed,
            vec![
                Request(ADMIN, delete()),
                Request(ANNA, Action::Pay(mine())),
                Request(ANNA, Action::Cancel(mine())),
                Request(BERT, hold(&["A-1-2", "B-1-1"])),
            ],
        ),
        Scene {
            skew: [SKEW_SECONDS, -SKEW_SECONDS],
            ..scene(
                "a hall with a hold that has lapsed by one of two clocks",
                vec![hold_of_anna(), Before::Request(ANNA, Action::TopUp(50_000), 201), Before::Pass(60)],
                vec![Request(ADMIN, delete()), Request(ANNA, Action::Pay(mine()))],
            )
        },
        scene("a deleted hall", deleted, vec![EXPIRE, Request(ADMIN, delete()), Request(BERT, hold(&["A-1-1"]))]),
    ];
    scenes.iter_mut().for_each(|scene| scene.patience = IMPATIENCE);
    scenes
}

/// Two seats that are held.
fn pair() -> Before {
    Before::Request(ANNA, hold(&["A-1-1", "A-1-2"]), 201)
}

/// The same once they are paid.
fn paid_pair() -> Vec<Before> {
    let pay = Before::Request(ANNA, Action::Pay(reservation(ANNA, 0)), 201);
    vec![pair(), Before::Request(ANNA, Action::TopUp(50_000), 201), pay]
}

/// Codes of paid seats: ended for new ones, and with their tickets.
pub(super) fn codes() -> Vec<Scene> {
    use Operation::Request;
    let mine = || reservation_id(ANNA, 0);
    let reissue = |seat| Action::Reissue(mine(), seat);
    let reissued = [paid_pair(), vec![Before::Request(ANNA, reissue("A-1-1"), 201)]].into_iter().flatten().collect();
    vec![
        scene(
            "codes of paid seats",
            paid_pair(),
            vec![
                Request(ANNA, reissue("A-1-1")),
                Request(ANNA, reissue("A-1-2")),
                Request(ANNA, Action::CancelTicket(mine(), "A-1-1")),
                Request(ANNA, Action::Refund(PurchaseId::Reservation(mine()))),
            ],
        ),
        Scene {
            repeats: Some((0, 3)),
            ..scene(
                "a new code that is asked for again",
                reissued,
                vec![
                    Request(ANNA, reissue("A-1-1")),
                    Request(ANNA, reissue("A-1-1")),
                    Request(ANNA, Action::CancelTicket(mine(), "A-1-1")),
                ],
            )
        },
    ]
}

pub(super) fn payments() -> Vec<Scene> {
    use Operation::Request;
    let mine = || reservation(ANNA, 0);
    let declined = || vec![pair(), Before::Request(ANNA, Action::Pay(mine()), 402), Before::Relay];
    let release = || Operation::Deliver("release_declined_payment");
    vec![
        scene(
            "paid seats",
            paid_pair(),
            vec![
                Request(ANNA, Action::Refund(mine())),
                Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
                Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-2")),
                Request(BERT, hold(&["A-1-1"])),
                Request(ANNA, hold(&["B-1-1"])),
                Request(ANNA, Action::Spend(10_000)),
            ],
        ),
        scene(
            "a declined payment",
            declined(),
            vec![
                release(),
                Request(ANNA, Action::Pay(mine())),
                Request(ANNA, Action::TopUp(50_000)),
                Request(ANNA, Action::Cancel(mine())),
                Request(BERT, hold(&["A-1-1"])),
                Request(ANNA, hold(&["B-1-1"])),
                EXPIRE,
            ],
        ),
        Scene {
            passes: Some(LONG),
            ..scene(
                "a declined payment whose time passes",
                declined(),
                vec![release(), Request(BERT, hold(&["A-1-1"]))],
            )
        },
        scene(
            "too little money",
            vec![pair()],
            vec![
                Request(ANNA, Action::Pay(mine())),
                Request(ANNA, Action::TopUp(50_000)),
                Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
                Request(ANNA, Action::Cancel(mine())),
                Request(BERT, hold(&["A-1-1"])),
            ],
        ),
    ]
}

/// A total of nothing makes no entry and needs no wallet.
pub(super) fn payments_of_nothing() -> Vec<Scene> {
    use Operation::Request;
    let mine = || reservation(ANNA, 0);
    vec![
        scene(
            "a paid seat that costs nothing",
            vec![Before::Request(ANNA, hold(&["C-1-1"]), 201), Before::Request(ANNA, Action::Pay(mine()), 201)],
            vec![
                Request(ANNA, Action::Refund(mine())),
                Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "C-1-1")),
                Request(BERT, hold(&["C-1-1"])),
            ],
        ),
        scene(
            "a hold that costs nothing",
            vec![Before::Request(ANNA, hold(&["C-1-1"]), 201)],
            vec![
                Request(ANNA, Action::Pay(mine())),
                Request(ANNA, Action::Cancel(mine())),
                Request(ANNA, Action::Spend(10_000)),
            ],
        ),
    ]
}
