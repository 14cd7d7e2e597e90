//! The keys and indexes that requests to the table touch.

use serde_json::Value;

/// A partition key and a sort key.
pub type ItemKey = (String, String);

/// The key of an item, from its JSON.
pub fn item_key(key: &Value) -> ItemKey {
    let part = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
    (part("pk"), part("sk"))
}

/// The partition that a query is of: the value of the first placeholder of its key condition.
pub fn queried_partition(request: &Value) -> String {
    let condition = request["KeyConditionExpression"].as_str().unwrap_or_default();
    let placeholder = condition.split([' ', '=', ',', ')']).find(|word| word.starts_with(':')).unwrap_or_default();
    request["ExpressionAttributeValues"][placeholder]["S"].as_str().unwrap_or_default().to_owned()
}

/// Whether a read must see what was committed before it.
pub fn is_consistent(request: &Value) -> bool {
    let of_tables = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
    request["ConsistentRead"] == true || of_tables.into_iter().any(|table| table["ConsistentRead"] == true)
}
