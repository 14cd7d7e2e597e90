//! One call of the payment provider: its key, its time, and its answer as it came.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::{Method, Request, Response, Url};
use tower::ServiceExt;

use crate::app::App;
use crate::card_provider::client::internal;
use crate::failure::Failure;

/// The version of the API that is spoken. Another one may name states and errors otherwise.
pub const API_VERSION: &str = "2025-09-30.clover";
/// How long a call may take: a capture goes to the card's bank.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a process uses a key before it looks whether there is a newer one.
const KEY_FOR: SignedDuration = SignedDuration::from_mins(5);
/// Largest answer that is read, in bytes: a hundred payments.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A call of the provider's API.
pub(crate) struct Call {
    method: Method,
    path: String,
    parameters: Vec<(&'static str, String)>,
    idempotency_key: Option<String>,
}

impl Call {
    /// A question.
    pub(crate) fn get(path: String, parameters: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::GET, path, parameters, idempotency_key: None }
    }

    /// An order, which the provider carries out once under its key.
    pub(crate) fn post(path: String, parameters: Vec<(&'static str, String)>, idempotency_key: String) -> Self {
        Self { method: Method::POST, path, parameters, idempotency_key: Some(idempotency_key) }
    }
}

/// An answer of the provider's.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Sends a call.
///
/// # Errors
/// [`Failure::Unknown`] when it was not answered: it may have been carried out or not.
pub(crate) async fn send(app: &App, call: Call) -> Result<Answer, Failure> {
    let base = app.config().card_provider_url.as_ref().ok_or_else(|| internal("no address"))?;
    let request = request(base, &key(app).await?, call)?;
    let method = if *request.method() == Method::GET { "GET" } else { "POST" };
    let answered = match app.card_transport() {
        Some(transport) => transport.oneshot(request).await.map_err(|_| "the call was broken off"),
        None => {
            let client = app.card_provider().http.get().map_err(internal)?;
            client.execute(request).await.map_err(|problem| error_text(&problem))
        }
    };
    let mut response: Response = match answered {
        Ok(response) => response,
        Err(problem) => {
            tracing::warn!(method, problem, "the payment provider did not answer");
            return Err(Failure::Unknown);
        }
    };
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(Answer { status, body }),
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_BYTES_MAX => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(internal("an answer of more than a megabyte")),
            Err(problem) => {
                tracing::warn!(method, problem = error_text(&problem), "the payment provider broke its answer off");
                return Err(Failure::Unknown);
            }
        }
    }
}

fn request(base: &Url, key: &str, call: Call) -> Result<Request, Failure> {
    let mut url = base.join(&call.path).map_err(internal)?;
    let mut form = reqwest::Url::parse("http://form.invalid/").map_err(internal)?;
    let target = if call.method == Method::GET { &mut url } else { &mut form };
    if !call.parameters.is_empty() {
        target.query_pairs_mut().extend_pairs(call.parameters.iter().map(|(name, value)| (*name, value.as_str())));
    }
    let mut request = Request::new(call.method, url);
    let mut header = |name: &'static str, value: String| {
        let value = value.parse().map_err(|_| internal("a header that cannot be sent"))?;
        request.headers_mut().insert(name, value);
        Ok::<(), Failure>(())
    };
    header("authorization", format!("Bearer {key}"))?;
    header("stripe-version", API_VERSION.to_owned())?;
    if let Some(idempotency_key) = call.idempotency_key {
        header("idempotency-key", idempotency_key)?;
        header("content-type", "application/x-www-form-urlencoded".to_owned())?;
        *request.body_mut() = Some(form.query().unwrap_or_default().to_owned().into());
    }
    *request.timeout_mut() = Some(CALL_TIMEOUT);
    Ok(request)
}

/// The secret key, read again after a while.
async fn key(app: &App) -> Result<String, Failure> {
    let now = app.now();
    if let Some(known) = app.card_provider().key.get(now, KEY_FOR) {
        return Ok(known);
    }
    let source = app.config().card_key.as_ref().ok_or_else(|| internal("this function has no key"))?;
    let key = source.current(app).await?.trim().to_owned();
    app.card_provider().key.put(key.clone(), now);
    Ok(key)
}

/// The cause of a failed call, in words without addresses.
fn error_text(problem: &reqwest::Error) -> &'static str {
    if problem.is_timeout() {
        "it did not answer in time"
    } else if problem.is_connect() {
        "it could not be reached"
    } else {
        "the call was broken off"
    }
}
