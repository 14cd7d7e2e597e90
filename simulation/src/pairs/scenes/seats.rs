//! Scenes of seats: held, paid, given back, and taken away with their hall.

use super::*;

pub(super) fn seats() -> Vec<Scene> {
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
        Ask(ANNA, Action::Pay(mine())),
        Ask(ANNA, Action::Cancel(mine())),
        Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "A-1-1")),
        Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "A-1-2")),
        Ask(BERT, hold(&["A-1-1"])),
        Ask(ANNA, hold(&["B-1-1"])),
        EXPIRE,
    ];
    let over = || {
        vec![
            Ask(ANNA, Action::Pay(mine())),
            Ask(BERT, hold(&["A-1-1"])),
            Ask(ANNA, hold(&["A-1-1", "A-1-2"])),
            Ask(ANNA, Action::Cancel(mine())),
            Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "A-1-1")),
            EXPIRE,
        ]
    };
    let rich =
        || vec![Before::Ask(ANNA, hold(&["A-1-1", "A-1-2"]), 201), Before::Ask(ANNA, Action::TopUp(50_000), 201)];
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

pub(super) fn deletions() -> Vec<Scene> {
    use Operation::Ask;
    let delete = || Action::DeleteSchedule { queued: false };
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
                Ask(ANNA, Action::Pay(mine())),
                Ask(ANNA, Action::Cancel(mine())),
                Ask(BERT, hold(&["A-1-2", "B-1-1"])),
            ],
        ),
        Scene {
            skew: [SKEW_SECONDS, -SKEW_SECONDS],
            ..scene(
                "a hall with a hold that has lapsed by one of two clocks",
                vec![hold_of_anna(), Before::Ask(ANNA, Action::TopUp(50_000), 201), Before::Pass(60)],
                vec![Ask(ADMIN, delete()), Ask(ANNA, Action::Pay(mine()))],
            )
        },
        scene("a deleted hall", deleted, vec![EXPIRE, Ask(ADMIN, delete()), Ask(BERT, hold(&["A-1-1"]))]),
    ];
    scenes.iter_mut().for_each(|scene| scene.patience = IMPATIENCE);
    scenes
}

pub(super) fn payments() -> Vec<Scene> {
    use Operation::Ask;
    let pair = || Before::Ask(ANNA, hold(&["A-1-1", "A-1-2"]), 201);
    let mine = || held(ANNA, 0);
    let paid = vec![pair(), Before::Ask(ANNA, Action::TopUp(50_000), 201), Before::Ask(ANNA, Action::Pay(mine()), 201)];
    let declined = vec![pair(), Before::Ask(ANNA, Action::Pay(mine()), 402), Before::Relay];
    vec![
        scene(
            "paid seats",
            paid,
            vec![
                Ask(ANNA, Action::Refund(mine())),
                Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "A-1-1")),
                Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "A-1-2")),
                Ask(BERT, hold(&["A-1-1"])),
                Ask(ANNA, hold(&["B-1-1"])),
                Ask(ANNA, Action::Spend(10_000)),
            ],
        ),
        scene(
            "a declined payment",
            declined,
            vec![
                Operation::Deliver("release_declined_payment"),
                Ask(ANNA, Action::Pay(mine())),
                Ask(ANNA, Action::TopUp(50_000)),
                Ask(ANNA, Action::Cancel(mine())),
                Ask(BERT, hold(&["A-1-1"])),
                Ask(ANNA, hold(&["B-1-1"])),
                EXPIRE,
            ],
        ),
        scene(
            "a paid seat that costs nothing",
            vec![Before::Ask(ANNA, hold(&["C-1-1"]), 201), Before::Ask(ANNA, Action::Pay(mine()), 201)],
            vec![
                Ask(ANNA, Action::Refund(mine())),
                Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "C-1-1")),
                Ask(BERT, hold(&["C-1-1"])),
            ],
        ),
        scene(
            "a hold that costs nothing",
            vec![Before::Ask(ANNA, hold(&["C-1-1"]), 201)],
            vec![Ask(ANNA, Action::Pay(mine())), Ask(ANNA, Action::Cancel(mine())), Ask(ANNA, Action::Spend(10_000))],
        ),
        scene(
            "too little money",
            vec![pair()],
            vec![
                Ask(ANNA, Action::Pay(mine())),
                Ask(ANNA, Action::TopUp(50_000)),
                Ask(ANNA, Action::CancelTicket(held_id(ANNA, 0), "A-1-1")),
                Ask(ANNA, Action::Cancel(mine())),
                Ask(BERT, hold(&["A-1-1"])),
            ],
        ),
    ]
}
