//! The data platform, to which events are handed: the request that posts one, its signature, and what answers mean.
//!
//! The signature is that of Standard Webhooks: an HMAC-SHA256 of id, time and body, so that a receiver knows who sent
//! an event, that it is whole, and that it is not an old one sent again by somebody else.

pub(crate) mod client;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::events::Event;
use crate::failure::Failure;

/// The media type of one CloudEvent in JSON.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// The prefix that a secret may have, as receivers' libraries write it.
const SECRET_PREFIX: &str = "whsec_";
/// Bytes that the key of a signature has, by Standard Webhooks.
const KEY_BYTES_MIN: usize = 24;
const KEY_BYTES_MAX: usize = 64;
/// How long a process signs with a key before it looks whether there is a newer one.
const KEY_FOR: SignedDuration = SignedDuration::from_mins(60);
/// How long a process that was told 410 asks no more.
const STOPPED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The outcome of posting an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The data platform has it; or there is none, and nobody wants it.
    Taken,
    /// The data platform wants no more events, by a 410 now or a moment ago.
    Refused,
    /// Not now: to be tried again.
    Later {
        /// Why, for the log.
        problem: String,
        /// Seconds after which the data platform asked to be tried again.
        retry_after: Option<u64>,
    },
}

impl Outcome {
    /// Its name in metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Later { .. } => "later",
        }
    }
}

/// Posts an event.
///
/// # Errors
/// When it cannot even be sent: no secret, no client.
pub async fn deliver(app: &App, event: &Event) -> Result<Outcome, Failure> {
    let Some(url) = &app.config().data_platform_url else {
        tracing::warn!(event_id = event.id, "no data platform is configured: an event is not posted");
        return Ok(Outcome::Taken);
    };
    let now = app.now();
    if app.webhook().stopped.get(now, STOPPED_FOR).is_some() {
        return Ok(Outcome::Refused);
    }
    let body = serde_json::to_string(event).map_err(internal)?;
    let signature = signature(&key(app, now).await?, &event.id, now.as_second(), &body);
    let client = app.webhook().http.get().map_err(internal)?;
    let request = client.post(url.clone()).timeout(app.config().data_platform_timeout).body(body);
    let request = request.header("content-type", CONTENT_TYPE).header("webhook-id", &event.id);
    let request = request.header("webhook-timestamp", now.as_second()).header("webhook-signature", signature);
    let answer = match request.send().await {
        Ok(answer) => answer,
        // Without the address: what is behind it is nobody's business who reads a log.
        Err(problem) => return Ok(retry_later(error_text(&problem.without_url()), None)),
    };
    // The body is not read: nothing in it could change what is done.
    match answer.status().as_u16() {
        200..=299 => Ok(Outcome::Taken),
        410 => {
            app.webhook().stopped.put((), now);
            Ok(Outcome::Refused)
        }
        status => {
            let seconds = answer.headers().get("retry-after").filter(|_| matches!(status, 429 | 503));
            let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
            Ok(retry_later(format!("the data platform answered {status}"), seconds))
        }
    }
}

/// The value of `webhook-signature`.
fn signature(key: &hmac::Key, id: &str, seconds: i64, body: &str) -> String {
    let tag = hmac::sign(key, format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

/// The key to sign with, read again after a while.
async fn key(app: &App, now: Timestamp) -> Result<hmac::Key, Failure> {
    if let Some(known) = app.webhook().key.get(now, KEY_FOR) {
        return Ok(known);
    }
    let source = app.config().data_platform_secret.as_ref();
    let secret = source.ok_or_else(|| internal("this function has no secret"))?.current(app).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key_bytes(&secret)?);
    app.webhook().key.put(key.clone(), now);
    Ok(key)
}

/// The bytes of a secret, which is written in base64.
fn key_bytes(secret: &str) -> Result<Vec<u8>, Failure> {
    let secret = secret.trim();
    // Not the error itself: it would tell characters of the secret.
    let bytes = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret)).unwrap_or_default();
    if (KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(internal("the secret must be 24 to 64 bytes in base64"))
    }
}

fn retry_later(problem: String, retry_after: Option<u64>) -> Outcome {
    Outcome::Later { problem, retry_after }
}

/// The cause of a failed request, in words without addresses.
fn error_text(problem: &reqwest::Error) -> String {
    let what = if problem.is_timeout() {
        "it did not answer in time"
    } else if problem.is_connect() {
        "it could not be reached"
    } else {
        "the request was broken off"
    };
    format!("the data platform: {what}")
}

fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("data platform: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of the specification's own libraries.
        let key = key_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a key");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let made = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_a_key_of_the_right_length() {
        assert_eq!(key_bytes(&"a1B2".repeat(16)).expect("64 characters").len(), 48);
        assert_eq!(key_bytes(&format!(" whsec_{}\n", "a1B2".repeat(16))).expect("the same").len(), 48);
        for wrong in ["", "short", &"a".repeat(31), &"a1B2".repeat(22), &"?".repeat(64)] {
            let problem = key_bytes(wrong).expect_err(wrong).to_string();
            assert!(wrong.is_empty() || !problem.contains(wrong));
        }
    }
}
