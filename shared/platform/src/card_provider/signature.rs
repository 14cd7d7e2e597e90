//! The signature of what the provider reports, as Stripe makes it: `t=<seconds>,v1=<hex>`, an HMAC-SHA256 of
//! `<seconds>.<body>`. During a rotation of the secret there are two, and a report is signed with each.

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::card_provider::client::internal;
use crate::failure::Failure;

/// How old a report may be, or how far ahead: one that somebody has kept to send it again is refused.
pub const TOLERANCE_SECONDS: i64 = 300;
/// Most signatures of one report that are looked at.
const SIGNATURES_MAX: usize = 10;
/// Most secrets that are in force at once.
const SECRETS_MAX: usize = 4;
/// How long a process checks with secrets before it looks whether there are newer ones.
const SECRETS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Why a report is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It has no signature of that form.
    #[error("no signature")]
    Missing,
    /// It was signed too long ago, or too far ahead.
    #[error("signed at another time")]
    Stale,
    /// None of its signatures is of a secret that is in force.
    #[error("signed by somebody else")]
    Wrong,
}

/// Whether a report is the provider's own, and of now.
///
/// # Errors
/// When the secrets cannot be read; the inner error when it is not.
pub async fn verify(app: &App, header: &str, body: &[u8]) -> Result<Result<(), SignatureError>, Failure> {
    let secrets = secrets(app).await?;
    Ok(check(&secrets, header, body, app.now()))
}

/// The secrets in force, one in each line or between blanks.
async fn secrets(app: &App) -> Result<Vec<String>, Failure> {
    let now = app.now();
    if let Some(known) = app.card_provider().report_secrets.get(now, SECRETS_FOR) {
        return Ok(known);
    }
    let source = app.config().card_report_secrets.as_ref();
    let text = source.ok_or_else(|| internal("this function has no secret"))?.current(app).await?;
    let secrets: Vec<String> = text.split_whitespace().take(SECRETS_MAX).map(str::to_owned).collect();
    if secrets.is_empty() {
        return Err(internal("no secret to check reports with"));
    }
    app.card_provider().report_secrets.put(secrets.clone(), now);
    Ok(secrets)
}

fn check(secrets: &[String], header: &str, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
    let part = |name: &'static str| {
        header.split(',').filter_map(move |part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let text = part("t").next().ok_or(SignatureError::Missing)?;
    let signed_at: i64 = text.parse().map_err(|_| SignatureError::Missing)?;
    let signatures: Vec<Vec<u8>> = part("v1").take(SIGNATURES_MAX).filter_map(hex).collect();
    if signatures.is_empty() {
        return Err(SignatureError::Missing);
    }
    let message = [text.as_bytes(), b".", body].concat();
    let is_of = |secret: &String| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        signatures.iter().any(|signature| hmac::verify(&key, &message, signature).is_ok())
    };
    if !secrets.iter().any(is_of) {
        return Err(SignatureError::Wrong);
    }
    // After the signature: nobody else learns by the clock of this machine.
    if signed_at.abs_diff(now.as_second()) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(SignatureError::Stale);
    }
    Ok(())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks_exact(2);
    if text.is_empty() || !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn signed(secret: &str, at: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &[at.to_string().as_bytes(), b".", BODY].concat());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn checked(header: &str, at: i64) -> Result<(), SignatureError> {
        let secrets = ["whsec_old".to_owned(), "whsec_new".to_owned()];
        check(&secrets, header, BODY, Timestamp::from_second(at).expect("a time"))
    }

    #[test]
    fn the_signature_is_that_of_stripe() {
        // By openssl: printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_new
        assert_eq!(
            signed("whsec_new", 1_700_000_000),
            "f3ac0c93c23f69e2e6046d7f0e2c82c93d0403de0f8651457189ab70fbbfcaae"
        );
    }

    #[test]
    fn a_report_is_of_one_of_the_secrets_in_force_and_of_now() {
        let at = 1_700_000_000;
        for secret in ["whsec_old", "whsec_new"] {
            let header = format!("t={at},v1={}", signed(secret, at));
            assert_eq!(checked(&header, at), Ok(()));
            assert_eq!((checked(&header, at + 300), checked(&header, at - 300)), (Ok(()), Ok(())));
            assert_eq!(checked(&header, at + 301), Err(SignatureError::Stale));
            assert_eq!(checked(&header, at - 301), Err(SignatureError::Stale));
        }
        let both = format!("t={at},v1={},v1={},v0=00", signed("whsec_gone", at), signed("whsec_new", at));
        assert_eq!(checked(&both, at), Ok(()));
        assert_eq!(checked(&format!("t={at},v1={}", signed("whsec_gone", at)), at), Err(SignatureError::Wrong));
        assert_eq!(checked(&format!("t={},v1={}", at + 1, signed("whsec_new", at)), at), Err(SignatureError::Wrong));
        for missing in ["", "t=1700000000", "v1=00", "t=soon,v1=00", "t=1700000000,v1=", "t=1700000000,v1=0g"] {
            assert_eq!(checked(missing, at), Err(SignatureError::Missing), "{missing}");
        }
    }
}
