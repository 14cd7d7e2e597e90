//! The guard of a sale behind a waiting queue, for those who only look. Buying repeats the state of the token in its
//! transaction.

use onsale_domain::id::UserId;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::entry::{EntryState, QueueTokenError};

use crate::app::App;
use crate::auth::access_token;
use crate::auth::queue_token::{QueueCredentials, QueueTokenFailure};
use crate::store::queue::entry_item;

/// Why a guard did not let somebody look.
#[derive(Debug, thiserror::Error)]
pub enum QueueGuardFailure {
    /// Reading a sale with a queue needs a login.
    #[error("no valid access token")]
    NoCaller,
    /// As whoever buys.
    #[error(transparent)]
    QueueToken(#[from] QueueTokenFailure),
}

/// Lets somebody look at a sale behind `queue`: logged in, with an admitted token that was good a moment ago. An
/// administrator needs none.
///
/// # Errors
/// See [`QueueGuardFailure`].
pub async fn check_admitted(
    app: &App,
    queue_credentials: &QueueCredentials,
    queue: &QueueId,
) -> Result<(), QueueGuardFailure> {
    let access_token = queue_credentials.access_token.as_deref().ok_or(QueueGuardFailure::NoCaller)?;
    let caller = access_token::verify(app, access_token).await.map_err(QueueTokenFailure::from)?;
    let caller = caller.ok_or(QueueGuardFailure::NoCaller)?;
    let user = UserId(caller.sub);
    let Some(admission) = queue_credentials.entry(app, user, queue).await? else { return Ok(()) };
    let token = entry_item::get_cached(app, user, queue).await.map_err(QueueTokenFailure::from)?;
    let good = token
        .is_some_and(|token| token.number == admission.number && token.state_at(app.now()) == EntryState::Admitted);
    if good { Ok(()) } else { Err(QueueTokenFailure::from(QueueTokenError::Ended).into()) }
}
