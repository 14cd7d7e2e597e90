//! Scenes of the shop: units, coupons and money.

use super::*;

pub(super) fn stock() -> Vec<Scene> {
    use Operation::Ask;
    let last = |product: usize| {
        vec![
            Ask(ANNA, order(&[(product, 1)], true)),
            Ask(ANNA, order(&[(product, 1)], false)),
            Ask(BERT, order(&[(product, 1)], true)),
            Ask(BERT, order(&[(SPREAD, 1), (SINGLE, 1)], false)),
            Ask(ADMIN, Action::Adjust { product, delta: -1 }),
            Ask(ADMIN, Action::Adjust { product, delta: 1 }),
            Ask(ADMIN, Action::Reprice { product, price: 700 }),
        ]
    };
    let pending = || vec![Before::Ask(ANNA, order(&[(SINGLE, 1), (SPREAD, 1)], false), 201)];
    let mine = || ordered(ANNA, 0);
    let on_it = || {
        vec![
            Ask(ANNA, Action::Pay(mine())),
            Ask(ANNA, Action::Cancel(mine())),
            Ask(BERT, order(&[(SINGLE, 1)], true)),
            Ask(ADMIN, Action::Adjust { product: SINGLE, delta: 1 }),
            EXPIRE,
        ]
    };
    let free = |then: Before| vec![Before::Ask(ADMIN, Action::Reprice { product: SPREAD, price: 0 }, 200), then];
    let placed = |pay: bool| Before::Ask(ANNA, order(&[(SPREAD, 1)], pay), 201);
    let one_left = vec![Before::Ask(ADMIN, Action::Adjust { product: SPREAD, delta: -2 }, 201)];
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
            free(placed(false)),
            vec![Ask(ANNA, Action::Pay(ordered(ANNA, 1))), Ask(ANNA, Action::Cancel(ordered(ANNA, 1))), EXPIRE],
        ),
        scene(
            "a paid order that costs nothing",
            free(placed(true)),
            vec![
                Ask(ANNA, Action::Refund(ordered(ANNA, 1))),
                Ask(BERT, order(&[(SPREAD, 2)], true)),
                Ask(ANNA, Action::Spend(10_000)),
            ],
        ),
    ]
}

pub(super) fn coupons() -> Vec<Scene> {
    use Operation::Ask;
    let claimed = || Before::Ask(ANNA, Action::Claim, 201);
    let mine = || ordered(ANNA, 1);
    let with = |pay: bool| order_with_coupon(&[(SPREAD, 1)], pay);
    let ordered_with = |pay: bool| vec![claimed(), Before::Ask(ANNA, with(pay), 201)];
    vec![
        scene(
            "the last coupon",
            vec![Before::Ask(CARL, Action::Claim, 201)],
            vec![Ask(ANNA, Action::Claim), Ask(BERT, Action::Claim), Ask(ANNA, with(true))],
        ),
        scene(
            "a claimed coupon",
            vec![claimed()],
            vec![Ask(ANNA, with(true)), Ask(ANNA, with(false)), Ask(ANNA, Action::Claim), Ask(BERT, with(true))],
        ),
        scene(
            "a pending order with the coupon",
            ordered_with(false),
            vec![
                Ask(ANNA, Action::Pay(mine())),
                Ask(ANNA, Action::Cancel(mine())),
                Ask(ANNA, with(true)),
                Ask(ADMIN, Action::Reprice { product: SPREAD, price: 500 }),
            ],
        ),
        Scene {
            passes: Some(LONG),
            ..scene(
                "an order with the coupon that lapses",
                ordered_with(false),
                vec![Ask(ANNA, Action::Pay(mine())), Ask(ANNA, with(true)), EXPIRE],
            )
        },
        scene(
            "a paid order with the coupon",
            ordered_with(true),
            vec![
                Ask(ANNA, Action::Refund(mine())),
                Ask(ANNA, with(true)),
                Ask(BERT, order(&[(SPREAD, 2)], true)),
                Ask(ANNA, Action::Spend(60_000)),
            ],
        ),
    ]
}

pub(super) fn wallets() -> Vec<Scene> {
    use Operation::Ask;
    let one = || Before::Ask(ANNA, hold(&["A-1-1"]), 201);
    let paid = |step: usize| Before::Ask(ANNA, Action::Pay(held(ANNA, step)), 201);
    let pay = || Ask(ANNA, Action::Pay(held(ANNA, 0)));
    let money = vec![
        pay(),
        Ask(ANNA, Action::Spend(60_000)),
        Ask(ANNA, Action::Spend(5_000)),
        Ask(ANNA, Action::TopUp(10_000)),
        Ask(ANNA, order(&[(SPREAD, 1)], true)),
    ];
    let refund = || Ask(ANNA, Action::Refund(held(ANNA, 0)));
    // 60,000 less 50,000, and so much more that one of two top-ups of 10,000 still fits.
    // The next day, for a day's top-ups have a limit as high as the cap.
    let full = vec![one(), paid(0), Before::Pass(DAY), Before::Ask(ANNA, Action::TopUp(CAP - 20_000), 201)];
    vec![
        scene("a wallet with the money for one thing", vec![one()], money),
        scene(
            "a wallet that is nearly full",
            full,
            vec![
                Ask(ANNA, Action::TopUp(10_000)),
                Ask(ANNA, Action::TopUp(7)),
                Ask(ANNA, Action::Spend(10_000)),
                refund(),
            ],
        ),
    ]
}
