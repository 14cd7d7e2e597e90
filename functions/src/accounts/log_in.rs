//! POST /sessions — gives an access token for e-mail and password.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onsale_domain::account::{Email, Password};
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Code, Json, Problem, ProblemOut, SourceAddress, invalid};
use onsale_platform::store::{accounts, attempts};
use onsale_platform::{passwords, tokens};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogInIn {
    /// E-mail address.
    email: String,
    /// Password.
    password: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
struct LogInOut {
    /// For `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds the token lives.
    expires_in: i64,
}

#[utoipa::path(post, path = "/sessions", operation_id = "log_in", request_body = LogInIn,
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = LogInOut),
        (status = 400, body = ProblemOut, description = "invalid-request, malformed-json"),
        (status = 401, body = ProblemOut, description = "bad-credentials"),
        (status = 429, body = ProblemOut, description = "too-many-attempts"),
    ))]
async fn handle(
    State(app): State<App>,
    source: SourceAddress,
    Json(request): Json<LogInIn>,
) -> Result<Answer<LogInOut>, Problem> {
    let refused = || Problem::new(Code::BadCredentials, "check both and try again");
    let email = Email::parse(&request.email).map_err(invalid("email"))?;
    let (account_bucket, source_bucket) = (bucket("account", email.as_str()), bucket("source", &source.0));
    attempts::count(&app, &source_bucket, app.config().source_free_attempts).await?;
    attempts::count(&app, &account_bucket, app.config().account_free_attempts).await?;
    // A password that nobody can have costs no hash: its length, which the caller knows, is all its time tells.
    let password = Password::parse(&request.password).map_err(|_| refused())?;
    let account = accounts::find(&app, &email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(password, hash).await?;
    let account = account.filter(|_| right).ok_or_else(refused)?;
    attempts::forget(&app, &account_bucket).await?;
    attempts::take_back(&app, &source_bucket).await?;
    let access_token = tokens::sign(&app, account.id, account.role).await?;
    Ok(Answer::ok(LogInOut { access_token, token_type: "Bearer", expires_in: tokens::ACCESS_SECONDS }))
}

/// The name of a bucket: a digest, so that no address lies in a key.
fn bucket(kind: &str, whose: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(whose).finalize();
    format!("{kind}-{}", URL_SAFE_NO_PAD.encode(&digest[..16]))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
