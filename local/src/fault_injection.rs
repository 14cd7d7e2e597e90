//! Faults that a failure drill switches on and off while the stack runs: `GET` and `PUT /faults` beside the Invoke API,
//! only if the stack was started with `--drill`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use crate::intercept::{Before, Call, FailedItems, Intercept, Slot, transaction_items};

/// Most functions that can be stopped at once.
const STOPPED_MAX: usize = 100;

/// The faults in force. A request replaces all of them, so `{}` ends them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Of a hundred calls of the table so many are throttled, in no regular order; 0 to 100.
    pub throttle_percent: u64,
    /// Every call of a queue that a function makes is lost.
    pub without_queues: bool,
    /// Functions, by their names, whose calls wait until they are not named any more or their time is over.
    pub stopped: BTreeSet<String>,
}

impl Faults {
    fn is_valid(&self) -> bool {
        self.throttle_percent <= 100 && self.stopped.len() <= STOPPED_MAX
    }
}

/// The switch, and what it does to calls.
struct Drill {
    slot: Slot,
    faults: watch::Sender<Faults>,
    /// A number from 1 to 100, another at each call of the table that is seen while some are throttled.
    drawn: AtomicU64,
}

/// `/faults`, which acts on what is installed in `slot`.
pub fn router(slot: Slot) -> Router {
    let drill = Arc::new(Drill { slot, faults: watch::Sender::default(), drawn: AtomicU64::new(1) });
    Router::new().route("/faults", get(get_faults).put(put_faults)).with_state(drill)
}

async fn get_faults(State(drill): State<Arc<Drill>>) -> Json<Faults> {
    Json(drill.faults.borrow().clone())
}

async fn put_faults(State(drill): State<Arc<Drill>>, faults: Result<Json<Faults>, JsonRejection>) -> Response {
    let faults = match faults {
        Ok(Json(faults)) if faults.is_valid() => faults,
        Ok(_) => return bad_request("throttle_percent must be 0 to 100, and stopped at most 100 functions"),
        Err(problem) => return bad_request(&problem.body_text()),
    };
    // Calls are taken apart for whoever intercepts them, which costs time: nobody does while nothing is taken away.
    let intercept = (faults != Faults::default()).then(|| Arc::clone(&drill) as Arc<dyn Intercept>);
    drill.slot.set(intercept);
    drill.faults.send_replace(faults.clone());
    Json(faults).into_response()
}

fn bad_request(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response()
}

impl Drill {
    /// Whether the next call of the table is one of those that are throttled. If every second one were, whoever makes
    /// two calls in each try would never get through.
    fn throttles(&self, percent: u64) -> bool {
        // The powers of 2 modulo 101 are all numbers from 1 to 100, and look as if they were thrown.
        let next = |drawn: u64| drawn * 2 % 101;
        let drawn = self.drawn.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |drawn| Some(next(drawn)));
        drawn.is_ok_and(|drawn| drawn <= percent)
    }

    /// Of a transaction one item, now this and now that.
    fn failed_items(&self, call: &Call<'_>) -> FailedItems {
        let index = usize::try_from(self.drawn.load(Ordering::Relaxed)).unwrap_or_default();
        FailedItems::at(index, transaction_items(call.request))
    }
}

impl Intercept for Drill {
    fn before(&self, call: &Call<'_>) -> Before {
        let faults = self.faults.borrow().clone();
        if let Some(function) = call.function.filter(|function| faults.stopped.contains(*function)) {
            let (mut faults, function) = (self.faults.subscribe(), function.to_owned());
            return Before::Hold(Box::pin(async move {
                // The sender lives as long as the stack; without it there is nothing to wait for.
                let _ = faults.wait_for(|faults| !faults.stopped.contains(&function)).await;
                Before::Proceed
            }));
        }
        match call.service {
            "sqs" if faults.without_queues && call.function.is_some() => Before::LoseRequest,
            "dynamodb" if self.throttles(faults.throttle_percent) => Before::Throttle(self.failed_items(call)),
            _ => Before::Proceed,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    fn drill(faults: Faults) -> Drill {
        Drill { slot: Slot::default(), faults: watch::Sender::new(faults), drawn: AtomicU64::new(1) }
    }

    fn call<'a>(function: &'a str, service: &'static str, request: &'a Value) -> Call<'a> {
        Call { function: Some(function), service, operation: "PutItem", request }
    }

    #[test]
    fn so_many_of_a_hundred_calls_of_the_table_are_throttled() {
        let request = json!({});
        for percent in [0, 1, 30, 99, 100] {
            let drill = drill(Faults { throttle_percent: percent, ..Faults::default() });
            let throttled = (0..200)
                .filter(|_| matches!(drill.before(&call("pay", "dynamodb", &request)), Before::Throttle(_)))
                .count();
            assert_eq!(throttled as u64, 2 * percent);
            assert!(matches!(drill.before(&call("pay", "sqs", &request)), Before::Proceed));
        }
    }

    #[tokio::test]
    async fn a_function_that_was_stopped_goes_on_when_it_may() {
        let request = json!({});
        let drill = drill(Faults { stopped: BTreeSet::from(["pay".to_owned()]), ..Faults::default() });
        assert!(matches!(drill.before(&call("top_up", "dynamodb", &request)), Before::Proceed));
        let Before::Hold(held) = drill.before(&call("pay", "dynamodb", &request)) else { panic!("it is stopped") };
        drill.faults.send_replace(Faults::default());
        assert!(matches!(held.await, Before::Proceed));
    }

    #[tokio::test]
    async fn faults_are_installed_while_there_are_some() {
        let slot = Slot::default();
        let router = router(slot.clone());
        for (body, taken, installed) in [
            (r#"{"without_queues":true}"#, true, true),
            (r#"{"throttle_percent":101}"#, false, true),
            (r#"{"throttle":1}"#, false, true),
            ("{}", true, false),
        ] {
            let request = Request::put("/faults").header("content-type", "application/json");
            let request = request.body(Body::from(body)).expect("a request");
            let answer = router.clone().oneshot(request).await.expect("an answer");
            assert_eq!((answer.status() == StatusCode::OK, slot.get().is_some()), (taken, installed), "{body}");
        }
    }
}
