//! Does what IAM does on AWS: lets a function call only what its row of the template allows.
//!
//! A call is expanded into what is authorized, by these rules:
//!
//! - `TransactWriteItems` counts as `PutItem`, `UpdateItem`, `DeleteItem` and `ConditionCheckItem` of its items,
//!   `TransactGetItems` as `GetItem`: IAM has no actions of their names.
//! - The leading keys are the partition keys of a call. All keys that one call has for the same action and resource
//!   go together, so one statement must allow all of them.
//! - AWS does not document which leading keys an action of a transaction has. [`Reading`] has the three possible
//!   answers; the stack enforces one of them, and what the strictest allows all three allow.
//! - A query of an index has the resource `<table>/index/<name>`, and its leading key is the value of the index's
//!   own partition key.
//! - `SendMessageBatch` counts as `sqs:SendMessage` on the queue of its URL. Other calls count under their own names.
//! - `SendEmail` needs the identity of its sender's domain and its configuration set; the sender's address takes the
//!   place of the leading keys.
//! - A condition on leading keys demands that there are some. IAM's `ForAllValues` holds for none, too; that a scan
//!   passes by it is why the one statement that allows one has no condition, and says so.
//!
//! The stack's own reads of the stream and the queues, for its triggers, are no calls of a function.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use onsale_platform::memory::lock;
use serde_json::Value;

use crate::aws::cloudformation::{ACCOUNT, REGION, Statement, Table, Template};

/// How IAM may judge `dynamodb:LeadingKeys`: the leading keys that each action of a transaction has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// The keys of the items that this action is for.
    PerAction,
    /// None: the condition key is absent, `ForAllValues` holds, and nothing is restricted.
    Absent,
    /// The keys of all items of the request. The strictest: a statement that allows these allows those of each action.
    #[default]
    WholeRequest,
}

impl Reading {
    /// Every reading.
    pub const ALL: [Self; 3] = [Self::PerAction, Self::Absent, Self::WholeRequest];
}

/// An action on a table that one call needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Such as `dynamodb:PutItem`.
    pub action: String,
    /// The ARN.
    pub resource: String,
    /// Partition keys; none for what has no keys.
    pub leading_keys: Vec<String>,
    /// Whether conditions on leading keys hold because there are none to be told: [`Reading::Absent`].
    pub keys_are_absent: bool,
}

/// An access of a function without ids, so that their number is bounded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The function.
    pub function: String,
    /// Such as `dynamodb:PutItem`.
    pub action: String,
    /// The ARN.
    pub resource: String,
    /// The leading key up to its first `#`, as the pattern that lets it through: `USER#*`; the whole key when it
    /// has none.
    pub key: Option<String>,
}

/// The accesses since the stack started, and whether each was allowed.
#[derive(Clone, Debug, Default)]
pub struct AccessLog(Arc<Mutex<BTreeMap<Use, bool>>>);

impl AccessLog {
    /// All that functions used.
    #[must_use]
    pub fn allowed(&self) -> BTreeSet<Use> {
        self.uses(true)
    }

    /// All that functions were refused.
    #[must_use]
    pub fn denied(&self) -> BTreeSet<Use> {
        self.uses(false)
    }

    fn uses(&self, wanted: bool) -> BTreeSet<Use> {
        let uses = lock(&self.0);
        uses.iter().filter(|(_, allowed)| **allowed == wanted).map(|(used, _)| used.clone()).collect()
    }

    fn record(&self, function: &str, access: &Access, allowed: bool) {
        let used = |key| {
            let (action, resource) = (access.action.clone(), access.resource.clone());
            Use { function: function.to_owned(), action, resource, key }
        };
        let keys: BTreeSet<String> = access.leading_keys.iter().map(|key| key_class(key)).collect();
        let uses: Vec<Use> =
            if keys.is_empty() { vec![used(None)] } else { keys.into_iter().map(|key| used(Some(key))).collect() };
        let mut noted = lock(&self.0);
        for used in uses {
            // A refusal is never forgotten: one call may use a key that another may not.
            noted.entry(used).and_modify(|before| *before &= allowed).or_insert(allowed);
        }
    }
}

fn key_class(key: &str) -> String {
    key.split_once('#').map_or_else(|| key.to_owned(), |(kind, _)| format!("{kind}#*"))
}

/// The names that calls give to resources.
#[derive(Debug)]
struct Resources {
    tables: HashMap<String, TableNames>,
    /// ARNs by URL.
    queues: HashMap<String, String>,
}

#[derive(Debug)]
struct TableNames {
    arn: String,
    hash_key: String,
    /// Partition keys of the indexes.
    indexes: HashMap<String, String>,
}

impl TableNames {
    fn new(table: &Table) -> Self {
        let hash_key = |schema: &Value| {
            let keys = schema["KeySchema"].as_array().into_iter().flatten();
            let hash = keys.filter(|key| key["KeyType"] == "HASH").find_map(|key| key["AttributeName"].as_str());
            hash.unwrap_or_default().to_owned()
        };
        let indexes = table.definition["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let name = |index: &Value| index["IndexName"].as_str().unwrap_or_default().to_owned();
        Self {
            arn: table.arn.clone(),
            hash_key: hash_key(&table.definition),
            indexes: indexes.map(|index| (name(index), hash_key(index))).collect(),
        }
    }
}

/// Decides for every function of a template, and remembers.
#[derive(Clone, Debug)]
pub struct PolicyCheck {
    resources: Arc<Resources>,
    reading: Reading,
    ledger: AccessLog,
}

impl PolicyCheck {
    /// Decides by the statements of `template`, with the leading keys of transactions as `reading` has them.
    #[must_use]
    pub fn new(template: &Template, reading: Reading) -> Self {
        let table = (template.table.name.clone(), TableNames::new(&template.table));
        let queues = template.queues.iter().map(|queue| (queue.url.clone(), queue.arn.clone()));
        let resources = Resources { tables: HashMap::from([table]), queues: queues.collect() };
        Self { resources: Arc::new(resources), reading, ledger: AccessLog::default() }
    }

    /// The accesses that it has seen.
    #[must_use]
    pub fn access_log(&self) -> &AccessLog {
        &self.ledger
    }

    /// The caller that `function` is.
    #[must_use]
    pub fn principal(&self, function: &str, statements: &[Statement]) -> Principal {
        Principal { policy_check: self.clone(), function: function.into(), statements: statements.into() }
    }
}

/// A function as it calls: its name and what it may do.
#[derive(Clone, Debug)]
pub struct Principal {
    policy_check: PolicyCheck,
    function: Arc<str>,
    statements: Arc<[Statement]>,
}

impl Principal {
    /// Its name.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Whether it may make this call.
    ///
    /// # Errors
    /// The sentence in which AWS refuses it.
    pub fn authorize(&self, service: &str, operation: &str, request: &Value) -> Result<(), String> {
        let accesses = self.policy_check.resources.expand(service, operation, request);
        for access in as_read(self.policy_check.reading, operation, accesses) {
            let allowed = self.statements.iter().any(|statement| statement.allows(&access));
            self.policy_check.ledger.record(&self.function, &access, allowed);
            if !allowed {
                let Access { action, resource, leading_keys, .. } = &access;
                // Kinds of keys, not keys: some have an address in them.
                let kinds: Vec<String> = leading_keys.iter().map(|key| key_class(key)).collect();
                tracing::error!(function = &*self.function, action, resource, ?kinds, "not authorized");
                let function = &self.function;
                return Err(format!("{function} is not authorized to perform: {action} on resource: {resource}"));
            }
        }
        Ok(())
    }
}

impl Statement {
    fn allows(&self, access: &Access) -> bool {
        let keys = &access.leading_keys;
        self.actions.contains(&access.action)
            && self.resources.contains(&access.resource)
            && self.leading_keys.as_ref().is_none_or(|patterns| {
                let is_allowed = |key: &String| patterns.iter().any(|pattern| pattern.matches(key));
                access.keys_are_absent || (!keys.is_empty() && keys.iter().all(is_allowed))
            })
    }
}

/// The accesses of a transaction under a reading; any other call is judged by its own keys.
fn as_read(reading: Reading, operation: &str, mut accesses: Vec<Access>) -> Vec<Access> {
    if !matches!(operation, "TransactWriteItems" | "TransactGetItems") {
        return accesses;
    }
    match reading {
        Reading::PerAction => {}
        Reading::Absent => {
            for access in &mut accesses {
                access.leading_keys.clear();
                access.keys_are_absent = true;
            }
        }
        Reading::WholeRequest => {
            let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for access in &accesses {
                all.entry(access.resource.clone()).or_default().extend(access.leading_keys.iter().cloned());
            }
            for access in &mut accesses {
                access.leading_keys = all[&access.resource].iter().cloned().collect();
            }
        }
    }
    accesses
}

/// A table or an index that a call touches, and the leading key by which it does.
struct Touched {
    resource: String,
    leading_key: Option<String>,
}

impl Resources {
    /// The accesses that a call needs.
    fn expand(&self, service: &str, operation: &str, request: &Value) -> Vec<Access> {
        if service == "sqs" {
            let action = if operation == "SendMessageBatch" { "SendMessage" } else { operation };
            let url = request["QueueUrl"].as_str().unwrap_or_default();
            let resource = self.queues.get(url).cloned().unwrap_or_else(|| url.to_owned());
            let action = format!("sqs:{action}");
            return vec![Access { action, resource, leading_keys: Vec::new(), keys_are_absent: false }];
        }
        if service == "ses" {
            return mail_accesses(operation, request);
        }
        let mut grouped: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        let mut add = |action, touched: Touched| {
            grouped.entry((action, touched.resource)).or_default().extend(touched.leading_key);
        };
        match operation {
            "TransactWriteItems" => {
                for (kind, write) in request["TransactItems"].as_array().into_iter().flatten().flat_map(fields) {
                    match kind.as_str() {
                        "Put" => add("PutItem", self.item_access(write, "Item")),
                        "Update" => add("UpdateItem", self.item_access(write, "Key")),
                        "Delete" => add("DeleteItem", self.item_access(write, "Key")),
                        _ => add("ConditionCheckItem", self.item_access(write, "Key")),
                    }
                }
            }
            "TransactGetItems" => {
                for item in request["TransactItems"].as_array().into_iter().flatten() {
                    add("GetItem", self.item_access(&item["Get"], "Key"));
                }
            }
            "BatchGetItem" => {
                for (table, wanted) in fields(&request["RequestItems"]) {
                    for key in wanted["Keys"].as_array().into_iter().flatten() {
                        add("BatchGetItem", self.keyed_access(table, key));
                    }
                }
            }
            "Query" => add("Query", self.query_access(request)),
            "PutItem" => add("PutItem", self.item_access(request, "Item")),
            other => add(other, self.item_access(request, "Key")),
        }
        grouped
            .into_iter()
            .map(|((action, resource), leading_keys)| Access {
                action: format!("dynamodb:{action}"),
                resource,
                leading_keys,
                keys_are_absent: false,
            })
            .collect()
    }

    fn item_access(&self, call: &Value, place: &str) -> Touched {
        self.keyed_access(call["TableName"].as_str().unwrap_or_default(), &call[place])
    }

    fn keyed_access(&self, table: &str, item: &Value) -> Touched {
        match self.tables.get(table) {
            Some(names) => {
                let leading_key = item[&names.hash_key]["S"].as_str().map(str::to_owned);
                Touched { resource: names.arn.clone(), leading_key }
            }
            None => Touched { resource: table.to_owned(), leading_key: None },
        }
    }

    fn query_access(&self, query: &Value) -> Touched {
        let table = query["TableName"].as_str().unwrap_or_default();
        let Some(names) = self.tables.get(table) else {
            return Touched { resource: table.to_owned(), leading_key: None };
        };
        let (resource, hash_key) = match query["IndexName"].as_str() {
            Some(index) => {
                (format!("{}/index/{index}", names.arn), names.indexes.get(index).map_or("", String::as_str))
            }
            None => (names.arn.clone(), names.hash_key.as_str()),
        };
        Touched { resource, leading_key: equal_to(query, hash_key) }
    }
}

/// The address in a header: `a@b.example`, or that behind a name.
pub(crate) fn address_of(header: &str) -> &str {
    header.rsplit_once('<').map_or(header, |(_, address)| address.trim_end_matches('>')).trim()
}

/// A mail needs its sender's domain, which is a verified identity, and its configuration set.
fn mail_accesses(operation: &str, request: &Value) -> Vec<Access> {
    let from = address_of(request["FromEmailAddress"].as_str().unwrap_or_default()).to_owned();
    let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
    let set = request["ConfigurationSetName"].as_str().map(|set| format!("configuration-set/{set}"));
    let access = |resource: String| Access {
        action: format!("ses:{operation}"),
        resource: format!("arn:aws:ses:{REGION}:{ACCOUNT}:{resource}"),
        leading_keys: vec![from.clone()],
        keys_are_absent: false,
    };
    [Some(format!("identity/{domain}")), set].into_iter().flatten().map(access).collect()
}

/// The text that a query's key condition wants `attribute` to equal.
fn equal_to(query: &Value, attribute: &str) -> Option<String> {
    let condition = query["KeyConditionExpression"].as_str()?;
    let names = |name: &str| query["ExpressionAttributeNames"][name].as_str().unwrap_or(name) == attribute;
    let equation = condition.split(" AND ").filter_map(|part| part.split_once(" = "));
    let (_, value) = equation.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| names(name))?;
    query["ExpressionAttributeValues"][value]["S"].as_str().map(str::to_owned)
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests;
