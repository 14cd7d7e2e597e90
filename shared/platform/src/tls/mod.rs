//! The connections that SDK clients make: whom they trust, and that they are open before the first request. The client
//! of a third party is in `third_party.rs`.
//!
//! A function lives for as long as it takes to start again and again, so what a start costs is counted
//! (docs/reports/cold-start.md). To parse all roots of a system costs more than all else in it; AWS's own addresses
//! need five.

pub(crate) mod third_party;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::memory::lock;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, SdkError};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

/// The roots of Amazon Trust Services, PEM.
const AMAZON_ROOTS: &str = include_str!("roots.pem");
/// The variables that name other roots, a file and folders of PEM: the ones that most programs on Linux read.
const OTHER_ROOTS: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
/// Longest that a start waits for the first connection. With the whole processor that a start has, it takes some tens
/// of milliseconds.
const OPEN_MAX: Duration = Duration::from_secs(1);

/// The certificate authorities that a connection trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Amazon's, for AWS's own addresses.
    Amazon,
    /// Those that `SSL_CERT_FILE` or `SSL_CERT_DIR` names, and no others: where something that inspects TLS, or has a
    /// certificate of its own, stands between a function and AWS.
    Named,
}

impl Roots {
    /// The authorities that the variables of a process (name → value) ask for.
    #[must_use]
    pub fn from_variables(variables: &HashMap<String, String>) -> Self {
        let named = |name: &str| variables.get(name).is_some_and(|value| !value.is_empty());
        if OTHER_ROOTS.into_iter().any(named) { Self::Named } else { Self::Amazon }
    }

    fn trust_store(self) -> TrustStore {
        match self {
            Self::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
            Self::Named => TrustStore::default(),
        }
    }
}

/// The HTTP client that all SDK clients of a process share. No root is parsed before the first call; it uses the proxy
/// that `HTTPS_PROXY` and its like name, as the SDK's own does.
#[must_use]
pub fn client(roots: Roots) -> SharedHttpClient {
    // One for each pair of time-outs, of which a process has one or two.
    let connectors: Mutex<HashMap<_, SharedHttpConnector>> = Mutex::default();
    http_client_fn(move |settings, components| {
        let mut connectors = lock(&connectors);
        let connector = connectors.entry((settings.connect_timeout(), settings.read_timeout()));
        connector.or_insert_with(|| SharedHttpConnector::new(build_connector(roots, settings, components))).clone()
    })
}

fn build_connector(roots: Roots, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> Connector {
    let context = TlsContext::builder().with_trust_store(roots.trust_store()).build();
    let mut builder: ConnectorBuilder<_> = Connector::builder()
        .connector_settings(settings.clone())
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context.expect("a context of roots alone is whole"));
    builder.set_sleep_impl(components.sleep_impl());
    builder.build()
}

/// Opens the connection to the table, so that the first request finds it open. A start has a whole processor for it, a
/// request only the share that its function pays for. What comes back is not looked at, and nothing fails here.
///
/// It asks for the health of DynamoDB's endpoint, without a signature: that needs no permission, reads no item and is
/// in no book. The SDK makes ready a call that is never sent, so the address is the one of the calls that follow.
pub async fn open_to_table(sdk: &aws_config::SdkConfig) {
    let limits = TimeoutConfig::builder().operation_timeout(OPEN_MAX).build();
    let settings = Builder::from(sdk).retry_config(RetryConfig::disabled()).timeout_config(limits).interceptor(Health);
    let answer = Client::from_conf(settings.build()).get_item().table_name("any").send().await;
    match answer {
        // Words about health are no item.
        Ok(_) | Err(SdkError::ResponseError(_) | SdkError::ServiceError(_)) => {}
        Err(problem) => tracing::warn!(%problem, "no connection to the table could be opened at startup"),
    }
}

/// Sends `GET /` in the place of a call.
#[derive(Debug)]
struct Health;

impl Intercept for Health {
    fn name(&self) -> &'static str {
        "Health"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.take_body();
        let names: Vec<String> = request.headers().iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            request.headers_mut().remove(&name);
        }
        request.set_method("GET")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_dynamodb::config::Credentials;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use jiff::{SignedDuration, Timestamp};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::clock::Clock;

    /// The roots by their SHA-256, in the order of the file, and when they end.
    const KNOWN: [(&str, &str); 5] = [
        ("8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e", "2038-01-17T00:00:00Z"),
        ("1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4", "2040-05-26T00:00:00Z"),
        ("18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4", "2040-05-26T00:00:00Z"),
        ("e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092", "2040-05-26T00:00:00Z"),
        ("568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5", "2037-12-31T23:59:59Z"),
    ];
    /// How long before a root ends it must have been looked at.
    const NOTICE: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
    const UTC_TIME: [u8; 2] = [0x17, 13];

    /// The certificates of the file, DER.
    fn certificates() -> Vec<Vec<u8>> {
        let parts = AMAZON_ROOTS.split("-----BEGIN CERTIFICATE-----\n").skip(1);
        let bodies = parts.map(|part| part.split("-----END CERTIFICATE-----").next().unwrap_or_default());
        bodies.map(|body| STANDARD.decode(body.replace('\n', "")).expect("base64")).collect()
    }

    /// When a certificate ends: the second of two times side by side, which are written in the years 1950 to 2049.
    fn valid_until(certificate: &[u8]) -> Timestamp {
        let mut times = certificate.windows(30).filter(|times| times[..2] == UTC_TIME && times[15..17] == UTC_TIME);
        let end = std::str::from_utf8(&times.next().expect("two times")[17..30]).expect("digits").to_owned();
        let part = |from: usize| &end[from..from + 2];
        let (day, time) = ((part(0), part(2), part(4)), (part(6), part(8), part(10)));
        let text = format!("20{}-{}-{}T{}:{}:{}Z", day.0, day.1, day.2, time.0, time.1, time.2);
        text.parse().expect("a time")
    }

    #[test]
    fn the_roots_are_amazons_five_and_last_for_years() {
        let found: Vec<(String, String)> = certificates()
            .iter()
            .map(|certificate| {
                let digest = Sha256::digest(certificate);
                (digest.iter().map(|byte| format!("{byte:02x}")).collect(), valid_until(certificate).to_string())
            })
            .collect();
        let known = KNOWN.map(|(digest, end)| (digest.to_owned(), end.to_owned()));
        assert_eq!(found, known);
        for (digest, _) in &found {
            assert!(AMAZON_ROOTS.contains(&format!("SHA-256 {digest}")), "the comments do not tell {digest}");
        }
        let soon = Clock::System.now() + NOTICE;
        for certificate in certificates() {
            assert!(
                valid_until(&certificate) > soon,
                "look whether AWS has left the root that ends {}",
                valid_until(&certificate)
            );
        }
    }

    #[test]
    fn other_roots_are_trusted_only_where_they_are_named() {
        let of = |name: &str, value: &str| Roots::from_variables(&HashMap::from([(name.to_owned(), value.to_owned())]));
        assert_eq!(of("SSL_CERT_FILE", "/opt/roots.pem"), Roots::Named);
        assert_eq!(of("SSL_CERT_DIR", "/opt/roots"), Roots::Named);
        assert_eq!(of("SSL_CERT_FILE", ""), Roots::Amazon);
        assert_eq!(of("TABLE_NAME", "Table"), Roots::Amazon);
    }

    /// Settings as a function has them, of a table at this port.
    async fn settings(port: u16) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .http_client(client(Roots::Amazon))
            .endpoint_url(format!("http://127.0.0.1:{port}"))
            .load()
            .await
    }

    fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        (listener, port)
    }

    /// The head of the next request of a connection, in lower case; its body is read over.
    fn head(connection: &mut BufReader<TcpStream>) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(connection.read_line(&mut head).expect("a line") > 0, "the connection ended: {head}");
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().expect("a length")];
        connection.read_exact(&mut body).expect("the body");
        head
    }

    fn answer(connection: &mut BufReader<TcpStream>, body: &str) {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        connection.get_mut().write_all(answer.as_bytes()).expect("an answer");
    }

    #[tokio::test]
    async fn the_first_call_finds_the_connection_open() {
        let (listener, port) = listener();
        let served = thread::spawn(move || {
            let mut connection = BufReader::new(listener.accept().expect("a connection").0);
            let health = head(&mut connection);
            answer(&mut connection, "healthy: dynamodb.us-east-1.amazonaws.com ");
            // The next request is waited for on the same connection, and on no other.
            let call = head(&mut connection);
            answer(&mut connection, "{}");
            (health, call)
        });
        let sdk = settings(port).await;
        open_to_table(&sdk).await;
        let call = Client::new(&sdk).get_item().table_name("Table").send().await;
        assert!(call.expect("an answer").item.is_none());
        let (health, call) = served.join().expect("both requests");
        assert!(health.starts_with("get / http/1.1\r\n"), "{health}");
        for unsaid in ["authorization", "x-amz-target", "credential"] {
            assert!(!health.contains(unsaid), "{unsaid} is told without need: {health}");
        }
        assert!(call.contains("x-amz-target: dynamodb_20120810.getitem"), "{call}");
    }

    #[tokio::test]
    async fn a_table_that_is_not_there_does_not_hold_up_the_start() {
        let (listener, port) = listener();
        drop(listener);
        // Not the call's own limit is waited for.
        tokio::time::timeout(OPEN_MAX, open_to_table(&settings(port).await)).await.expect("refused at once");
    }

    #[tokio::test]
    async fn a_table_that_says_nothing_holds_up_the_start_for_a_second() {
        let (silent, port) = listener();
        let since = crate::clock::Stopwatch::start();
        open_to_table(&settings(port).await).await;
        assert!((OPEN_MAX..OPEN_MAX * 3).contains(&since.elapsed()), "{:?}", since.elapsed());
        drop(silent);
    }
}
