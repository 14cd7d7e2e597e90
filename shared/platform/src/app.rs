//! What every handler is given: settings, table, queues, time and ids, built once per process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::access_token::Verifier;
use crate::auth::signing::Signers;
use crate::config::{Config, SecretSource};
use crate::store::dynamodb::cache::Caches;
use crate::store::dynamodb::call_metrics;
use crate::telemetry::metrics::Meter;
use crate::telemetry::trace::Tracer;
use crate::tls::{self, Roots};
use crate::webhook::Receiver;

/// A try of one call to the table or a queue may take this long before the SDK tries again.
const TRY_TIMEOUT: Duration = Duration::from_millis(1_000);
/// A call may take this long with all its tries.
const CALL_TIMEOUT: Duration = Duration::from_secs(2);
/// Tries of one call by the SDK, the first included.
const CALL_ATTEMPTS: u32 = 3;
/// The SDK's first back-off; its default of a second is longer than a whole hold should take.
const CALL_FIRST_BACKOFF: Duration = Duration::from_millis(25);

/// Where the time comes from. Only this type reads the clock of the machine.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that moves only when told to, in milliseconds since the epoch: tests.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.as_millisecond())))
    }

    /// The time now, to the millisecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let millisecond = match self {
            Self::System => Timestamp::now().as_millisecond(),
            Self::Manual(millisecond) => millisecond.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
    }

    /// Moves a manual clock on (or back); the machine's clock cannot be moved and is left alone.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Manual(millisecond) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millisecond.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Measures how long something has gone on, on a clock that never jumps.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(tokio::time::Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Where random ids come from. Only this type asks the machine for randomness.
#[derive(Clone, Debug)]
pub enum Ids {
    /// The machine's randomness.
    Random,
    /// The same ids in the same order for the same seed: demo data and tests. Never for real users.
    Seeded(Arc<Seed>),
}

/// The state of [`Ids::Seeded`].
#[derive(Debug)]
pub struct Seed {
    seed: String,
    drawn: AtomicU64,
}

impl Ids {
    /// Ids that repeat for the same `seed`.
    #[must_use]
    pub fn seeded(seed: &str) -> Self {
        Self::Seeded(Arc::new(Seed { seed: seed.to_owned(), drawn: AtomicU64::new(0) }))
    }

    /// 32 bytes nobody can guess (or, seeded, the next 32 of the seed's sequence).
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    pub fn bytes(&self) -> [u8; 32] {
        match self {
            Self::Random => {
                let mut bytes = [0; 32];
                getrandom::fill(&mut bytes).expect("the operating system gives randomness");
                bytes
            }
            Self::Seeded(seed) => {
                let drawn = seed.drawn.fetch_add(1, Ordering::SeqCst);
                Sha256::new().chain_update(&seed.seed).chain_update(drawn.to_be_bytes()).finalize().into()
            }
        }
    }

    /// A new id. Random ones are UUIDv7, so that what is made later sorts later.
    #[must_use]
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        let bytes = self.bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&bytes[..10]);
        let millisecond = u64::try_from(now.as_millisecond()).unwrap_or(0);
        match self {
            Self::Random => uuid::Builder::from_unix_timestamp_millis(millisecond, &random).into_uuid(),
            // Demo ids are constants, so they may not hold the time.
            Self::Seeded(_) => uuid::Builder::from_unix_timestamp_millis(0, &random).into_uuid(),
        }
    }

    /// A number in `0..below`, for jitter; `0` when `below` is 0.
    #[must_use]
    pub fn below(&self, below: u64) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.bytes()[..8]);
        u64::from_be_bytes(first).checked_rem(below).unwrap_or(0)
    }
}

/// What [`App::new`] is built from.
pub struct Parts {
    /// Settings.
    pub config: Config,
    /// Client of the table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Client of the queues.
    pub sqs: aws_sdk_sqs::Client,
    /// Client for secrets; only on AWS.
    pub secrets: Option<aws_sdk_secretsmanager::Client>,
    /// Time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// Which function it is, as the template names its binary; empty for what is none.
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
    verifier: Verifier,
    signers: Signers,
    receiver: Receiver,
}

impl App {
    /// Puts the parts together; nothing is called yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                parts,
                caches: Caches::default(),
                verifier: Verifier::default(),
                signers: Signers::default(),
                receiver: Receiver::default(),
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
            .http_client(tls::client(Roots::of(&variables)))
            .load()
            .await;
        tls::open_to_table(&sdk).await;
        let secret = [&config.signing_key, &config.data_platform_secret];
        let on_aws = secret.into_iter().flatten().any(|source| matches!(source, SecretSource::Secret(_)));
        let secrets = on_aws.then(|| aws_sdk_secretsmanager::Client::new(&sdk));
        Ok(Self::new(Parts {
            config,
            dynamodb: aws_sdk_dynamodb::Client::from_conf(call_metrics::watched((&sdk).into(), &meter).build()),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            secrets,
            clock: Clock::System,
            ids: Ids::Random,
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

    /// Which function this is.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.inner.parts.function
    }

    /// Where it tells its spans.
    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.inner.parts.tracer
    }

    /// Where it counts.
    #[must_use]
    pub fn meter(&self) -> &Meter {
        &self.inner.parts.meter
    }

    /// Client of the queues.
    #[must_use]
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.inner.parts.sqs
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

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.inner.verifier
    }

    pub(crate) fn signers(&self) -> &Signers {
        &self.inner.signers
    }

    pub(crate) fn receiver(&self) -> &Receiver {
        &self.inner.receiver
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
