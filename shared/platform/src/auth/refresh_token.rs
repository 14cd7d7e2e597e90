//! Refresh tokens: single-use, each the key to its successor.
//!
//! A token carries a secret; the table keeps only a digest of the one that is valid, and a pepper of its family. The
//! successor's secret is HMAC(pepper, secret), so the table can recognise a predecessor and give the same successor
//! again without knowing either. **Who has read the table has no token; who has an old token has no later one.**

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onsale_domain::id::UserId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The beginning of every refresh token, and of no other token of ours.
const PREFIX: &str = "rt1.";

/// A refresh token. It is never shown in logs: `Debug` hides its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The user it is of.
    pub user: UserId,
    /// The session it belongs to, from one log-in on.
    pub family: Uuid,
    secret: [u8; 32],
    /// Proves that the secret was given out once, by whoever knows the family's pepper.
    tag: [u8; 16],
}

impl RefreshToken {
    /// The first of a family.
    #[must_use]
    pub fn new_family(user: UserId, family: Uuid, secret: [u8; 32], pepper: &[u8; 32]) -> Self {
        Self { user, family, secret, tag: tag(pepper, &secret) }
    }

    /// Whether it was given out once, used up or not. Anything else is a guess and says nothing of its family.
    #[must_use]
    pub fn was_given(&self, pepper: &[u8; 32]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.tag, &tag(pepper, &self.secret)).is_ok()
    }

    /// Reads a token; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 80] = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?.try_into().ok()?;
        let part = |from: usize| -> Option<Uuid> { Uuid::from_slice(&bytes[from..from + 16]).ok() };
        Some(Self {
            user: UserId(part(0)?),
            family: part(16)?,
            secret: bytes[32..64].try_into().ok()?,
            tag: bytes[64..].try_into().ok()?,
        })
    }

    /// The token as its owner keeps it: 111 characters.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = [self.user.0.as_bytes().as_slice(), self.family.as_bytes(), &self.secret, &self.tag].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The digest of it that the table keeps.
    #[must_use]
    pub fn digest(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.secret))
    }

    /// The token that follows it in a family with this pepper.
    #[must_use]
    pub fn successor(&self, pepper: &[u8; 32]) -> Self {
        let secret = hmac_sha256(pepper, b"successor", &self.secret);
        Self { secret, tag: tag(pepper, &secret), ..self.clone() }
    }
}

fn tag(pepper: &[u8; 32], secret: &[u8; 32]) -> [u8; 16] {
    let mut tag = [0; 16];
    tag.copy_from_slice(&hmac_sha256(pepper, b"given", secret)[..16]);
    tag
}

/// HMAC-SHA-256 of a secret, for one purpose.
fn hmac_sha256(pepper: &[u8; 32], purpose: &[u8], secret: &[u8; 32]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, pepper));
    context.update(purpose);
    context.update(secret);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RefreshToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_its_successor_is_another() {
        let token = RefreshToken::new_family(UserId(Uuid::from_u128(1)), Uuid::from_u128(2), [3; 32], &[4; 32]);
        assert_eq!(RefreshToken::parse(&token.text()), Some(token.clone()));
        let next = token.successor(&[4; 32]);
        assert_eq!(next, token.successor(&[4; 32]));
        assert!(token.was_given(&[4; 32]) && next.was_given(&[4; 32]) && !next.was_given(&[5; 32]));
        assert_ne!(next.digest(), token.digest());
        assert_ne!(next, token.successor(&[5; 32]), "without the pepper nobody knows it");
        assert_eq!(format!("{token:?}"), "RefreshToken(hidden)");
    }

    #[test]
    fn anything_else_is_no_token() {
        let text = RefreshToken::new_family(UserId(Uuid::nil()), Uuid::nil(), [0; 32], &[0; 32]).text();
        for other in ["", "rt1.", &text[4..], &text[..text.len() - 2], &format!("{text}A"), "rt1.!!!!"] {
            assert_eq!(RefreshToken::parse(other), None, "{other}");
        }
    }
}
