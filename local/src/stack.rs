//! The whole stack in one process: engines, functions, gateway and triggers, put together from the template.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use onsale_platform::app::App;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::telemetry::metrics::Meter;
use serde_json::Value;

use crate::aws::api_gateway::Gateway;
use crate::aws::cloudformation::{Template, TemplateError};
use crate::aws::engine::dynamodb::{DynamoDb, SecondEngine};
use crate::aws::engine::ses::{Mailbox, Reports, Ses};
use crate::aws::engine::sqs::Sqs;
use crate::aws::engine::{EngineError, Engines, storage};
use crate::aws::event_sources::{Running, TriggerError, Triggers};
use crate::aws::iam::{AccessLog, Reading};
use crate::aws::lambda::sandbox::{Clients, ProcessError, ProcessParts, Processes};
use crate::aws::lambda::{CallError, Entry, Functions};
use crate::data_directory::{Data, DataDirectory, DirectoryError, PUBLISHABLE_KEY};
use crate::intercept::{Intercept, Slot};
use crate::telemetry::function_logs::FunctionLogs;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::span_export::{Collectors, SpanExporter};
use crate::third_parties::payment_provider::{OpenError, Provider, Server};
use crate::third_parties::webhook_receiver::Receiver;

/// Whether streams, queues and schedules call their functions by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They do, as on AWS.
    Running,
    /// They run when a test says so.
    ByHand,
}

/// How to start a stack.
pub struct Options {
    /// Where the data lives.
    pub data: Data,
    /// Variables that replace those of the template, for the functions that have them. `SWEEP` is the stack's own:
    /// `off` stops the schedules, as the template's parameter `Sweep` does on AWS.
    pub variables: HashMap<String, String>,
    /// The time that functions see.
    pub clock: Clock,
    /// The ids and randomness that functions get.
    pub ids: Ids,
    /// Whether triggers run.
    pub triggers: Mode,
    /// Where events are posted to: the address at which the stack's own receiver is served, or another, which
    /// the variable `DATA_PLATFORM_URL` also names. None when there is no data platform.
    pub data_platform: Option<String>,
    /// The address at which the stack's own payment provider is served; none to call it within this process.
    pub payment_provider: Option<String>,
    /// The address that mail comes from, which the variable `MAIL_FROM` also names; none when no mail is sent.
    pub mail_from: Option<String>,
    /// Whether functions count what they do.
    pub metrics: bool,
    /// Where functions count for lines of a log instead, if they do.
    pub logs: Option<FunctionLogs>,
    /// The collectors of spans.
    pub collectors: Collectors,
    /// How IAM judges the leading keys of transactions.
    pub reading: Reading,
    /// A second engine beside the table's own, for tests that compare the two.
    pub twin: Option<Arc<dyn SecondEngine>>,
}

impl Default for Options {
    /// The options for tests: nothing is kept, nothing happens by itself.
    fn default() -> Self {
        Self {
            data: Data::Memory,
            variables: HashMap::new(),
            clock: Clock::System,
            ids: Ids::Random,
            triggers: Mode::ByHand,
            data_platform: None,
            payment_provider: None,
            mail_from: None,
            metrics: false,
            logs: None,
            collectors: Collectors::default(),
            reading: Reading::default(),
            twin: None,
        }
    }
}

/// The stack cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// An engine cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A trigger cannot be made.
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    /// A function cannot be given what it needs.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The payment provider cannot be used.
    #[error(transparent)]
    PaymentProvider(#[from] OpenError),
    /// `SWEEP` is neither on nor off.
    #[error("setting SWEEP: must be on or off")]
    Sweep,
    /// The data directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// The queue to which the template leads what SES reports.
const MAIL_REPORTS: &str = "MailReportsQueue";

/// A started stack.
pub struct Stack {
    template: Template,
    functions: Arc<Functions>,
    gateway: Gateway,
    triggers: Arc<Triggers>,
    running: Option<Running>,
    processes: Processes,
    outsider: App,
    engines: Engines,
    slot: Slot,
    receiver: Receiver,
    payment_provider: Server,
    home: DataDirectory,
    metrics: Option<Metrics>,
    telling: Option<SpanExporter>,
}

impl Stack {
    /// Starts the stack of the template.
    ///
    /// # Errors
    /// When a part of it cannot be made.
    pub async fn start(mut options: Options) -> Result<Self, Error> {
        let sweep = schedules_enabled(&options.variables)?;
        let template = read_template(&mut options)?;
        let home = DataDirectory::open(&options.data)?;
        let file = home.table()?;
        let database = file.as_deref().map_or_else(storage::open_unnamed, storage::open_file)?;
        let (mut dynamodb, sqs) = (DynamoDb::new(database, options.twin), Sqs::default());
        if options.triggers == Mode::Running {
            dynamodb = dynamodb.with_thread()?;
        }
        dynamodb.ensure_table(&template.table)?;
        sqs.create_queues(&template.queues).await?;

        let slot = Slot::default();
        let ses = open_mailbox(&home, file.is_some(), &options.clock, &template, &sqs)?;
        let engines = Engines { dynamodb, sqs, ses };
        let secrets = home.secrets(if file.is_some() { &Ids::Random } else { &options.ids })?;
        let receiver = Receiver::new(options.clock.clone(), &home.events_secret());
        let receiver = receiver.map_err(|problem| home.directory_error(problem))?;
        let payment_provider = open_payment_provider(&home, file.is_some(), &options.clock)?;
        let card_transport = options.payment_provider.is_none().then(|| payment_provider.transport());
        let metrics = options.metrics.then(Metrics::default);
        let meter = metrics.as_ref().map_or_else(Meter::off, |metrics| metrics.meter(""));
        let (tracer, telling) = options.collectors.start(meter);
        let parts = ProcessParts {
            engines: engines.clone(),
            slot: slot.clone(),
            clock: options.clock,
            overrides: options.variables,
            secrets,
            card_transport,
            metrics: metrics.clone(),
            logs: options.logs,
            tracer,
        };
        let processes = Processes::new(&template, options.reading, parts).await;
        let outsider = processes.app_with_all_permissions(&template, options.ids.clone())?;
        let functions = Arc::new(Functions::new(&template, &processes, &options.ids)?);
        let gateway = Gateway::new(&template, Arc::clone(&functions));
        let checkpoint = match &file {
            Some(_) => Some(home.checkpoint()?),
            None => None,
        };
        let triggers = Arc::new(Triggers::new(&template, Arc::clone(&functions), engines.clone(), checkpoint)?);
        let running = (options.triggers == Mode::Running).then(|| Running::start(Arc::clone(&triggers), sweep, file));
        Ok(Self {
            template,
            functions,
            gateway,
            triggers,
            running,
            processes,
            outsider,
            engines,
            slot,
            receiver,
            payment_provider,
            home,
            metrics,
            telling,
        })
    }

    /// The HTTP API, to be called in this process or served on a port.
    pub fn gateway(&self) -> Router {
        self.gateway.router()
    }

    /// The HTTP API of a second set of functions over the same table and queues, whose ids come from `ids`.
    ///
    /// # Errors
    /// When the template cannot be used.
    pub fn gateway_with_ids(&self, ids: Ids) -> Result<Router, Error> {
        let functions = Arc::new(Functions::new(&self.template, &self.processes, &ids)?);
        Ok(Gateway::new(&self.template, functions).router())
    }

    /// One more process of a function, with a memory, a clock and ids of its own.
    ///
    /// # Errors
    /// When there is no such function, or a variable is wrong.
    pub fn process(&self, function: &str, clock: Clock, ids: Ids) -> Result<Entry, Error> {
        let there = self.functions.get(function).ok_or_else(|| TemplateError::new(format!("has no {function}")))?;
        let app = self.processes.app_with_clock(&there.declaration, clock, ids).map_err(ProcessError::from)?;
        Ok(Entry { app, ..there.clone() })
    }

    /// The Lambda Invoke API.
    pub fn invoke_api(&self) -> Router {
        crate::aws::lambda::invoke_api::router(Arc::clone(&self.functions))
    }

    /// `/faults`, by which a failure drill takes parts away.
    pub fn drill(&self) -> Router {
        crate::fault_injection::router(self.slot.clone())
    }

    /// `GET /metrics`, where functions count.
    pub fn metrics(&self) -> Router {
        self.metrics.as_ref().map_or_else(Router::new, |metrics| metrics.router(self.sqs()))
    }

    /// The receiver of events, to be served where they are posted to.
    #[must_use]
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// The payment provider, to be served where it is called.
    #[must_use]
    pub fn payment_provider(&self) -> &Server {
        &self.payment_provider
    }

    /// An app of no function, for whoever looks in from outside: it has the variables of all of them, a memory of
    /// its own, and may do anything.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.outsider
    }

    /// The engine of mail, whose mailbox is to be served on a port of its own.
    #[must_use]
    pub fn ses(&self) -> &Ses {
        &self.engines.ses
    }

    /// The accesses of functions, and whether each was allowed.
    #[must_use]
    pub fn access_log(&self) -> &AccessLog {
        self.processes.policy_check().access_log()
    }

    /// How often each function was called so far, but over HTTP.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.functions.calls()
    }

    /// The template the stack was made from.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The table's engine.
    #[must_use]
    pub fn dynamodb(&self) -> &DynamoDb {
        &self.engines.dynamodb
    }

    /// The queues' engine.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.engines.sqs
    }

    /// The clients of a function, or those of nobody in particular, which may do anything. Both meet the interceptor.
    #[must_use]
    pub fn clients(&self, function: Option<&str>) -> Clients {
        let function = function.and_then(|name| self.template.function(name));
        self.processes.clients(function)
    }

    /// The directory of the data, or of what is a file even when the data is memory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.home.path()
    }

    /// Lets `intercept` see and disturb every call to the engines from now on; `None` ends that.
    pub fn intercept(&self, intercept: Option<Arc<dyn Intercept>>) {
        self.slot.set(intercept);
    }

    /// Calls a function by its name or logical id.
    ///
    /// # Errors
    /// When there is no such function, or it gives no answer.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, CallError> {
        self.functions.call(function, event).await
    }

    /// Hands every new record of the stream on once; says how many are done with.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub async fn relay(&self) -> Result<usize, EngineError> {
        self.triggers.relay().await
    }

    /// Hands every waiting message to its function once; says how many are done with. A message that failed waits
    /// for the next call.
    ///
    /// # Errors
    /// When a queue cannot be read.
    pub async fn deliver(&self) -> Result<usize, EngineError> {
        self.triggers.deliver().await
    }

    /// Calls a function as its schedule would.
    ///
    /// # Errors
    /// When there is no such function, or it gives no answer.
    pub async fn run_schedule(&self, function: &str) -> Result<Value, CallError> {
        self.triggers.run_schedule(function).await
    }

    /// Hands on records and messages until none is left that succeeds.
    ///
    /// # Errors
    /// When an engine cannot be read.
    pub async fn drain_events(&self) -> Result<(), EngineError> {
        while self.relay().await? + self.deliver().await? > 0 {}
        Ok(())
    }

    /// Stops the triggers, writes the last checkpoint and lets go of the data.
    pub async fn shutdown(self) {
        if let Some(running) = self.running {
            running.stop().await;
        }
        if let Some(telling) = self.telling {
            telling.stop().await;
        }
    }
}

/// The template with what it asks of an account in its parameters: who has a data platform, whose pages may call, and
/// whether top-ups are free, which they are here unless a variable says otherwise. These variables are taken out.
fn read_template(options: &mut Options) -> Result<Template, Error> {
    let mut given = |name: &str| options.variables.remove(name).filter(|value| !value.is_empty());
    let (elsewhere, origins) = (given("DATA_PLATFORM_URL"), given("ALLOWED_ORIGINS"));
    let free_top_ups = given("FREE_TOP_UPS").or_else(|| Some("true".to_owned()));
    let mail_from = given("MAIL_FROM").or_else(|| options.mail_from.take());
    let url = elsewhere.or_else(|| options.data_platform.take());
    // Without an address it is called within this process, where any will do.
    let provider = options.payment_provider.clone().unwrap_or_else(|| "http://localhost".to_owned());
    let parameters = [
        ("DataPlatformUrl", url),
        ("AllowedOrigins", origins),
        ("FreeTopUps", free_top_ups),
        ("MailFrom", mail_from),
        ("CardScriptUrl", Some(format!("{provider}/v3/"))),
        ("CardProviderUrl", Some(provider)),
        ("CardPublishableKey", Some(PUBLISHABLE_KEY.to_owned())),
    ];
    let parameters = parameters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    Ok(Template::load_with(&parameters.collect::<Vec<_>>())?)
}

/// The payment provider of a stack, which keeps what it knows if the stack keeps its table.
fn open_payment_provider(home: &DataDirectory, kept: bool, clock: &Clock) -> Result<Server, Error> {
    let (settings, path) = home.payment_provider()?;
    let provider = if kept { Provider::open(settings, &path)? } else { Provider::new(settings) };
    let clock = clock.clone();
    Ok(Server::new(provider, Arc::new(move || clock.now())))
}

/// The engine of mail, which keeps what was sent if the stack keeps its table.
fn open_mailbox(home: &DataDirectory, kept: bool, clock: &Clock, template: &Template, sqs: &Sqs) -> Result<Ses, Error> {
    let mailbox = if kept { Mailbox::open(&home.mailbox()?).map_err(EngineError::from)? } else { Mailbox::default() };
    let queue = template.queues.iter().find(|queue| queue.name == MAIL_REPORTS);
    let reports = queue.map(|queue| Reports { sqs: sqs.clone(), queue_url: queue.url.clone() });
    Ok(Ses::new(mailbox, clock.clone(), reports))
}

/// Whether schedules fire.
fn schedules_enabled(variables: &HashMap<String, String>) -> Result<bool, Error> {
    match variables.get("SWEEP").map(String::as_str) {
        None | Some("" | "on") => Ok(true),
        Some("off") => Ok(false),
        Some(_) => Err(Error::Sweep),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_fire_unless_told_off_in_so_many_words() {
        let given = |value: &str| schedules_enabled(&HashMap::from([("SWEEP".to_owned(), value.to_owned())]));
        assert!(matches!(schedules_enabled(&HashMap::new()), Ok(true)));
        assert!(matches!((given(""), given("on"), given("off")), (Ok(true), Ok(true), Ok(false))));
        assert!(matches!((given("OFF"), given("DISABLED")), (Err(Error::Sweep), Err(Error::Sweep))));
    }

    #[tokio::test]
    async fn a_function_has_the_settings_of_its_own_row_and_no_others() {
        let given =
            [("HOLD_SECONDS", "30"), ("LOG_IN_SOURCE_FREE_ATTEMPTS", "7"), ("PARKED_QUEUE_URL", "http://other")];
        let variables = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = Options { variables: HashMap::from(variables), ..Options::default() };
        let stack = Stack::start(options).await.unwrap();
        let config = |name: &str| stack.functions.get(name).unwrap().app.config();
        assert!(config("log_in").signing_key.is_some() && config("authorize").signing_key.is_none());
        assert_eq!((config("log_in").hold_seconds, config("hold_seat").hold_seconds), (30, 30));
        assert_eq!((config("log_in").source_free_attempts, config("hold_seat").source_free_attempts), (7, 300));
        assert_eq!(config("relay_changes").parked_queue_url.as_deref(), Some("http://other"));
        assert!(config("release_declined_payment").parked_queue_url.is_none());
        assert!(stack.app().config().signing_key.is_some() && stack.app().config().payments_queue_url.is_some());
    }
}
