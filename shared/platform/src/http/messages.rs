//! The catalogue of all texts of a problem, in English and Korean: one row for each message, so that none lacks a
//! language.

mod detail;
mod expected;

use std::fmt;

use onsale_domain::money::Currency;

pub use detail::Detail;
pub use expected::Expected;

use super::language::Language;
use super::money::format_money;

/// The reader of a message: the language, and the currency that amounts are in.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The language.
    pub language: Language,
    /// The shop's currency.
    pub currency: Currency,
}

/// A parameter of a message.
trait Parameter {
    /// Its text for a reader.
    fn localized(&self, reader: Reader) -> String;
}

/// Names of ours that a message lists: fields, states, methods. Never input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl<T: Into<String>, I: IntoIterator<Item = T>> From<I> for Names {
    fn from(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(", "))
    }
}

/// An amount of money in minor units, which a message shows in the shop's currency, such as ₩10,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinorUnits(pub i64);

impl Parameter for MinorUnits {
    fn localized(&self, reader: Reader) -> String {
        format_money(self.0, reader.currency, reader.language)
    }
}

/// The expectation of a field may stand within another message.
impl Parameter for Box<Expected> {
    fn localized(&self, reader: Reader) -> String {
        self.text(reader)
    }
}

impl<T: fmt::Display> Parameter for T {
    fn localized(&self, _: Reader) -> String {
        self.to_string()
    }
}

/// Makes an enum of messages. A row is a name, its parameters with an example of each, and its text in English and in
/// Korean, in which `{parameter}` stands for the value. Parameters are numbers, times and names of ours; never input.
macro_rules! messages {
    ($(#[$about:meta])* $messages:ident {
        $($name:ident $({ $($parameter:ident: $kind:ty = $example:expr),+ })? $english:literal $korean:literal)+
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $messages {
            $(
                #[doc = $english]
                $name $({ $(#[doc = "Stands in the text."] $parameter: $kind),+ })?,
            )+
        }

        impl $messages {
            /// The message for a reader.
            #[must_use]
            pub fn text(&self, reader: $crate::http::messages::Reader) -> String {
                match self {
                    $(Self::$name $({ $($parameter),+ })? => {
                        $($(let $parameter = $crate::http::messages::Parameter::localized($parameter, reader);)+)?
                        match reader.language {
                            Language::English => format!($english),
                            Language::Korean => format!($korean),
                        }
                    })+
                }
            }

            /// Every message as it is written, with its placeholders: its name, English and Korean.
            #[cfg(test)]
            pub(crate) const TEXTS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($name), $english, $korean)),+];

            /// Every message once, with its name and with examples for its parameters.
            #[must_use]
            pub fn examples() -> Vec<(&'static str, Self)> {
                vec![$((stringify!($name), Self::$name $({ $($parameter: $example),+ })?)),+]
            }
        }
    };
}
use messages;

#[cfg(test)]
mod tests {
    use super::{Detail, Expected};
    use crate::http::Code;

    /// The names in braces of a text, in alphabetical order.
    fn placeholders(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        names.sort_unstable();
        names
    }

    /// Whether a text has Hangul syllables.
    fn is_korean(text: &str) -> bool {
        text.chars().any(|letter| ('가'..='힣').contains(&letter))
    }

    /// Whether every sentence ends in the polite style; an example in brackets may follow.
    fn is_polite(text: &str) -> bool {
        let ends = |sentence: &str| {
            let words = sentence.trim_end_matches('.');
            let words = words.strip_suffix(')').and_then(|words| Some(words.rsplit_once('(')?.0)).unwrap_or(words);
            let words = words.split(": {").next().unwrap_or_default();
            ["요", "니다"].iter().any(|end| words.trim_end().ends_with(end))
        };
        text.split(". ").all(ends)
    }

    #[test]
    fn every_message_has_both_languages_with_the_same_placeholders() {
        for (name, english, korean) in Detail::TEXTS.iter().chain(Expected::TEXTS) {
            assert_eq!(placeholders(english), placeholders(korean), "{name}");
            assert!(!english.is_empty() && !is_korean(english), "{name}: {english}");
            assert!(is_korean(korean), "{name}: {korean}");
        }
    }

    #[test]
    fn messages_are_sentences_and_korean_is_polite() {
        for (name, english, korean) in Detail::TEXTS {
            assert!(english.ends_with('.') && korean.ends_with('.'), "{name}: {english} {korean}");
            assert!(!["What", "Who", "That"].iter().any(|word| english.starts_with(word)), "{name}: {english}");
            assert!(is_polite(korean), "{name}: {korean}");
        }
        for (name, english, korean) in Expected::TEXTS.iter().filter(|(_, english, _)| !english.ends_with("{form}")) {
            assert!(["must ", "is "].iter().any(|verb| english.starts_with(verb)), "{name}: {english}");
            assert!(is_polite(korean), "{name}: {korean}");
        }
        for code in Code::ALL {
            let (_, name, english, korean) = code.facts();
            assert!(!english.ends_with('.') && !is_korean(english), "{name}: {english}");
            assert!(is_polite(korean) && !korean.ends_with('.'), "{name}: {korean}");
        }
    }
}
