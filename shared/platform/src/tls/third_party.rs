//! The HTTP client of a third party.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, redirect};

/// How long a connection may take to be made; part of the time of the whole call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a connection that nobody uses is kept.
const IDLE_MAX: Duration = Duration::from_secs(50);

/// The HTTP client of one third party, made when it is first used: most functions call nobody, and would make it in
/// vain at every start.
#[derive(Default)]
pub(crate) struct ThirdPartyClient(OnceLock<Client>);

impl ThirdPartyClient {
    /// The client. A call goes where the setting says and nowhere else: no redirect, no proxy.
    pub(crate) fn get(&self) -> Result<&Client, reqwest::Error> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let client = Client::builder()
            .user_agent(concat!("onsale/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_MAX)
            .build()?;
        Ok(self.0.get_or_init(|| client))
    }
}
