//! When two answers are equal, and if they are not, whether it is known why.

use serde_json::{Map, Value};

use super::classes::{self, Class};

/// One operation and the answers of both engines.
pub struct Both<'a> {
    pub operation: &'a str,
    pub request: &'a Value,
    pub ours: Told,
    pub theirs: Told,
    /// Whether the product asks, or a seed.
    pub of_product: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub status: u16,
    pub body: Value,
}

/// An answer as it came over the wire.
pub fn response(status: u16, body: &str) -> Told {
    Told { status, body: serde_json::from_str(body).unwrap_or(Value::Null) }
}

impl Told {
    /// The name of the error, without its namespace.
    pub fn error(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default()
    }

    /// What the error says.
    pub fn message(&self) -> &str {
        let said = self.body["message"].as_str().or_else(|| self.body["Message"].as_str());
        said.unwrap_or_default()
    }
}

impl Both<'_> {
    /// None if the answers mean the same; else the class of the difference, if it has one.
    pub fn differs(&self) -> Option<Option<&'static Class>> {
        let (ours, theirs) = (self.normal(&self.ours), self.normal(&self.theirs));
        if ours == theirs { None } else { Some(classes::class_of(self, &ours, &theirs)) }
    }

    /// The request and both answers, of which so much.
    pub fn example(&self, characters: usize) -> String {
        let cut = |text: String| match text.char_indices().nth(characters) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        };
        format!(
            "{} {}\n  embedded: {} {}\n  DynamoDB Local: {} {}",
            self.operation,
            cut(self.request.to_string()),
            self.ours.status,
            cut(self.ours.body.to_string()),
            self.theirs.status,
            cut(self.theirs.body.to_string())
        )
    }

    /// An answer without what may be otherwise each time: the order of sets and of unordered lists, empty lists that
    /// may be left out, namespaces of errors.
    fn normal(&self, told: &Told) -> Told {
        let mut body = normal_item(told.body.clone());
        let Some(fields) = body.as_object_mut() else { return Told { status: told.status, body } };
        if told.status != 200 {
            let (error, message) = (told.error().to_owned(), told.message().to_owned());
            fields.remove("message");
            fields.insert("__type".into(), error.into());
            fields.insert("Message".into(), message.into());
            for reason in fields.get_mut("CancellationReasons").and_then(Value::as_array_mut).into_iter().flatten() {
                without_null(reason);
            }
        }
        fields.retain(|_, value| !value.is_null() && *value != Value::Object(Map::new()));
        match self.operation {
            "BatchGetItem" => sort_lists(&mut body["Responses"]),
            // Which partition comes first is the engine's own business.
            "Scan" => sort_lists(&mut body),
            _ => {}
        }
        for responses in body["Responses"].as_array_mut().into_iter().flatten() {
            without_null(responses);
        }
        without_null(&mut body);
        Told { status: told.status, body }
    }
}

fn without_null(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

fn sort_lists(value: &mut Value) {
    for list in value.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_array_mut) {
        list.sort_by_key(Value::to_string);
    }
}

/// A number in one notation: its digits without zeros around them, and the power of ten. Both engines keep every digit,
/// and write large and small numbers each in their own way.
fn plain(number: &str) -> String {
    let (digits, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (negative, digits) = digits.strip_prefix('-').map_or((false, digits), |digits| (true, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{part}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let Ok(power) = power.parse::<i64>() else { return number.to_owned() };
    if significant.is_empty() {
        return "0".to_owned();
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let power = power + i64::try_from(zeros).unwrap_or(0) - i64::try_from(part.len()).unwrap_or(0);
    format!("{}{significant}e{power}", if negative { "-" } else { "" })
}

/// A value with its sets in order, at any depth.
pub fn normal_item(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match value {
                Value::Array(mut set) if matches!(name.as_str(), "SS" | "NS" | "BS") => {
                    for member in &mut set {
                        if let (true, Some(number)) = (name == "NS", member.as_str()) {
                            *member = plain(number).into();
                        }
                    }
                    set.sort_by_key(Value::to_string);
                    (name, Value::Array(set))
                }
                Value::String(number) if name == "N" => (name, plain(&number).into()),
                value => (name, normal_item(value)),
            })
            .collect(),
        Value::Array(list) => Value::Array(list.into_iter().map(normal_item).collect()),
        value => value,
    }
}
