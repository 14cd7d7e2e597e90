//! GET /ticket-keys

use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use onsale_platform::app::App;
use onsale_platform::auth::ticket_key::PublicKey;
use onsale_platform::http::{Cacheable, Problem};
use onsale_platform::store::tickets::keys;
use serde::Serialize;
use utoipa::ToSchema;

/// How long caches keep the keys, in seconds. A new key is published before it signs.
const MAX_AGE_SECONDS: u32 = 300;

/// The keys that verify tickets' codes.
#[derive(Serialize, ToSchema)]
pub struct TicketKeysOut {
    /// All keys, by their numbers; none before the first code was made. Codes of each are good.
    #[schema(max_items = 16)]
    keys: Vec<TicketKeyOut>,
}

/// A key that verifies tickets' codes.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "number": 1,
    "algorithm": "Ed25519",
    "public_key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "signs_from": "2030-10-01T09:00:00Z",
    "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1" },
}))]
pub struct TicketKeyOut {
    /// Number of the key, which codes name.
    number: u8,
    /// Signature algorithm, `Ed25519` (RFC 8032).
    algorithm: &'static str,
    /// The public key: 32 bytes in base64url without padding.
    public_key: String,
    /// Time from which codes are signed with it.
    signs_from: Timestamp,
    /// The same key as a JSON Web Key (RFC 8037).
    jwk: JwkOut,
}

/// A public key as a JSON Web Key.
#[derive(Serialize, ToSchema)]
pub struct JwkOut {
    /// Family of the key, `OKP`.
    kty: &'static str,
    /// Curve of the key, `Ed25519`.
    crv: &'static str,
    /// The public key: 32 bytes in base64url without padding.
    x: String,
    /// Number of the key.
    kid: String,
}

impl From<PublicKey> for TicketKeyOut {
    fn from(key: PublicKey) -> Self {
        Self {
            number: key.number,
            algorithm: "Ed25519",
            signs_from: key.signs_from,
            jwk: JwkOut { kty: "OKP", crv: "Ed25519", x: key.public.clone(), kid: key.number.to_string() },
            public_key: key.public,
        }
    }
}

/// Lists the public keys that verify tickets' codes, with or without a network at the door.
#[utoipa::path(get, path = "/ticket-keys", extensions(("x-access" = json!("public"))),
    responses((status = 200, body = TicketKeysOut, description = "The keys"), (status = 304)))]
pub async fn get_ticket_keys(State(app): State<App>, headers: HeaderMap) -> Result<Cacheable, Problem> {
    let keys = keys::list(&app).await?.into_iter().map(TicketKeyOut::from).collect();
    Ok(Cacheable::new(&TicketKeysOut { keys }, &headers, MAX_AGE_SECONDS)?)
}
