//! The settings of a process, read once from the variables that `template.yaml` gives its function.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::SignedDuration;
use onsale_domain::attempts::Limit;

/// Longest a hold may be set to live, in seconds: a day. Longer is a reservation system, not an on-sale.
pub const HOLD_SECONDS_MAX: u32 = 86_400;

/// Where the secret lies from which access tokens are signed. Only signing functions have one.
#[derive(Clone, Debug)]
pub enum SigningKeySource {
    /// A file: the local stack.
    File(PathBuf),
    /// The ARN of a Secrets Manager secret: on AWS.
    Secret(String),
}

/// The settings of one process. A function's variables hold only what it uses, so what not every function has
/// is optional here and asked for where it is used.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the one table.
    pub table: String,
    /// URL of the queue that `settle_payment` reads.
    pub payments_queue_url: Option<String>,
    /// URL of the queue that `record_sales` reads.
    pub sales_queue_url: Option<String>,
    /// URL of the queue that `finish_tokens` reads.
    pub tokens_queue_url: Option<String>,
    /// URL of the queue where `relay_changes` parks what it cannot map.
    pub parked_queue_url: Option<String>,
    /// How long a hold lives, in seconds.
    pub hold_seconds: u32,
    /// Whether a payment declined for lack of balance releases its hold at once.
    pub release_on_decline: bool,
    /// The `iss` of access tokens.
    pub token_issuer: String,
    /// Where the signing secret lies.
    pub signing_key: Option<SigningKeySource>,
    /// Failed log-ins an account may have before pauses begin.
    pub account_free_attempts: u32,
    /// Failed log-ins a source address may have before pauses begin.
    pub source_free_attempts: u32,
    /// Sign-ups a source address may try before pauses begin.
    pub sign_up_free_attempts: u32,
    /// The longest pause between attempts, in seconds.
    pub attempt_pause_max_seconds: u32,
    /// After how many seconds of quiet attempts are forgotten.
    pub attempts_forgotten_seconds: u32,
}

/// A setting is missing or cannot be understood. The text names the variable, never its value.
#[derive(Debug, thiserror::Error)]
#[error("setting {name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: &'static str,
}

impl Config {
    /// Reads the settings from `variables` (name → value).
    ///
    /// # Errors
    /// When `TABLE_NAME` is missing or a value is not of its type or range.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let text = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let hold_seconds = number(variables, "HOLD_SECONDS", 300)?;
        if !(1..=HOLD_SECONDS_MAX).contains(&hold_seconds) {
            return Err(ConfigError { name: "HOLD_SECONDS", problem: "must be between 1 and 86400" });
        }
        Ok(Self {
            table: text("TABLE_NAME").ok_or(ConfigError { name: "TABLE_NAME", problem: "is missing" })?,
            payments_queue_url: text("PAYMENTS_QUEUE_URL"),
            sales_queue_url: text("SALES_QUEUE_URL"),
            tokens_queue_url: text("TOKENS_QUEUE_URL"),
            parked_queue_url: text("PARKED_QUEUE_URL"),
            hold_seconds,
            release_on_decline: match text("RELEASE_ON_DECLINE").as_deref() {
                None | Some("true") => true,
                Some("false") => false,
                Some(_) => return Err(ConfigError { name: "RELEASE_ON_DECLINE", problem: "must be true or false" }),
            },
            token_issuer: text("TOKEN_ISSUER").unwrap_or_else(|| "onsale".to_owned()),
            signing_key: text("SIGNING_KEY_FILE")
                .map(|path| SigningKeySource::File(path.into()))
                .or_else(|| text("SIGNING_KEY_SECRET").map(SigningKeySource::Secret)),
            account_free_attempts: number(variables, "LOG_IN_ACCOUNT_FREE_ATTEMPTS", 5)?,
            source_free_attempts: number(variables, "LOG_IN_SOURCE_FREE_ATTEMPTS", 20)?,
            sign_up_free_attempts: number(variables, "SIGN_UP_SOURCE_FREE_ATTEMPTS", 10)?,
            attempt_pause_max_seconds: number(variables, "ATTEMPT_PAUSE_MAX_SECONDS", 900)?,
            attempts_forgotten_seconds: number(variables, "ATTEMPTS_FORGOTTEN_SECONDS", 3_600)?,
        })
    }
}

impl Config {
    /// A limit of attempts of which so many are free.
    #[must_use]
    pub fn attempts(&self, free: u32) -> Limit {
        Limit {
            free,
            pause_max: SignedDuration::from_secs(self.attempt_pause_max_seconds.into()),
            forgotten_after: SignedDuration::from_secs(self.attempts_forgotten_seconds.into()),
        }
    }
}

fn number(variables: &HashMap<String, String>, name: &'static str, default: u32) -> Result<u32, ConfigError> {
    match variables.get(name).filter(|value| !value.is_empty()) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| ConfigError { name, problem: "must be a whole number" }),
    }
}
