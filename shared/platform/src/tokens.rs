//! Access tokens: Ed25519-signed JWTs of fifteen minutes.
//!
//! **Only a function with a signing source can sign; everybody verifies with public keys read from the table.**
//! The algorithm is fixed here and never taken from a token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use onsale_domain::account::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::config::SigningKeySource;
use crate::store::Failure;
use crate::store::keys::{self, KID_PREFIX, VerifyingKey};

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
/// A token with an unknown key makes a process read the keys again, at most this often.
const RELOAD_SECONDS: i64 = 1;

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
}

/// Signs tokens; made once per process from the signing source.
pub struct Signer {
    kid: String,
    key: EncodingKey,
}

/// Signs an access token for a user.
///
/// # Errors
/// When the signing secret cannot be read or the public half cannot be published.
pub async fn sign(app: &App, user: Uuid, role: Role) -> Result<String, Failure> {
    let signer = app.signer().get_or_try_init(|| make_signer(app)).await?;
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
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(ACCESS_TYPE.to_owned());
    header.kid = Some(signer.kid.clone());
    jsonwebtoken::encode(&header, &claims, &signer.key).map_err(|error| Failure::Internal(error.to_string()))
}

/// Reads the secret, makes the key pair that follows from it, and publishes the public half before the first
/// token is signed.
async fn make_signer(app: &App) -> Result<Signer, Failure> {
    let internal = |problem: &dyn std::fmt::Display| Failure::Internal(format!("signing key: {problem}"));
    let secret = match &app.config().signing_key {
        None => return Err(internal(&"this function may not sign")),
        Some(SigningKeySource::File(path)) => std::fs::read_to_string(path).map_err(|error| internal(&error))?,
        Some(SigningKeySource::Secret(arn)) => {
            let secrets = app.secrets().ok_or_else(|| internal(&"no client"))?;
            let answer = secrets.get_secret_value().secret_id(arn).send().await;
            let answer = answer.map_err(|error| internal(&error))?;
            answer.secret_string.ok_or_else(|| internal(&"the secret is not text"))?
        }
    };
    // The secret has far more than 256 bits; its digest is the seed of RFC 8032.
    let seed = Sha256::digest(secret.trim().as_bytes());
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| internal(&error))?;
    let public = pair.public_key().as_ref();
    let digest = Sha256::digest(public);
    let kid = format!("{KID_PREFIX}{}", URL_SAFE_NO_PAD.encode(&digest[..12]));
    let private = pair.to_pkcs8v1().map_err(|error| internal(&error))?;
    keys::publish(app, &VerifyingKey { kid: kid.clone(), public: URL_SAFE_NO_PAD.encode(public) }).await?;
    Ok(Signer { kid, key: EncodingKey::from_ed_der(private.as_ref()) })
}

/// The verifying keys a process knows.
#[derive(Default)]
pub struct Verifier {
    known: Mutex<(Option<Timestamp>, HashMap<String, DecodingKey>)>,
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
    let (loaded, known) = {
        let known = app.verifier().known.lock().unwrap_or_else(PoisonError::into_inner);
        (known.0, known.1.get(kid).cloned())
    };
    let now = app.now();
    let recently = loaded.is_some_and(|at| (0..RELOAD_SECONDS).contains(&at.duration_until(now).as_secs()));
    if known.is_some() || recently {
        return Ok(known);
    }
    let keys: HashMap<String, DecodingKey> = keys::all(app)
        .await?
        .into_iter()
        .filter_map(|key| Some((key.kid, DecodingKey::from_ed_components(&key.public).ok()?)))
        .collect();
    let found = keys.get(kid).cloned();
    *app.verifier().known.lock().unwrap_or_else(PoisonError::into_inner) = (Some(now), keys);
    Ok(found)
}
