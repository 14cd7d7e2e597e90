//! All that a refusal says, in English and Korean: one row for each message, so that none lacks a language.

mod detail;
mod expected;

use std::fmt;

pub use detail::Detail;
pub use expected::Expected;

use super::language::Language;

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
                match language {
                    Language::English => match self { $(Self::$name $({ $($parameter),+ })? => format!($english),)+ },
                    Language::Korean => match self { $(Self::$name $({ $($parameter),+ })? => format!($korean),)+ },
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
