//! The form in which a caller wants an answer that has several (RFC 9110, 12.5.1).

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;
use crate::http::language::thousandths;
use crate::http::messages::Detail;
use crate::http::page::compress;
use crate::http::problem::Problem;

/// Most ranges of an `Accept` that are read; the rest is ignored.
const RANGES_MAX: usize = 32;
/// The weight of a range that gives none, in thousandths.
const WEIGHT_MAX: u16 = 1_000;

/// The forms that an answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `application/json`, also if the caller does not say.
    Json,
    /// `image/svg+xml`.
    Svg,
    /// `image/png`.
    Png,
}

impl Wanted {
    /// All of them, the first for callers who take any.
    const ALL: [Self; 3] = [Self::Json, Self::Svg, Self::Png];

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }

    /// The form with the highest weight; of equal ones the first of ours. None if all are refused.
    fn preferred(accepted: &str) -> Option<Self> {
        let ranges: Vec<(String, u16)> = accepted.split(',').take(RANGES_MAX).filter_map(parse).collect();
        if ranges.is_empty() {
            return Some(Self::Json);
        }
        let weight = |form: Self| {
            let name = form.media_type();
            let group = name.split('/').next().unwrap_or_default();
            let of = |wanted: &str| ranges.iter().find(|(range, _)| range == wanted).map(|(_, weight)| *weight);
            of(name).or_else(|| of(&format!("{group}/*"))).or_else(|| of("*/*")).unwrap_or(0)
        };
        let best = Self::ALL.into_iter().map(weight).max().filter(|best| *best > 0)?;
        Self::ALL.into_iter().find(|form| weight(*form) == best)
    }
}

/// A range with its weight. Parameters of a media type are ignored; a range whose weight is none is.
fn parse(given: &str) -> Option<(String, u16)> {
    let mut parts = given.split(';').map(str::trim);
    let range = parts.next().filter(|range| range.contains('/'))?.to_ascii_lowercase();
    let weight = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim_end().eq_ignore_ascii_case("q").then(|| value.trim_start().to_owned())
    });
    Some((range, weight.map_or(Some(WEIGHT_MAX), |weight| thousandths(&weight))?))
}

impl FromRequestParts<App> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let values = parts.headers.get_all(header::ACCEPT).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        Self::preferred(&values.join(",")).ok_or_else(|| Problem::new(Detail::NotAcceptable))
    }
}

/// An answer in the form that its caller wants, which nobody keeps.
#[derive(Debug)]
pub enum Representation<T> {
    /// JSON.
    Json(T),
    /// A picture.
    Picture(Response),
}

impl<T> Representation<T> {
    /// A picture as lines, compressed if the caller takes that: its text is long, and repeats itself.
    pub fn svg(text: String, request: &HeaderMap) -> Self {
        let mut response = Response::default();
        let bytes = compress(request, response.headers_mut(), text.into_bytes());
        Self::picture(Wanted::Svg, response, bytes)
    }

    /// A picture as dots.
    pub fn png(bytes: Vec<u8>) -> Self {
        Self::picture(Wanted::Png, Response::default(), bytes)
    }

    fn picture(form: Wanted, mut response: Response, bytes: Vec<u8>) -> Self {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
        *response.body_mut() = Body::from(bytes);
        Self::Picture(response)
    }
}

impl<T: Serialize> IntoResponse for Representation<T> {
    fn into_response(self) -> Response {
        let mut response = match self {
            Self::Json(body) => axum::Json(body).into_response(),
            Self::Picture(response) => response,
        };
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_with_the_highest_weight_is_taken() {
        for (accepted, expected) in [
            ("", Some(Wanted::Json)),
            ("*/*", Some(Wanted::Json)),
            ("image/svg+xml", Some(Wanted::Svg)),
            ("IMAGE/PNG", Some(Wanted::Png)),
            ("image/*", Some(Wanted::Svg)),
            ("image/png;q=0.9, image/svg+xml;q=0.5", Some(Wanted::Png)),
            ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", Some(Wanted::Svg)),
            ("application/json;charset=utf-8;q=0.2, image/png;q=0.1", Some(Wanted::Json)),
            ("application/json;q=0, */*;q=0.1", Some(Wanted::Svg)),
            ("text/html", None),
            ("image/png;q=0", None),
            ("application/json;q=0, image/*;q=0", None),
            ("application/json;q=2", Some(Wanted::Json)),
            ("png", Some(Wanted::Json)),
        ] {
            assert_eq!(Wanted::preferred(accepted), expected, "{accepted:?}");
        }
    }
}
