//! Queue tokens: what somebody in a waiting queue holds, and what a sale behind one asks for.
//!
//! A queue token is a JWT signed as access tokens are, with a `typ` of its own, that names user, queue and number.
//! It is all that a poll needs: the user whom it names asks. An admitted one opens the sale to its owner, together with
//! the owner's access token: **looking asks for its signature and a recent state, buying repeats the state in the
//! transaction.**

use std::fmt;

use jiff::Timestamp;
use onsale_domain::accounts::role::Grant;
use onsale_domain::id::UserId;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::entry::{Admission, QueueTokenError};
use onsale_domain::time::EpochSecond;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::access_token::{self, Lifetime};
use crate::auth::signing;
use crate::failure::Failure;
use crate::store::accounts::grants;

/// How long a signed waiting token lives, in seconds. A poll gives a new one when half of that is over. Shorter than
/// the day for which a key that is taken out of use goes on verifying.
pub const WAITING_SECONDS: i64 = 12 * 3_600;
/// A token is signed as if so long ago: it is shown to other processes within moments, and a clock may be behind.
const CLOCKS_APART_SECONDS: i64 = 60;
const LIFE_SECONDS_MAX: i64 = WAITING_SECONDS + CLOCKS_APART_SECONDS;
/// The audience of queue tokens.
const AUDIENCE: &str = "onsale-queue";
/// The `typ` of queue tokens.
const QUEUE_TYPE: &str = "queue+jwt";

/// The claims of a queue token. One lives for hours, so it may have more than this code knows, if newer code signed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueClaims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The queue.
    pub queue: String,
    /// The number.
    pub number: u64,
    /// Whether the number was claimed when it was signed; then `exp` is the end of the admission.
    pub admitted: bool,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: Uuid,
}

impl QueueClaims {
    /// The user whom it names.
    #[must_use]
    pub fn user(&self) -> UserId {
        UserId(self.sub)
    }

    /// Whether a new token should be signed, although this one is valid still.
    #[must_use]
    pub fn is_old(&self, now: Timestamp) -> bool {
        !self.admitted && self.exp - now.as_second() < WAITING_SECONDS / 2
    }
}

/// Signs the token of a user who waits with a number, or is admitted by it until `expires_at`.
///
/// # Errors
/// When the signing secret cannot be read or the public half cannot be published.
pub async fn sign(
    app: &App,
    user: UserId,
    queue: &QueueId,
    number: u64,
    expires_at: Option<EpochSecond>,
) -> Result<String, Failure> {
    let key = signing::signing_key(app).await?;
    let issued = app.now().as_second();
    let claims = QueueClaims {
        iss: app.config().token_issuer.clone(),
        aud: AUDIENCE.to_owned(),
        sub: user.0,
        queue: queue.to_string(),
        number,
        admitted: expires_at.is_some(),
        exp: expires_at.map_or(issued + WAITING_SECONDS, i64::from),
        nbf: issued - CLOCKS_APART_SECONDS,
        iat: issued - CLOCKS_APART_SECONDS,
        jti: app.ids().uuid(app.now()),
    };
    access_token::sign_claims(&key, QUEUE_TYPE, &claims)
}

/// Why a guard did not let somebody pass.
#[derive(Debug, thiserror::Error)]
pub enum QueueTokenFailure {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] QueueTokenError),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The queue token of a request, not verified yet: its methods verify it.
#[derive(Clone, Default)]
pub struct QueueCredentials {
    /// The header `Queue-Token`.
    pub queue_token: Option<String>,
    /// The access token, for routes whose callers the gateway does not ask for one.
    pub access_token: Option<String>,
    /// Whether what was held before is paid by the admission of the hold, without anybody showing it.
    pub by_the_hold: bool,
}

/// Never what it holds.
impl fmt::Debug for QueueCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("QueueCredentials")
    }
}

impl QueueCredentials {
    /// The claims of the token of `queue`, waiting or admitted, whoever sends it, also when its time is over: where its
    /// owner stands is asked of the table. Enough to tell a place, never to buy, hold or leave.
    ///
    /// # Errors
    /// [`QueueTokenError::Required`], [`QueueTokenError::Invalid`], or the table's failure.
    pub async fn claims_of_anybody(&self, app: &App, queue: &QueueId) -> Result<QueueClaims, QueueTokenFailure> {
        let token = self.queue_token.as_deref().ok_or(QueueTokenError::Required)?;
        let claims = access_token::verified_claims::<QueueClaims>(app, token, QUEUE_TYPE, AUDIENCE).await?;
        let claims = claims.filter(|claims| claims.queue == queue.as_str()).ok_or(QueueTokenError::Invalid)?;
        let life = Lifetime { begins: claims.nbf, issued: claims.iat, ends: claims.exp, most: LIFE_SECONDS_MAX };
        if life.has_begun(app) { Ok(claims) } else { Err(QueueTokenError::Invalid.into()) }
    }

    /// The same of a token that is `user`'s own.
    ///
    /// # Errors
    /// [`QueueTokenError::Required`], [`QueueTokenError::Invalid`], or the table's failure.
    pub async fn claims(&self, app: &App, user: UserId, queue: &QueueId) -> Result<QueueClaims, QueueTokenFailure> {
        let claims = self.claims_of_anybody(app, queue).await?;
        if claims.user() == user { Ok(claims) } else { Err(QueueTokenError::Invalid.into()) }
    }

    /// The admission that the caller's token proves; none for an administrator without one, before whom no queue stands:
    /// it is their sale. The table is asked for that only where a token is refused, so those who wait cost nothing more.
    ///
    /// # Errors
    /// As [`Self::admission`].
    pub async fn entry(
        &self,
        app: &App,
        user: UserId,
        queue: &QueueId,
    ) -> Result<Option<Admission>, QueueTokenFailure> {
        match self.admission(app, user, queue).await {
            Ok(admission) => Ok(Some(admission)),
            Err(QueueTokenFailure::Refused(_)) if grants::has(app, user, Grant::Admin).await? => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The admission that the caller's token proves, by its signature and its time. Whether it has been used or given
    /// up since, the table knows.
    ///
    /// # Errors
    /// See [`QueueTokenError`], or the table's failure.
    pub async fn admission(&self, app: &App, user: UserId, queue: &QueueId) -> Result<Admission, QueueTokenFailure> {
        let claims = self.claims(app, user, queue).await?;
        let expires_at = u32::try_from(claims.exp).map(EpochSecond).map_err(|_| QueueTokenError::Invalid)?;
        if !claims.admitted {
            Err(QueueTokenError::NotAdmitted.into())
        } else if app.now().as_second() >= claims.exp {
            Err(QueueTokenError::Ended.into())
        } else {
            Ok(Admission { queue: queue.clone(), number: claims.number, expires_at })
        }
    }
}
