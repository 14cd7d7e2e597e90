//! Reads the template's YAML into plain JSON, with CloudFormation's short tags in their long form.
//!
//! `!Ref Table` and `{"Ref": "Table"}` mean the same; after this page only the second exists.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value, json};

use crate::aws::cloudformation::TemplateError;

/// Parses one YAML document.
///
/// # Errors
/// When the text is not YAML, or uses what JSON cannot say (aliases, keys that are no text).
pub fn parse(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text).map_err(|problem| TemplateError::new(problem.to_string()))?;
    convert(documents.first().ok_or_else(|| TemplateError::new("is empty"))?)
}

fn convert(node: &Yaml<'_>) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => Ok(convert_scalar(scalar)),
        Yaml::Sequence(items) => items.iter().map(convert).collect(),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                object.insert(key_text(key)?, convert(value)?);
            }
            Ok(Value::Object(object))
        }
        // A tag on a scalar arrives as text even where the scalar alone would be a number; all of
        // CloudFormation's tagged scalars are text.
        Yaml::Tagged(tag, inner) => Ok(long_form(&tag.suffix, convert(inner)?)),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            Err(TemplateError::new("has a node that is neither scalar, list nor mapping"))
        }
    }
}

fn convert_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => Value::from(*value),
        Scalar::FloatingPoint(value) => Number::from_f64(value.into_inner()).map_or(Value::Null, Value::Number),
        Scalar::String(value) => Value::String(value.to_string()),
    }
}

fn key_text(key: &Yaml<'_>) -> Result<String, TemplateError> {
    match convert(key)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        other => Err(TemplateError::new(format!("has the key {other}, which is no text"))),
    }
}

fn long_form(tag: &str, value: Value) -> Value {
    match (tag, value) {
        ("Ref", value) => json!({ "Ref": value }),
        ("Condition", value) => json!({ "Condition": value }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (name, value) => {
            let mut object = Map::new();
            object.insert(format!("Fn::{name}"), value);
            Value::Object(object)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_their_long_form() {
        let text = "a: !Ref Table\nb: !GetAtt Queue.Arn\nc: !Sub '${Table}-x'\nd: !If [Prod, 1, !Ref 'AWS::NoValue']\n\
                    e: [1, true, two, 2012-10-17]\nf: !GetAtt [Queue, Arn]\n";
        assert_eq!(
            parse(text).unwrap(),
            json!({
                "a": {"Ref": "Table"},
                "b": {"Fn::GetAtt": ["Queue", "Arn"]},
                "c": {"Fn::Sub": "${Table}-x"},
                "d": {"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]},
                "e": [1, true, "two", "2012-10-17"],
                "f": {"Fn::GetAtt": ["Queue", "Arn"]},
            })
        );
    }

    #[test]
    fn a_broken_document_is_an_error() {
        assert!(parse("a: [1, 2").is_err());
        assert!(parse("").is_err());
    }
}
