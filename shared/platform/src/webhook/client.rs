//! The state of a process for the data platform: the HTTP client, the key of signatures, and whether events are wanted.

use aws_lc_rs::hmac;

use crate::memory::Remembered;
use crate::tls::third_party::ThirdPartyClient;

/// The state of a process for the data platform.
#[derive(Default)]
pub(crate) struct WebhookClient {
    /// The HTTP client.
    pub(crate) http: ThirdPartyClient,
    /// The key to sign with.
    pub(crate) key: Remembered<hmac::Key>,
    /// Remembered since the data platform answered 410.
    pub(crate) stopped: Remembered<()>,
}
