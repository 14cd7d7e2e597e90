//! The secret of a link that is mailed: an HMAC of its id and purpose. It is made when the mail is written and when the
//! link is followed, and lies nowhere: **who reads the table, the queues or a log cannot follow a link.**

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use onsale_domain::accounts::link::Purpose;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;

/// The beginning of every such secret, and of no other token of ours.
const PREFIX: &str = "ml1.";
/// How long a process signs with a key before it looks whether there is another one.
const KEY_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The secret of a link, as it stands in the fragment of the address.
///
/// # Errors
/// When the key cannot be read.
pub async fn sign(app: &App, purpose: Purpose, link: Uuid) -> Result<String, Failure> {
    let tag = hmac::sign(&key(app).await?, &signed(purpose, link));
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([link.as_bytes().as_slice(), tag.as_ref()].concat())))
}

/// The link of a secret that was made for this purpose; none for anything else.
///
/// # Errors
/// When the key cannot be read.
pub async fn verify(app: &App, purpose: Purpose, secret: &str) -> Result<Option<Uuid>, Failure> {
    let Some((link, tag)) = parse(secret) else { return Ok(None) };
    let right = hmac::verify(&key(app).await?, &signed(purpose, link), &tag).is_ok();
    Ok(right.then_some(link))
}

fn parse(secret: &str) -> Option<(Uuid, [u8; 32])> {
    let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(secret.strip_prefix(PREFIX)?).ok()?.try_into().ok()?;
    Some((Uuid::from_slice(&bytes[..16]).ok()?, bytes[16..].try_into().ok()?))
}

fn signed(purpose: Purpose, link: Uuid) -> Vec<u8> {
    [purpose.as_str().as_bytes(), &[0], link.as_bytes()].concat()
}

async fn key(app: &App) -> Result<hmac::Key, Failure> {
    let now = app.now();
    let secret = match app.link_key().get(now, KEY_FOR) {
        Some(known) => known,
        None => {
            let source = app.config().link_key.as_ref();
            let source = source.ok_or_else(|| Failure::Internal("this function signs no links".to_owned()))?;
            let secret = source.current(app).await?;
            app.link_key().put(secret.clone(), now);
            secret
        }
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
}
