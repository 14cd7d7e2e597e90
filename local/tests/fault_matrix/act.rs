//! Carries an operation out in a process of its own, which can be killed, or have another clock than the rest.

use std::sync::Arc;

use local::aws::lambda::Entry;
use local::intercept::Intercept;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use simulation::requests::{self, ApiCall};
use tokio::sync::Notify;

use super::case::Caller;
use super::scene::{KEY, Scene};
use super::trouble::{Death, Dies};
use crate::events::batch;
use crate::support::logs;

/// What a call came to.
#[derive(Debug)]
pub struct Outcome {
    /// The status; 503 as well for a function that asks to be called again, or was ended by its time limit.
    pub status: u16,
    pub body: Value,
    pub headers: Value,
    /// Whether its time was over before it answered.
    pub timed_out: bool,
}

impl Outcome {
    pub fn succeeded(&self) -> bool {
        matches!(self.status, 200 | 201 | 204)
    }

    /// Whether the caller is to come again, with the same key.
    pub fn is_busy(&self) -> bool {
        self.status == 503
    }

    /// Whether it is a refusal, which says that nothing was done and names why.
    pub fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status) && self.body["code"].is_string()
    }

    pub fn replayed(&self) -> bool {
        self.headers["idempotent-replayed"].is_string()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let outcome = self.expect(status);
        assert_eq!(outcome.body["code"], code, "{outcome:?}");
        outcome
    }
}

impl Scene {
    /// The function's event.
    pub fn event(&self) -> Value {
        match self.case.caller() {
            Caller::Http => self.event_of(&self.case.asked(self), Some(&KEY.to_string())),
            Caller::Schedule => json!({}),
            Caller::Batch => self.event_of_batch(&self.told),
        }
    }

    /// What a consumer or the relay is called with for these messages or records.
    pub fn event_of_batch(&self, told: &[Value]) -> Value {
        if told.iter().all(Value::is_string) {
            let bodies: Vec<&str> = told.iter().filter_map(Value::as_str).collect();
            return batch(&bodies);
        }
        json!({ "Records": told })
    }

    /// The event of a request of the user's or the administrator's.
    pub fn event_of(&self, asked: &ApiCall, key: Option<&str>) -> Value {
        let user = if self.case.is_an_admins() { self.admin.id } else { self.user.id };
        let queue_token = self.user.queue_token.as_deref();
        let mut event = requests::api_gateway_event(asked, requests::Identity { user, key: None, queue_token });
        if let Some(key) = key {
            logs::keep_secret(key);
            event["headers"]["idempotency-key"] = key.into();
        }
        event
    }

    /// A new process of the function, which remembers nothing.
    pub fn process(&self) -> Entry {
        self.process_at(self.world.clock.clone())
    }

    /// The same with a clock of its own.
    pub fn process_at(&self, clock: Clock) -> Entry {
        self.world.stack.process(self.case.function(), clock, Ids::Random).expect("a process")
    }

    /// Carries the operation out.
    pub async fn act(&self) -> Outcome {
        self.call(&self.process(), self.event()).await
    }

    /// The same while something gets in the way.
    pub async fn act_under(&self, trouble: Arc<dyn Intercept>) -> Outcome {
        self.intercept(Some(trouble));
        let outcome = self.act().await;
        self.intercept(None);
        outcome
    }

    /// Calls a process, within the time that the template gives it.
    pub async fn call(&self, process: &Entry, event: Value) -> Outcome {
        let answer = lambda::invoke(&process.code, process.app.clone(), event);
        let Ok(answer) = tokio::time::timeout(process.declaration.timeout, answer).await else {
            return Outcome { status: 503, body: Value::Null, headers: Value::Null, timed_out: true };
        };
        let answered = |status, body| Outcome { status, body, headers: Value::Null, timed_out: false };
        match (self.case.caller(), answer) {
            (Caller::Http, Ok(given)) => {
                let body = serde_json::from_str(given["body"].as_str().unwrap_or_default()).unwrap_or(Value::Null);
                let status = given["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
                let headers = given["headers"].clone();
                Outcome { status: status.expect("a status"), body, headers, timed_out: false }
            }
            (_, Ok(given)) => {
                let counts = ["failed", "queues_failed"].iter().any(|count| given[count].as_u64() > Some(0));
                let messages = given["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
                answered(if counts || messages { 503 } else { 200 }, given)
            }
            (Caller::Http, Err(problem)) => panic!("{:?} gave no answer: {problem}", self.case),
            (_, Err(problem)) => answered(503, problem.to_string().into()),
        }
    }

    /// Begins to carry it out in a process that dies at one of its writes, and with it all that it remembered.
    pub async fn die(&self, write: usize, when: Dies) {
        let death = Death::at(write, when);
        assert!(self.dies_of(death.clone(), &death.died).await, "{:?} outlived its death", self.case);
    }

    /// The same, of something else that says when; whether it did die.
    pub async fn dies_of(&self, trouble: Arc<dyn Intercept>, died: &Notify) -> bool {
        self.intercept(Some(trouble));
        let process = self.process();
        let has_died = tokio::select! {
            biased;
            () = died.notified() => true,
            _ = self.call(&process, self.event()) => false,
        };
        self.intercept(None);
        has_died
    }
}
