//! In which language a refusal is told, and that each is told in all of them.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use onsale_domain::money::Currency;
use onsale_platform::http::{Code, Detail, Expected, Language, Reader};
use serde_json::json;

use crate::support::World;

/// A header, and the language that suits it.
const WANTED: [(&str, Language); 30] = [
    ("", Language::English),
    ("ko", Language::Korean),
    ("KO", Language::Korean),
    ("ko-KR", Language::Korean),
    ("ko-Kore-KR", Language::Korean),
    ("en", Language::English),
    ("en-GB, ko", Language::English),
    ("ko-KR,ko;q=0.9,en;q=0.8", Language::Korean),
    ("en;q=0.1, ko;q=0.9", Language::Korean),
    ("en;q=0.1,ko-KR;q=0.101", Language::Korean),
    ("en ; q = 0.2 , ko ; Q=0.3", Language::Korean),
    ("ko;q=1.000, en;q=1", Language::Korean),
    ("fr", Language::English),
    ("fr, ko;q=0.1", Language::Korean),
    // Refused, and what is left.
    ("ko;q=0", Language::English),
    ("ko;q=0.000, *;q=0.1", Language::English),
    ("ko;q=0, ko-KR", Language::English),
    ("en;q=0", Language::Korean),
    ("en;q=0, *", Language::Korean),
    ("en;q=0, ko;q=0", Language::English),
    ("*;q=0", Language::English),
    ("en-GB;q=0, en;q=0.5, ko;q=0.1", Language::English),
    // Whatever is not named.
    ("*", Language::English),
    ("en;q=0.5, *", Language::Korean),
    ("ko;q=0.5, *;q=0.1", Language::Korean),
    // Other languages that look like ours, and what is no weight.
    ("kok, en;q=0.1", Language::English),
    ("korean, en-x-ko;q=0.1", Language::English),
    ("ko;q=2, en;q=0.1", Language::English),
    ("ko;q=0.1234, en;q=0.1", Language::English),
    (",;,q=1,-,ko;level=1", Language::English),
];

#[test]
fn the_language_with_the_highest_weight_is_chosen() {
    for (header, language) in WANTED {
        assert_eq!(Language::preferred(header), language, "{header:?}");
    }
}

/// A range as it is written, its language, and its weight in thousandths.
type Range = (String, &'static str, u16);

fn ranges() -> Vec<Range> {
    let mut ranges = Vec::new();
    for (tag, language) in [("ko", "ko"), ("ko-KR", "ko"), ("en", "en"), ("en-US", "en"), ("*", "*"), ("de", "de")] {
        for (weight, thousandths) in [("", 1_000), (";q=0", 0), (";q=0.3", 300), (";q=0.301", 301)] {
            ranges.push((format!("{tag}{weight}"), language, thousandths));
        }
    }
    ranges
}

#[test]
fn no_order_of_three_ranges_brings_what_is_refused_or_wanted_less() {
    let all = ranges();
    for first in &all {
        for second in &all {
            for third in &all {
                let given = [first, second, third];
                let header = given.map(|(written, ..)| written.as_str()).join(", ");
                let chosen = Language::preferred(&header);
                let refused = |language: Language| {
                    given.iter().any(|(written, ..)| *written == format!("{};q=0", language.tag()))
                };
                let weight = |language: Language| {
                    let of = |name: &str| given.iter().filter(|range| range.1 == name).map(|range| range.2).max();
                    of(language.tag()).or_else(|| of("*")).unwrap_or(0)
                };
                for other in Language::ALL.into_iter().filter(|other| *other != chosen && !refused(*other)) {
                    assert!(!refused(chosen), "{header}: refused");
                    assert!(weight(chosen) >= weight(other), "{header}: wanted less");
                }
            }
        }
    }
}

/// Readers of both languages.
const READERS: [Reader; 2] = [
    Reader { language: Language::English, currency: Currency::KRW },
    Reader { language: Language::Korean, currency: Currency::KRW },
];

#[test]
fn every_message_has_both_languages_and_no_parameter_is_lost() {
    let details = Detail::examples().into_iter().map(|(name, it)| (name, READERS.map(|reader| it.text(reader))));
    let expected = Expected::examples().into_iter().map(|(name, it)| (name, READERS.map(|reader| it.text(reader))));
    let titles = Code::ALL.into_iter().map(|code| {
        let (_, name, english, korean) = code.facts();
        (name, [english.to_owned(), korean.to_owned()])
    });
    let is_hangul = |character: char| ('가'..='힣').contains(&character);
    let mut names = BTreeSet::new();
    for (name, [english, korean]) in details.chain(expected).chain(titles) {
        assert!(!english.contains(is_hangul), "{name}: {english}");
        assert!(korean.contains(is_hangul), "{name}: {korean}");
        assert!(names.insert(name), "{name} is two messages");
        let numbers = |text: &str| -> BTreeSet<String> {
            let digits = text.split(|character: char| !character.is_ascii_digit());
            digits.filter(|number| !number.is_empty()).map(str::to_owned).collect()
        };
        // A number that one language names only in words, as in "at least one", is no limit.
        let (english_numbers, korean_numbers) = (numbers(&english), numbers(&korean));
        let missing: Vec<&String> = english_numbers.difference(&korean_numbers).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} is not in the Korean text");
    }
}

#[test]
fn every_code_has_a_detail_of_its_own() {
    let told: BTreeSet<&str> = Detail::examples().iter().map(|(_, detail)| detail.code().as_str()).collect();
    let fields = Code::InvalidRequest.as_str();
    for code in Code::ALL {
        assert!(told.contains(code.as_str()) != (code.as_str() == fields), "{}", code.as_str());
    }
}

#[tokio::test]
async fn a_refusal_says_its_language_and_tells_title_detail_and_fields_in_it() {
    let world = World::new().await;
    let unknown = "/products/00000000-0000-0000-0000-000000000000";
    for (header, language) in WANTED {
        let reply =
            world.anonymous().get_with(unknown, "accept-language", header).await.expect_problem(404, "not-found");
        assert_eq!(reply.headers[header::CONTENT_LANGUAGE], language.tag(), "{header}");
        assert_eq!(reply.headers[header::VARY], "accept-language", "{header}");
        assert_eq!(
            reply.text("detail"),
            Detail::NoProduct.text(Reader { language, currency: Currency::KRW }),
            "{header}"
        );
    }
    let invalid = world.anonymous().get_with("/products?sort=cheapest", "accept-language", "ko").await;
    let invalid = invalid.expect_invalid("sort");
    let names = "newest, price, -price, name";
    assert_eq!(invalid.body["errors"][0]["message"], format!("다음 중 하나로 입력해 주세요: {names}"));
    assert_eq!(invalid.text("detail"), format!("sort: 다음 중 하나로 입력해 주세요: {names}"));
}

#[tokio::test]
async fn several_headers_are_one_list() {
    let world = World::new().await;
    let request = axum::http::Request::get("/nothing").header("accept-language", "en;q=0.5");
    let request = request.header("accept-language", "ko").body(axum::body::Body::empty()).expect("a request");
    let reply = world.anonymous().send(request).await.expect_problem(404, "not-found");
    assert_eq!(reply.headers[header::CONTENT_LANGUAGE], "ko");
}

#[tokio::test]
async fn a_success_says_nothing_of_a_language_that_it_has_not() {
    let world = World::new().await;
    let mina = world.user().await;
    let said = |headers: &HeaderMap| headers.contains_key(header::CONTENT_LANGUAGE) || headers.contains_key("vary");
    for path in ["/products", "/concerts", "/health"] {
        assert!(!said(&world.anonymous().get_with(path, "accept-language", "ko").await.expect(200).headers), "{path}");
    }
    assert!(!said(&mina.post("/wallet", json!({})).await.headers));
}
