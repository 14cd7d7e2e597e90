//! The policies of functions: the statements of the template, and the patterns of their leading keys.
//!
//! Only the forms that the template uses are understood: inline statements that allow, with actions and resources
//! written out, and a condition on the leading keys. Anything else (a managed policy, a wildcard, a denial) is an
//! error, because what is not understood could not be enforced.

use serde_json::Value;

use crate::aws::cloudformation::{TemplateError, entries, scalar_text};

/// The condition key of `DynamoDB` that holds the partition keys of a call.
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
/// The condition key of SES that holds the address which a mail comes from.
const FROM_ADDRESS: &str = "ses:FromAddress";

/// One statement of a policy; it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Actions such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// ARNs.
    pub resources: Vec<String>,
    /// Patterns of which every leading key must match one, or the sender of a mail; without a condition neither matters.
    pub leading_keys: Option<Vec<Pattern>>,
}

/// A text, or the beginning of one followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// As it stands in the template.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` is like it.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.0.strip_suffix('*').map_or(text == self.0, |beginning| text.starts_with(beginning))
    }
}

/// Reads the `Policies` of a function, its references resolved.
pub(crate) fn read(policies: &Value) -> Result<Vec<Statement>, TemplateError> {
    let statements = one_or_many(policies).into_iter().map(|policy| match check_fields(policy, &["Statement"]) {
        Ok(()) => Ok(one_or_many(&policy["Statement"])),
        Err(problem) => Err(problem),
    });
    let statements: Vec<Vec<&Value>> = statements.collect::<Result<_, _>>()?;
    statements.into_iter().flatten().map(read_statement).collect()
}

fn read_statement(statement: &Value) -> Result<Statement, TemplateError> {
    check_fields(statement, &["Effect", "Action", "Resource", "Condition"])?;
    if statement["Effect"] != "Allow" {
        return Err(TemplateError::new(format!("has a statement that does not allow: {statement}")));
    }
    let literal = |name: &str| -> Result<Vec<String>, TemplateError> {
        let values: Vec<String> = one_or_many(&statement[name]).into_iter().map(scalar_text).collect();
        if values.iter().any(|value| value.is_empty() || value.contains(['*', '?'])) || values.is_empty() {
            Err(TemplateError::new(format!("has a statement whose {name} is not written out: {statement}")))
        } else {
            Ok(values)
        }
    };
    Ok(Statement {
        actions: literal("Action")?,
        resources: literal("Resource")?,
        leading_keys: statement.get("Condition").map(read_condition).transpose()?,
    })
}

/// Patterns of the two conditions that are understood.
fn read_condition(condition: &Value) -> Result<Vec<Pattern>, TemplateError> {
    let unknown = || TemplateError::new(format!("has the unknown condition {condition}"));
    let (mut patterns, mut found) = (Vec::new(), 0);
    for (operator, keys) in entries(condition) {
        let of_mail = operator == "StringEquals";
        let key = if of_mail { FROM_ADDRESS } else { LEADING_KEYS };
        check_fields(keys, &[key])?;
        found += 1;
        for value in one_or_many(&keys[key]) {
            let text = value.as_str().ok_or_else(unknown)?;
            let wildcard = text.find(['*', '?']);
            let understood = match operator.as_str() {
                "ForAllValues:StringLike" => wildcard.is_none() || (text.ends_with('*') && wildcard == text.rfind('*')),
                "ForAllValues:StringEquals" | "StringEquals" => wildcard.is_none(),
                _ => false,
            };
            if !understood {
                return Err(unknown());
            }
            patterns.push(Pattern(text.to_owned()));
        }
    }
    if found == 1 && !patterns.is_empty() { Ok(patterns) } else { Err(unknown()) }
}

/// A list, or one thing as a list of one; nothing for nothing.
fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}

/// Insists on an object with no other fields.
fn check_fields(value: &Value, known: &[&str]) -> Result<(), TemplateError> {
    let unknown = || TemplateError::new(format!("has a policy that the local stack cannot enforce: {value}"));
    let object = value.as_object().ok_or_else(unknown)?;
    if object.keys().all(|name| known.contains(&name.as_str())) { Ok(()) } else { Err(unknown()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn statement(change: impl FnOnce(&mut Value)) -> Result<Vec<Statement>, TemplateError> {
        let mut statement = json!({ "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:table" });
        change(&mut statement);
        read(&json!([{ "Statement": [statement] }]))
    }

    #[test]
    fn a_statement_is_read_in_both_spellings() {
        let one = statement(|_| ()).unwrap();
        assert_eq!(one[0].actions, ["dynamodb:GetItem"]);
        let listed = statement(|it| it["Action"] = json!(["dynamodb:GetItem"])).unwrap();
        assert_eq!(one, listed);
        assert!(read(&Value::Null).unwrap().is_empty());
    }

    #[test]
    fn what_could_not_be_enforced_is_an_error() {
        assert!(read(&json!(["AmazonDynamoDBFullAccess"])).is_err());
        assert!(read(&json!([{ "DynamoDBCrudPolicy": { "TableName": "Table" } }])).is_err());
        assert!(statement(|it| it["Effect"] = json!("Deny")).is_err());
        assert!(statement(|it| it["NotResource"] = json!("arn:other")).is_err());
        for wide in ["*", "dynamodb:*", "dynamodb:Get?tem", ""] {
            assert!(statement(|it| it["Action"] = json!([wide])).is_err(), "{wide}");
            assert!(statement(|it| it["Resource"] = json!(wide)).is_err(), "{wide}");
        }
    }

    #[test]
    fn only_conditions_on_leading_keys_and_senders_are_understood() {
        let given = |operator: &str, key: &str, value: Value| {
            statement(|it| it["Condition"] = json!({ operator: { key: value } })).map(|it| it[0].leading_keys.clone())
        };
        let like = "ForAllValues:StringLike";
        let read = given(like, LEADING_KEYS, json!(["USER#*", "KEYS"])).unwrap().unwrap();
        assert!(read[0].matches("USER#1") && !read[0].matches("USERS") && !read[0].matches("EMAIL#USER#"));
        assert!(read[1].matches("KEYS") && !read[1].matches("KEYS#1"));
        assert!(given("ForAllValues:StringEquals", LEADING_KEYS, json!("KEYS")).is_ok());
        assert!(given("ForAllValues:StringEquals", LEADING_KEYS, json!("USER#*")).is_err());
        let sender = given("StringEquals", FROM_ADDRESS, json!("tickets@shop.example")).unwrap().unwrap();
        assert!(sender[0].matches("tickets@shop.example") && !sender[0].matches("tickets@shop.example.org"));
        assert!(given("StringLike", FROM_ADDRESS, json!("*@shop.example")).is_err());
        assert!(given("StringEquals", LEADING_KEYS, json!("KEYS")).is_err());
        assert!(given("ForAnyValue:StringLike", LEADING_KEYS, json!("USER#*")).is_err());
        assert!(given(like, "dynamodb:Attributes", json!("pk")).is_err());
        for wide in [json!("*#1"), json!("U*#*"), json!("U?#"), json!([]), json!(1)] {
            assert!(given(like, LEADING_KEYS, wide.clone()).is_err(), "{wide}");
        }
    }
}
