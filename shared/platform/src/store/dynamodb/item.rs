//! Items of the table and the values in them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::store::dynamodb::keys::Key;

/// An item as the SDK gives and takes it.
pub type Item = HashMap<String, AttributeValue>;

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A structure as one value of an item.
pub fn value(structure: &impl Serialize) -> Result<AttributeValue, Failure> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(structure).map_err(unreadable)
}

/// The item of a structure at its key.
pub fn to_item(key: &Key, structure: &impl Serialize) -> Result<Item, Failure> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(structure).map_err(unreadable)?;
    item.extend(key_item(key));
    Ok(item)
}

pub fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, Failure> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(unreadable)
}

pub fn key_item(key: &Key) -> Item {
    Item::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

/// A time of an item, which is milliseconds since the epoch.
pub fn time(milliseconds: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_millisecond(milliseconds).map_err(unreadable)
}

/// The key of an item, for what an index gives back.
pub fn key_of(item: &Item) -> Option<Key> {
    let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(Key { pk: part("pk")?, sk: part("sk")? })
}

pub fn unreadable(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("an item cannot be read or written: {problem}"))
}

/// The whole number that an attribute is, if it is there.
pub fn integer(item: &Item, name: &str) -> Result<Option<i64>, Failure> {
    let value = item.get(name).map(|value| value.as_n().map_err(|_| unreadable(name)));
    value.transpose()?.map(|value| value.parse().map_err(unreadable)).transpose()
}
