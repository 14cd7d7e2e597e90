//! Calls of the API within this process: nothing but the network is missing.

use std::sync::atomic::Ordering;

use axum::http;
use onsale_platform::card_provider::client::Transport;
use reqwest::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, service_fn};

use crate::third_parties::payment_provider::http::{Server, api};
use crate::third_parties::payment_provider::{Call, Method, Reply};

impl Server {
    /// Carries the shop's calls to it. What is not answered over the network is broken off here at once.
    #[must_use]
    pub fn transport(&self) -> Transport {
        let server = self.clone();
        BoxCloneSyncService::new(service_fn(move |request: Request| {
            let answered = server.carry(&request);
            async move { answered }
        }))
    }

    /// Authorises a payment with a card of this number, as the browser of its buyer does who has the payment's secret.
    pub fn authorise(&self, secret: &str, card: &str) -> Reply {
        let intent = secret.split("_secret_").next().unwrap_or_default();
        let parameters = [
            ("client_secret", secret),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", card),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "2030"),
            ("payment_method_data[card][cvc]", "123"),
        ];
        let call = Call {
            method: Method::Post,
            path: format!("/v1/payment_intents/{intent}/confirm"),
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            key: Some(self.provider().publishable_key().to_owned()),
            idempotency_key: None,
        };
        let reply = self.provider().handle(&call, self.now());
        self.changed.notify_one();
        reply
    }

    fn carry(&self, request: &Request) -> Result<Response, BoxError> {
        let (method, uri) = (http::Method::from_bytes(request.method().as_str().as_bytes())?, request.url().as_str());
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let call = api::read(&method, &uri.parse()?, request.headers(), body);
        self.calls.fetch_add(1, Ordering::SeqCst);
        let reply = match call {
            Ok(call) => self.provider().handle(&call, self.now()),
            Err(refusal) => Reply::refusal(&refusal),
        };
        self.changed.notify_one();
        if reply.dropped || reply.unanswered {
            return Err("the payment provider breaks this call off, as its faults say".into());
        }
        let response = http::Response::builder().status(reply.status).body(reply.body.to_string())?;
        Ok(Response::from(response))
    }
}
