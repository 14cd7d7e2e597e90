//! The provider on a port: Stripe's API, the browser script with the document of its frame, a page for people, and the
//! deliveries of events.

mod api;
mod browser;
mod page;
mod transport;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use jiff::Timestamp;
use reqwest::Url;
use reqwest::redirect::Policy;
use tokio::sync::{Notify, watch};

use crate::third_parties::payment_provider::{Delivery, Provider};

/// The largest body of a request.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long the shop may take to answer an event.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the delivery waits at most before it looks again: the time of the shop may be any, and may jump.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A provider for a port. Cheap to clone: clones are the same provider.
#[derive(Clone)]
pub struct Server {
    provider: Arc<Mutex<Provider>>,
    clock: Clock,
    webhook_url: watch::Sender<Option<Url>>,
    changed: Arc<Notify>,
    calls: Arc<AtomicU64>,
}

impl Server {
    /// A server of `provider` by the time of `clock`. It delivers nothing before it knows where to.
    #[must_use]
    pub fn new(provider: Provider, clock: Clock) -> Self {
        let (webhook_url, _) = watch::channel(None);
        Self {
            provider: Arc::new(Mutex::new(provider)),
            clock,
            webhook_url,
            changed: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// Sets where events are delivered to.
    pub fn set_webhook_url(&self, url: Url) {
        self.webhook_url.send_replace(Some(url));
        self.changed.notify_one();
    }

    /// The provider, for what needs no HTTP.
    pub fn provider(&self) -> MutexGuard<'_, Provider> {
        // Nothing panics while it has the lock; and if so, each change was made whole.
        self.provider.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the shop has called it within this process.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Its HTTP interface. A page of the shop opens its frame and asks from there, so it needs no CORS.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/{*path}", any(api::answer))
            .route("/v3", get(browser::script))
            .route("/v3/", get(browser::script))
            .route("/elements/payment", get(browser::document))
            .route("/elements/elements.js", get(browser::document_script))
            .route("/elements/provider.css", get(browser::style))
            .route("/", get(page::show))
            .route("/objects/{id}", get(page::show_object))
            .route("/faults", get(page::show_faults).put(page::set_faults))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self.clone())
    }

    /// Delivers events until it is dropped.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub async fn deliver(self) -> Result<(), reqwest::Error> {
        let client = webhook_client()?;
        loop {
            let url = self.webhook_url.borrow().clone();
            if let Some(url) = url {
                self.deliver_due(&client, &url).await;
            }
            // A change wakes it; a retry, and what happens by itself, is found by looking again.
            let _ = tokio::time::timeout(LOOK_AGAIN, self.changed.notified()).await;
        }
    }

    /// Delivers what is due, one after the other, because their order is part of what is tried.
    async fn deliver_due(&self, client: &reqwest::Client, url: &Url) {
        let due = self.provider().due_deliveries(self.now());
        for Delivery { event_id, body, signature } in due {
            let request = client
                .post(url.clone())
                .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
                .header("stripe-signature", signature)
                .body(body);
            let succeeded = request.send().await.is_ok_and(|response| response.status().is_success());
            if !succeeded {
                tracing::debug!(event_id, "the shop did not take an event of the payment provider");
            }
            self.provider().delivered(&event_id, succeeded, self.now());
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// A client for the shop on this machine: no proxy stands between, and no redirect is an answer.
fn webhook_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(ANSWER_TIME_MAX).build()
}

/// A text of some type, with the headers that every document and script has.
fn text(content_type: &'static str, policy: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::OK, headers, body).into_response()
}
