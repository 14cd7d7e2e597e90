//! The settings of a process, read once from the variables that `template.yaml` gives its function.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use onsale_domain::accounts::account::{AccountAddress, Email};
use onsale_domain::accounts::login_throttle::{Limit, SourceLimit};
use onsale_domain::money::Currency;
use reqwest::Url;

/// Longest a hold may be set to live, in seconds: a day. Longer is a reservation system, not an on-sale.
pub const HOLD_SECONDS_MAX: u32 = 86_400;

/// Longest that the data platform may be set to be given for an answer, in milliseconds: what posts to it has thirty
/// seconds for all it does.
pub const DATA_PLATFORM_TIMEOUT_MILLISECONDS_MAX: u32 = 15_000;

/// Most mails a second that may be set: two processes send ten each side by side, and a mail takes a fifth of a second.
pub const MAILS_PER_SECOND_MAX: u32 = 100;

/// Most calls that may be set to share a line: it has room for a hundred values of each metric.
pub const CALLS_PER_LOG_LINE_MAX: u32 = 50;

/// Where a secret lies. Only functions that use it have one.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// A file: the local stack.
    File(PathBuf),
    /// The ARN of a Secrets Manager secret: on AWS.
    Secret(String),
}

/// How mail is sent.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The address that mails come from.
    pub from: Email,
    /// The address that answers go to, if it is another.
    pub reply_to: Option<Email>,
    /// The configuration set of SES by which bounces and complaints are told; none where nobody asks for them.
    pub configuration_set: Option<String>,
    /// The address of the page that links of mails lead to, without a path.
    pub page_url: String,
    /// Mails a second, at most.
    pub per_second: u32,
}

/// Steps for which a user must have proven their e-mail address. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProvenAddress {
    /// Nothing.
    Optional,
    /// Holding seats and placing orders.
    Buying,
    /// Joining a queue.
    Joining,
}

/// The settings of one process. A function's variables hold only what it uses, so what not every function has
/// is optional here and asked for where it is used.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the one table.
    pub table: String,
    /// URL of the queue that `release_declined_payment` reads.
    pub payments_queue_url: Option<String>,
    /// URL of the queue that `record_sales` reads.
    pub sales_queue_url: Option<String>,
    /// URL of the queue that `free_queue_places` reads.
    pub tokens_queue_url: Option<String>,
    /// URL of the queue that `deliver_webhooks` reads; none when there is no data platform.
    pub data_platform_queue_url: Option<String>,
    /// URL of the queue that `settle_card_payments` reads.
    pub cards_queue_url: Option<String>,
    /// The address of the payment provider's API; none when no cards are taken.
    pub card_provider_url: Option<Url>,
    /// Where the key lies with which the payment provider is called.
    pub card_key: Option<SecretSource>,
    /// Where the secrets lie by which the payment provider signs what it reports, between blanks.
    pub card_report_secrets: Option<SecretSource>,
    /// The key by which a browser calls the payment provider. It is no secret.
    pub card_publishable_key: Option<String>,
    /// The address of the payment provider's script.
    pub card_script_url: Option<String>,
    /// URL of the queue that `send_mail` reads; none when no mail is sent.
    pub mail_queue_url: Option<String>,
    /// How mail is sent; none when none is.
    pub mail: Option<MailSettings>,
    /// URL of the queue where what cannot go on is parked.
    pub parked_queue_url: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// How long a hold lives, in seconds.
    pub hold_seconds: u32,
    /// Whether a payment declined for lack of balance releases its hold at once, and not when its time ends.
    pub release_on_decline: bool,
    /// Whether users may credit their own wallets without a payment.
    pub free_top_ups: bool,
    /// Whether one mailbox of a big provider has one account, however its address is written.
    pub canonical_mail: bool,
    /// Steps that need a proven address.
    pub proven_address: ProvenAddress,
    /// The `iss` of access tokens.
    pub token_issuer: String,
    /// Where the secret lies from which tokens are signed.
    pub signing_key: Option<SecretSource>,
    /// Where the secret lies by which mailed links are signed.
    pub link_key: Option<SecretSource>,
    /// Where the secret lies from which tickets' codes are signed.
    pub ticket_key: Option<SecretSource>,
    /// Where events are posted to; none when there is no data platform.
    pub data_platform_url: Option<Url>,
    /// Where the secret lies with which events are signed.
    pub data_platform_secret: Option<SecretSource>,
    /// How long the data platform may take to answer.
    pub data_platform_timeout: Duration,
    /// Failed log-ins an account may have before pauses begin.
    pub account_free_attempts: u32,
    /// Failed log-ins a source address may have before pauses begin.
    pub source_free_attempts: u32,
    /// Sign-ups a source address may try before pauses begin.
    pub sign_up_free_attempts: u32,
    /// Links that a source address may ask for before pauses begin.
    pub link_free_attempts: u32,
    /// The longest pause between attempts, in seconds.
    pub attempt_pause_max_seconds: u32,
    /// After how many seconds of quiet attempts are forgotten.
    pub attempts_forgotten_seconds: u32,
    /// Successful calls that share one line of the log; 1 where each has its own.
    pub calls_per_log_line: u32,
    /// The address of the page, without a path; none where the gateway's own is that.
    pub public_url: Option<String>,
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
        let hold_seconds = parse_number(variables, "HOLD_SECONDS", 300)?;
        if !(1..=HOLD_SECONDS_MAX).contains(&hold_seconds) {
            return Err(ConfigError { name: "HOLD_SECONDS", problem: "must be between 1 and 86400" });
        }
        let data_platform_timeout = parse_number(variables, "DATA_PLATFORM_TIMEOUT_MILLISECONDS", 3_000)?;
        if !(1..=DATA_PLATFORM_TIMEOUT_MILLISECONDS_MAX).contains(&data_platform_timeout) {
            let problem = "must be between 1 and 15000";
            return Err(ConfigError { name: "DATA_PLATFORM_TIMEOUT_MILLISECONDS", problem });
        }
        let calls_per_log_line = parse_number(variables, "CALLS_PER_LOG_LINE", 1)?;
        if !(1..=CALLS_PER_LOG_LINE_MAX).contains(&calls_per_log_line) {
            return Err(ConfigError { name: "CALLS_PER_LOG_LINE", problem: "must be between 1 and 50" });
        }
        let secret = |file: &str, arn: &str| {
            text(file).map(|path| SecretSource::File(path.into())).or_else(|| text(arn).map(SecretSource::Secret))
        };
        Ok(Self {
            table: text("TABLE_NAME").ok_or(ConfigError { name: "TABLE_NAME", problem: "is missing" })?,
            payments_queue_url: text("PAYMENTS_QUEUE_URL"),
            sales_queue_url: text("SALES_QUEUE_URL"),
            tokens_queue_url: text("TOKENS_QUEUE_URL"),
            data_platform_queue_url: text("DATA_PLATFORM_QUEUE_URL"),
            parked_queue_url: text("PARKED_QUEUE_URL"),
            cards_queue_url: text("CARDS_QUEUE_URL"),
            mail_queue_url: text("MAIL_QUEUE_URL"),
            mail: parse_mail(variables)?,
            card_provider_url: text("CARD_PROVIDER_URL")
                .as_deref()
                .map(|url| parse_outside_url("CARD_PROVIDER_URL", url))
                .transpose()?,
            card_key: secret("CARD_KEY_FILE", "CARD_KEY_SECRET"),
            card_report_secrets: secret("CARD_REPORT_SECRETS_FILE", "CARD_REPORT_SECRETS_SECRET"),
            card_publishable_key: text("CARD_PUBLISHABLE_KEY"),
            card_script_url: match text("CARD_SCRIPT_URL") {
                Some(url) => Some(parse_outside_url("CARD_SCRIPT_URL", &url)?.into()),
                None => None,
            },
            currency: text("CURRENCY").as_deref().map_or(Ok(Currency::KRW), parse_currency)?,
            hold_seconds,
            release_on_decline: parse_flag(variables, "RELEASE_ON_DECLINE")?,
            free_top_ups: parse_flag(variables, "FREE_TOP_UPS")?,
            canonical_mail: parse_flag(variables, "CANONICAL_MAIL")?,
            proven_address: parse_proven_address(text("PROVEN_ADDRESS").as_deref())?,
            token_issuer: text("TOKEN_ISSUER").unwrap_or_else(|| "onsale".to_owned()),
            signing_key: secret("SIGNING_KEY_FILE", "SIGNING_KEY_SECRET"),
            link_key: secret("LINK_KEY_FILE", "LINK_KEY_SECRET"),
            ticket_key: secret("TICKET_KEY_FILE", "TICKET_KEY_SECRET"),
            data_platform_url: text("DATA_PLATFORM_URL")
                .as_deref()
                .map(|url| parse_outside_url("DATA_PLATFORM_URL", url))
                .transpose()?,
            data_platform_secret: secret("DATA_PLATFORM_SECRET_FILE", "DATA_PLATFORM_SECRET"),
            data_platform_timeout: Duration::from_millis(data_platform_timeout.into()),
            account_free_attempts: parse_number(variables, "LOG_IN_ACCOUNT_FREE_ATTEMPTS", 5)?,
            source_free_attempts: parse_number(variables, "LOG_IN_SOURCE_FREE_ATTEMPTS", 300)?,
            sign_up_free_attempts: parse_number(variables, "SIGN_UP_SOURCE_FREE_ATTEMPTS", 300)?,
            link_free_attempts: parse_number(variables, "LINK_SOURCE_FREE_ATTEMPTS", 100)?,
            attempt_pause_max_seconds: parse_number(variables, "ATTEMPT_PAUSE_MAX_SECONDS", 900)?,
            attempts_forgotten_seconds: parse_number(variables, "ATTEMPTS_FORGOTTEN_SECONDS", 3_600)?,
            calls_per_log_line,
            public_url: text("PUBLIC_URL").as_deref().map(parse_public_url).transpose()?,
        })
    }
}

impl Config {
    /// The address by which the account of an e-mail address is found and counted.
    #[must_use]
    pub fn account_address(&self, email: &Email) -> AccountAddress {
        AccountAddress::new(email, self.canonical_mail)
    }

    /// A limit of what comes from one source address: so many within the longest pause.
    #[must_use]
    pub fn source_attempts(&self, free: u32) -> SourceLimit {
        SourceLimit { free, window: SignedDuration::from_secs(self.attempt_pause_max_seconds.into()) }
    }

    /// A limit of attempts at an account of which so many are free.
    #[must_use]
    pub fn attempts(&self, free: u32) -> Limit {
        Limit {
            free,
            pause_max: SignedDuration::from_secs(self.attempt_pause_max_seconds.into()),
            forgotten_after: SignedDuration::from_secs(self.attempts_forgotten_seconds.into()),
        }
    }
}

/// An address of others that is called from here. What is sent there is not hidden, so it goes over TLS; on this
/// machine there is nobody to hide it from.
fn parse_outside_url(name: &'static str, text: &str) -> Result<Url, ConfigError> {
    let wrong = |problem| ConfigError { name, problem };
    let url = Url::parse(text).map_err(|_| wrong("must be a URL"))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let own = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        // Settings are no place for secrets.
        _ if !url.username().is_empty() || url.password().is_some() => Err(wrong("must have no user and password")),
        "https" => Ok(url),
        "http" if own => Ok(url),
        _ => Err(wrong("must begin with https://, or with http:// for this machine")),
    }
}

/// The address of the page, as a browser names an origin: scheme, host, and a port of its own. Without TLS only the
/// local stack is reached, which is at an address and has no name.
fn parse_public_url(text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError { name: "PUBLIC_URL", problem: "must be https:// and a host name, without a path" };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let origin = url.origin().ascii_serialization();
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok();
    let is_reached = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    if is_reached && text.trim_end_matches('/') == origin { Ok(origin) } else { Err(wrong()) }
}

/// How mail is sent, if there is an address that it comes from.
fn parse_mail(variables: &HashMap<String, String>) -> Result<Option<MailSettings>, ConfigError> {
    let text = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let address = |name: &'static str| {
        let wrong = |_| ConfigError { name, problem: "must be an e-mail address such as tickets@shop.example" };
        text(name).map(|value| Email::parse(value).map_err(wrong)).transpose()
    };
    let Some(from) = address("MAIL_FROM")? else { return Ok(None) };
    let per_second = parse_number(variables, "MAIL_PER_SECOND", 14)?;
    if !(1..=MAILS_PER_SECOND_MAX).contains(&per_second) {
        return Err(ConfigError { name: "MAIL_PER_SECOND", problem: "must be between 1 and 100" });
    }
    // Nobody guesses where the page is: a link in a mail is there for as long as the mail.
    let missing = ConfigError { name: "PUBLIC_URL", problem: "is missing, and links of mails lead there" };
    Ok(Some(MailSettings {
        from,
        reply_to: address("MAIL_REPLY_TO")?,
        configuration_set: text("MAIL_CONFIGURATION_SET").cloned(),
        page_url: parse_public_url(text("PUBLIC_URL").ok_or(missing)?)?,
        per_second,
    }))
}

fn parse_currency(code: &str) -> Result<Currency, ConfigError> {
    Currency::parse(code).map_err(|error| ConfigError { name: "CURRENCY", problem: error.reason() })
}

fn parse_proven_address(word: Option<&str>) -> Result<ProvenAddress, ConfigError> {
    match word {
        None | Some("optional") => Ok(ProvenAddress::Optional),
        Some("buying") => Ok(ProvenAddress::Buying),
        Some("joining") => Ok(ProvenAddress::Joining),
        Some(_) => Err(ConfigError { name: "PROVEN_ADDRESS", problem: "must be optional, buying or joining" }),
    }
}

/// A setting that is off unless it says otherwise.
fn parse_flag(variables: &HashMap<String, String>, name: &'static str) -> Result<bool, ConfigError> {
    match variables.get(name).map(String::as_str) {
        Some("true") => Ok(true),
        None | Some("" | "false") => Ok(false),
        Some(_) => Err(ConfigError { name, problem: "must be true or false" }),
    }
}

fn parse_number(variables: &HashMap<String, String>, name: &'static str, default: u32) -> Result<u32, ConfigError> {
    match variables.get(name).filter(|value| !value.is_empty()) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| ConfigError { name, problem: "must be a whole number" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_with(name: &str, value: &str) -> Result<Config, ConfigError> {
        let table = ("TABLE_NAME".to_owned(), "Table".to_owned());
        Config::from_variables(&HashMap::from([table, (name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn the_data_platform_is_reached_over_tls_or_on_this_machine() {
        for url in [
            "https://platform.example.com/events",
            "http://127.0.0.1:3002/events",
            "http://localhost/",
            "http://[::1]:1/",
        ] {
            assert_eq!(
                config_with("DATA_PLATFORM_URL", url).expect("a URL").data_platform_url.map(String::from).as_deref(),
                Some(url)
            );
        }
        assert!(config_with("DATA_PLATFORM_URL", "").expect("none").data_platform_url.is_none());
        for url in [
            "http://platform.example.com/",
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "ftp://localhost/",
            "events",
            "https://user:word@example.com/",
        ] {
            let problem = config_with("DATA_PLATFORM_URL", url).expect_err(url).to_string();
            assert!(problem.starts_with("setting DATA_PLATFORM_URL: must ") && !problem.contains(url), "{problem}");
        }
    }

    #[test]
    fn a_proven_address_is_needed_for_nothing_unless_a_setting_says_so() {
        let parsed = |word: &str| config_with("PROVEN_ADDRESS", word).map(|config| config.proven_address);
        for (word, needed) in [
            ("", ProvenAddress::Optional),
            ("optional", ProvenAddress::Optional),
            ("buying", ProvenAddress::Buying),
            ("joining", ProvenAddress::Joining),
        ] {
            assert_eq!(parsed(word).ok(), Some(needed), "{word}");
        }
        assert!(parsed("true").is_err());
    }

    #[test]
    fn the_page_has_an_address_without_a_path() {
        let parsed = |url: &str| config_with("PUBLIC_URL", url).map(|config| config.public_url);
        for (url, origin) in [
            ("https://tickets.example", "https://tickets.example"),
            ("https://tickets.example/", "https://tickets.example"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ] {
            assert_eq!(parsed(url).expect("an address").as_deref(), Some(origin));
        }
        assert!(parsed("").expect("none").is_none());
        for url in ["http://tickets.example", "https://tickets.example/shop", "tickets.example", "https://a@b.example"]
        {
            assert!(parsed(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_shop_has_the_currency_that_it_names() {
        let currency = |value: &str| config_with("CURRENCY", value).map(|config| config.currency.code());
        assert_eq!((currency("").expect("a default"), currency("EUR").expect("a currency")), ("KRW", "EUR"));
        for (code, problem) in [
            ("euro", "must be an active ISO 4217 code in capital letters, such as EUR"),
            ("XAU", "must be a currency that has a minor unit"),
            ("CLF", "must be a currency with 0, 2 or 3 decimals"),
        ] {
            assert_eq!(currency(code).expect_err(code).to_string(), format!("setting CURRENCY: {problem}"));
        }
    }

    #[test]
    fn mail_is_sent_from_an_address_and_leads_to_the_page() {
        let mail = |settings: &[(&str, &str)]| {
            let all = [("TABLE_NAME", "Table")].iter().chain(settings);
            let all = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Config::from_variables(&all).map(|config| config.mail)
        };
        assert!(mail(&[("MAIL_FROM", "")]).expect("none").is_none());
        let page = ("PUBLIC_URL", "https://tickets.example");
        let from = ("MAIL_FROM", "tickets@shop.example");
        let set = mail(&[from, page]).expect("settings").expect("mail");
        assert_eq!((set.from.as_str(), set.per_second, set.reply_to), ("tickets@shop.example", 14, None));
        for wrong in [
            &[from][..],
            &[("MAIL_FROM", "tickets"), page],
            &[from, page, ("MAIL_REPLY_TO", "a@b@c")],
            &[from, page, ("MAIL_PER_SECOND", "0")],
            &[from, page, ("MAIL_PER_SECOND", "101")],
        ] {
            assert!(mail(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_line_is_for_one_call_unless_it_says_otherwise() {
        let calls = |value: &str| config_with("CALLS_PER_LOG_LINE", value).map(|config| config.calls_per_log_line);
        assert_eq!((calls("").expect("a default"), calls("50").expect("the most")), (1, 50));
        assert!(calls("0").is_err() && calls("51").is_err() && calls("many").is_err());
    }

    #[test]
    fn the_data_platform_is_not_waited_for_as_long_as_one_likes() {
        let wait = |value: &str| {
            config_with("DATA_PLATFORM_TIMEOUT_MILLISECONDS", value).map(|config| config.data_platform_timeout)
        };
        assert_eq!(wait("").expect("a default"), Duration::from_secs(3));
        assert_eq!(wait("15000").expect("the longest"), Duration::from_secs(15));
        assert!(wait("0").is_err() && wait("15001").is_err() && wait("soon").is_err());
    }
}
