//! Amounts of money as people read them.

use onsale_domain::money::Currency;

use super::language::Language;

/// Signs of currencies in English and Korean, where these languages have one (Unicode CLDR 48); else the code stands.
const SIGNS: [(&str, &str, &str); 20] = [
    ("AUD", "A$", "AU$"),
    ("BRL", "R$", "R$"),
    ("CAD", "CA$", "CA$"),
    ("CNY", "CN¥", "CN¥"),
    ("EUR", "€", "€"),
    ("GBP", "£", "£"),
    ("HKD", "HK$", "HK$"),
    ("ILS", "₪", "₪"),
    ("INR", "₹", "₹"),
    ("JPY", "JP¥", "JP¥"),
    ("KRW", "₩", "₩"),
    ("MXN", "MX$", "MX$"),
    ("NZD", "NZ$", "NZ$"),
    ("PHP", "₱", "PHP"),
    ("TWD", "NT$", "NT$"),
    ("USD", "US$", "US$"),
    ("VND", "₫", "₫"),
    ("XAF", "FCFA", "FCFA"),
    ("XCD", "EC$", "EC$"),
    ("XPF", "CFPF", "CFPF"),
];

/// Digits between two commas.
const GROUP_DIGITS: usize = 3;

/// An amount in minor units as readers of a language know it: `₩50,000`, `US$12.50`, `CHF 12.50`. The scripts of the
/// page write the same by `Intl.NumberFormat`.
#[must_use]
pub fn format_money(amount_minor: i64, currency: Currency, language: Language) -> String {
    let decimal = currency.decimal(amount_minor);
    let (minus, decimal) = decimal.strip_prefix('-').map_or(("", decimal.as_str()), |amount| ("-", amount));
    let (whole, decimals) = decimal.split_at(decimal.find('.').unwrap_or(decimal.len()));
    let sign =
        SIGNS.iter().find(|(code, ..)| *code == currency.code()).map_or(currency.code(), |(_, english, korean)| {
            match language {
                Language::English => english,
                Language::Korean => korean,
            }
        });
    // Letters are kept apart from the number by a space at which no line breaks.
    let space = if sign.ends_with(|last: char| last.is_ascii_alphabetic()) { "\u{a0}" } else { "" };
    format!("{minus}{sign}{space}{}{decimals}", with_commas(whole))
}

/// Digits with a comma before every third from the end.
fn with_commas(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / GROUP_DIGITS);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(GROUP_DIGITS) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_sign_their_thousands_apart_and_all_decimals() {
        for (amount, code, english, korean) in [
            (0, "KRW", "₩0", "₩0"),
            (999, "KRW", "₩999", "₩999"),
            (50_000, "KRW", "₩50,000", "₩50,000"),
            (-10_000_000, "KRW", "-₩10,000,000", "-₩10,000,000"),
            (1_250, "USD", "US$12.50", "US$12.50"),
            (5, "AUD", "A$0.05", "AU$0.05"),
            (1_234_567, "KWD", "KWD\u{a0}1,234.567", "KWD\u{a0}1,234.567"),
            (-123_450, "CHF", "-CHF\u{a0}1,234.50", "-CHF\u{a0}1,234.50"),
        ] {
            let currency = Currency::parse(code).expect("a currency");
            let written = Language::ALL.map(|language| format_money(amount, currency, language));
            assert_eq!(written, [english, korean]);
        }
    }

    #[test]
    fn every_sign_is_of_a_currency() {
        assert!(SIGNS.iter().all(|(code, ..)| Currency::parse(code).is_ok()));
    }
}
