//! The state of a process for the payment provider: its HTTP client, its key, and the secrets of its reports.

use reqwest::{Request, Response};
use tower::BoxError;
use tower::util::BoxCloneSyncService;

use crate::failure::Failure;
use crate::memory::Remembered;
use crate::tls::third_party::ThirdPartyClient;

/// Carries a call to the provider in another way than over the network: a simulation has one.
pub type Transport = BoxCloneSyncService<Request, Response, BoxError>;

/// The state of a process for the payment provider.
#[derive(Default)]
pub(crate) struct CardProvider {
    /// The HTTP client.
    pub(crate) http: ThirdPartyClient,
    /// The secret key.
    pub(crate) key: Remembered<String>,
    /// The secrets by which the provider signs what it reports.
    pub(crate) report_secrets: Remembered<Vec<String>>,
}

/// A failure that is nobody's fault but ours, or the provider's.
pub(crate) fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("payment provider: {problem}"))
}
