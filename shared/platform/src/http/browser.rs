//! The parts of a request that only browsers send, and of an answer that only they keep: the address of the page, and
//! the cookie with which a buyer stays logged in.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::extract;
use super::messages::Expected;
use super::problem::{Problem, invalid};
use crate::app::App;
use crate::auth::refresh_token::RefreshToken;
use crate::store::accounts::sessions::SESSION_LIFETIME;

/// The name of the cookie over TLS. Browsers take a name with this prefix from this very host alone (RFC 6265bis).
const SECURE_COOKIE: &str = "__Host-refresh";
/// The name without TLS, on this machine.
const PLAIN_COOKIE: &str = "refresh";

/// The address of the page, such as `https://tickets.example`: the setting, or else the name under which the gateway
/// was called, which is one of those that it serves. Never from the request's own `Host`.
#[derive(Clone, Debug)]
pub struct PublicUrl(String);

impl FromRequestParts<App> for PublicUrl {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(url) = &app.config().public_url {
            return Ok(Self(url.clone()));
        }
        Ok(Self(format!("https://{}", extract::domain_name(&parts.extensions))))
    }
}

impl PublicUrl {
    /// Whether the page is reached over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_secure() { SECURE_COOKIE } else { PLAIN_COOKIE }
    }

    /// The cookie that keeps a refresh token: out of reach of scripts, and sent by pages of this site alone.
    #[must_use]
    pub fn refresh_cookie(&self, token: &RefreshToken) -> Option<HeaderValue> {
        self.cookie(&token.text(), SESSION_LIFETIME.as_secs())
    }

    /// The cookie that makes a browser forget its refresh token.
    #[must_use]
    pub fn forgotten_cookie(&self) -> Option<HeaderValue> {
        self.cookie("", 0)
    }

    fn cookie(&self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let name = self.cookie_name();
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::try_from(text).ok()
    }

    /// The refresh token of the cookie; `None` without one.
    ///
    /// # Errors
    /// When the request does not come from a page of this address, which its browser says in `Origin`.
    pub fn refresh_token(&self, headers: &HeaderMap) -> Result<Option<RefreshToken>, Problem> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if text(header::ORIGIN) != Some(self.0.as_str()) {
            return Err(invalid("Origin")(Expected::Origin));
        }
        let mut pairs =
            text(header::COOKIE).unwrap_or_default().split(';').filter_map(|pair| pair.trim().split_once('='));
        let found = pairs.find(|(name, _)| *name == self.cookie_name());
        Ok(found.and_then(|(_, token)| RefreshToken::parse(token)))
    }
}
