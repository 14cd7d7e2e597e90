//! The state of a process for the payment provider: its HTTP client, its key, and the secrets of its reports.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, Request, Response, redirect};
use tower::BoxError;
use tower::util::BoxCloneSyncService;

use crate::failure::Failure;
use crate::memory::Remembered;

/// How long a connection may take to be made; part of the time of the whole call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection that nobody uses is kept.
const IDLE_MAX: Duration = Duration::from_secs(50);

/// Carries a call to the provider in another way than over the network: a simulation has one.
pub type Transport = BoxCloneSyncService<Request, Response, BoxError>;

/// The state of a process for the payment provider.
#[derive(Default)]
pub(crate) struct CardProvider {
    http: OnceLock<Client>,
    /// The secret key.
    pub(crate) key: Remembered<String>,
    /// The secrets by which the provider signs what it reports.
    pub(crate) report_secrets: Remembered<Vec<String>>,
}

impl CardProvider {
    /// The HTTP client, made when it is first used: other functions have none.
    pub(crate) fn http(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        // A call goes where the setting says and nowhere else: no redirect, no proxy.
        let client = Client::builder()
            .user_agent(concat!("onsale/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_MAX)
            .build()
            .map_err(internal)?;
        Ok(self.http.get_or_init(|| client))
    }
}

/// A failure that is nobody's fault but ours, or the provider's.
pub(crate) fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("payment provider: {problem}"))
}
