//! Ids: a type for each thing that has one, those that follow from an idempotency key, and how they are written in few
//! characters.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// UUIDs that cannot be taken for each other, written as plain UUIDs.
macro_rules! ids {
    ($($(#[$documentation:meta])+ $name:ident)+) => {$(
        $(#[$documentation])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )+};
}

ids! {
    /// Names an account, as `sub` of its tokens does.
    UserId
    /// Names a reservation: seats of one schedule that a user holds or owns.
    ReservationId
    /// Names an order: units of products that a user buys.
    OrderId
    /// Names a schedule: one date of a concert.
    ScheduleId
    /// Names a concert.
    ConcertId
    /// Names a product.
    ProductId
    /// Names a coupon.
    CouponId
    /// Names a card payment, here and with the provider.
    CardPaymentId
}

/// The id of what `user` creates by calling `function` with `key`: UUIDv8 of the first 16 bytes of
/// SHA-256(user ‖ function ‖ key).
///
/// A repeat of the request meets its own item, and two users, two functions or a log line never share a key.
#[must_use]
pub fn derive(user: UserId, function: &str, key: Uuid) -> Uuid {
    let digest = Sha256::new().chain_update(user.0).chain_update(function).chain_update(key).finalize();
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
pub fn short(id: impl Into<Uuid>) -> String {
    URL_SAFE_NO_PAD.encode(id.into())
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
        let (a, b) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let ids = [derive(a, "pay", a.0), derive(b, "pay", a.0), derive(a, "spend", a.0), derive(a, "pay", b.0)];
        for (index, id) in ids.iter().enumerate() {
            assert!(ids[index + 1..].iter().all(|other| other != id));
            assert_eq!(id.get_version_num(), 8);
        }
        assert_eq!(ids[0], derive(a, "pay", a.0));
    }

    #[test]
    fn a_fingerprint_keeps_its_parts_apart() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["ab"]).len(), 16);
    }
}
