//! Scenes of cards: authorised, sold, captured or never, given back, and paid out.

use super::*;

/// Cards that are accepted, never captured, and given nothing back.
const GOOD: &str = "4242424242424242";
const NEVER_CAPTURED: &str = "4000000000009003";
const TAKES_NOTHING: &str = "4000000000009011";

const CARRY_ON: Operation = Operation::Sweep("sweep_card_payments");
const SETTLE: Operation = Operation::Deliver("settle_card_payments");

/// The card payment that a person began in the step of the preparation with this number.
fn card(person: usize, step: usize) -> String {
    id::derive(person_id(person), "start_card_payment", operation_key(step)).to_string()
}

/// Seats that are held, and a card that is authorised for them: steps 0 to 2.
fn authorised(number: &'static str) -> Vec<Before> {
    vec![
        Before::Request(ANNA, hold(&["A-1-1", "A-1-2"]), 201),
        Before::Request(ANNA, Action::StartCard(reservation(ANNA, 0)), 201),
        Before::Authorise(ANNA, number),
    ]
}

/// The same, sold; its event waits for its consumer.
fn sold(number: &'static str) -> Vec<Before> {
    let mut before = authorised(number);
    before.push(Before::Request(ANNA, Action::ConfirmCard(card(ANNA, 1)), 200));
    before.push(Before::Relay);
    before
}

/// The same, captured, and given back; the event of that waits for its consumer.
fn given_back(number: &'static str) -> Vec<Before> {
    let mut before = sold(number);
    before.push(Before::Settle);
    before.push(Before::Request(ANNA, Action::Refund(reservation(ANNA, 0)), 200));
    before.push(Before::Relay);
    before
}

pub(super) fn cards() -> Vec<Scene> {
    use Operation::Request;
    let mine = || reservation(ANNA, 0);
    let confirm = || Request(ANNA, Action::ConfirmCard(card(ANNA, 1)));
    let after_the_sale = || {
        vec![
            SETTLE,
            CARRY_ON,
            confirm(),
            Request(ANNA, Action::Refund(mine())),
            Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
        ]
    };
    let later = |mut before: Vec<Before>| {
        before.push(Before::Pass(LONG));
        before
    };
    let start = Action::StartCard(mine());
    let held = || vec![Before::Request(ANNA, hold(&["A-1-1", "A-1-2"]), 201)];
    let mut rich = authorised(GOOD);
    rich.push(Before::Request(ANNA, Action::TopUp(50_000), 201));
    vec![
        Scene {
            passes: Some(LONG),
            ..scene(
                "a card that is authorised",
                rich,
                vec![
                    confirm(),
                    Request(ANNA, Action::Pay(mine())),
                    Request(ANNA, Action::Cancel(mine())),
                    Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
                    Request(BERT, hold(&["A-1-1"])),
                    CARRY_ON,
                ],
            )
        },
        Scene {
            passes: Some(LONG),
            ..scene(
                "a card payment that begins",
                held(),
                vec![
                    Request(ANNA, start),
                    Request(ANNA, Action::CancelTicket(reservation_id(ANNA, 0), "A-1-1")),
                    CARRY_ON,
                ],
            )
        },
        scene("a card that has paid", later(sold(GOOD)), after_the_sale()),
        scene("a card that is never captured", later(sold(NEVER_CAPTURED)), after_the_sale()),
        scene(
            "a refund to a card",
            later(given_back(GOOD)),
            vec![SETTLE, CARRY_ON, Request(ANNA, Action::TopUp(7)), Request(ANNA, Action::Spend(5_000))],
        ),
        scene(
            "a refund that a card does not take",
            later(given_back(TAKES_NOTHING)),
            vec![SETTLE, CARRY_ON, Request(ANNA, Action::TopUp(7)), Request(ANNA, Action::Spend(5_000))],
        ),
    ]
}

/// Money that comes into a wallet by card, and goes out again.
pub(super) fn wallets_by_card() -> Vec<Scene> {
    use Operation::Request;
    let begun = || vec![Before::Request(ANNA, Action::StartCardTopUp(8_000), 201), Before::Authorise(ANNA, GOOD)];
    let confirm = || Action::ConfirmCard(card(ANNA, 0));
    let mut there = begun();
    there.push(Before::Request(ANNA, confirm(), 200));
    vec![
        scene(
            "a top-up by card",
            begun(),
            vec![
                Request(ANNA, confirm()),
                CARRY_ON,
                Request(ANNA, Action::TopUp(7)),
                Request(ANNA, Action::Spend(5_000)),
            ],
        ),
        scene(
            "money that is paid out",
            there,
            vec![
                Request(ANNA, Action::PayOut(3_000)),
                Request(ANNA, Action::PayOut(8_000)),
                Request(ANNA, Action::Spend(5_000)),
                Request(ANNA, confirm()),
            ],
        ),
    ]
}
