//! Finds what is wrong with the shape of a body or a query string.
//!
//! Asked only when parsing has failed: serde stops at the first fault, and its text quotes the input. What a body must
//! be is what the OpenAPI document says of its type, examples included; nothing is written a second time.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::messages::Expected;
use super::problem::WrongField;

/// Most faults of one request that are told.
const FAULTS_MAX: usize = 20;

/// A value as it was sent: a name that is given twice is there twice.
pub(super) enum Given {
    Null,
    Boolean,
    Integer,
    Fraction,
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsGiven)
    }
}

struct AsGiven;

impl<'de> Visitor<'de> for AsGiven {
    type Value = Given;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Given, E> {
        Ok(Given::Boolean)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Given, E> {
        Ok(Given::Integer)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Given, E> {
        Ok(Given::Integer)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Given, E> {
        Ok(Given::Fraction)
    }

    fn visit_str<E>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Given::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Given, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Given::Object(fields))
    }
}

/// The shape of a body or query string: its JSON schema, and those that it refers to.
pub(super) struct Shape {
    /// How messages call the whole: `body` or `query`.
    whole: &'static str,
    schema: Value,
    referred: Vec<(String, Value)>,
}

impl Shape {
    /// The shape of a body.
    pub(super) fn from_body<T: ToSchema>() -> Self {
        let mut referred = Vec::new();
        T::schemas(&mut referred);
        let referred = referred.into_iter().map(|(name, schema)| (name, schema_json(&schema))).collect();
        Self { whole: "body", schema: schema_json(&T::schema()), referred }
    }

    /// The shape of a query string, as an object of its parameters.
    pub(super) fn from_query<T: IntoParams>() -> Self {
        let (mut properties, mut required) = (serde_json::Map::new(), Vec::new());
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            let parameter = serde_json::to_value(&parameter).unwrap_or_default();
            let Some(name) = parameter["name"].as_str() else { continue };
            let mut schema = parameter["schema"].clone();
            if schema["example"].is_null() {
                schema["example"] = parameter["example"].clone();
            }
            properties.insert(name.to_owned(), schema);
            if parameter["required"] == true {
                required.push(name.to_owned());
            }
        }
        let schema = json!({ "type": "object", "required": required, "properties": properties });
        Self { whole: "query", schema, referred: Vec::new() }
    }

    /// Each pair of a query string as the type that its parameter has, if it can be one.
    pub(super) fn parse_pairs(&self, pairs: Vec<(String, String)>) -> Given {
        let typed = |(name, text): (String, String)| {
            let schema = &self.schema["properties"][&name];
            let given = match text.as_str() {
                "true" | "false" if has_type(schema, "boolean") => Given::Boolean,
                number if has_type(schema, "integer") && number.parse::<i64>().is_ok() => Given::Integer,
                _ => Given::Text(text),
            };
            (name, given)
        };
        Given::Object(pairs.into_iter().map(typed).collect())
    }

    /// All that is wrong with what was given; the first that parsing found, at `path`, if nothing else is.
    pub(super) fn faults(&self, given: &Given, path: &Path) -> Vec<WrongField> {
        let mut faults = Vec::new();
        self.check(&mut faults, "", &self.schema, &self.schema["example"], given);
        if faults.is_empty() {
            faults.push(self.fault_at(path));
        }
        faults.truncate(FAULTS_MAX);
        faults
    }

    fn check(&self, faults: &mut Vec<WrongField>, path: &str, schema: &Value, example: &Value, given: &Given) {
        let (schema, nullable) = self.resolve(schema);
        let example = example_of(schema, example);
        let right = match given {
            Given::Null => nullable,
            Given::Boolean => has_type(schema, "boolean"),
            Given::Integer => has_type(schema, "integer"),
            Given::Fraction => has_type(schema, "number"),
            Given::Text(text) => has_type(schema, "string") && has_format(schema, text),
            Given::List(items) if has_type(schema, "array") => {
                for (index, item) in items.iter().enumerate() {
                    self.check(faults, &format!("{path}[{index}]"), &schema["items"], &example[0], item);
                }
                true
            }
            Given::Object(fields) if has_type(schema, "object") => {
                self.check_fields(faults, path, schema, example, fields);
                true
            }
            Given::List(_) | Given::Object(_) => false,
        };
        if !right {
            faults.push(self.wrong_field(path, expectation(schema, example)));
        }
    }

    fn check_fields(
        &self,
        faults: &mut Vec<WrongField>,
        path: &str,
        schema: &Value,
        example: &Value,
        fields: &[(String, Given)],
    ) {
        let properties = &schema["properties"];
        if fields.iter().any(|(name, _)| properties[name].is_null()) {
            let names = properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).into();
            faults.push(self.wrong_field(path, Expected::KnownFields { names }));
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.iter().any(|(given, _)| given == name) {
                let (property, _) = self.resolve(&properties[name]);
                let form = Box::new(expectation(property, example_of(property, &example[name])));
                faults.push(self.wrong_field(&field_path(path, name), Expected::Missing { form }));
            }
        }
        let mut seen = BTreeSet::new();
        for (name, given) in fields.iter().filter(|(name, _)| !properties[name].is_null()) {
            if seen.insert(name) {
                self.check(faults, &field_path(path, name), &properties[name], &example[name], given);
            } else {
                faults.push(self.wrong_field(&field_path(path, name), Expected::Once));
            }
        }
    }

    /// The expectation at a path that parsing has found wrong, although its type is right.
    fn fault_at(&self, path: &Path) -> WrongField {
        let (mut schema, _) = self.resolve(&self.schema);
        let mut example = example_of(schema, &Value::Null);
        let mut at = String::new();
        for segment in path.iter() {
            let (next, next_example) = match segment {
                Segment::Map { key } if !schema["properties"][key].is_null() => {
                    at = field_path(&at, key);
                    (&schema["properties"][key], &example[key])
                }
                Segment::Seq { index } => {
                    at = format!("{at}[{index}]");
                    (&schema["items"], &example[0])
                }
                _ => break,
            };
            schema = self.resolve(next).0;
            example = example_of(schema, next_example);
        }
        let form = expectation(schema, example);
        let is_integer = matches!(form, Expected::Integer { .. });
        self.wrong_field(&at, if is_integer { Expected::InRange { form: Box::new(form) } } else { form })
    }

    /// A schema without references, and whether null is allowed in its place.
    fn resolve<'a>(&'a self, schema: &'a Value) -> (&'a Value, bool) {
        let options = schema["oneOf"].as_array().into_iter().flatten();
        if let Some(schema) = options.into_iter().find(|option| !has_type(option, "null")) {
            return (self.resolve(schema).0, true);
        }
        let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let referred = name.and_then(|name| self.referred.iter().find(|(known, _)| known == name));
        (referred.map_or(schema, |(_, schema)| schema), has_type(schema, "null"))
    }

    fn wrong_field(&self, path: &str, expected: Expected) -> WrongField {
        WrongField { field: if path.is_empty() { self.whole } else { path }.to_owned(), expected }
    }
}

fn schema_json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

/// The path of a field of the object at `path`.
fn field_path(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether a type is the one, or among those, of a schema.
fn has_type(schema: &Value, kind: &str) -> bool {
    let kinds = &schema["type"];
    kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|known| known == kind))
}

fn has_format(schema: &Value, text: &str) -> bool {
    match schema["format"].as_str() {
        Some("uuid") => text.parse::<Uuid>().is_ok(),
        Some("date-time") => text.parse::<Timestamp>().is_ok(),
        _ => true,
    }
}

/// A schema's own example, or its part of the example of the whole.
fn example_of<'a>(schema: &'a Value, given: &'a Value) -> &'a Value {
    if given.is_null() { &schema["example"] } else { given }
}

/// The expectation of a value of a schema.
fn expectation(schema: &Value, example: &Value) -> Expected {
    let written = || example.to_string();
    match schema["format"].as_str() {
        Some("uuid") => Expected::Uuid,
        Some("date-time") => Expected::Time,
        _ if schema["enum"].is_array() => {
            let name = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let names = schema["enum"].as_array().into_iter().flatten().map(name);
            Expected::OneOf { names: names.into() }
        }
        _ if has_type(schema, "boolean") => Expected::Boolean,
        _ if has_type(schema, "integer") => match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            (Some(min), Some(max)) => Expected::IntegerBetween { min, max },
            _ => Expected::Integer { example: written() },
        },
        _ if has_type(schema, "string") => Expected::Text { example: written() },
        // One element shows what all must be.
        _ if has_type(schema, "array") => Expected::List { example: json!([example[0]]).to_string() },
        _ => Expected::Object { example: written() },
    }
}
