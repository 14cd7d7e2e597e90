//! Access tokens: Ed25519-signed JWTs of fifteen minutes.
//!
//! **Only a function with a signing source can sign; everybody verifies with public keys read from the table.**
//! The algorithm is fixed here and never taken from a token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use onsale_domain::account::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::signing;
use crate::store::Failure;
use crate::store::keys::{self, KID_PREFIX};

/// How long an access token lives, in seconds.
pub const ACCESS_SECONDS: i64 = 900;
/// How far clocks may differ, in seconds.
const LEEWAY_SECONDS: i64 = 5;
/// What an access token is for.
const AUDIENCE: &str = "onsale-api";
/// The `typ` of access tokens (RFC 9068), which no other token of ours has.
const ACCESS_TYPE: &str = "at+jwt";
/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 2_048;
/// Keys are read again after so many seconds, so that one that was taken away ends everywhere.
const KEYS_SECONDS: i64 = 300;
/// A token with an unknown key makes a process read the keys again, at most so often a second: forged ones must not
/// make every request a read, and one that is signed with a key of this very second must find it.
const RELOADS_PER_SECOND_MAX: u32 = 10;

/// What an access token says.
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
    /// Role by name.
    pub role: String,
    /// The session it was given in, which log-out ends.
    pub sid: Uuid,
}

/// Signs an access token for a user in a session.
///
/// # Errors
/// When the signing secret cannot be read or the public half cannot be published.
pub async fn sign(app: &App, user: Uuid, role: Role, session: Uuid) -> Result<String, Failure> {
    let signer = signing::signer(app).await?;
    let now = app.now();
    let issued = now.as_second();
    let claims = Claims {
        iss: app.config().token_issuer.clone(),
        aud: AUDIENCE.to_owned(),
        sub: user,
        exp: issued + ACCESS_SECONDS,
        nbf: issued,
        iat: issued,
        jti: app.ids().uuid(now),
        role: role.as_str().to_owned(),
        sid: session,
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(ACCESS_TYPE.to_owned());
    header.kid = Some(signer.kid.clone());
    jsonwebtoken::encode(&header, &claims, &signer.key).map_err(|error| Failure::Internal(error.to_string()))
}

/// The keys as they were read last, and how often in that second.
#[derive(Default)]
struct Known {
    read_at: i64,
    second: i64,
    reloads: u32,
    keys: HashMap<String, DecodingKey>,
}

/// The verifying keys a process knows.
#[derive(Default)]
pub struct Verifier {
    known: Mutex<Known>,
}

/// The claims of an access token, or `None` for anything that is not one, valid now.
///
/// # Errors
/// When the keys cannot be read.
pub async fn verify(app: &App, token: &str) -> Result<Option<Claims>, Failure> {
    if token.len() > TOKEN_BYTES_MAX {
        return Ok(None);
    }
    let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
    let own_header = header.alg == Algorithm::EdDSA
        && header.typ.as_deref() == Some(ACCESS_TYPE)
        && header.crit.is_none()
        && header.jku.is_none()
        && header.jwk.is_none()
        && header.x5u.is_none()
        && header.x5c.is_none();
    let Some(kid) = header.kid.filter(|kid| own_header && kid.starts_with(KID_PREFIX)) else { return Ok(None) };
    let Some(key) = key(app, &kid).await? else { return Ok(None) };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[&app.config().token_issuer]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // Times are compared with the clock of the app, which the library does not know.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let Ok(token) = jsonwebtoken::decode::<Claims>(token, &key, &validation) else { return Ok(None) };
    let (claims, now) = (token.claims, app.now().as_second());
    let in_time = claims.nbf <= now.saturating_add(LEEWAY_SECONDS)
        && claims.iat <= now.saturating_add(LEEWAY_SECONDS)
        && now.saturating_sub(LEEWAY_SECONDS) < claims.exp
        && claims.exp.saturating_sub(claims.iat) <= ACCESS_SECONDS;
    Ok((in_time && Role::parse(&claims.role).is_some()).then_some(claims))
}

async fn key(app: &App, kid: &str) -> Result<Option<DecodingKey>, Failure> {
    let second = app.now().as_second();
    let known_before = {
        let mut known = app.verifier().known.lock().unwrap_or_else(PoisonError::into_inner);
        let (age, key) = (second - known.read_at, known.keys.get(kid).cloned());
        if key.is_some() && (0..KEYS_SECONDS).contains(&age) {
            return Ok(key);
        }
        if known.second != second {
            (known.second, known.reloads) = (second, 0);
        }
        if known.reloads >= RELOADS_PER_SECOND_MAX {
            return Ok(key);
        }
        known.reloads += 1;
        key
    };
    let keys = match keys::all(app).await {
        Ok(keys) => keys,
        // What was known a while ago is better than to refuse everybody because of a hiccup.
        Err(failure) => return known_before.map(Some).ok_or(failure),
    };
    let keys: HashMap<String, DecodingKey> = keys
        .into_iter()
        .filter_map(|key| Some((key.kid, DecodingKey::from_ed_components(&key.public).ok()?)))
        .collect();
    let found = keys.get(kid).cloned();
    let mut known = app.verifier().known.lock().unwrap_or_else(PoisonError::into_inner);
    (known.read_at, known.keys) = (second, keys);
    Ok(found)
}
