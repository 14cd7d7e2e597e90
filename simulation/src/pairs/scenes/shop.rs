//! Scenes of the shop: units, coupons and money.

use super::*;

pub(super) fn stock() -> Vec<Scene> {
    use Operation::Request;
    let last = |product: usize| {
        vec![
            Request(ANNA, order(&[(product, 1)], true)),
            Request(ANNA, order(&[(product, 1)], false)),
            Request(BERT, order(&[(product, 1)], true)),
            Request(BERT, order(&[(SPREAD, 1), (SINGLE, 1)], false)),
            Request(ADMIN, Action::Adjust { product, delta: -1 }),
            Request(ADMIN, Action::Adjust { product, delta: 1 }),
            Request(ADMIN, Action::Reprice { product, price: 700 }),
        ]
    };
    let pending = || vec![Before::Request(ANNA, order(&[(SINGLE, 1), (SPREAD, 1)], false), 201)];
    let mine = || placed(ANNA, 0);
    let on_it = || {
        vec![
            Request(ANNA, Action::Pay(mine())),
            Request(ANNA, Action::Cancel(mine())),
            Request(BERT, order(&[(SINGLE, 1)], true)),
            Request(ADMIN, Action::Adjust { product: SINGLE, delta: 1 }),
            EXPIRE,
        ]
    };
    let free = |then: Before| vec![Before::Request(ADMIN, Action::Reprice { product: SPREAD, price: 0 }, 200), then];
    let place = |pay: bool| Before::Request(ANNA, order(&[(SPREAD, 1)], pay), 201);
    let one_left = vec![Before::Request(ADMIN, Action::Adjust { product: SPREAD, delta: -2 }, 201)];
    let mut lapsed = pending();
    lapsed.push(Before::Pass(LONG));
    vec![
        scene("the last unit, in one of two shards", one_left, last(SPREAD)),
        scene("the last unit, in the only shard", Vec::new(), last(SINGLE)),
        scene("a pending order", pending(), on_it()),
        Scene { passes: Some(LONG), ..scene("an order that lapses", pending(), on_it()) },
        scene("a lapsed order", lapsed, on_it()),
        scene(
            "a pending order that costs nothing",
            free(place(false)),
            vec![Request(ANNA, Action::Pay(placed(ANNA, 1))), Request(ANNA, Action::Cancel(placed(ANNA, 1))), EXPIRE],
        ),
        scene(
            "a paid order that costs nothing",
            free(place(true)),
            vec![
                Request(ANNA, Action::Refund(placed(ANNA, 1))),
                Request(BERT, order(&[(SPREAD, 2)], true)),
                Request(ANNA, Action::Spend(10_000)),
            ],
        ),
    ]
}

pub(super) fn coupons() -> Vec<Scene> {
    use Operation::Request;
    let claimed = || Before::Request(ANNA, Action::Claim, 201);
    let mine = || placed(ANNA, 1);
    let with = |pay: bool| order_with_coupon(&[(SPREAD, 1)], pay);
    let ordered_with = |pay: bool| vec![claimed(), Before::Request(ANNA, with(pay), 201)];
    vec![
        scene(
            "the last coupon",
            vec![Before::Request(CARL, Action::Claim, 201)],
            vec![Request(ANNA, Action::Claim), Request(BERT, Action::Claim), Request(ANNA, with(true))],
        ),
        scene(
            "a claimed coupon",
            vec![claimed()],
            vec![
                Request(ANNA, with(true)),
                Request(ANNA, with(false)),
                Request(ANNA, Action::Claim),
                Request(BERT, with(true)),
            ],
        ),
        scene(
            "a pending order with the coupon",
            ordered_with(false),
            vec![
                Request(ANNA, Action::Pay(mine())),
                Request(ANNA, Action::Cancel(mine())),
                Request(ANNA, with(true)),
                Request(ADMIN, Action::Reprice { product: SPREAD, price: 500 }),
            ],
        ),
        Scene {
            passes: Some(LONG),
            ..scene(
                "an order with the coupon that lapses",
                ordered_with(false),
                vec![Request(ANNA, Action::Pay(mine())), Request(ANNA, with(true)), EXPIRE],
            )
        },
        scene(
            "a paid order with the coupon",
            ordered_with(true),
            vec![
                Request(ANNA, Action::Refund(mine())),
                Request(ANNA, with(true)),
                Request(BERT, order(&[(SPREAD, 2)], true)),
                Request(ANNA, Action::Spend(60_000)),
            ],
        ),
    ]
}

pub(super) fn wallets() -> Vec<Scene> {
    use Operation::Request;
    let one = || Before::Request(ANNA, hold(&["A-1-1"]), 201);
    let paid = |step: usize| Before::Request(ANNA, Action::Pay(reservation(ANNA, step)), 201);
    let pay = || Request(ANNA, Action::Pay(reservation(ANNA, 0)));
    let money = vec![
        pay(),
        Request(ANNA, Action::Spend(60_000)),
        Request(ANNA, Action::Spend(5_000)),
        Request(ANNA, Action::TopUp(10_000)),
        Request(ANNA, order(&[(SPREAD, 1)], true)),
    ];
    let refund = || Request(ANNA, Action::Refund(reservation(ANNA, 0)));
    // 60,000 less 50,000, and so much more that one of two top-ups of 10,000 still fits.
    // The next day, for a day's top-ups have a limit as high as the cap.
    let full = vec![one(), paid(0), Before::Pass(DAY), Before::Request(ANNA, Action::TopUp(CAP - 20_000), 201)];
    vec![
        scene("a wallet with the money for one thing", vec![one()], money),
        scene(
            "a wallet that is nearly full",
            full,
            vec![
                Request(ANNA, Action::TopUp(10_000)),
                Request(ANNA, Action::TopUp(7)),
                Request(ANNA, Action::Spend(10_000)),
                refund(),
                Request(ADMIN, Action::Credit { user: ANNA, amount: 10_000 }),
            ],
        ),
    ]
}
