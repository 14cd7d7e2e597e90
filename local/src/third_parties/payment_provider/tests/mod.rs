//! Tests of the provider as a whole: calls in, answers and events out.

mod deliveries;
mod faults;
mod http;
mod intents;
mod lists;
mod refunds;
mod restart;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Call, Faults, Method, Provider, Reply, Settings};

const SECRET_KEY: &str = "sk_test_here";
const PUBLISHABLE_KEY: &str = "pk_test_here";
const SIGNING_SECRETS: [&str; 2] = ["whsec_new", "whsec_old"];
const GOOD_CARD: &str = "4242424242424242";

fn settings() -> Settings {
    Settings {
        prefix: "t".to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        publishable_key: PUBLISHABLE_KEY.to_owned(),
        signing_secrets: SIGNING_SECRETS.map(str::to_owned).to_vec(),
    }
}

/// A provider and its time, which passes when a test says so.
struct World {
    provider: Provider,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        Self::with(Provider::new(settings()))
    }

    fn with(provider: Provider) -> Self {
        Self { provider, now: "2026-03-01T00:00:00Z".parse().expect("a time") }
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn faults(&mut self, change: impl FnOnce(&mut Faults)) {
        let mut faults = self.provider.faults().clone();
        change(&mut faults);
        self.provider.set_faults(faults).expect("within the bounds");
    }

    fn call(&mut self, call: &Call) -> Reply {
        self.provider.handle(call, self.now)
    }

    fn post(&mut self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.call(&post(path, parameters))
    }

    fn get(&mut self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.call(&Call { method: Method::Get, ..post(path, parameters) })
    }

    /// A payment of 10,000 won whose id is answered.
    fn create(&mut self, capture_method: &str) -> String {
        let reply = self.post(
            "/v1/payment_intents",
            &[
                ("amount", "10000"),
                ("currency", "KRW"),
                ("capture_method", capture_method),
                ("metadata[attempt_id]", "attempt-1"),
            ],
        );
        assert_eq!(reply.status, 200, "{}", reply.body);
        text(&reply.body["id"])
    }

    fn confirm(&mut self, id: &str, number: &str) -> Reply {
        self.call(&confirmation(id, number))
    }

    /// A payment that was confirmed with a card.
    fn confirmed(&mut self, capture_method: &str, number: &str) -> String {
        let id = self.create(capture_method);
        let reply = self.confirm(&id, number);
        assert_eq!(reply.status, 200, "{}", reply.body);
        id
    }

    fn refund(&mut self, id: &str, amount: &str) -> Reply {
        self.post("/v1/refunds", &[("payment_intent", id), ("amount", amount)])
    }

    fn intent(&mut self, id: &str) -> Value {
        self.get(&format!("/v1/payment_intents/{id}"), &[]).body
    }

    /// The types of all events, the oldest first.
    fn event_types(&self) -> Vec<String> {
        let mut types: Vec<String> = self.provider.events().map(|event| text(&event["type"])).collect();
        types.reverse();
        types
    }
}

fn post(path: &str, parameters: &[(&str, &str)]) -> Call {
    Call {
        method: Method::Post,
        path: path.to_owned(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        key: Some(SECRET_KEY.to_owned()),
        idempotency_key: None,
    }
}

fn with_key(call: Call, key: &str) -> Call {
    Call { idempotency_key: Some(key.to_owned()), ..call }
}

fn confirmation(id: &str, number: &str) -> Call {
    post(
        &format!("/v1/payment_intents/{id}/confirm"),
        &[
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", number),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "2030"),
            ("payment_method_data[card][cvc]", "123"),
        ],
    )
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Checks a refusal by its status and its code.
fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.body["error"]["code"].as_str()), (status, Some(code)), "{}", reply.body);
}
