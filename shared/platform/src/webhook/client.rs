//! The state of a process for the data platform: the HTTP client, the key of signatures, and whether events are wanted.

use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::hmac;
use reqwest::{Client, redirect};

use crate::failure::Failure;
use crate::memory::Remembered;

/// How long a connection may take to be made; part of the time of the whole request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection that nobody uses is kept.
const IDLE_MAX: Duration = Duration::from_secs(50);

/// The state of a process for the data platform.
#[derive(Default)]
pub(crate) struct WebhookClient {
    http: OnceLock<Client>,
    /// The key to sign with.
    pub(crate) key: Remembered<hmac::Key>,
    /// Remembered since the data platform answered 410.
    pub(crate) stopped: Remembered<()>,
}

impl WebhookClient {
    /// The HTTP client, made when it is first used: other functions have none.
    pub(crate) fn http(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        // An event goes where the setting says and nowhere else: no redirect, no proxy.
        let client = Client::builder()
            .user_agent(concat!("onsale/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_MAX)
            .build()
            .map_err(|problem| Failure::Internal(format!("data platform: {problem}")))?;
        Ok(self.http.get_or_init(|| client))
    }
}
