//! A copy of the table in memory, updated with every commit, so that the invariants can be checked after each.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::invariants::{Item, Snapshot, transitions};
use local::aws::engine::EngineError;
use local::stack::Stack;

/// The items of the table by partition and sort key.
#[derive(Clone, Default)]
pub struct Replica {
    items: BTreeMap<(String, String), Arc<Item>>,
}

impl Replica {
    /// Reads the whole table.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn read(stack: &Stack) -> Result<Self, EngineError> {
        let mut replica = Self::default();
        let mut request = json!({ "TableName": stack.template().table.name });
        loop {
            let page = stack.dynamodb().call("Scan", &request)?;
            for found in page["Items"].as_array().into_iter().flatten() {
                replica.items.insert(item_key(found), Arc::new(parse_item(found)));
            }
            match page.get("LastEvaluatedKey") {
                Some(last) if !last.is_null() => request["ExclusiveStartKey"] = last.clone(),
                _ => return Ok(replica),
            }
        }
    }

    /// Reads these items again.
    ///
    /// # Errors
    /// When the table cannot be read, or what has become of an item may not.
    pub fn refresh_items(&mut self, stack: &Stack, touched: &[Value]) -> Result<(), String> {
        for wanted in touched {
            let request = json!({ "TableName": stack.template().table.name, "Key": wanted });
            let found = stack.dynamodb().call("GetItem", &request).map_err(|problem| problem.to_string())?;
            let (keys, after) = (item_key(wanted), found.get("Item").filter(|item| item.is_object()).map(parse_item));
            let before = self.items.get(&keys).map(Arc::as_ref);
            let broken = transitions::transition_error(&keys.1, before, after.as_ref());
            match after {
                Some(after) => self.items.insert(keys, Arc::new(after)),
                None => self.items.remove(&keys),
            };
            broken.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// One item.
    #[must_use]
    pub fn get(&self, pk: &str, sk: &str) -> Option<&Item> {
        self.items.get(&(pk.to_owned(), sk.to_owned())).map(Arc::as_ref)
    }

    /// The item of this name in a partition. The name is its sort key, but that of a reservation is `RSV#<id>`, though it
    /// lies at its number in its owner's log.
    #[must_use]
    pub fn find(&self, pk: &str, name: &str) -> Option<&Item> {
        let Some(id) = name.strip_prefix("RSV#") else { return self.get(pk, name) };
        let log = self.items.range((pk.to_owned(), "RSV#".to_owned())..(pk.to_owned(), "RSV$".to_owned()));
        let is_named = |item: &&Item| item.get("id").and_then(|value| value.as_s().ok()).is_some_and(|own| own == id);
        log.map(|(_, item)| item.as_ref()).find(is_named)
    }

    /// All items with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&(String, String), &Item)> {
        self.items.iter().map(|(key, item)| (key, item.as_ref()))
    }

    /// The items at `now` (epoch seconds), for checking.
    #[must_use]
    pub fn snapshot(&self, now: i64) -> Snapshot {
        Snapshot::new(self.items.values().cloned().collect(), now)
    }

    /// A digest of all of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for (key, item) in &self.items {
            digest.update(format!("{key:?} {:?}", attribute_texts(item)));
        }
        digest.finalize().into()
    }
}

/// An item's text, attribute by attribute, in order.
pub(crate) fn attribute_texts(item: &Item) -> Vec<String> {
    let attributes: BTreeMap<&String, &AttributeValue> = item.iter().collect();
    attributes.into_iter().map(|(name, value)| format!("{name}={}", value_text(value))).collect()
}

/// A value's text, with the names of maps in order.
fn value_text(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let map: BTreeMap<&String, String> = map.iter().map(|(name, value)| (name, value_text(value))).collect();
            format!("{map:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(value_text).collect::<Vec<_>>()),
        value => format!("{value:?}"),
    }
}

fn item_key(item: &Value) -> (String, String) {
    let part = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    (part("pk"), part("sk"))
}

fn parse_item(json: &Value) -> Item {
    json.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), parse_value(value))).collect()
}

/// The value that the table's JSON means.
fn parse_value(json: &Value) -> AttributeValue {
    let Some((kind, value)) = json.as_object().and_then(|json| json.iter().next()) else {
        return AttributeValue::Null(true);
    };
    let text = || value.as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap_or_default()),
        "L" => AttributeValue::L(value.as_array().into_iter().flatten().map(parse_value).collect()),
        "M" => AttributeValue::M(parse_item(value).into_iter().collect::<HashMap<_, _>>()),
        _ => AttributeValue::Null(true),
    }
}
