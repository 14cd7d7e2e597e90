//! The currency of a shop (ISO 4217): its minor unit, amounts as decimals, and what a card provider takes of it.

use std::fmt;

/// Codes without decimals.
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
/// Codes with two decimals.
const TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD \
    CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD \
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU \
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK \
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD \
    XCG YER ZAR ZMW ZWG";
/// Codes with three decimals.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Codes with four decimals: units of account, in which no provider takes a payment.
const FOUR_DECIMALS: &str = "CLF UYW";
/// Codes without a minor unit: metals, baskets of currencies, and the code for tests.
const NO_MINOR_UNIT: &str = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA";

/// The smallest amounts that Stripe charges, in minor units, as its page "Supported currencies" lists them under
/// "Minimum and maximum charge amounts" (<https://docs.stripe.com/currencies>).
const SMALLEST_CARD_CHARGES: [(&str, i64); 23] = [
    ("AED", 200),
    ("AUD", 50),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("CZK", 1_500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("INR", 50),
    ("JPY", 50),
    ("MXN", 1_000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PLN", 200),
    ("RON", 200),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1_000),
    ("USD", 50),
];

/// A currency whose minor unit is its main unit, or a hundredth or a thousandth of it. A shop has one and keeps it,
/// because amounts are stored as minor units without a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

/// Not a currency that a shop may have, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrencyError {
    /// Not an active code of ISO 4217.
    Unknown,
    /// A metal, a basket or a test.
    NoMinorUnit,
    /// A unit of account with four decimals.
    FourDecimals,
}

impl CurrencyError {
    /// A constant text that says what the code must be.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "must be an active ISO 4217 code in capital letters, such as EUR",
            Self::NoMinorUnit => "must be a currency that has a minor unit",
            Self::FourDecimals => "must be a currency with 0, 2 or 3 decimals",
        }
    }
}

impl fmt::Display for CurrencyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl std::error::Error for CurrencyError {}

/// Not an amount of a currency in decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not digits, with a minus before them or a point among them.
    #[error("must be a decimal number such as 12 or -0.5")]
    NotANumber,
    /// A part of a minor unit.
    #[error("must have at most {0} decimals")]
    TooPrecise(u8),
    /// More than 64 bits of minor units.
    #[error("must fit in 64 bits of minor units")]
    TooLarge,
}

impl Currency {
    /// South Korean won, the currency of a shop that names none.
    pub const KRW: Self = Self { code: "KRW", exponent: 0 };

    /// Takes an ISO 4217 code.
    ///
    /// # Errors
    /// When the code is not active, or its minor unit is none that amounts can be kept in.
    pub fn parse(code: &str) -> Result<Self, CurrencyError> {
        let find = |codes: &'static str| codes.split_ascii_whitespace().find(|known| *known == code);
        let known = [(NO_DECIMALS, 0), (TWO_DECIMALS, 2), (THREE_DECIMALS, 3)];
        let known = known.into_iter().find_map(|(codes, exponent)| Some(Self { code: find(codes)?, exponent }));
        known.ok_or_else(|| match (find(NO_MINOR_UNIT), find(FOUR_DECIMALS)) {
            (Some(_), _) => CurrencyError::NoMinorUnit,
            (None, Some(_)) => CurrencyError::FourDecimals,
            (None, None) => CurrencyError::Unknown,
        })
    }

    /// The ISO 4217 code, three capital letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The number of decimals of an amount: 0, 2 or 3.
    #[must_use]
    pub fn exponent(self) -> u8 {
        self.exponent
    }

    /// Minor units of one main unit: 1, 100 or 1,000.
    #[must_use]
    pub fn minor_units_per_unit(self) -> i64 {
        10_i64.pow(self.exponent.into())
    }

    /// An amount in minor units as a decimal of main units, exact and with all decimals: 1250 US cents are `12.50`.
    #[must_use]
    pub fn decimal(self, amount_minor: i64) -> String {
        let sign = if amount_minor < 0 { "-" } else { "" };
        let (amount, unit) = (amount_minor.unsigned_abs(), self.minor_units_per_unit().unsigned_abs());
        match usize::from(self.exponent) {
            0 => format!("{sign}{amount}"),
            decimals => format!("{sign}{}.{:0decimals$}", amount / unit, amount % unit),
        }
    }

    /// Takes a decimal of main units as minor units. It may have fewer decimals than [`Self::decimal`] writes.
    ///
    /// # Errors
    /// When it is not a decimal number, says a part of a minor unit, or is beyond 64 bits.
    pub fn parse_decimal(self, decimal: &str) -> Result<i64, DecimalError> {
        let (is_negative, digits) = decimal.strip_prefix('-').map_or((false, decimal), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !are_digits(whole) || !fraction.is_none_or(are_digits) {
            return Err(DecimalError::NotANumber);
        }
        let (fraction, decimals) = (fraction.unwrap_or_default(), usize::from(self.exponent));
        if fraction.len() > decimals {
            return Err(DecimalError::TooPrecise(self.exponent));
        }
        let padding = std::iter::repeat_n(b'0', decimals - fraction.len());
        let all_digits = whole.bytes().chain(fraction.bytes()).chain(padding);
        // Counted below zero, where 64 bits reach one further.
        let below_zero = all_digits.map(|digit| i64::from(digit - b'0')).try_fold(0_i64, |sum, digit| {
            sum.checked_mul(10).and_then(|sum| sum.checked_sub(digit)).ok_or(DecimalError::TooLarge)
        })?;
        if is_negative { Ok(below_zero) } else { below_zero.checked_neg().ok_or(DecimalError::TooLarge) }
    }

    /// The smallest amount that is worth sending to a card provider, in minor units. For a currency that Stripe's table
    /// does not list, one main unit: Stripe then compares the charge with the smallest amount of the currency that the
    /// account is settled in, which only Stripe can convert, and refuses what is below it.
    #[must_use]
    pub fn smallest_card_charge(self) -> i64 {
        let listed = SMALLEST_CARD_CHARGES.iter().find(|(code, _)| *code == self.code);
        listed.map_or_else(|| self.minor_units_per_unit(), |(_, smallest)| *smallest)
    }

    /// The minor units of which every card charge must be a multiple: 10 in a currency with three decimals, whose last
    /// digit card networks do not carry, else 1.
    ///
    /// Stripe's "Special cases" (same page as above), of which the first two are why [`Self::takes_cards`] refuses them:
    /// - **ISK, UGX** have no decimals here and in ISO 4217. Stripe takes them as if they had two, which must be `00`: a
    ///   charge of 5 ISK is sent as 500, so send a hundred times the minor units.
    /// - **MGA** has two decimals in ISO 4217 and here. Stripe lists it among those without: a charge of 5 MGA is 500
    ///   minor units here and sent as 5.
    /// - **HUF, TWD** are charged with two decimals, but paid out to the bank in whole units only.
    #[must_use]
    pub fn card_step(self) -> i64 {
        if self.exponent == 3 { 10 } else { 1 }
    }

    /// Whether card payments may be in it: not in a currency whose minor units Stripe counts in another way than ISO 4217.
    #[must_use]
    pub fn takes_cards(self) -> bool {
        !["ISK", "MGA", "UGX"].contains(&self.code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }

    fn currencies() -> impl Strategy<Value = Currency> {
        prop_oneof![Just(currency("KRW")), Just(currency("USD")), Just(currency("KWD"))]
    }

    proptest! {
        /// No minor unit is lost or made up, at the limits of 64 bits too.
        #[test]
        fn a_decimal_is_the_same_amount(currency in currencies(), amount in any::<i64>()) {
            let decimal = currency.decimal(amount);
            prop_assert_eq!(currency.parse_decimal(&decimal), Ok(amount));
            // Without its point the decimal is the number of minor units.
            prop_assert_eq!(decimal.replace('.', "").parse::<i128>(), Ok(i128::from(amount)));
            let decimals = decimal.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            prop_assert_eq!(decimals, usize::from(currency.exponent()));
        }

        /// The larger amount has the larger decimal.
        #[test]
        fn decimals_have_the_order_of_their_amounts(currency in currencies(), one in any::<i64>(), by in -1_000..1_000_i64) {
            let other = one.saturating_add(by);
            let as_thousandths = |amount: i64| {
                let decimal = currency.decimal(amount);
                let (whole, decimals) = decimal.split_once('.').unwrap_or((&decimal, ""));
                format!("{whole}{decimals:0<3}").parse::<i128>().expect("digits")
            };
            prop_assert_eq!(as_thousandths(one).cmp(&as_thousandths(other)), one.cmp(&other));
        }

        /// Whatever text comes, the answer is a refusal or an amount whose decimal says the same again.
        #[test]
        fn a_decimal_is_read_in_one_way(currency in currencies(), text in "-?[0-9]{0,21}(\\.[0-9]{0,4})?") {
            if let Ok(amount) = currency.parse_decimal(&text) {
                prop_assert_eq!(currency.parse_decimal(&currency.decimal(amount)), Ok(amount));
            }
        }
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (code, amount, decimal) in [
            ("KRW", 50_000, "50000"),
            ("KRW", -7, "-7"),
            ("USD", 1_250, "12.50"),
            ("USD", -5, "-0.05"),
            ("USD", 0, "0.00"),
            ("KWD", 5_124, "5.124"),
            ("KWD", -1_000, "-1.000"),
            ("KRW", i64::MIN, "-9223372036854775808"),
            ("USD", i64::MAX, "92233720368547758.07"),
            ("KWD", i64::MIN, "-9223372036854775.808"),
        ] {
            assert_eq!(currency(code).decimal(amount), decimal);
            assert_eq!(currency(code).parse_decimal(decimal), Ok(amount));
        }
    }

    #[test]
    fn a_decimal_has_at_most_the_decimals_of_its_currency() {
        let dollars = currency("USD");
        let read = ["12", "12.5", "012.50", "-0", "-0.0"].map(|decimal| dollars.parse_decimal(decimal));
        assert_eq!(read, [Ok(1_200), Ok(1_250), Ok(1_250), Ok(0), Ok(0)]);
        assert_eq!(dollars.parse_decimal("12.500"), Err(DecimalError::TooPrecise(2)));
        assert_eq!(Currency::KRW.parse_decimal("12.0"), Err(DecimalError::TooPrecise(0)));
        for wrong in ["", "-", ".", "1.", ".5", "+1", "--1", "1,000", "1e3", " 1", "1.2.3", "١", "0x1"] {
            assert_eq!(dollars.parse_decimal(wrong), Err(DecimalError::NotANumber), "{wrong:?}");
        }
        for far in ["92233720368547758.08", "-92233720368547758.09", &"9".repeat(400)] {
            assert_eq!(dollars.parse_decimal(far), Err(DecimalError::TooLarge), "{far}");
        }
    }

    #[test]
    fn only_currencies_with_0_2_or_3_decimals_are_taken() {
        let tables = [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS, NO_MINOR_UNIT];
        let mut all: Vec<&str> = tables.into_iter().flat_map(str::split_ascii_whitespace).collect();
        assert!(all.iter().all(|code| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase())));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), count), (177, 177), "each code of ISO 4217 once, but for the one of no currency");
        let exponents = ["KRW", "JPY", "USD", "EUR", "BHD"].map(|code| currency(code).exponent());
        assert_eq!(exponents, [0, 0, 2, 2, 3]);
        assert_eq!(currency("KRW"), Currency::KRW);
        for (refused, error) in [
            ("", CurrencyError::Unknown),
            ("usd", CurrencyError::Unknown),
            ("US", CurrencyError::Unknown),
            ("USD ", CurrencyError::Unknown),
            ("USD EUR", CurrencyError::Unknown),
            // Croatia has the euro.
            ("HRK", CurrencyError::Unknown),
            ("XAU", CurrencyError::NoMinorUnit),
            ("XTS", CurrencyError::NoMinorUnit),
            ("CLF", CurrencyError::FourDecimals),
            ("UYW", CurrencyError::FourDecimals),
        ] {
            assert_eq!(Currency::parse(refused), Err(error), "{refused:?}");
        }
    }

    #[test]
    fn a_card_is_charged_in_its_steps_and_no_less_than_the_smallest_charge() {
        let of = |code: &str| (currency(code).smallest_card_charge(), currency(code).card_step());
        assert_eq!((of("USD"), of("JPY"), of("KRW"), of("KWD")), ((50, 1), (50, 1), (1, 1), (1_000, 10)));
        assert!(currency("KRW").takes_cards() && !currency("ISK").takes_cards());
        for (code, smallest) in SMALLEST_CARD_CHARGES {
            assert!(smallest % currency(code).card_step() == 0, "{code} can be charged {smallest}");
        }
    }
}
