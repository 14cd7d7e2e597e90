//! POST /queues/{queue_id}/tokens

use axum::extract::State;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::entry::EntryState;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token;
use onsale_platform::config::ProvenAddress;
use onsale_platform::http::{Answer, PathParams, Problem, User, invalid};
use onsale_platform::store::accounts::users::{self, ProofFailure};
use onsale_platform::store::queue::entries;
use onsale_platform::store::queue::entries::{JoinFailure, Joined};

use crate::queue::response::QueueEntryOut;

/// Joins the queue: issues a number, or returns the one that the caller already has.
#[utoipa::path(post, path = "/queues/{queue_id}/tokens", params(("queue_id" = String, Path)),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 201, body = QueueEntryOut, description = "The new queue entry"),
        (status = 200, body = QueueEntryOut, description = "The queue entry that the caller already has"),
        ProofFailure,
        JoinFailure,
    ))]
pub async fn join_queue(
    State(app): State<App>,
    user: User,
    PathParams(id): PathParams<String>,
) -> Result<Answer<QueueEntryOut>, Problem> {
    users::check_proven(&app, user.id, ProvenAddress::Joining).await?;
    let id = QueueId::parse(&id).map_err(invalid("queue_id"))?;
    let joined = entries::join(&app, user.id, &id).await?;
    let entry = &joined.get().entry;
    let signed = queue_token::sign(&app, user.id, &id, entry.number, entry.expires_at).await?;
    let out = joined.map(|Joined { entry, queue }| {
        let out = match entry.missed_at {
            Some(_) if entry.state == EntryState::Waiting => {
                QueueEntryOut::missed(&id, entry.number, &queue, app.now())
            }
            _ => QueueEntryOut::new(&id, entry.state, entry.number, &queue, app.now()),
        };
        out.issued_at(entry.issued_at).expires_at(entry.expires_at).token(Some(signed))
    });
    Ok(out.into())
}
