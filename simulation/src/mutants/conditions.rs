//! Conditions as they go over the wire, part by part, and requests in which one part is struck out.

use serde_json::Value;

/// Most parts of one condition.
const PARTS_MAX: usize = 200;

/// The guards of a request of `function`: each part of each of its conditions, by the function, the kind of item, and
/// the part without its numbers.
#[must_use]
pub fn condition_names(function: &str, request: &Value) -> Vec<String> {
    let mut guards = Vec::new();
    for write in writes(request) {
        let Some(condition) = write["ConditionExpression"].as_str() else { continue };
        guards.extend(split_condition(condition).into_iter().map(|part| condition_name(function, write, part)));
    }
    guards.sort_unstable();
    guards.dedup();
    guards
}

/// The request without these guards, if it has one of them.
#[must_use]
pub fn without_conditions(function: &str, request: &Value, struck: &[String]) -> Option<Value> {
    if struck.is_empty() {
        return None;
    }
    let mut request = request.clone();
    let mut found = false;
    let single = request["ConditionExpression"].is_string();
    let members = request.get_mut("TransactItems").and_then(Value::as_array_mut);
    let mut members: Vec<&mut Value> = match members {
        Some(members) => members.iter_mut().filter_map(|member| member.as_object_mut()?.values_mut().next()).collect(),
        None if single => vec![&mut request],
        None => return None,
    };
    for write in &mut members {
        let Some(condition) = write["ConditionExpression"].as_str() else { continue };
        let mut remaining = Vec::new();
        for part in split_condition(condition) {
            if struck.contains(&condition_name(function, write, part)) {
                found = true;
                // True of everything, and names the same placeholders: the table refuses a request that does not.
                remaining.push(format!("({part} OR attribute_exists(pk) OR attribute_not_exists(pk))"));
            } else {
                remaining.push(part.to_owned());
            }
        }
        let remaining = remaining.join(" AND ");
        write["ConditionExpression"] = remaining.into();
    }
    found.then_some(request)
}

fn writes(request: &Value) -> Vec<&Value> {
    match request["TransactItems"].as_array() {
        Some(members) => members.iter().filter_map(|member| member.as_object()?.values().next()).collect(),
        None => vec![request],
    }
}

/// The parts of a condition that are joined by AND, outside of brackets and of BETWEEN.
fn split_condition(condition: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut between, mut start) = (0_usize, false, 0);
    for (index, letter) in condition.char_indices() {
        let rest = &condition[index..];
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 && rest.starts_with(" BETWEEN ") => between = true,
            ' ' if depth == 0 && rest.starts_with(" AND ") && between => between = false,
            ' ' if depth == 0 && rest.starts_with(" AND ") && parts.len() < PARTS_MAX => {
                parts.push(&condition[start..index]);
                start = index + " AND ".len();
            }
            _ => {}
        }
    }
    parts.push(&condition[start..]);
    parts
}

fn condition_name(function: &str, write: &Value, part: &str) -> String {
    let item_key = if write["Key"].is_object() { &write["Key"] } else { &write["Item"] };
    let name = |key: &str| {
        let text = item_key[key]["S"].as_str().unwrap_or_default();
        text.split('#').next().unwrap_or_default().to_owned()
    };
    // A mark is named by what it marks, in small letters: its partition says what it is.
    let kind = Some(name("sk")).filter(|name| name.chars().all(|letter| letter.is_ascii_uppercase()));
    let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or_else(|| name("pk"));
    let mut shown = String::new();
    for letter in part.chars() {
        match letter {
            '0'..='9' if shown.ends_with('N') => {}
            '0'..='9' => shown.push('N'),
            other => shown.push(other),
        }
    }
    format!("{function} · {kind} · {shown}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_condition_has_its_parts() {
        assert_eq!(split_condition("a = :a"), ["a = :a"]);
        let found = split_condition("a = :a AND (b = :b OR c AND d) AND e BETWEEN :x AND :y AND f");
        assert_eq!(found, ["a = :a", "(b = :b OR c AND d)", "e BETWEEN :x AND :y", "f"]);
    }

    #[test]
    fn one_guard_is_struck_out_wherever_it_stands() {
        let key = json!({ "pk": { "S": "USER#1" }, "sk": { "S": "RSV#2" } });
        let check = json!({ "ConditionCheck": { "Key": key, "ConditionExpression": "#12 = :mine AND v = :v" } });
        let request = json!({ "TransactItems": [check] });
        let guards = condition_names("pay", &request);
        assert_eq!(guards, ["pay · RSV · #N = :mine", "pay · RSV · v = :v"]);
        let struck = without_conditions("pay", &request, &guards[1..]).expect("it has it");
        let condition = struck["TransactItems"][0]["ConditionCheck"]["ConditionExpression"].as_str();
        assert_eq!(condition, Some("#12 = :mine AND (v = :v OR attribute_exists(pk) OR attribute_not_exists(pk))"));
        assert_eq!(without_conditions("hold", &request, &guards[1..]), None);
        let single =
            json!({ "Item": { "pk": { "S": "EVENT#7" }, "sk": { "S": "record_sales" } }, "ConditionExpression": "a" });
        assert_eq!(condition_names("x", &single), ["x · EVENT · a"]);
        assert!(without_conditions("x", &single, &["x · EVENT · a".to_owned()]).is_some());
    }
}
