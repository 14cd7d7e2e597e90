//! POST /concerts

use axum::extract::State;
use onsale_domain::concerts::concert;
use onsale_domain::id::{self, ConcertId};
use onsale_domain::queue::QueueId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, IdempotencyKey, Json, Organiser, Problem, invalid};
use onsale_platform::store::concerts::{self, Concert};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::concerts::response::ConcertOut;

/// A new concert.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Winter Strings", "description": "An evening with a string quartet." }))]
pub struct CreateConcertIn {
    /// Name of the concert: one line of 1 to 60 characters, at least one of them visible.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// Description of up to 2,000 characters; line breaks become line feeds.
    #[schema(max_length = 2000)]
    description: String,
    /// Waiting queue in front of the sale; omit it for a sale without a queue. It cannot be changed later.
    #[schema(min_length = 1, max_length = 64, example = "spring-2030")]
    queue_id: Option<String>,
}

/// Creates a concert, which belongs to its organiser: the caller.
#[utoipa::path(post, path = "/concerts", request_body = CreateConcertIn, params(IdempotencyKey),
    extensions(("x-access" = json!("organiser"))),
    responses(
        (status = 201, body = ConcertOut, description = "The new concert"),
        (status = 404, description = "not-found"),
        (status = 409, description = "concert-limit"),
    ))]
pub async fn create_concert(
    State(app): State<App>,
    organiser: Organiser,
    key: IdempotencyKey,
    Json(request): Json<CreateConcertIn>,
) -> Result<Answer<ConcertOut>, Problem> {
    let name = concert::parse_name(&request.name).map_err(invalid("name"))?;
    let description = concert::parse_description(&request.description).map_err(invalid("description"))?;
    let queue = request.queue_id.as_deref().map(QueueId::parse).transpose().map_err(invalid("queue_id"))?;
    let mut parts = vec!["create_concert", &name, &description];
    parts.extend(queue.as_ref().map(QueueId::as_str));
    let fingerprint = id::fingerprint(&parts);
    let id: ConcertId = key.id(&app, organiser.id, "create_concert");
    let new = Concert { id, name, description, created_at: app.now(), fingerprint, queue, organiser: organiser.id };
    let mut action = organiser.action("create_concert", id);
    if let Some(queue) = &new.queue {
        action = action.with_change("queue_id", queue);
    }
    let created = concerts::create(&app, &new, &action).await?;
    Ok(created.map(ConcertOut::from).into())
}
