//! Accounts: e-mail, password, name.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::text::{self, TextError};

/// Longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Longest part of an address before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
pub const LOCAL_PART_BYTES_MAX: usize = 64;
/// Fewest characters of a password (NIST SP 800-63B asks for at least 8).
pub const PASSWORD_CHARACTERS_MIN: usize = 8;
/// Most characters of a password; a bound, so that hashing costs the same for all.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;
/// Longest name of a person.
pub const NAME_CHARACTERS_MAX: usize = 60;

/// An e-mail address as mail is sent to it and as it is compared: one width (NFKC), lower case, its domain in ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// Not an e-mail address that mail can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as mina@example.com, with ASCII letters before the @")]
pub struct EmailError;

impl Email {
    /// Normalises an address, so that it is the same however it is typed.
    ///
    /// Before the one `@` stand 1 to 64 characters of a dot-atom (RFC 5321, 4.1.2): ASCII letters, digits, most
    /// punctuation, and single dots within. Quoted strings are refused, as browsers refuse them, and letters that are
    /// not ASCII, because Amazon SES and many others do not send to them (they lack SMTPUTF8, RFC 6531). Behind it
    /// stands a domain of two labels or more; one with other letters becomes its ASCII form (IDNA, UTS #46), which
    /// mail is sent to. That it is somebody's only a message that arrives can prove.
    ///
    /// # Errors
    /// When mail cannot be sent to it.
    pub fn parse(given: &str) -> Result<Self, EmailError> {
        // Before it is normalised: that takes time, and what is dropped by it cannot be what was meant.
        if given.len() > GIVEN_EMAIL_BYTES_MAX || given.chars().any(text::is_ignorable) {
            return Err(EmailError);
        }
        let given = text::compose_compatible(given.trim());
        let (local, domain) = given.split_once('@').ok_or(EmailError)?;
        let domain = ascii_domain(domain).ok_or(EmailError)?;
        let email = format!("{}@{domain}", local.to_ascii_lowercase());
        if is_dot_atom(local) && email.len() <= EMAIL_BYTES_MAX { Ok(Self(email)) } else { Err(EmailError) }
    }

    /// The normalised address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with which its big provider fills the same mailbox, so that one mailbox has one such address: without
    /// a tag (`+…`), for some without dots, and with one name of the domain. Any other provider's is itself, because
    /// only the provider knows what its addresses mean.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let Some((local, domain)) = self.0.split_once('@') else { return self.clone() };
        let Some((_, canonical_domain, dots)) = PROVIDERS.iter().find(|(name, ..)| *name == domain) else {
            return self.clone();
        };
        let untagged = local.split_once('+').map_or(local, |(untagged, _)| untagged);
        let local = match dots {
            Dots::Mean => untagged.to_owned(),
            Dots::AreIgnored => untagged.replace('.', ""),
        };
        // A mailbox needs a name: such an address is nobody's.
        if local.is_empty() { self.clone() } else { Self(format!("{local}@{canonical_domain}")) }
    }
}

/// Whether dots before the `@` tell two mailboxes of a provider apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dots {
    Mean,
    AreIgnored,
}

/// The domains of big providers that fill one mailbox from many addresses, by their own help pages: each with the name
/// that stands for it, and what dots mean there. All of them ignore what follows a `+`.
const PROVIDERS: [(&str, &str, Dots); 7] = [
    ("gmail.com", "gmail.com", Dots::AreIgnored),
    ("googlemail.com", "gmail.com", Dots::AreIgnored),
    ("outlook.com", "outlook.com", Dots::Mean),
    ("hotmail.com", "hotmail.com", Dots::Mean),
    ("icloud.com", "icloud.com", Dots::Mean),
    ("fastmail.com", "fastmail.com", Dots::Mean),
    ("proton.me", "proton.me", Dots::AreIgnored),
];

/// The address by which an account is found, and by which its log-ins and links are counted: of one account there is
/// one, however its owner writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountAddress(String);

impl AccountAddress {
    /// The address of an account: the given one, or where an operator wants that, its canonical form, so that one mailbox has one account.
    #[must_use]
    pub fn new(email: &Email, canonical: bool) -> Self {
        Self(if canonical { email.canonical().0 } else { email.0.clone() })
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Longest text that is looked at for an address: four bytes for each of its own.
const GIVEN_EMAIL_BYTES_MAX: usize = 4 * EMAIL_BYTES_MAX;

/// Whether a part before the `@` is what nobody needs to quote.
fn is_dot_atom(local: &str) -> bool {
    let is_atom_text = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom_text);
    local.len() <= LOCAL_PART_BYTES_MAX && local.split('.').all(is_atom)
}

/// A domain as the DNS knows it, if it can be one that gets mail: two labels or more, the last not a number.
fn ascii_domain(given: &str) -> Option<String> {
    let uts46 = Uts46::new();
    let ascii =
        uts46.to_ascii(given.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify).ok()?;
    let (_, last) = ascii.rsplit_once('.')?;
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    (!is_number).then(|| ascii.into_owned())
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
        let password = text::compose_compatible(given);
        let characters = password.chars().count();
        if password.contains('\0') {
            Err(PasswordError::Nul)
        } else if characters < PASSWORD_CHARACTERS_MIN {
            Err(PasswordError::TooShort)
        } else if characters > PASSWORD_CHARACTERS_MAX {
            Err(PasswordError::TooLong)
        } else {
            Ok(Self(password))
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

/// A person's name: one line of 1 to 60 characters.
///
/// # Errors
/// As [`text::parse_line`].
pub fn parse_name(given: &str) -> Result<String, TextError> {
    text::parse_line(given, NAME_CHARACTERS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_of_a_big_provider_has_one_canonical_address() {
        for (given, canonical) in [
            ("Mi.Na+tickets@Gmail.com", "mina@gmail.com"),
            ("mina@googlemail.com", "mina@gmail.com"),
            ("mina+a+b@outlook.com", "mina@outlook.com"),
            ("mi.na@hotmail.com", "mi.na@hotmail.com"),
            ("mi.na+x@proton.me", "mina@proton.me"),
            ("+x@gmail.com", "+x@gmail.com"),
            // Whether two such addresses are one mailbox, only their provider knows.
            ("mi.na+tickets@example.com", "mi.na+tickets@example.com"),
        ] {
            let email = Email::parse(given).expect("an address");
            assert_eq!(email.canonical().as_str(), canonical, "{given}");
            assert_eq!(email.canonical().canonical(), email.canonical(), "{given}");
            assert_eq!(AccountAddress::new(&email, true).as_str(), canonical);
            assert_eq!(AccountAddress::new(&email, false).as_str(), email.as_str());
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_typed() {
        let cases: [(&str, &[&str]); 5] = [
            (
                "mina@example.com",
                &[" Mina@Example.COM ", "MINA@EXAMPLE.COM", "ｍina＠example．com", "mina@example。com"],
            ),
            ("o'brien+tickets@sub.example.co.kr", &["O'Brien+Tickets@Sub.Example.co.kr"]),
            ("mina#1@example.com", &["Mina#1@example.com"]),
            ("mina@xn--bcher-kva.example", &["mina@Bücher.example", "mina@bu\u{308}cher.example"]),
            ("mina@xn--3e0b707e.xn--3e0b707e", &["mina@한국.한국", "MINA@XN--3E0B707E.한국"]),
        ];
        for (address, typed) in cases {
            for given in typed.iter().chain([&address]) {
                assert_eq!(Email::parse(given).as_ref().map(Email::as_str), Ok(address), "{given:?}");
            }
        }
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("mina@{}.com", "a".repeat(64));
        let long = format!("{}@{}.com", "a".repeat(64), vec!["a".repeat(60); 4].join("."));
        let huge = "a".repeat(100_000);
        let refused = [
            "",
            "mina",
            "@",
            "@example.com",
            "mina@",
            "a@b@example.com",
            "mina@@example.com",
            "\"a@b\"@example.com",
            "mi na@example.com",
            "mina @example.com",
            "mina@ example.com",
            "mina@exa mple.com",
            ".mina@example.com",
            "mina.@example.com",
            "mi..na@example.com",
            "mina@.example.com",
            "mina@example..com",
            "mina@example.com.",
            "mina@-example.com",
            "mina@example-.com",
            "mina@exa_mple.com",
            "mina@localhost",
            "mina@127.0.0.1",
            "mina@[127.0.0.1]",
            "mina@xn--a.com",
            "mi\0na@example.com",
            "mina@example.com\nbcc:x@example.com",
            "mina<x>@example.com",
            "mina,x@example.com",
            "new\u{200b}@example.com",
            "\u{feff}mina@example.com",
            "mina@exa\u{ad}mple.com",
            "mi\u{200d}na@example.com",
            "mina\u{202e}@example.com",
            "mina@\u{3164}.com",
            "민아@example.com",
            "josé@example.com",
            "мина@example.com",
            "mina@example.com\u{e0041}",
            "mina@❤\u{fe0f}.com",
            &long_local,
            &long_label,
            &long,
            &huge,
        ];
        for given in refused {
            assert_eq!(Email::parse(given), Err(EmailError), "{given:?}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(64))).is_ok());
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
