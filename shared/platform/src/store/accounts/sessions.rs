//! Sessions: one family of refresh tokens from each log-in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use onsale_domain::id::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::refresh_token::RefreshToken;
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, number, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::Write;

/// How long a session lives, from its log-in: 30 days.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a used token still gives its successor again, while that is unused: its answer may have been lost.
const GIVEN_AGAIN: SignedDuration = SignedDuration::from_secs(30);

#[derive(Serialize, Deserialize)]
struct SessionItem {
    /// Digest of the token that is valid.
    digest: String,
    /// The key of the HMAC that makes successors.
    pepper: String,
    /// When the valid token was first given.
    rotated_at: i64,
    version: u64,
    /// End of the session, epoch seconds.
    delete_at: i64,
}

/// Begins a session and gives its first refresh token.
///
/// # Errors
/// When the table fails.
pub async fn begin(app: &App, user: UserId) -> Result<RefreshToken, Failure> {
    let now = app.now();
    let pepper = app.ids().bytes();
    let first = RefreshToken::new_family(user, app.ids().uuid(now), app.ids().bytes(), &pepper);
    let item = SessionItem {
        digest: first.digest(),
        pepper: URL_SAFE_NO_PAD.encode(pepper),
        rotated_at: now.as_millisecond(),
        version: 1,
        delete_at: (now + SESSION_LIFETIME).as_second(),
    };
    // Nobody else knows this key; if it is there, an answer of our own was lost.
    Write::create(to_item(&keys::session(user, first.family), &item)?).apply(app).await?;
    Ok(first)
}

/// Uses a refresh token up and gives its successor, the same one again within 30 s of a lost answer. A token used
/// before that ends its family: somebody has stolen one of them. `None` for a token that is worth nothing.
///
/// # Errors
/// When the table fails.
pub async fn refresh(app: &App, token: &RefreshToken) -> Result<Option<RefreshToken>, Failure> {
    let key = keys::session(token.user, token.family);
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let item = query::get(app, &key, Consistency::Strong).await?;
        let Some(item) = item.map(from_item::<SessionItem>).transpose()? else { return Ok(None) };
        if item.delete_at <= now.as_second() {
            return Ok(None);
        }
        let pepper = URL_SAFE_NO_PAD.decode(&item.pepper).map_err(unreadable)?;
        let pepper = pepper.try_into().map_err(|_| unreadable("pepper"))?;
        if !token.was_given(&pepper) {
            return Ok(None);
        }
        let next = token.successor(&pepper);
        if token.digest() != item.digest {
            let given_at = time(item.rotated_at)?;
            if next.digest() == item.digest && given_at.duration_until(now) <= GIVEN_AGAIN {
                return Ok(Some(next));
            }
            end(app, token.user, token.family).await?;
            tracing::warn!(user = %token.user, "a used refresh token was presented again: its session is ended");
            return Ok(None);
        }
        let write = Write::update(&key)
            .set("digest", text(next.digest()))
            .set("rotated_at", number(now.as_millisecond()))
            .set_to("version", "version + :one")
            .value(":one", number(1))
            .when("version = :version")
            .value(":version", number(item.version));
        match write.apply(app).await {
            Ok(true) => return Ok(Some(next)),
            // Another use of it came first, or the answer to ours was lost: the next look tells.
            Ok(false) | Err(Failure::Unknown) => attempts.wait().await?,
            Err(failure) => return Err(failure),
        }
    }
}

/// Ends a session. One that has ended is fine.
///
/// # Errors
/// When the table fails.
pub async fn end(app: &App, user: UserId, family: Uuid) -> Result<(), Failure> {
    Write::delete(&keys::session(user, family)).apply(app).await.map(|_| ())
}
