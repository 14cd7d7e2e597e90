//! Signed tokens: Ed25519-signed JWTs, told apart by their `typ`. Access tokens live fifteen minutes; those of the
//! waiting queue are in [`crate::auth::queue_token`].
//!
//! **Only a function with a signing source can sign; everybody verifies with public keys read from the table.**
//! The algorithm is fixed here and never taken from a token.

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use onsale_domain::id::UserId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::key_ring::Found;
use crate::auth::signing;
use crate::auth::signing_key::{KID_PREFIX, SigningKey};
use crate::failure::Failure;
use crate::store::accounts::verifying_keys;

/// How long an access token lives, in seconds.
pub const ACCESS_SECONDS: i64 = 900;
/// How far clocks may differ, in seconds.
const LEEWAY_SECONDS: i64 = 5;
/// The audience of access tokens.
const AUDIENCE: &str = "onsale-api";
/// The `typ` of access tokens (RFC 9068), which no other token of ours has.
const ACCESS_TYPE: &str = "at+jwt";
/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 2_048;
/// The claims of an access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// End, epoch seconds.
    pub exp: i64,
    /// Begin, epoch seconds.
    pub nbf: i64,
    /// Issued, epoch seconds.
    pub iat: i64,
    /// Id of the token.
    pub jti: Uuid,
    /// The session it was given in, which log-out ends.
    pub sid: Uuid,
}

/// Signs an access token for a user in a session.
///
/// # Errors
/// When the signing secret cannot be read or the public half cannot be published.
pub async fn sign(app: &App, user: UserId, session: Uuid) -> Result<String, Failure> {
    let key = signing::signing_key(app).await?;
    let now = app.now();
    let issued = now.as_second();
    let claims = Claims {
        iss: app.config().token_issuer.clone(),
        aud: AUDIENCE.to_owned(),
        sub: user.0,
        exp: issued + ACCESS_SECONDS,
        nbf: issued,
        iat: issued,
        jti: app.ids().uuid(now),
        sid: session,
    };
    sign_claims(&key, ACCESS_TYPE, &claims)
}

/// Claims as a signed token of a type.
pub(crate) fn sign_claims(key: &SigningKey, token_type: &str, claims: &impl Serialize) -> Result<String, Failure> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(token_type.to_owned());
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.key).map_err(|error| Failure::Internal(error.to_string()))
}

/// The claims of an access token, or `None` for anything that is not one, valid now.
///
/// # Errors
/// When the keys cannot be read.
pub async fn verify(app: &App, token: &str) -> Result<Option<Claims>, Failure> {
    let Some(claims) = verified_claims::<Claims>(app, token, ACCESS_TYPE, AUDIENCE).await? else { return Ok(None) };
    let life = Lifetime { begins: claims.nbf, issued: claims.iat, ends: claims.exp, most: ACCESS_SECONDS };
    Ok(life.is_valid(app).then_some(claims))
}

/// The times of a token, epoch seconds, and the longest life its type may have.
pub(crate) struct Lifetime {
    pub begins: i64,
    pub issued: i64,
    pub ends: i64,
    pub most: i64,
}

impl Lifetime {
    /// Whether it is valid now, as far as clocks agree.
    pub fn is_valid(&self, app: &App) -> bool {
        self.has_begun(app) && app.now().as_second().saturating_sub(LEEWAY_SECONDS) < self.ends
    }

    /// Whether it is valid or was, as far as clocks agree.
    pub fn has_begun(&self, app: &App) -> bool {
        let now = app.now().as_second();
        self.begins <= now.saturating_add(LEEWAY_SECONDS)
            && self.issued <= now.saturating_add(LEEWAY_SECONDS)
            && self.ends.saturating_sub(self.issued) <= self.most
    }
}

/// The claims of a token that one of our keys signed, with its type and audience; its times are for the caller to
/// judge. `None` for anything else.
pub(crate) async fn verified_claims<C: DeserializeOwned + Clone>(
    app: &App,
    token: &str,
    token_type: &str,
    audience: &str,
) -> Result<Option<C>, Failure> {
    if token.len() > TOKEN_BYTES_MAX {
        return Ok(None);
    }
    let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
    let own_header = header.alg == Algorithm::EdDSA
        && header.typ.as_deref() == Some(token_type)
        && header.crit.is_none()
        && header.jku.is_none()
        && header.jwk.is_none()
        && header.x5u.is_none()
        && header.x5c.is_none();
    let Some(kid) = header.kid.filter(|kid| own_header && kid.starts_with(KID_PREFIX)) else { return Ok(None) };
    let Some(key) = verifying_key(app, &kid).await? else { return Ok(None) };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[&app.config().token_issuer]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // Times are compared with the clock of the app, which the library does not know.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    Ok(jsonwebtoken::decode::<C>(token, &key, &validation).ok().map(|token| token.claims))
}

/// The verifying key of that id, read again from the table when the key ring says so.
async fn verifying_key(app: &App, kid: &str) -> Result<Option<DecodingKey>, Failure> {
    let second = app.now().as_second();
    let known_before = match app.key_ring().find(kid, second) {
        Found::Known(key) => return Ok(key),
        Found::ReadAgain(known_before) => known_before,
    };
    let keys = match verifying_keys::list(app).await {
        Ok(keys) => keys,
        // A key that was known a while ago is better than to refuse everybody because of a hiccup.
        Err(failure) => return known_before.map(Some).ok_or(failure),
    };
    Ok(app.key_ring().replace(keys, second, kid))
}
