//! GET /queues/{queue_id}/tokens/me
//!
//! While the number waits, its entry is not read: user and number are in the signed token, so the caller needs no access
//! token and the gateway asks no authorizer. Only the queue is read, by each process at most once a second.

use axum::extract::State as AppState;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::entry::{EntryState, QueueTokenError};
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::{self, QueueCredentials};
use onsale_platform::http::{Answer, Detail, PathParams, Problem, invalid};
use onsale_platform::store::queue;
use onsale_platform::store::queue::admissions::{self, ClaimOutcome};

use crate::queue::response::QueueEntryOut;

/// Returns the queue entry that the queue token names, and claims the admission once its number is called.
#[utoipa::path(get, path = "/queues/{queue_id}/tokens/me",
    params(
        ("queue_id" = String, Path),
        ("Queue-Token" = String, Header, description = "The token from the last response"),
    ),
    extensions(("x-access" = json!("queue-token"))),
    responses(
        (status = 200, body = QueueEntryOut, description = "The queue entry"),
        (status = 401, description = "queue-token-required, queue-token-invalid"),
        (status = 403, description = "queue-token-ended"),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_queue_entry(
    AppState(app): AppState<App>,
    queue_credentials: QueueCredentials,
    PathParams(id): PathParams<String>,
) -> Result<Answer<QueueEntryOut>, Problem> {
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    let queue = queue::get_and_advance(&app, &id).await?;
    let queue = queue.ok_or_else(|| Problem::new(Detail::NoQueue))?;
    let claims = queue_credentials.claims_of_anybody(&app, &id).await?;
    let user = claims.user();
    // Half of an answer would be the token that its reader has.
    let new_waiting_token = || async {
        if !claims.is_old(app.now()) {
            return Ok::<_, Problem>(None);
        }
        Ok(Some(queue_token::sign(&app, user, &id, claims.number, None).await?))
    };
    if queue.still_waits(claims.number, claims.admitted) {
        let out = QueueEntryOut::new(&id, EntryState::Waiting, claims.number, &queue, app.now());
        return Ok(Answer::ok(out.token(new_waiting_token().await?)));
    }
    match admissions::claim_called(&app, user, &id, claims.number, &queue).await? {
        ClaimOutcome::Admitted(admission) => {
            let end = Some(admission.expires_at);
            let token = queue_token::sign(&app, user, &id, claims.number, end).await?;
            let out = QueueEntryOut::new(&id, EntryState::Admitted, claims.number, &queue, app.now());
            Ok(Answer::ok(out.expires_at(end).token(Some(token))))
        }
        ClaimOutcome::Missed => {
            let out = QueueEntryOut::missed(&id, claims.number, &queue, app.now());
            Ok(Answer::ok(out.token(new_waiting_token().await?)))
        }
        ClaimOutcome::Ended(state) => Ok(Answer::ok(QueueEntryOut::new(&id, state, claims.number, &queue, app.now()))),
        ClaimOutcome::Replaced => Err(QueueTokenError::Ended.into()),
    }
}
