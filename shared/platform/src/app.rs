//! The app that every handler gets: settings, table, queues, time and ids, built once per process.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use onsale_domain::money::Currency;

use crate::auth::key_ring::KeyRing;
use crate::auth::signing_key::SigningKey;
use crate::auth::ticket_key::TicketKeys;
use crate::card_provider::client::{CardProvider, Transport};
use crate::clock::Clock;
use crate::config::{Config, SecretSource};
use crate::ids::Ids;
use crate::memory::Remembered;
use crate::store::dynamodb::cache::Caches;
use crate::store::dynamodb::call_metrics;
use crate::telemetry::metrics::Meter;
use crate::telemetry::trace::{Context, OpenSpan, SpanKind, Tracer};
use crate::tls::{self, Roots};
use crate::webhook::client::WebhookClient;

/// A try of one call to the table or a queue may take this long before the SDK tries again.
const TRY_TIMEOUT: Duration = Duration::from_millis(1_000);
/// A call may take this long with all its tries.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
/// Tries of one call by the SDK, the first included.
const CALL_ATTEMPTS: u32 = 3;
/// The SDK's first back-off; its default of a second is longer than a whole hold should take.
const CALL_FIRST_BACKOFF: Duration = Duration::from_millis(25);

/// How long SES may take to answer. Longer than it ever should: a mail whose answer came too late is sent twice.
const MAIL_SENT_WITHIN: Duration = Duration::from_secs(10);

/// The parts that [`App::new`] takes.
pub struct Parts {
    /// Settings.
    pub config: Config,
    /// Client of the table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Client of the queues.
    pub sqs: aws_sdk_sqs::Client,
    /// Client for secrets; only on AWS.
    pub secrets: Option<aws_sdk_secretsmanager::Client>,
    /// Client that sends mail; only where mail is sent.
    pub ses: Option<aws_sdk_sesv2::Client>,
    /// Time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// Carries calls of the payment provider in another way than over the network.
    pub card_transport: Option<Transport>,
    /// The function, as the template names its binary; empty for an app of no function.
    pub function: String,
    /// Where it counts.
    pub meter: Meter,
    /// Where it tells its spans.
    pub tracer: Tracer,
}

/// One process of Onsale. Cheap to clone.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    caches: Caches,
    key_ring: KeyRing,
    signing_key: Remembered<Arc<SigningKey>>,
    link_key: Remembered<String>,
    ticket_keys: Remembered<Arc<TicketKeys>>,
    webhook: WebhookClient,
    card_provider: CardProvider,
}

impl App {
    /// Puts the parts together; nothing is called yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                parts,
                caches: Caches::default(),
                key_ring: KeyRing::default(),
                signing_key: Remembered::default(),
                link_key: Remembered::default(),
                ticket_keys: Remembered::default(),
                webhook: WebhookClient::default(),
                card_provider: CardProvider::default(),
            }),
        }
    }

    /// Builds the app of a Lambda function from its environment, and opens its connection to the table; it counts in
    /// `meter`. Its spans are X-Ray's to tell.
    ///
    /// # Errors
    /// When a setting is missing or wrong.
    pub async fn from_environment(function: &str, meter: Meter) -> Result<Self, crate::config::ConfigError> {
        let variables = std::env::vars().collect();
        let config = Config::from_variables(&variables)?;
        let sdk = sdk_settings(aws_config::defaults(aws_config::BehaviorVersion::latest()))
            .http_client(tls::client(Roots::from_variables(&variables)))
            .load()
            .await;
        tls::open_to_table(&sdk).await;
        let secret = [
            &config.signing_key,
            &config.link_key,
            &config.ticket_key,
            &config.data_platform_secret,
            &config.card_key,
            &config.card_report_secrets,
        ];
        let on_aws = secret.into_iter().flatten().any(|source| matches!(source, SecretSource::Secret(_)));
        let secrets = on_aws.then(|| aws_sdk_secretsmanager::Client::new(&sdk));
        let ses = config.mail.is_some().then(|| mail_settings((&sdk).into()).build());
        Ok(Self::new(Parts {
            config,
            dynamodb: aws_sdk_dynamodb::Client::from_conf(
                call_metrics::with_call_metrics((&sdk).into(), &meter).build(),
            ),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            secrets,
            ses: ses.map(aws_sdk_sesv2::Client::from_conf),
            clock: Clock::System,
            ids: Ids::Random,
            card_transport: None,
            function: function.to_owned(),
            meter,
            tracer: Tracer::off(),
        }))
    }

    /// Settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.parts.config
    }

    /// The currency of every amount.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.inner.parts.config.currency
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.parts.clock.now()
    }

    /// Ids and randomness.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.inner.parts.ids
    }

    /// The name of this function.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.inner.parts.function
    }

    /// Begins a span of this function now: see [`Tracer::open`].
    #[must_use]
    pub fn open_span(&self, kind: SpanKind, name: String, parent: Option<Context>, seed: &str) -> Option<OpenSpan> {
        self.inner.parts.tracer.open(self.function(), self.now(), kind, name, parent, seed)
    }

    /// Where it counts.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.inner.parts.meter
    }

    /// The secret by which mailed links are signed, as far as this process knows it.
    pub(crate) fn link_key(&self) -> &Remembered<String> {
        &self.inner.link_key
    }

    /// The keys that sign tickets' codes, as far as this process knows them.
    pub(crate) fn ticket_keys(&self) -> &Remembered<Arc<TicketKeys>> {
        &self.inner.ticket_keys
    }

    /// Client of the queues.
    #[must_use]
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.inner.parts.sqs
    }

    pub(crate) fn ses(&self) -> Option<&aws_sdk_sesv2::Client> {
        self.inner.parts.ses.as_ref()
    }

    pub(crate) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        &self.inner.parts.dynamodb
    }

    pub(crate) fn secrets(&self) -> Option<&aws_sdk_secretsmanager::Client> {
        self.inner.parts.secrets.as_ref()
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.inner.caches
    }

    pub(crate) fn key_ring(&self) -> &KeyRing {
        &self.inner.key_ring
    }

    pub(crate) fn signing_key(&self) -> &Remembered<Arc<SigningKey>> {
        &self.inner.signing_key
    }

    pub(crate) fn webhook(&self) -> &WebhookClient {
        &self.inner.webhook
    }

    pub(crate) fn card_provider(&self) -> &CardProvider {
        &self.inner.card_provider
    }

    pub(crate) fn card_transport(&self) -> Option<Transport> {
        self.inner.parts.card_transport.clone()
    }
}

/// Time-outs and retries of every SDK client, the same in Lambda and in the local stack.
#[must_use]
pub fn sdk_settings(loader: aws_config::ConfigLoader) -> aws_config::ConfigLoader {
    loader
        .retry_config(
            aws_config::retry::RetryConfig::standard()
                .with_max_attempts(CALL_ATTEMPTS)
                .with_initial_backoff(CALL_FIRST_BACKOFF),
        )
        .timeout_config(
            aws_config::timeout::TimeoutConfig::builder()
                .operation_attempt_timeout(TRY_TIMEOUT)
                .operation_timeout(CALL_TIMEOUT)
                .build(),
        )
}

/// Settings of the client that sends mail: no second try, because SES would send a second mail, and time enough for
/// the first.
#[must_use]
pub fn mail_settings(settings: aws_sdk_sesv2::config::Builder) -> aws_sdk_sesv2::config::Builder {
    let time = aws_config::timeout::TimeoutConfig::builder()
        .operation_attempt_timeout(MAIL_SENT_WITHIN)
        .operation_timeout(MAIL_SENT_WITHIN);
    settings.retry_config(aws_config::retry::RetryConfig::disabled()).timeout_config(time.build())
}
