//! Event patterns: which records a trigger lets through to its function, by the rules of Lambda's filters.

use serde_json::Value;

/// Whether `record` matches one of `patterns`; without patterns everything does.
#[must_use]
pub fn matches_any(patterns: &[Value], record: &Value) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, Some(record)))
}

/// Every field of a pattern must match; a field's list must have one entry that does.
fn matches(pattern: &Value, value: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| {
            if name == "$or" {
                return pattern.as_array().is_some_and(|ways| ways.iter().any(|way| matches(way, value)));
            }
            matches(pattern, value.and_then(|value| value.get(name)))
        }),
        Value::Array(choices) => choices.iter().any(|choice| match value {
            Some(Value::Array(items)) => items.iter().any(|item| allows(choice, Some(item))),
            other => allows(choice, other),
        }),
        _ => false,
    }
}

fn allows(choice: &Value, value: Option<&Value>) -> bool {
    let Some((comparison, argument)) = choice.as_object().and_then(|object| object.iter().next()) else {
        return value == Some(choice);
    };
    let text = value.and_then(Value::as_str);
    let wanted = argument.as_str().unwrap_or_default();
    match comparison.as_str() {
        "exists" => argument.as_bool() == Some(value.is_some_and(|value| !value.is_object())),
        "prefix" => text.is_some_and(|text| text.starts_with(wanted)),
        "suffix" => text.is_some_and(|text| text.ends_with(wanted)),
        "equals-ignore-case" => text.is_some_and(|text| text.eq_ignore_ascii_case(wanted)),
        "numeric" => value.and_then(Value::as_f64).is_some_and(|number| in_range(argument, number)),
        "anything-but" => value.is_some_and(|value| match argument {
            Value::Array(refused) => !refused.contains(value),
            Value::Object(_) => !allows(argument, Some(value)),
            refused => refused != value,
        }),
        _ => false,
    }
}

fn in_range(bounds: &Value, number: f64) -> bool {
    let bounds = bounds.as_array().map_or(&[][..], Vec::as_slice);
    bounds.chunks(2).all(|bound| match bound {
        [Value::String(comparison), limit] => limit.as_f64().is_some_and(|limit| match comparison.as_str() {
            "=" => number.total_cmp(&limit).is_eq(),
            "<" => number < limit,
            "<=" => number <= limit,
            ">" => number > limit,
            ">=" => number >= limit,
            _ => false,
        }),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_match_as_lambda_does() {
        let record =
            json!({"eventName": "MODIFY", "dynamodb": {"NewImage": {"kind": {"S": "reservation"}, "n": {"N": "3"}}}});
        let cases = [
            (json!({"eventName": ["INSERT", "MODIFY"]}), true),
            (json!({"eventName": ["REMOVE"]}), false),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": ["reservation"]}}}}), true),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": [{"prefix": "res"}]}}}}), true),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": [{"anything-but": ["reservation"]}]}}}}), false),
            (json!({"dynamodb": {"NewImage": {"gone": {"S": [{"exists": false}]}}}}), true),
            (json!({"dynamodb": {"NewImage": {"kind": {"S": [{"exists": true}]}}}}), true),
            (json!({"dynamodb": {"OldImage": {"kind": {"S": ["reservation"]}}}}), false),
            (json!({"$or": [{"eventName": ["REMOVE"]}, {"eventName": ["MODIFY"]}]}), true),
        ];
        for (pattern, expected) in cases {
            assert_eq!(matches_any(std::slice::from_ref(&pattern), &record), expected, "{pattern}");
        }
        assert!(matches_any(&[], &record));
    }

    #[test]
    fn numbers_are_compared() {
        let bounds = json!({"price": [{"numeric": [">", 0, "<=", 5]}]});
        assert!(matches_any(std::slice::from_ref(&bounds), &json!({"price": 5})));
        assert!(!matches_any(&[bounds], &json!({"price": 6})));
    }
}
