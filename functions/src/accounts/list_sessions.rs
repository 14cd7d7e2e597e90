//! GET /users/me/sessions

use axum::extract::State;
use jiff::Timestamp;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PageIn, PageOut, Problem, QueryString, User};
use onsale_platform::store::accounts::sessions::{self, Session};
use onsale_platform::store::accounts::users;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A log-in that has not ended.
#[derive(Serialize, ToSchema)]
pub struct LogInOut {
    /// Id of the session.
    session_id: Uuid,
    /// Whether the request was made in it.
    current: bool,
    /// Time of the log-in.
    began_at: Timestamp,
    /// Time at which its tokens were last renewed.
    refreshed_at: Timestamp,
    /// Time at which it ends by itself.
    ends_at: Timestamp,
    /// IP address that the log-in came from.
    source: String,
    /// Name that the program gave itself (`User-Agent`): its first 200 characters. It may be empty or made up.
    agent: String,
}

/// Lists the caller's log-ins that have not ended, newest first.
#[utoipa::path(get, path = "/users/me/sessions", params(PageIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<LogInOut>, description = "A page of log-ins")))]
pub async fn list_sessions(
    State(app): State<App>,
    user: User,
    QueryString(page): QueryString<PageIn>,
) -> Result<Answer<PageOut<LogInOut>>, Problem> {
    let limit = page.limit()?;
    let account = users::get(&app, user.id).await?.ok_or_else(|| Problem::new(Detail::NoAccount))?;
    let listed = sessions::list(&app, account.id, account.sessions_epoch, limit, page.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(listed, |session| show(session, user.session))))
}

fn show(session: Session, current: Uuid) -> LogInOut {
    LogInOut {
        session_id: session.id,
        current: session.id == current,
        began_at: session.began_at,
        refreshed_at: session.refreshed_at,
        ends_at: session.ends_at,
        source: session.source,
        agent: session.agent,
    }
}
