//! docs/messages.md has every title, detail and field message on one page, in both languages.
//!
//! `ONSALE_WRITE_MESSAGES=1 cargo test --test suite service::messages` writes it anew.

use std::fmt::Write as _;

use onsale_domain::money::Currency;
use onsale_platform::http::{Code, Detail, Expected, Language, Reader};

use crate::repository;

const PAGE: &str = "docs/messages.md";

/// Rewrites the page instead of comparing it.
const WRITE: &str = "ONSALE_WRITE_MESSAGES";

/// The readers of the page: a shop's currency shows in the amounts, and here it is the won.
fn readers() -> [Reader; 2] {
    Language::ALL.map(|language| Reader { language, currency: Currency::KRW })
}

fn page() -> String {
    let mut page = "# Messages\n\n\
        Every title, detail and field message of a refusal, in English and Korean, with an example for each parameter.\n\
        The texts stand in `shared/platform/src/http/code.rs` (titles) and `shared/platform/src/http/messages/`.\n\
        `ONSALE_WRITE_MESSAGES=1 cargo test --test suite service::messages` writes this page anew; without the variable\n\
        the test compares it with the code.\n\n\
        ## Titles and details\n\n\
        | code | status | English | Korean |\n|---|---|---|---|\n"
        .to_owned();
    for code in Code::ALL {
        let (status, name, english, korean) = code.facts();
        writeln!(page, "| `{name}` | {} | **{english}** | **{korean}** |", status.as_u16()).expect("a line");
        for (_, detail) in Detail::examples().iter().filter(|(_, detail)| detail.code() == code) {
            let [english, korean] = readers().map(|reader| detail.text(reader));
            writeln!(page, "| | | {english} | {korean} |").expect("a line");
        }
    }
    page.push_str(
        "\n## Field messages\n\nThe detail of `invalid-request` is each field with its message.\n\n\
         | message | English | Korean |\n|---|---|---|\n",
    );
    for (name, expected) in Expected::examples() {
        let [english, korean] = readers().map(|reader| expected.text(reader));
        writeln!(page, "| `{name}` | {english} | {korean} |").expect("a line");
    }
    page
}

#[test]
fn the_page_has_every_message_as_it_is_told() {
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(repository::root().join(PAGE), &page).expect("the page is written");
    }
    let there = repository::read(PAGE);
    assert!(there == page, "{PAGE} is out of date: {WRITE}=1 cargo test --test suite service::messages");
}
