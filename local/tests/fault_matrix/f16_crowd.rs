//! F16: ten thousand callers for one seat; a hundred of them, unless `ONSALE_SCALE=full`.

use std::sync::Arc;

use local::aws::lambda::Entry;
use local::intercept::{Before, Call, Intercept};
use onsale_domain::id::UserId;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::json;
use simulation::requests::{ApiAnswer, ApiCall, Identity, api_gateway_event};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::case::Case;
use super::scene::Scene;

cells!(amid_a_crowd: hold release pay cancel cancel_ticket refund confirm_card_payment);

/// Requests of the crowd that are under way at the same time.
const AT_ONCE: usize = 64;

/// Lets others go on before each call.
struct InTurn;

impl Intercept for InTurn {
    fn before(&self, _: &Call<'_>) -> Before {
        Before::Hold(Box::pin(async {
            tokio::task::yield_now().await;
            Before::Proceed
        }))
    }
}

/// The seat has one owner at any moment: the operation succeeds, unless it wants the same seat as the crowd and is told
/// that it is taken; and of the crowd at most one gets it.
async fn amid_a_crowd(scene: &Scene) {
    let of_the_shop =
        matches!(scene.case, Case::CancelOrder | Case::PayOrder | Case::PayFree | Case::RefundOrder | Case::RefundFree);
    let of_cards = matches!(scene.case, Case::ConfirmOrder | Case::ConfirmTopUp);
    if of_the_shop || of_cards || matches!(scene.case, Case::HoldQueued | Case::PayQueued) {
        return; // Not about a seat that others may call for.
    }
    let wanted = if matches!(scene.case, Case::Hold | Case::HoldSeat) { "A-1-2" } else { "A-1-1" };
    scene.world.stack.intercept(Some(Arc::new(InTurn)));
    let holding = scene.world.stack.process("create_reservation", scene.world.clock.clone(), Ids::Random);
    let crowd = crowd(holding.expect("a process"), scene.hall.clone(), wanted);
    let process = scene.process();
    let (outcome, answers) = tokio::join!(scene.call(&process, scene.event()), crowd);
    scene.world.stack.intercept(None);
    let got = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409 && answer.code() == "seat-taken").count();
    // One that meets others for too long is told to come again.
    let busy = answers.iter().filter(|answer| answer.status == 503).count();
    assert_eq!(got + refused + busy, answers.len());
    println!("{:?}: {outcome:?}; of {} others {got} got the seat, {busy} were sent back", scene.case, answers.len());
    let given_up = matches!(scene.case, Case::Hold | Case::HoldSeat);
    if given_up && !outcome.succeeded() {
        outcome.expect_problem(409, "seat-taken");
        assert_eq!(got, 1);
    } else {
        assert_eq!(outcome.status, scene.case.success(), "{outcome:?}");
        assert!(
            got <= usize::from(!given_up && !matches!(scene.case, Case::Pay | Case::ConfirmReservation)),
            "two owners"
        );
    }
    scene.world.check_invariants().await;
}

/// Everybody wants one seat.
async fn crowd(process: Entry, hall: String, seat: &'static str) -> Vec<ApiAnswer> {
    let size = if std::env::var("ONSALE_SCALE").as_deref() == Ok("full") { 10_000 } else { 100 };
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let calls: Vec<_> = (0..size)
        .map(|number| {
            let (process, hall, gate) = (process.clone(), hall.clone(), Arc::clone(&gate));
            tokio::spawn(async move {
                let _turn = gate.acquire().await.expect("open");
                let body = json!({ "schedule_id": hall, "seat_ids": [seat] });
                let (function, path) = ("create_reservation", "/reservations".to_owned());
                let asked = ApiCall { function, method: "POST", path, body: Some(body) };
                let user = UserId(Uuid::from_u128(0x0193_0000_0000_7000_9000_0000_0000_0000 + number));
                let caller = Identity { user, key: None, queue_token: None };
                let answer =
                    lambda::invoke(&process.code, process.app.clone(), api_gateway_event(&asked, caller)).await;
                ApiAnswer::parse(&answer.expect("an answer"))
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(calls.len());
    for call in calls {
        answers.push(call.await.expect("no panic"));
    }
    answers
}
