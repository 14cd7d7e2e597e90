//! The keys that tickets' codes are signed with. They are apart from those of log-ins, and nothing replaces them by
//! itself, because tickets are sold a year ahead.
//!
//! The secret is one entry, or several between blanks: `<number>:<secret>`, with `@<time>` behind it for a key that signs
//! from then on. One that stands alone, as it was generated, is of number 1. Codes are signed with the highest number that
//! signs already; those of the others stay good. **The public half of a key is in the table before it is first used**
//! ([`super::ticket_signing`]).

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use onsale_domain::tickets::code::{SIGNATURE_BYTES, SignedCode, TicketCode};
use sha2::{Digest, Sha256};

use crate::auth::signing_key::SECRET_CHARACTERS_MIN;
use crate::failure::Failure;

/// Most keys that there may be. Their numbers are bytes, and a gate has all of them in its memory.
pub const KEYS_MAX: usize = 16;
/// The number of a key that says none.
const FIRST_NUMBER: u8 = 1;
/// A seed is the digest of this and the secret, so no other key follows from the same text.
const SEED_OF: &[u8] = b"ticket\0";

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The number by which codes name it; never another key's.
    pub number: u8,
    /// The Ed25519 public key, 32 bytes in base64url.
    pub public: String,
    /// When it begins to sign.
    pub signs_from: Timestamp,
}

/// A key pair; the private half is only ever used here.
struct TicketKey {
    number: u8,
    signs_from: Option<Timestamp>,
    pair: Ed25519KeyPair,
}

/// All keys of the secret.
pub struct TicketKeys {
    keys: Vec<TicketKey>,
}

impl std::fmt::Debug for TicketKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.keys.iter().map(|key| key.number)).finish()
    }
}

impl TicketKeys {
    /// The keys of a secret.
    pub(crate) fn parse(secret: &str) -> Result<Self, Failure> {
        let keys: Result<Vec<TicketKey>, Failure> = secret.split_whitespace().map(TicketKey::parse).collect();
        let mut keys = keys?;
        keys.sort_by_key(|key| key.number);
        if keys.windows(2).any(|pair| pair[0].number == pair[1].number) {
            return Err(internal("two ticket keys have one number"));
        }
        if keys.len() > KEYS_MAX {
            return Err(internal("there are too many ticket keys"));
        }
        Ok(Self { keys })
    }

    /// The key to sign with at `now`: the one with the highest number of those that sign already.
    fn signing(&self, now: Timestamp) -> Result<&TicketKey, Failure> {
        let signing = self.keys.iter().rev().find(|key| key.signs_from.is_none_or(|from| from <= now));
        signing.ok_or_else(|| internal("no ticket key signs yet"))
    }
}

impl TicketKey {
    fn parse(entry: &str) -> Result<Self, Failure> {
        let (number, rest) = match entry.split_once(':') {
            Some((number, rest)) => (number.parse().map_err(|_| internal("a ticket key has no number"))?, rest),
            None => (FIRST_NUMBER, entry),
        };
        let (secret, signs_from) = match rest.split_once('@') {
            Some((secret, from)) => {
                (secret, Some(from.parse().map_err(|_| internal("a ticket key signs from no time"))?))
            }
            None => (rest, None),
        };
        // Two numbers before one secret: a list was put where a secret belongs.
        if secret.contains(':') {
            return Err(internal("a ticket key has two numbers"));
        }
        if secret.len() < SECRET_CHARACTERS_MIN {
            return Err(internal("the secret of a ticket key is too short"));
        }
        let seed = Sha256::new().chain_update(SEED_OF).chain_update(secret).finalize();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(internal)?;
        Ok(Self { number, signs_from, pair })
    }

    fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    fn sign(&self, code: TicketCode) -> Result<SignedCode, Failure> {
        let signature = self.pair.sign(&code.payload());
        let signature: [u8; SIGNATURE_BYTES] =
            signature.as_ref().try_into().map_err(|_| internal("a signature of another length"))?;
        Ok(SignedCode { code, signature })
    }
}

impl TicketKeys {
    /// Their public halves; one that signs from no time does from `now` on.
    pub(crate) fn public(&self, now: Timestamp) -> Vec<PublicKey> {
        let public = |key: &TicketKey| PublicKey {
            number: key.number,
            public: key.public(),
            signs_from: key.signs_from.unwrap_or(now),
        };
        self.keys.iter().map(public).collect()
    }

    /// Signs the code that `code` makes for the key of a number.
    ///
    /// # Errors
    /// When no key signs yet, or `code` refuses.
    pub fn sign<E: From<Failure>>(
        &self,
        now: Timestamp,
        code: impl FnOnce(u8) -> Result<TicketCode, E>,
    ) -> Result<SignedCode, E> {
        let key = self.signing(now)?;
        Ok(key.sign(code(key.number)?)?)
    }
}

/// Whether one of these keys has signed a code.
#[must_use]
pub fn verify(keys: &[PublicKey], code: &SignedCode) -> bool {
    let key = keys.iter().find(|key| key.number == code.code.key);
    let public = key.and_then(|key| URL_SAFE_NO_PAD.decode(&key.public).ok());
    public.is_some_and(|public| {
        UnparsedPublicKey::new(&ED25519, public).verify(&code.code.payload(), &code.signature).is_ok()
    })
}

fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("ticket key: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn signing(secret: &str, second: i64) -> Option<u8> {
        TicketKeys::parse(secret).expect("keys").signing(at(second)).ok().map(|key| key.number)
    }

    #[test]
    fn the_newest_key_that_signs_already_signs() {
        assert_eq!(signing(SECRET, 0), Some(1));
        let two = format!("{SECRET} 2:x{SECRET}@1970-01-01T00:01:00Z");
        assert_eq!((signing(&two, 59), signing(&two, 60)), (Some(1), Some(2)));
        assert_eq!(signing(&format!("3:{SECRET}@1970-01-02T00:00:00Z"), 0), None);
        let (alone, second) = (TicketKeys::parse(SECRET).expect("a key"), TicketKeys::parse(&two).expect("keys"));
        assert_eq!(alone.keys[0].public(), second.keys[0].public());
        assert_ne!(second.keys[0].public(), second.keys[1].public());
    }

    #[test]
    fn a_secret_that_is_none_of_keys_is_refused_without_being_told() {
        for secret in [
            "short".to_owned(),
            format!("{SECRET} {SECRET}"),
            format!("x:{SECRET}"),
            format!("300:{SECRET}"),
            format!("1:1:{SECRET}"),
            format!("2:{SECRET}@soon"),
            (1..=20).map(|number| format!("{number}:{SECRET}")).collect::<Vec<_>>().join(" "),
        ] {
            let problem = TicketKeys::parse(&secret).expect_err("no keys").to_string();
            assert!(!problem.contains("0123456789"), "{problem}");
        }
        assert!(TicketKeys::parse("").expect("none").signing(at(0)).is_err());
    }
}
