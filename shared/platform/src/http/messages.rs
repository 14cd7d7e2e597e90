//! All that a refusal says, in English and Korean: one row for each message, so that none lacks a language.

mod detail;
mod expected;

use std::fmt;

pub use detail::Detail;
pub use expected::Expected;

use super::language::Language;

/// A parameter of a message.
trait Parameter {
    /// Its text in a language.
    fn localized(&self, language: Language) -> String;
}

/// Names of ours that a message lists: fields, states, methods. Never input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl<T: Into<String>, I: IntoIterator<Item = T>> From<I> for Names {
    fn from(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl Parameter for Names {
    fn localized(&self, _: Language) -> String {
        self.0.join(", ")
    }
}

/// The expectation of a field may stand within another message.
impl Parameter for Box<Expected> {
    fn localized(&self, language: Language) -> String {
        self.text(language)
    }
}

impl<T: fmt::Display> Parameter for T {
    fn localized(&self, _: Language) -> String {
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
            /// The message in a language.
            #[must_use]
            pub fn text(&self, language: Language) -> String {
                match self {
                    $(Self::$name $({ $($parameter),+ })? => {
                        $($(let $parameter = $crate::http::messages::Parameter::localized($parameter, language);)+)?
                        match language {
                            Language::English => format!($english),
                            Language::Korean => format!($korean),
                        }
                    })+
                }
            }

            /// Every message once, with its name and with examples for its parameters.
            #[must_use]
            pub fn examples() -> Vec<(&'static str, Self)> {
                vec![$((stringify!($name), Self::$name $({ $($parameter: $example),+ })?)),+]
            }
        }
    };
}
use messages;
