//! Evaluates CloudFormation's functions with what the local stack has in the place of each resource.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::aws::cloudformation::{ACCOUNT, REGION, TemplateError};

/// The answers of `Ref` and `GetAtt` for one resource.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The answer of `!Ref`.
    pub reference: String,
    /// The answers of `!GetAtt`, by attribute.
    pub attributes: HashMap<&'static str, String>,
}

/// Everything a function of the template may refer to.
#[derive(Debug, Default)]
pub struct Scope {
    /// Parameters with their default values, and the pseudo parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Conditions, unevaluated.
    pub conditions: Map<String, Value>,
    /// Resources by logical id.
    pub resources: HashMap<String, Identity>,
}

impl Scope {
    /// The scope of a template, still without its resources. Parameters that are `given` have that value.
    #[must_use]
    pub fn new(template: &Value, given: &[(&str, &str)]) -> Self {
        let mut parameters = BTreeMap::from([
            ("AWS::Region".to_owned(), Value::from(REGION)),
            ("AWS::AccountId".to_owned(), Value::from(ACCOUNT)),
            ("AWS::Partition".to_owned(), Value::from("aws")),
            ("AWS::URLSuffix".to_owned(), Value::from("amazonaws.com")),
            ("AWS::StackName".to_owned(), Value::from("onsale")),
            ("AWS::StackId".to_owned(), Value::from("onsale")),
            ("AWS::NoValue".to_owned(), Value::Null),
        ]);
        for (name, parameter) in crate::aws::cloudformation::entries(&template["Parameters"]) {
            let given = given.iter().find(|(given, _)| given == name).map(|(_, value)| match value.parse::<u64>() {
                Ok(number) if parameter["Type"] == "Number" => Value::from(number),
                _ => Value::from(*value),
            });
            parameters.insert(name.clone(), given.unwrap_or_else(|| parameter["Default"].clone()));
        }
        let conditions = template["Conditions"].as_object().cloned().unwrap_or_default();
        Self { parameters, conditions, resources: HashMap::new() }
    }

    /// Replaces every function in `value` by its answer. What refers to `AWS::NoValue` disappears.
    ///
    /// # Errors
    /// When it refers to what the template does not have, or uses a function the local stack does not know.
    pub fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolve(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(items.into_iter().filter(|item| !item.is_null()).collect())
            }
            Value::Object(object) => match single_entry(object) {
                Some((name, argument)) if name == "Ref" || name.starts_with("Fn::") => {
                    self.call_intrinsic(name, argument)
                }
                _ => {
                    let mut resolved = Map::new();
                    for (key, value) in object {
                        let answer = self.resolve(value)?;
                        if value.is_null() || !answer.is_null() {
                            resolved.insert(key.clone(), answer);
                        }
                    }
                    Ok(Value::Object(resolved))
                }
            },
            other => Ok(other.clone()),
        }
    }

    /// Whether the condition `name` holds with the default parameters.
    ///
    /// # Errors
    /// When there is no such condition or it cannot be evaluated.
    pub fn condition_holds(&self, name: &str) -> Result<bool, TemplateError> {
        let condition = self.conditions.get(name);
        self.evaluate(condition.ok_or_else(|| TemplateError::new(format!("has no condition {name}")))?)
    }

    fn evaluate(&self, condition: &Value) -> Result<bool, TemplateError> {
        let all = |list: &Value| -> Result<Vec<bool>, TemplateError> {
            list.as_array().into_iter().flatten().map(|one| self.evaluate(one)).collect()
        };
        match condition.as_object().and_then(single_entry) {
            Some(("Condition", name)) => self.condition_holds(name.as_str().unwrap_or_default()),
            Some(("Fn::Equals", sides)) => Ok(self.resolve(&sides[0])? == self.resolve(&sides[1])?),
            Some(("Fn::Not", list)) => Ok(!self.evaluate(&list[0])?),
            Some(("Fn::And", list)) => Ok(all(list)?.into_iter().all(|held| held)),
            Some(("Fn::Or", list)) => Ok(all(list)?.into_iter().any(|held| held)),
            _ => Err(TemplateError::new(format!("has the unknown condition {condition}"))),
        }
    }

    fn call_intrinsic(&self, name: &str, argument: &Value) -> Result<Value, TemplateError> {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap_or_default()),
            "Fn::GetAtt" => {
                self.attribute(argument[0].as_str().unwrap_or_default(), argument[1].as_str().unwrap_or_default())
            }
            "Fn::Sub" => self.substitute(argument),
            "Fn::Join" => {
                let separator = argument[0].as_str().unwrap_or_default();
                let parts = self.resolve(&argument[1])?;
                let parts: Vec<String> =
                    parts.as_array().into_iter().flatten().map(crate::aws::cloudformation::scalar_text).collect();
                Ok(Value::from(parts.join(separator)))
            }
            "Fn::Split" => {
                let separator = argument[0].as_str().unwrap_or_default();
                let text = self.resolve(&argument[1])?;
                Ok(text.as_str().unwrap_or_default().split(separator).collect::<Vec<_>>().into())
            }
            "Fn::Select" => {
                let place = argument[0].as_u64().and_then(|place| usize::try_from(place).ok());
                let list = self.resolve(&argument[1])?;
                let chosen = place.and_then(|place| list.get(place)).cloned();
                chosen.ok_or_else(|| TemplateError::new(format!("selects what is not there: {argument}")))
            }
            "Fn::If" => {
                let held = self.condition_holds(argument[0].as_str().unwrap_or_default())?;
                self.resolve(&argument[if held { 1 } else { 2 }])
            }
            _ => Err(TemplateError::new(format!("uses {name}, which the local stack does not know"))),
        }
    }

    fn reference(&self, name: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        let resource = self.resources.get(name);
        resource
            .map(|identity| Value::from(identity.reference.as_str()))
            .ok_or_else(|| TemplateError::new(format!("refers to {name}, which it does not have")))
    }

    fn attribute(&self, name: &str, attribute: &str) -> Result<Value, TemplateError> {
        let resource = self.resources.get(name);
        resource
            .and_then(|identity| identity.attributes.get(attribute))
            .map(|value| Value::from(value.as_str()))
            .ok_or_else(|| TemplateError::new(format!("refers to {name}.{attribute}, which the local stack has not")))
    }

    fn substitute(&self, argument: &Value) -> Result<Value, TemplateError> {
        let (text, own) = match argument {
            Value::Array(pair) => (pair[0].as_str().unwrap_or_default(), self.resolve(&pair[1])?),
            other => (other.as_str().unwrap_or_default(), Value::Null),
        };
        let mut answer = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) =
                after.split_once('}').ok_or_else(|| TemplateError::new(format!("has an unclosed ${{ in {text}")))?;
            answer.push_str(before);
            answer.push_str(&self.substitution_value(name, &own)?);
            rest = behind;
        }
        answer.push_str(rest);
        Ok(Value::from(answer))
    }

    fn substitution_value(&self, name: &str, own: &Value) -> Result<String, TemplateError> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        if let Some(value) = own.get(name) {
            return Ok(crate::aws::cloudformation::scalar_text(value));
        }
        let value = match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(resource, attribute)?,
            None => self.reference(name)?,
        };
        Ok(crate::aws::cloudformation::scalar_text(&value))
    }
}

fn single_entry(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) => Some((key.as_str(), value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope() -> Scope {
        let mut scope = Scope::new(
            &json!({
                "Parameters": {"Stage": {"Default": "local"}},
                "Conditions": {
                    "Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
                    "Quiet": {"Fn::Not": [{"Condition": "Live"}]},
                },
            }),
            &[],
        );
        let identity = Identity { reference: "url".into(), attributes: HashMap::from([("Arn", "arn".to_owned())]) };
        scope.resources.insert("Queue".into(), identity);
        scope
    }

    #[test]
    fn functions_are_answered() {
        let value = json!({
            "ref": {"Ref": "Queue"}, "attribute": {"Fn::GetAtt": ["Queue", "Arn"]},
            "text": {"Fn::Sub": "${Queue}/${Queue.Arn}/${AWS::Region}/${!x}"},
            "own": {"Fn::Sub": ["${a}-${Stage}", {"a": 1}]},
            "either": {"Fn::If": ["Quiet", "yes", "no"]}, "gone": {"Ref": "AWS::NoValue"},
            "joined": {"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]},
        });
        assert_eq!(
            scope().resolve(&value).unwrap(),
            json!({"ref": "url", "attribute": "arn", "text": "url/arn/us-east-1/${x}", "own": "1-local",
                   "either": "yes", "joined": "a-local"})
        );
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(scope().resolve(&json!({"Ref": "Nothing"})).is_err());
        assert!(scope().resolve(&json!({"Fn::GetAtt": ["Queue", "Nothing"]})).is_err());
        assert!(scope().resolve(&json!({"Fn::Transform": {}})).is_err());
    }
}
