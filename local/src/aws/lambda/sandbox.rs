//! The sandbox of a function, like a process of its own on AWS: the settings of its own row of the template,
//! its own memory, and clients that may do no more than its policy allows.

use std::collections::HashMap;
use std::path::PathBuf;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use onsale_platform::app::{App, Parts, mail_settings, sdk_settings};
use onsale_platform::card_provider::client::Transport;
use onsale_platform::clock::Clock;
use onsale_platform::config::{Config, ConfigError};
use onsale_platform::ids::Ids;
use onsale_platform::store::dynamodb::call_metrics;
use onsale_platform::telemetry::metrics::Meter;
use onsale_platform::telemetry::trace::Tracer;

use crate::aws::cloudformation::{Function, REGION, Template, TemplateError};
use crate::aws::engine::Engines;
use crate::aws::iam::{PolicyCheck, Principal, Reading};
use crate::intercept::Slot;
use crate::telemetry::function_logs::FunctionLogs;
use crate::telemetry::metrics::Metrics;

/// A variable that says on AWS where a secret lies, the one that says it here, where secrets are files, and its file.
pub type SecretFile = (&'static str, &'static str, PathBuf);

/// No signature: nobody is between these clients and the engines, and nobody looks at one.
const UNSIGNED: AuthSchemeId = AuthSchemeId::new("noAuth");

/// The clients of the table and of the queues.
pub type Clients = (aws_sdk_dynamodb::Client, aws_sdk_sqs::Client);

/// The parts that all functions of a stack have in common.
pub struct ProcessParts {
    /// The engines that their clients reach.
    pub engines: Engines,
    /// Where calls to the engines may be disturbed.
    pub slot: Slot,
    /// The time that they see.
    pub clock: Clock,
    /// Variables that replace those of the template where a function has them.
    pub overrides: HashMap<String, String>,
    /// The files of the secrets that they have on AWS.
    pub secrets: Vec<SecretFile>,
    /// Carries calls of the payment provider within this process, if not over the network.
    pub card_transport: Option<Transport>,
    /// Where they count, if they do.
    pub metrics: Option<Metrics>,
    /// Where they count for lines of a log, if not there.
    pub logs: Option<FunctionLogs>,
    /// Where they send their spans.
    pub tracer: Tracer,
}

/// Makes the apps of functions.
pub struct Processes {
    settings: SdkConfig,
    policy_check: PolicyCheck,
    parts: ProcessParts,
}

/// An app cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A variable is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Processes {
    /// For the functions of `template`, whose policies are read as `reading` says.
    pub async fn new(template: &Template, reading: Reading, parts: ProcessParts) -> Self {
        let settings = sdk_settings(aws_config::defaults(BehaviorVersion::latest()))
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .http_client(parts.engines.dynamodb.http_client(parts.slot.clone(), None))
            .load()
            .await;
        Self { settings, policy_check: PolicyCheck::new(template, reading), parts }
    }

    /// The check of policies, with the accesses that it has seen.
    #[must_use]
    pub fn policy_check(&self) -> &PolicyCheck {
        &self.policy_check
    }

    /// The time that functions see.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.parts.clock
    }

    /// A function's own app.
    ///
    /// # Errors
    /// When a variable is wrong.
    pub fn app(&self, function: &Function, ids: Ids) -> Result<App, ConfigError> {
        self.app_with_clock(function, self.parts.clock.clone(), ids)
    }

    /// The same for one that has a clock of its own, as every machine has.
    ///
    /// # Errors
    /// When a variable is wrong.
    pub fn app_with_clock(&self, function: &Function, clock: Clock, ids: Ids) -> Result<App, ConfigError> {
        let variables = function.variables.iter().map(|(name, value)| (name.clone(), value.clone()));
        self.build(variables.collect(), Some(function), clock, ids)
    }

    /// An app with the variables of all functions and clients that may do anything: whoever looks at the stack from
    /// outside.
    ///
    /// # Errors
    /// When a variable is wrong, or two functions want different values for one.
    pub fn app_with_all_permissions(&self, template: &Template, ids: Ids) -> Result<App, ProcessError> {
        Ok(self.build(template.variables()?, None, self.parts.clock.clone(), ids)?)
    }

    /// The clients of a function, or such as may do anything.
    #[must_use]
    pub fn clients(&self, function: Option<&Function>) -> Clients {
        self.connect_clients(function, &Meter::off())
    }

    fn build(
        &self,
        mut variables: HashMap<String, String>,
        function: Option<&Function>,
        clock: Clock,
        ids: Ids,
    ) -> Result<App, ConfigError> {
        for (name, value) in &self.parts.overrides {
            variables.entry(name.clone()).and_modify(|given| given.clone_from(value));
        }
        for (on_aws, here, path) in &self.parts.secrets {
            if variables.remove(*on_aws).is_some() {
                variables.insert((*here).to_owned(), path.to_string_lossy().into_owned());
            }
        }
        let config = Config::from_variables(&variables)?;
        let meter = match (function, &self.parts.metrics, &self.parts.logs) {
            (Some(function), Some(metrics), _) => metrics.meter(&function.name),
            (Some(function), None, Some(logs)) => logs.meter(&function.name),
            _ => Meter::off(),
        };
        let tracer = function.map_or_else(Tracer::off, |_| self.parts.tracer.clone());
        let (dynamodb, sqs) = self.connect_clients(function, &meter);
        let ses = config.mail.is_some().then(|| self.connect_mail(function));
        let function = function.map(|function| function.name.clone()).unwrap_or_default();
        let card_transport = self.parts.card_transport.clone();
        let secrets = None;
        Ok(App::new(Parts { config, dynamodb, sqs, secrets, ses, clock, ids, card_transport, function, meter, tracer }))
    }

    /// The unmodified client that sends mail.
    fn connect_mail(&self, function: Option<&Function>) -> aws_sdk_sesv2::Client {
        let settings = aws_sdk_sesv2::config::Builder::from(&self.settings)
            .endpoint_url("http://ses.localhost")
            .allow_no_auth()
            .auth_scheme_preference([UNSIGNED])
            .http_client(self.parts.engines.ses.http_client(self.parts.slot.clone(), self.caller(function)));
        aws_sdk_sesv2::Client::from_conf(mail_settings(settings).build())
    }

    fn caller(&self, function: Option<&Function>) -> Option<Principal> {
        function.map(|function| self.policy_check.principal(&function.name, &function.statements))
    }

    /// The unmodified SDK clients, whose requests go to the engines of this process instead of to a socket.
    fn connect_clients(&self, function: Option<&Function>, meter: &Meter) -> Clients {
        let caller = self.caller(function);
        let Engines { dynamodb, sqs, .. } = &self.parts.engines;
        // The SDK gives all clients of a process one quota of retries. On AWS a process is one function; here it is all
        // of them, and what one's outage used up, others would miss.
        let retries = || RetryPartition::custom("function").token_bucket(TokenBucket::default()).build();
        // Nothing listens at these addresses; without them a setting of the environment would count.
        let table = aws_sdk_dynamodb::config::Builder::from(&self.settings)
            .endpoint_url("http://dynamodb.localhost")
            .retry_partition(retries())
            .allow_no_auth()
            .auth_scheme_preference([UNSIGNED])
            .http_client(dynamodb.http_client(self.parts.slot.clone(), caller.clone()));
        let queues = aws_sdk_sqs::config::Builder::from(&self.settings)
            .endpoint_url("http://sqs.localhost")
            .retry_partition(retries())
            .allow_no_auth()
            .auth_scheme_preference([UNSIGNED])
            .http_client(sqs.http_client(self.parts.slot.clone(), caller));
        (
            aws_sdk_dynamodb::Client::from_conf(call_metrics::with_call_metrics(table, meter).build()),
            aws_sdk_sqs::Client::from_conf(queues.build()),
        )
    }
}
