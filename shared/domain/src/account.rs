//! Who somebody is: e-mail, password, name, role.

use crate::text::{self, TextError};
use unicode_normalization::UnicodeNormalization;

/// Longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Fewest characters of a password (NIST SP 800-63B asks for at least 8).
pub const PASSWORD_CHARACTERS_MIN: usize = 8;
/// Most characters of a password; a bound, so that hashing costs the same for all.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// Longest name of a person.
pub const NAME_CHARACTERS_MAX: usize = 60;

/// An e-mail address as it is compared: trimmed, NFKC, lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// Not an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address")]
pub struct EmailError;

impl Email {
    /// Normalises an address, so that it is the same however it is typed.
    ///
    /// The check is deliberately loose (something, an `@`, a host with a dot or a bare name): only a message
    /// that arrives proves an address.
    ///
    /// # Errors
    /// When it cannot be an address.
    pub fn parse(given: &str) -> Result<Self, EmailError> {
        let email = text::folded(given.trim());
        let (local, host) = email.rsplit_once('@').ok_or(EmailError)?;
        let forbidden = |character: char| character.is_control() || character.is_whitespace() || character == '#';
        let host_ok = host.split('.').all(|label| !label.is_empty()) && !host.contains('@');
        if local.is_empty() || !host_ok || email.len() > EMAIL_BYTES_MAX || email.chars().any(forbidden) {
            return Err(EmailError);
        }
        Ok(Self(email))
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password somebody chose. It is never shown: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`PASSWORD_CHARACTERS_MIN`] characters.
    #[error("must have at least 8 characters")]
    TooShort,
    /// More than [`PASSWORD_CHARACTERS_MAX`] characters.
    #[error("must have at most 128 characters")]
    TooLong,
    /// A NUL character.
    #[error("must not contain NUL")]
    Nul,
}

impl Password {
    /// Takes a password: 8 to 128 characters of any kind but NUL, normalised (NFKC) so that the same keys give
    /// the same password on every system.
    ///
    /// # Errors
    /// When it is too short, too long or contains NUL.
    pub fn parse(given: &str) -> Result<Self, PasswordError> {
        let password: String = given.nfkc().collect();
        let characters = password.chars().count();
        match () {
            () if password.contains('\0') => Err(PasswordError::Nul),
            () if characters < PASSWORD_CHARACTERS_MIN => Err(PasswordError::TooShort),
            () if characters > PASSWORD_CHARACTERS_MAX => Err(PasswordError::TooLong),
            () => Ok(Self(password)),
        }
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(hidden)")
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Buys.
    User,
    /// Also creates, deletes and stocks.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::User, Self::Admin];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// A person's name: one line of 1 to 60 characters.
///
/// # Errors
/// As [`text::line`].
pub fn name(given: &str) -> Result<String, TextError> {
    text::line(given, NAME_CHARACTERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_typed() {
        let expected = Email::parse("mina@example.com");
        assert!(expected.is_ok());
        for given in [" Mina@Example.COM ", "MINA@EXAMPLE.COM", "ｍina@example.com"] {
            assert_eq!(Email::parse(given), expected);
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for given in
            ["", "mina", "@example.com", "mina@", "mi na@example.com", "mina@a..b", "a#b@c.d", "a\0@b.c", &long]
        {
            assert_eq!(Email::parse(given), Err(EmailError), "{given:?}");
        }
    }

    #[test]
    fn a_password_has_8_to_128_characters_and_no_nul() {
        assert!(Password::parse("비밀번호비밀번호").is_ok());
        assert_eq!(Password::parse("short"), Err(PasswordError::TooShort));
        assert_eq!(Password::parse(&"x".repeat(129)), Err(PasswordError::TooLong));
        assert_eq!(Password::parse("12345678\0"), Err(PasswordError::Nul));
        let shown = Password::parse("secret-secret").map(|password| format!("{password:?}"));
        assert_eq!(shown.as_deref(), Ok("Password(hidden)"));
    }
}
