//! Both engines side by side: each operation goes to both, and the answers are compared at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use dynoxide::Database;
use local::aws::cloudformation::Template;
use local::aws::engine::dynamodb::{DynamoDb, SecondEngine};
use onsale_platform::memory::lock;
use serde_json::{Value, json};

use super::answers::{Both, normal_item, response};
use super::endpoint::Endpoint;
use super::tally;

/// The variable that says whose answers the caller gets; `embedded`, or else DynamoDB Local's.
pub const LEADER: &str = "ONSALE_ENGINE_LEADS";

/// Operations that make no difference to the items, or that the other engine must not be told: its time is the real
/// one, so it would delete items whose end has come by that time, in the midst of a test.
const NOT_COMPARED: [&str; 10] = [
    "ListTables",
    "DescribeTable",
    "CreateTable",
    "UpdateTimeToLive",
    "DescribeTimeToLive",
    "ListStreams",
    "DescribeStream",
    "GetShardIterator",
    "GetRecords",
    "DeleteTable",
];

/// DynamoDB Local beside the engine of a stack.
pub struct Pair {
    other: Mutex<Endpoint>,
    /// The embedded engine, once its stack has started.
    here: OnceLock<Database>,
    table: String,
    other_leads: bool,
    /// What went through, for who wants to ask something like it.
    seen: Mutex<Vec<(String, Value)>>,
    /// Set once a seed makes the calls.
    random: AtomicBool,
    /// Differences that nothing explains.
    unexplained: Mutex<Vec<String>>,
}

impl Pair {
    /// With a database of its own, if the environment names an endpoint.
    pub fn from_environment(access_key: &str) -> Option<Arc<Self>> {
        let address = Endpoint::address()?;
        let leads = std::env::var(LEADER).unwrap_or_default() != "embedded";
        Some(Self::new(&address, access_key, leads))
    }

    pub fn new(address: &str, access_key: &str, other_leads: bool) -> Arc<Self> {
        let mut other = Endpoint::connect(address, access_key);
        let mut table = Template::load().expect("the template").table;
        // It knows neither of these, nor needs to.
        for unknown in ["SSESpecification", "PointInTimeRecoverySpecification"] {
            table.definition.as_object_mut().expect("an object").remove(unknown);
        }
        other.execute("DeleteTable", json!({ "TableName": table.name }).to_string().as_bytes());
        let (status, body) = other.execute("CreateTable", table.definition.to_string().as_bytes());
        assert_eq!(status, 200, "{body}");
        Arc::new(Self {
            other: Mutex::new(other),
            here: OnceLock::new(),
            table: table.name,
            other_leads,
            seen: Mutex::default(),
            random: AtomicBool::new(false),
            unexplained: Mutex::default(),
        })
    }

    /// Beside this engine.
    pub fn beside(&self, here: &DynamoDb) {
        let _ = self.here.set(here.database().clone());
    }

    /// After a write that only one engine carried out, neither has the items that it was about: or one difference would
    /// be told again and again.
    fn forget(&self, other: &mut Endpoint, request: &Value) {
        let mut keys = Vec::new();
        keys_of(request, &mut keys);
        for key in keys {
            let delete = json!({ "TableName": self.table, "Key": key });
            other.execute("DeleteItem", delete.to_string().as_bytes());
            if let (Some(here), Ok(delete)) = (self.here.get(), serde_json::from_value(delete)) {
                let _ = here.delete_item(delete);
            }
        }
    }

    /// What went through so far; from now on a seed makes the calls, among them such as the product never would.
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.random.store(true, Ordering::SeqCst);
        lock(&self.seen).clone()
    }

    /// Compares the complete tables, and says what nothing explains, in them or in any answer before.
    pub fn finish(&self, here: &DynamoDb) -> Vec<String> {
        let sorted = |items: Vec<Value>| {
            let mut items: Vec<Value> = items.into_iter().map(normal_item).collect();
            items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
            items
        };
        let mut unexplained = std::mem::take(&mut *lock(&self.unexplained));
        let mut other = lock(&self.other);
        let (ours, theirs) = (sorted(all(here, &self.table)), sorted(other.scan(&self.table)));
        let items = ours.len();
        for (left, right) in ours.iter().zip(&theirs).filter(|(left, right)| left != right) {
            unexplained.push(format!("an item of the tables\n  embedded: {left}\n  DynamoDB Local: {right}"));
        }
        if items != theirs.len() {
            unexplained.push(format!("{items} items embedded, {} in DynamoDB Local", theirs.len()));
        }
        // The other engine keeps what is not deleted, in memory.
        other.execute("DeleteTable", json!({ "TableName": self.table }).to_string().as_bytes());
        tally::table(items);
        unexplained
    }
}

/// Every item of the embedded engine's table, by its own scan.
fn all(here: &DynamoDb, table: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut request = json!({ "TableName": table });
    loop {
        // Past the twin, which this is about to compare with.
        let parsed = serde_json::from_value(request.clone()).expect("a request");
        let page = here.database().scan(parsed).expect("a scan");
        let mut page = serde_json::to_value(page).expect("JSON");
        items.append(page["Items"].as_array_mut().expect("items"));
        match page["LastEvaluatedKey"].take() {
            Value::Null => return items,
            last => request["ExclusiveStartKey"] = last,
        }
    }
}

/// The keys of all items that a request writes.
fn keys_of(request: &Value, keys: &mut Vec<Value>) {
    if request["pk"].is_object() && request["sk"].is_object() {
        return keys.push(json!({ "pk": request["pk"], "sk": request["sk"] }));
    }
    match request {
        Value::Object(fields) => fields.values().for_each(|value| keys_of(value, keys)),
        Value::Array(list) => list.iter().for_each(|value| keys_of(value, keys)),
        _ => {}
    }
}

impl SecondEngine for Pair {
    fn execute(&self, operation: &str, body: &[u8], here: &mut dyn FnMut() -> (u16, String)) -> (u16, String) {
        if NOT_COMPARED.contains(&operation) {
            return here();
        }
        // Held over both, so that both see all operations in the same order.
        let mut other = lock(&self.other);
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let ours = here();
        let theirs = other.execute(operation, body);
        let of_product = !self.random.load(Ordering::SeqCst);
        let both = Both {
            operation,
            request: &request,
            ours: response(ours.0, &ours.1),
            theirs: response(theirs.0, &theirs.1),
            of_product,
        };
        let unexplained = tally::compare(&both);
        if (both.ours.status == 200) != (both.theirs.status == 200) {
            self.forget(&mut other, &request);
        }
        lock(&self.unexplained).extend(unexplained);
        lock(&self.seen).push((operation.to_owned(), request));
        if self.other_leads { theirs } else { ours }
    }
}
