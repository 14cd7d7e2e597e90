//! The language that a caller is answered in (RFC 9110, 12.5.4; RFC 4647, 3.4).

use axum::http::{HeaderMap, header};

/// Most ranges of an `Accept-Language` that are read; the rest is ignored.
const RANGES_MAX: usize = 32;
/// The weight of a range that gives none, in thousandths.
const WEIGHT_MAX: u16 = 1_000;

/// The languages that callers are answered in, the one for callers who prefer none first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Korean.
    Korean,
}

impl Language {
    /// Every language, the default first.
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    /// Its tag, as `Content-Language` has it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    /// The language of a tag.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language that suits a request's `Accept-Language` best.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        Self::preferred(&values.join(","))
    }

    /// The language with the highest weight; of equal ones the one that is named first. `ko-KR` asks for Korean, since
    /// ours is of no region; `ko;q=0` refuses it, however often it is asked for elsewhere; `*` is every language that
    /// is not named. If none is asked for, it is the first that is not refused.
    #[must_use]
    pub fn preferred(accepted: &str) -> Self {
        let ranges: Vec<Range> = accepted.split(',').take(RANGES_MAX).filter_map(Range::parse).collect();
        let mut best: Option<(u16, usize, Self)> = None;
        for language in Self::ALL {
            let Some((weight, position)) = language.weight(&ranges) else { continue };
            let better = best.is_none_or(|(other, before, _)| weight > other || (weight == other && position < before));
            if weight > 0 && better {
                best = Some((weight, position, language));
            }
        }
        let unrefused = || Self::ALL.into_iter().find(|language| !language.is_refused(&ranges));
        best.map(|(.., language)| language).or_else(unrefused).unwrap_or(Self::English)
    }

    /// Its weight, and the place of the range that gives it; none if no range is of it.
    fn weight(self, ranges: &[Range]) -> Option<(u16, usize)> {
        if self.is_refused(ranges) {
            return Some((0, 0));
        }
        let of = |wanted: &str| {
            let of = ranges.iter().enumerate().filter(|(_, range)| range.language == wanted);
            // Of equal weights the first: a later one must be greater.
            of.map(|(position, range)| (range.weight, position))
                .reduce(|best, next| if next.0 > best.0 { next } else { best })
        };
        of(self.tag()).or_else(|| of("*"))
    }

    /// Whether it is named with the weight 0. A region that is refused, as in `en-GB;q=0`, refuses no language.
    fn is_refused(self, ranges: &[Range]) -> bool {
        ranges.iter().any(|range| range.language == self.tag() && range.is_whole && range.weight == 0)
    }
}

/// A part of `Accept-Language`: `ko-KR;q=0.9`.
struct Range {
    /// The language of the range, in lower case; or `*`.
    language: String,
    /// Whether it has no region, script or other subtag.
    is_whole: bool,
    /// In thousandths.
    weight: u16,
}

impl Range {
    /// Reads a range; one whose weight is none is ignored.
    fn parse(given: &str) -> Option<Self> {
        let (tag, parameter) = match given.split_once(';') {
            Some((tag, parameter)) => (tag.trim(), Some(parameter.trim())),
            None => (given.trim(), None),
        };
        let weight = match parameter {
            Some(parameter) => {
                let (name, value) = parameter.split_once('=')?;
                if !name.trim_end().eq_ignore_ascii_case("q") {
                    return None;
                }
                thousandths(value.trim_start())?
            }
            None => WEIGHT_MAX,
        };
        let (language, is_whole) = match tag.split_once('-') {
            Some((language, _)) => (language, false),
            None => (tag, true),
        };
        Some(Self { language: language.to_ascii_lowercase(), is_whole, weight })
    }
}

/// A weight as it is written: `0` to `1` with at most three decimals.
pub(super) fn thousandths(given: &str) -> Option<u16> {
    let (whole, decimals) = given.split_once('.').unwrap_or((given, ""));
    if !matches!(whole, "0" | "1") || decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let weight: u16 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (weight <= WEIGHT_MAX).then_some(weight)
}
