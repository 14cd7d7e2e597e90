//! The differences that are known, each with why it is there, and why it does not matter or what we do about it.

use serde_json::{Map, Value};

use super::answers::{Both, Told};

/// A difference that is known.
pub struct Class {
    pub name: &'static str,
    pub why: &'static str,
    /// Whether it may come of a call of the product. Of others only calls that a seed makes may.
    of_product: bool,
    is: fn(&Both<'_>, &Told, &Told) -> bool,
}

/// In this order: the first that fits counts.
pub const CLASSES: &[Class] = &[
    Class {
        name: "Other words",
        why: "The same refusal, told otherwise. The product reads the kind of an error and the codes of a cancelled \
              transaction, never a message.",
        of_product: true,
        is: |_, ours, theirs| ours.status != 200 && without_words(ours) == without_words(theirs),
    },
    Class {
        name: "Invalid for another reason",
        why: "Both refuse, nothing is written, and at least one because the request itself is invalid: the engines look \
              for its faults in another order, and DynamoDB Local evaluates conditions of a transaction before it has \
              looked at all of it. The product sends no invalid request: to it, one is a failure (500) whatever its kind.",
        of_product: false,
        is: |_, ours, theirs| ours.status == 400 && theirs.status == 400 && (is_invalid(ours) || is_invalid(theirs)),
    },
    Class {
        name: "Consumed capacity",
        why: "The same answer at another price. DynamoDB Local counts otherwise than AWS's documents say: nothing for a \
              list that is empty, more for a transaction that a token repeats, deletions without anything to delete \
              twice. The budgets in docs/data.md are asserted on the embedded engine, which follows the documents.",
        of_product: true,
        is: |_, ours, theirs| ours.status == 200 && without_capacity(ours) == without_capacity(theirs),
    },
    Class {
        name: "ALL_OLD of what was not there",
        why: "An `UpdateItem` that makes an item has no old attributes; the embedded engine tells the key. The product \
              looks in the old attributes for those that are not of the key (`store/seats.rs`), so both mean to it that \
              nothing was there.",
        of_product: true,
        is: |both, ours, theirs| {
            both.operation == "UpdateItem"
                && both.request["ReturnValues"] == "ALL_OLD"
                && ours.body["Attributes"].as_object().is_some_and(|old| old.keys().eq(["pk", "sk"]))
                && theirs.body["Attributes"].is_null()
        },
    },
    Class {
        name: "Pages of a scan",
        why: "Partitions lie in the order of a hash, which is each engine's own: a page that ends before the table does \
              has other items. Whole scans are compared as sets, and so are the tables at the end.",
        of_product: true,
        is: |both, ours, theirs| {
            let cut = |told: &Told| told.body["LastEvaluatedKey"].is_object();
            let part = both.request["ExclusiveStartKey"].is_object() || both.request["TotalSegments"].is_number();
            both.operation == "Scan" && ours.status == theirs.status && (part || cut(ours) || cut(theirs))
        },
    },
    Class {
        name: "Equal sort keys of an index",
        why: "Items of an index with the same partition and sort key have no order among them that is promised, so a \
              page that begins among them has others, too. The product's lists by time carry the whole key in their \
              cursor, and promise no order within a millisecond.",
        of_product: true,
        is: |both, ours, theirs| {
            let goes_on = both.request["ExclusiveStartKey"].is_object() && (ours.status, theirs.status) == (200, 200);
            both.operation == "Query" && both.request["IndexName"].is_string() && (goes_on || ties(ours, theirs))
        },
    },
    Class {
        name: "An empty value of a key",
        why: "DynamoDB refuses an empty text as the value of a key in a condition on keys; the embedded engine finds \
              nothing, or everything. A call of the product that did so would fail the run.",
        of_product: false,
        is: |_, ours, theirs| ours.status == 200 && says(theirs, &["cannot contain an empty string value"]),
    },
    Class {
        name: "Attributes that an index does not have",
        why: "DynamoDB refuses a filter on them and their projection; the embedded engine finds none. The indexes have \
              keys only, and the product asks them for nothing else: a call of it that did would fail the run.",
        of_product: false,
        is: |_, ours, theirs| ours.status == 200 && says(theirs, &["does not project"]),
    },
    Class {
        name: "A filter on attributes that an index does not have, in a scan",
        why: "DynamoDB Local looks into the table for them, the embedded engine into the index. The product scans no index.",
        of_product: false,
        is: |both, ours, theirs| {
            let request = both.request;
            both.operation == "Scan"
                && request["IndexName"].is_string()
                && request["FilterExpression"].is_string()
                && (ours.status, theirs.status) == (200, 200)
        },
    },
    Class {
        name: "An invalid expression that is not needed",
        why: "DynamoDB looks at operands, bounds, types and unused names of an expression before it reads anything; the \
              embedded engine at some of them only when it evaluates that part. A call of the product with such an \
              expression would fail the run.",
        of_product: false,
        is: |_, ours, theirs| {
            let faults = [
                "Incorrect operand type",
                "requires upper bound to be greater",
                "Invalid attribute type name",
                "unused in expressions",
                "can only be specified when using expressions",
                "set  may not be empty",
            ];
            ours.status == 200 && says(theirs, &faults)
        },
    },
    Class {
        name: "The type of an index key",
        why: "An update that gives an index key a value of another type, by `if_not_exists` or out of another attribute. \
              DynamoDB and the embedded engine refuse it; DynamoDB Local writes the item and leaves it out of the index.",
        of_product: false,
        is: |_, ours, theirs| {
            let expected = ["Type mismatch for Index Key", "index key"];
            theirs.status == 200 && (says(ours, &expected) || ours.body.to_string().contains(expected[0]))
        },
    },
    Class {
        name: "A list that was cut at the end of its range",
        why: "A page that is full with the last item that its range can have: the embedded engine names a place to go on \
              from, where nothing follows, as DynamoDB may; DynamoDB Local names none. The product goes on until no \
              place is named, and takes a page without items for the end.",
        of_product: true,
        is: |_, ours, theirs| {
            let mut ends = without_capacity(ours);
            let named = ends.body.as_object_mut().and_then(|body| body.remove("LastEvaluatedKey"));
            named.is_some() && ends == without_capacity(theirs)
        },
    },
    Class {
        name: "To go on behind a range",
        why: "DynamoDB Local refuses to go on from a key that ends the range; the embedded engine finds nothing there. A \
              call of the product that met this would fail the run.",
        of_product: false,
        is: |_, ours, theirs| ours.status == 200 && says(theirs, &["starting key does not match the range key"]),
    },
    Class {
        name: "A key that a transaction updates",
        why: "DynamoDB refuses an update of a key attribute whatever its value; within a transaction the embedded engine \
              takes one whose value is an `if_not_exists`, and keeps the key. The product updates no key.",
        of_product: false,
        is: |both, ours, theirs| {
            both.operation == "TransactWriteItems" && ours.status == 200 && says(theirs, &["is part of the key"])
        },
    },
    Class {
        name: "A plus sign within a map or list",
        why: "DynamoDB writes a number without it. DynamoDB Local leaves a `+7` within a map or a list as it was sent; the \
              embedded engine writes `7`. The product sends no plus sign.",
        of_product: false,
        is: |_, ours, theirs| {
            let mut theirs = theirs.clone();
            drop_plus_signs(&mut theirs.body);
            without_words(&without_capacity(ours)) == without_words(&without_capacity(&theirs))
        },
    },
    Class {
        name: "The length of an index key",
        why: "DynamoDB refuses an item whose key of an index is longer than 2,048 bytes (1,024 for a sort key); the \
              embedded engine does not. Those of the product are made of ids and constants.",
        of_product: false,
        is: |both, ours, theirs| {
            let long = both.request.to_string().contains(&"#".repeat(2_000));
            ours.status == 200 && long && says(theirs, &["Size limit exceeded"])
        },
    },
    Class {
        name: "A token that one engine knows",
        why: "One engine carried out a transaction that the other refused, for a reason above. When its token comes again \
              with another transaction, it is known to one and new to the other.",
        of_product: false,
        is: |both, ours, theirs| {
            let mismatch = "IdempotentParameterMismatchException";
            both.operation == "TransactWriteItems" && (ours.error() == mismatch) != (theirs.error() == mismatch)
        },
    },
    Class {
        name: "A failure of DynamoDB Local",
        why: "It answers 500 to some updates without an `UpdateExpression`. The product sends none.",
        of_product: false,
        is: |both, _, theirs| theirs.status == 500 && !both.request["UpdateExpression"].is_string(),
    },
];

/// The class of a difference between two answers to a call, of the product or not.
pub fn class_of(both: &Both<'_>, ours: &Told, theirs: &Told) -> Option<&'static Class> {
    let mut may_be = CLASSES.iter().filter(|class| class.of_product || !both.of_product);
    may_be.find(|class| (class.is)(both, ours, theirs))
}

/// Whether an answer refuses a request as invalid, with one of these in its message.
fn says(told: &Told, words: &[&str]) -> bool {
    is_invalid(told) && words.iter().any(|word| told.body.to_string().contains(word))
}

fn without_words(told: &Told) -> Told {
    let mut told = told.clone();
    told.body["Message"].take();
    for reason in told.body["CancellationReasons"].as_array_mut().into_iter().flatten() {
        reason.as_object_mut().and_then(|reason| reason.remove("Message"));
    }
    told
}

fn without_capacity(told: &Told) -> Told {
    let mut told = told.clone();
    told.body.as_object_mut().and_then(|body| body.remove("ConsumedCapacity"));
    told
}

fn is_invalid(told: &Told) -> bool {
    let reasons = told.body["CancellationReasons"].as_array().into_iter().flatten();
    matches!(told.error(), "ValidationException" | "SerializationException")
        || reasons.into_iter().any(|reason| reason["Code"] == "ValidationError")
}

/// Whether two lists have the same sort keys in the same order.
fn ties(ours: &Told, theirs: &Told) -> bool {
    let keys = |told: &Told| {
        let items = told.body["Items"].as_array().cloned().unwrap_or_default();
        let sort = |item: &Value| [item["created_at"].clone(), item["expires_at"].clone()];
        items.iter().map(sort).collect::<Vec<_>>()
    };
    let empty = Map::new();
    let count = |told: &Told| told.body.as_object().unwrap_or(&empty).get("Count").cloned();
    ours.status == 200 && theirs.status == 200 && count(ours) == count(theirs) && keys(ours) == keys(theirs)
}

/// Takes the plus signs of all numbers away.
fn drop_plus_signs(body: &mut Value) {
    match body {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(number) if name == "N" => *number = number.trim_start_matches('+').to_owned(),
                    other => drop_plus_signs(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(drop_plus_signs),
        _ => {}
    }
}
