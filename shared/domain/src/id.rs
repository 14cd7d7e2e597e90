//! Ids: those that follow from an idempotency key, and how they are written in few characters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id of what `user` creates by calling `function` with `key`: UUIDv8 of the first 16 bytes of
/// SHA-256(user ‖ function ‖ key).
///
/// A repeat of the request meets its own item, and two users, two functions or a log line never share a key.
#[must_use]
pub fn derived(user: Uuid, function: &str, key: Uuid) -> Uuid {
    let digest = Sha256::new().chain_update(user).chain_update(function).chain_update(key).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A short digest that tells one request from another under the same key: 16 characters of base64url.
#[must_use]
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

/// An id in 22 characters of base64url.
#[must_use]
pub fn short(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

/// The id of 22 characters of base64url.
#[must_use]
pub fn from_short(text: &str) -> Option<Uuid> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    Some(Uuid::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_function_or_key_gives_another_id() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let ids = [derived(a, "pay", a), derived(b, "pay", a), derived(a, "spend", a), derived(a, "pay", b)];
        for (index, id) in ids.iter().enumerate() {
            assert!(ids[index + 1..].iter().all(|other| other != id));
            assert_eq!(id.get_version_num(), 8);
        }
        assert_eq!(ids[0], derived(a, "pay", a));
    }

    #[test]
    fn a_fingerprint_keeps_its_parts_apart() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["ab"]).len(), 16);
    }
}
