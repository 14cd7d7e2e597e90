//! A key pair that tokens are signed with, and its public half.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, Signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// Every key id begins so; a range of keys needs a beginning that is not empty.
pub const KID_PREFIX: &str = "k";
/// Fewest characters of a secret; one that was cut off must never be signed from.
pub(super) const SECRET_CHARACTERS_MIN: usize = 32;

/// A verifying key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VerifyingKey {
    /// Its id, the `kid` of the tokens it verifies.
    pub kid: String,
    /// The Ed25519 public key, 32 bytes in base64url.
    pub public: String,
    /// When it verifies no more, epoch seconds; none while it may still be signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_at: Option<i64>,
}

/// A key pair; the private half is only ever used here and by the library that signs.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) key: EncodingKey,
    public: Vec<u8>,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key pair that follows from a secret.
    pub(crate) fn new(secret: &str) -> Result<Self, Failure> {
        if secret.trim().len() < SECRET_CHARACTERS_MIN {
            return Err(internal("the secret is too short"));
        }
        // The secret has 256 bits or more; its digest is the seed of RFC 8032.
        let seed = Sha256::digest(secret.trim().as_bytes());
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(internal)?;
        let public = pair.public_key().as_ref().to_vec();
        let kid = format!("{KID_PREFIX}{}", URL_SAFE_NO_PAD.encode(&Sha256::digest(&public)[..12]));
        let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().map_err(internal)?.as_ref());
        Ok(Self { kid, key, public, pair })
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        self.pair.sign(message)
    }

    /// The public half, as it is published.
    pub(crate) fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { kid: self.kid.clone(), public: URL_SAFE_NO_PAD.encode(&self.public), delete_at: None }
    }
}

fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("secret: {problem}"))
}
