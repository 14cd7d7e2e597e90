//! The resources of the template that the local stack makes or serves.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::aws::cloudformation::intrinsics::{Identity, Scope};
use crate::aws::cloudformation::policy::{self, Statement};
use crate::aws::cloudformation::{ACCOUNT, REGION, Template, TemplateError, entries, scalar_text, scalar_texts};

/// A function without a time-out has this many seconds, as on AWS.
const TIMEOUT_SECONDS_DEFAULT: u64 = 3;
/// Records a batch holds when the template does not say, as on AWS.
const QUEUE_BATCH_DEFAULT: u64 = 10;
const STREAM_BATCH_DEFAULT: u64 = 100;
/// MiB of a function's memory when the template does not say, as on AWS.
const MEMORY_DEFAULT: u64 = 128;
/// Attributes of a queue that the engine understands.
const QUEUE_ATTRIBUTES: [&str; 5] = [
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "MaximumMessageSize",
];

/// The one table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The ARN that stream events name as their source.
    pub stream_arn: String,
    /// The body of the `CreateTable` request.
    pub definition: Value,
    /// The attribute that says when an item may be deleted.
    pub time_to_live: Option<String>,
}

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its URL, which only names it: in this process nothing listens there.
    pub url: String,
    /// Its ARN.
    pub arn: String,
    /// Attributes for `CreateQueue`.
    pub attributes: HashMap<String, String>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name in the template.
    pub logical_id: String,
    /// The name of its binary, which is its name everywhere else.
    pub name: String,
    /// How long one call may take.
    pub timeout: Duration,
    /// Its memory, in MiB.
    pub memory: u64,
    /// Executions reserved for it, which are also the most that it may have; none without a limit of its own.
    pub reserved: Option<u32>,
    /// Whether its calls begin traces of their own.
    pub traced: bool,
    /// Whether Lambda logs the start and the report of each call.
    pub platform_lines: bool,
    /// Its environment, the globals included.
    pub variables: BTreeMap<String, String>,
    /// The statements of its policy.
    pub statements: Vec<Statement>,
    /// The events that call it.
    pub events: Vec<Event>,
}

/// Something that calls a function.
#[derive(Clone, Debug)]
pub enum Event {
    /// A route of the HTTP API. `path` is `$default` for what no other route takes.
    Http {
        /// The method in capitals, or `ANY`.
        method: String,
        /// The path with `{parameters}`.
        path: String,
        /// Whether the API's authorizer is asked first.
        authorized: bool,
    },
    /// Messages of a queue.
    Queue(Batch),
    /// Records of the table's stream.
    Stream(Batch),
    /// The time.
    Schedule {
        /// `cron(…)` or `rate(…)`.
        expression: String,
        /// The event, when the template gives one.
        input: Option<Value>,
    },
}

/// How a queue or a stream delivers its records.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where they come from.
    pub source_arn: String,
    /// The most that one call gets.
    pub size: usize,
    /// Patterns of which a record must match one; none lets everything through.
    pub patterns: Vec<Value>,
    /// Whether the answer names the records that failed.
    pub reports_failures: bool,
    /// Whether a batch of a stream that failed as a whole is halved.
    pub bisects: bool,
    /// For how long a record of a stream is tried; none for as long as the stream keeps it.
    pub age_max: Option<SignedDuration>,
    /// The queue that gets a message for a record that was given up.
    pub on_failure: Option<String>,
}

/// The HTTP API.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// The authorizer of every route that does not opt out.
    pub authorizer: Option<Authorizer>,
    /// The rate of each route without one of its own. Nothing enforces rates here.
    pub default_rate: Option<Rate>,
    /// Rates by route, where a route has one of its own.
    pub rates: BTreeMap<String, Rate>,
    /// The form of a line of the access log, with `$context.…` in the place of what a request fills in.
    pub access_log: String,
    /// The pages of other origins that may call the API.
    pub cors: Option<Cors>,
}

/// The pages of other origins that may call an API, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Their origins.
    pub origins: Vec<String>,
    /// Methods that they may use.
    pub methods: Vec<String>,
    /// Headers that they may send.
    pub headers: Vec<String>,
    /// Headers that they may read.
    pub exposed: Vec<String>,
    /// How long a browser may remember all that, in seconds.
    pub max_age: u64,
}

/// How much of a route API Gateway lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: u64,
    /// Requests at once.
    pub burst: u64,
}

/// A Lambda authorizer.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// The name of its function.
    pub function: String,
    /// The headers it looks at, which are also the key of its cache.
    pub identity_headers: Vec<String>,
    /// How long an answer is kept.
    pub cache: Duration,
}

/// Takes the parts out of the whole template.
pub(crate) fn read(template: &Value, given: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let mut scope = Scope::new(template, given);
    let resources = enabled_resources(template, &scope)?;
    scope.resources.insert("ServerlessHttpApi".into(), identity("local", "apigateway", "local"));
    for (logical_id, resource) in &resources {
        scope.resources.insert((*logical_id).clone(), identify(logical_id, resource, &scope)?);
    }
    let of_type = |wanted: &'static str| resources.iter().filter(move |(_, resource)| resource["Type"] == wanted);

    let (logical_id, table) =
        of_type("AWS::DynamoDB::Table").next().ok_or_else(|| TemplateError::new("has no table"))?;
    let globals = &template["Globals"];
    let queues = of_type("AWS::SQS::Queue").map(|(id, resource)| read_queue(id, resource, &scope));
    let functions =
        of_type("AWS::Serverless::Function").map(|(id, resource)| read_function(id, resource, globals, &scope));
    let mut functions: Vec<Function> = functions.collect::<Result<_, _>>()?;
    for (logical_id, mapping) in of_type("AWS::Lambda::EventSourceMapping") {
        let properties = scope.resolve(&mapping["Properties"])?;
        let function = functions.iter_mut().find(|function| properties["FunctionName"] == function.name.as_str());
        let function = function.ok_or_else(|| TemplateError::new(format!("names no function for {logical_id}")))?;
        function.events.extend(read_mapping(&properties)?);
    }
    let api = of_type("AWS::Serverless::HttpApi").next().map(|(_, resource)| &resource["Properties"]);
    Ok(Template {
        table: read_table(logical_id, table, &scope)?,
        queues: queues.collect::<Result<_, _>>()?,
        functions,
        api: read_api(api, globals, &scope)?,
    })
}

fn enabled_resources<'a>(template: &'a Value, scope: &Scope) -> Result<Vec<(&'a String, &'a Value)>, TemplateError> {
    let mut resources = Vec::new();
    for (logical_id, resource) in entries(&template["Resources"]) {
        let exists = resource["Condition"].as_str().map_or(Ok(true), |condition| scope.condition_holds(condition))?;
        if exists {
            resources.push((logical_id, resource));
        }
    }
    Ok(resources)
}

/// The name a resource gives itself, or its logical id: unlike CloudFormation the stack needs no unique suffix.
fn name_of(logical_id: &str, resource: &Value, property: &str, scope: &Scope) -> Result<String, TemplateError> {
    let name = scope.resolve(&resource["Properties"][property])?;
    Ok(name.as_str().map_or_else(|| logical_id.to_owned(), str::to_owned))
}

fn binary_of(logical_id: &str, resource: &Value) -> Result<String, TemplateError> {
    let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
    binary.map(str::to_owned).ok_or_else(|| TemplateError::new(format!("names no Binary for {logical_id}")))
}

fn identify(logical_id: &str, resource: &Value, scope: &Scope) -> Result<Identity, TemplateError> {
    Ok(match resource["Type"].as_str().unwrap_or_default() {
        "AWS::DynamoDB::Table" => {
            let name = name_of(logical_id, resource, "TableName", scope)?;
            let arn = arn("dynamodb", &format!("table/{name}"));
            let attributes = HashMap::from([("StreamArn", format!("{arn}/stream/local")), ("Arn", arn)]);
            Identity { reference: name, attributes }
        }
        "AWS::SQS::Queue" => {
            let name = name_of(logical_id, resource, "QueueName", scope)?;
            let reference = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
            let attributes =
                HashMap::from([("Arn", arn("sqs", &name)), ("QueueUrl", reference.clone()), ("QueueName", name)]);
            Identity { reference, attributes }
        }
        "AWS::Serverless::Function" => {
            let name = binary_of(logical_id, resource)?;
            identity(&name, "lambda", &format!("function:{name}"))
        }
        "AWS::Serverless::HttpApi" => identity("local", "apigateway", "local"),
        _ => identity(logical_id, "local", logical_id),
    })
}

fn identity(reference: &str, service: &str, resource: &str) -> Identity {
    let attributes = HashMap::from([("Arn", arn(service, resource))]);
    Identity { reference: reference.to_owned(), attributes }
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

fn read_table(logical_id: &str, resource: &Value, scope: &Scope) -> Result<Table, TemplateError> {
    let properties = scope.resolve(&resource["Properties"])?;
    let name = name_of(logical_id, resource, "TableName", scope)?;
    let mut definition = Map::new();
    for property in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode"] {
        if let Some(value) = properties.get(property) {
            definition.insert(property.into(), value.clone());
        }
    }
    definition.insert("TableName".into(), Value::from(name.as_str()));
    if let Some(view) = properties["StreamSpecification"].get("StreamViewType") {
        let stream = json!({ "StreamEnabled": true, "StreamViewType": view });
        definition.insert("StreamSpecification".into(), stream);
    }
    let time_to_live = &properties["TimeToLiveSpecification"];
    let time_to_live = (time_to_live["Enabled"] == true).then(|| scalar_text(&time_to_live["AttributeName"]));
    let own = &scope.resources[logical_id].attributes;
    let (arn, stream_arn) = (own["Arn"].clone(), own["StreamArn"].clone());
    Ok(Table { name, arn, stream_arn, definition: Value::Object(definition), time_to_live })
}

fn read_queue(logical_id: &str, resource: &Value, scope: &Scope) -> Result<Queue, TemplateError> {
    let properties = scope.resolve(&resource["Properties"])?;
    let mut attributes = HashMap::new();
    for attribute in QUEUE_ATTRIBUTES {
        if let Some(value) = properties.get(attribute) {
            attributes.insert(attribute.to_owned(), scalar_text(value));
        }
    }
    if let Some(policy) = properties.get("RedrivePolicy") {
        attributes.insert("RedrivePolicy".into(), policy.to_string());
    }
    let own = &scope.resources[logical_id];
    let of = |attribute| own.attributes[attribute].clone();
    Ok(Queue { name: of("QueueName"), url: own.reference.clone(), arn: of("Arn"), attributes })
}

fn read_function(
    logical_id: &str,
    resource: &Value,
    globals: &Value,
    scope: &Scope,
) -> Result<Function, TemplateError> {
    let properties = &resource["Properties"];
    let timeout = [&properties["Timeout"], &globals["Function"]["Timeout"]];
    let timeout = timeout.into_iter().map(|value| scope.resolve(value)).collect::<Result<Vec<_>, _>>()?;
    let timeout = timeout.iter().find_map(Value::as_u64).unwrap_or(TIMEOUT_SECONDS_DEFAULT);
    let memory = [&properties["MemorySize"], &globals["Function"]["MemorySize"]];
    let memory = memory.into_iter().find_map(Value::as_u64).unwrap_or(MEMORY_DEFAULT);
    let own_or_global = |property: &str| {
        let own = &properties[property];
        scope.resolve(if own.is_null() { &globals["Function"][property] } else { own })
    };
    let reserved = scope.resolve(&properties["ReservedConcurrentExecutions"])?;
    let (tracing, logging) = (own_or_global("Tracing")?, own_or_global("LoggingConfig")?);
    let mut variables = scalar_texts(&scope.resolve(&globals["Function"]["Environment"]["Variables"])?);
    variables.extend(scalar_texts(&scope.resolve(&properties["Environment"]["Variables"])?));
    let mut events = Vec::new();
    for (_, event) in entries(&properties["Events"]) {
        events.extend(read_event(&scalar_text(&event["Type"]), &scope.resolve(&event["Properties"])?)?);
    }
    Ok(Function {
        logical_id: logical_id.to_owned(),
        name: binary_of(logical_id, resource)?,
        timeout: Duration::from_secs(timeout),
        memory,
        reserved: reserved.as_u64().and_then(|reserved| u32::try_from(reserved).ok()),
        traced: tracing == "Active",
        platform_lines: logging["SystemLogLevel"] != "WARN",
        variables,
        statements: policy::read(&scope.resolve(&properties["Policies"])?)?,
        events,
    })
}

fn read_event(kind: &str, properties: &Value) -> Result<Option<Event>, TemplateError> {
    let disabled = properties["Enabled"] == false || properties["State"] == "DISABLED";
    Ok(match kind {
        _ if disabled => None,
        "HttpApi" => Some(Event::Http {
            method: properties["Method"].as_str().unwrap_or("ANY").to_uppercase(),
            path: properties["Path"].as_str().unwrap_or("$default").to_owned(),
            authorized: properties["Auth"]["Authorizer"] != "NONE",
        }),
        "Schedule" | "ScheduleV2" => {
            let property = if kind == "Schedule" { "Schedule" } else { "ScheduleExpression" };
            let input = properties["Input"].as_str().map(serde_json::from_str).transpose();
            Some(Event::Schedule {
                expression: scalar_text(&properties[property]),
                input: input.map_err(|problem| TemplateError::new(format!("has a wrong Input: {problem}")))?,
            })
        }
        _ => return Err(TemplateError::new(format!("has an event of type {kind}, which the local stack has not"))),
    })
}

/// A queue or a stream that calls a function. Only as a resource of its own: for one among a function's `Events` SAM
/// attaches a managed policy to the function's role, which is wider than what is enforced here.
fn read_mapping(properties: &Value) -> Result<Option<Event>, TemplateError> {
    let source = scalar_text(&properties["EventSourceArn"]);
    Ok(match source.split(':').nth(2) {
        _ if properties["Enabled"] == false => None,
        Some("sqs") => Some(Event::Queue(read_batch(properties, source, QUEUE_BATCH_DEFAULT)?)),
        Some("dynamodb") => Some(Event::Stream(read_batch(properties, source, STREAM_BATCH_DEFAULT)?)),
        _ => return Err(TemplateError::new(format!("has the event source {source}, which the local stack has not"))),
    })
}

fn read_batch(properties: &Value, source_arn: String, size: u64) -> Result<Batch, TemplateError> {
    let mut patterns = Vec::new();
    for filter in properties["FilterCriteria"]["Filters"].as_array().into_iter().flatten() {
        let pattern = serde_json::from_str(filter["Pattern"].as_str().unwrap_or_default());
        patterns.push(pattern.map_err(|problem| TemplateError::new(format!("has a wrong Pattern: {problem}")))?);
    }
    let types = properties["FunctionResponseTypes"].as_array();
    Ok(Batch {
        source_arn,
        size: usize::try_from(properties["BatchSize"].as_u64().unwrap_or(size)).unwrap_or(1),
        patterns,
        reports_failures: types.is_some_and(|types| types.iter().any(|kind| kind == "ReportBatchItemFailures")),
        bisects: properties["BisectBatchOnFunctionError"] == true,
        // -1 is for ever.
        age_max: properties["MaximumRecordAgeInSeconds"]
            .as_u64()
            .map(|age| SignedDuration::from_secs(age.cast_signed())),
        on_failure: properties["DestinationConfig"]["OnFailure"]["Destination"].as_str().map(str::to_owned),
    })
}

fn read_api(own: Option<&Value>, globals: &Value, scope: &Scope) -> Result<Api, TemplateError> {
    let settings = own.map(|properties| scope.resolve(&properties["RouteSettings"])).transpose()?.unwrap_or_default();
    let rates = entries(&settings).filter_map(|(route, settings)| Some((route.clone(), rate(settings)?))).collect();
    let all = own.map(|properties| scope.resolve(&properties["DefaultRouteSettings"])).transpose()?;
    let default_rate = all.as_ref().and_then(rate);
    let access_log = own.map(|properties| scalar_text(&properties["AccessLogSettings"]["Format"])).unwrap_or_default();
    let cors = own.map(|properties| scope.resolve(&properties["CorsConfiguration"])).transpose()?;
    let cors = cors.as_ref().and_then(read_cors);
    let auth = own.map(|properties| &properties["Auth"]).filter(|auth| auth.is_object());
    let auth = scope.resolve(auth.unwrap_or(&globals["HttpApi"]["Auth"]))?;
    let Some(name) = auth["DefaultAuthorizer"].as_str() else {
        return Ok(Api { authorizer: None, default_rate, rates, access_log, cors });
    };
    let authorizer = &auth["Authorizers"][name];
    let function = scalar_text(&authorizer["FunctionArn"]);
    let function = function.rsplit_once("function:").map(|(_, function)| function.to_owned());
    let identity = &authorizer["Identity"];
    let headers = identity["Headers"].as_array().into_iter().flatten().map(|name| scalar_text(name).to_lowercase());
    Ok(Api {
        authorizer: Some(Authorizer {
            function: function.ok_or_else(|| TemplateError::new(format!("names no function for {name}")))?,
            identity_headers: headers.collect(),
            cache: Duration::from_secs(identity["ReauthorizeEvery"].as_u64().unwrap_or(0)),
        }),
        default_rate,
        rates,
        access_log,
        cors,
    })
}

/// None without an origin: the parameter that has them is empty.
fn read_cors(settings: &Value) -> Option<Cors> {
    let list = |name: &str| settings[name].as_array().into_iter().flatten().map(scalar_text).collect::<Vec<_>>();
    let origins: Vec<String> = list("AllowOrigins");
    (!origins.is_empty()).then(|| Cors {
        origins,
        methods: list("AllowMethods"),
        headers: list("AllowHeaders"),
        exposed: list("ExposeHeaders"),
        max_age: settings["MaxAge"].as_u64().unwrap_or(0),
    })
}

fn rate(settings: &Value) -> Option<Rate> {
    let per_second = settings["ThrottlingRateLimit"].as_u64()?;
    Some(Rate { per_second, burst: settings["ThrottlingBurstLimit"].as_u64()? })
}
