//! GET /v1/payment_intents/search

use serde_json::{Value, json};

use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::objects::PaymentIntent;
use crate::third_parties::payment_provider::operations::lists::read_limit;
use crate::third_parties::payment_provider::state::{Request, State};

/// Most conditions of a query.
const CONDITIONS_MAX: usize = 10;

/// Something that a payment must have.
enum Condition {
    Metadata { key: String, value: String },
    Status(String),
}

pub(crate) fn search_intents(state: &State, request: &Request<'_>) -> Result<Value, ApiError> {
    let parameters = request.parameters;
    parameters.allow_only(&["query", "limit", "page", "expand"])?;
    let limit = read_limit(parameters)?;
    let conditions = parse(parameters.required("query")?).ok_or_else(|| {
        let message = "The search supports metadata['key']:'value' and status:'value', joined by AND.";
        ApiError::bad_parameter(None, "query", message)
    })?;
    // A page is named by the id that ended the one before.
    let before = match parameters.text("page") {
        None => u64::MAX,
        Some(id) => state.intent(id, "page")?.number,
    };
    let delay = i64::try_from(state.faults.search_delay_seconds).unwrap_or(i64::MAX);
    let indexed_until = request.now.as_second().saturating_sub(delay);
    let meets = |intent: &&PaymentIntent| {
        let is_indexed = delay == 0 || intent.created <= indexed_until;
        is_indexed && intent.number < before && conditions.iter().all(|condition| condition.is_met(intent))
    };
    let found: Vec<&PaymentIntent> = state.intents.newest_first().filter(meets).take(limit + 1).collect();
    let has_more = found.len() > limit;
    let shown = found.get(..limit).unwrap_or(&found);
    let next_page = shown.last().filter(|_| has_more).map(|last| last.id.clone());
    let data: Vec<Value> = shown.iter().map(|intent| intent.to_json()).collect();
    Ok(json!({
        "object": "search_result",
        "url": "/v1/payment_intents/search",
        "has_more": has_more,
        "next_page": next_page,
        "data": data,
    }))
}

impl Condition {
    fn is_met(&self, intent: &PaymentIntent) -> bool {
        match self {
            Self::Metadata { key, value } => intent.metadata.get(key) == Some(value),
            Self::Status(status) => intent.status.name() == status,
        }
    }
}

/// The conditions of a query; none if it is not of the supported kind.
fn parse(query: &str) -> Option<Vec<Condition>> {
    let mut conditions = Vec::new();
    let mut rest = query.trim();
    loop {
        let (condition, after) = parse_condition(rest)?;
        conditions.push(condition);
        rest = after.trim_start();
        if rest.is_empty() && conditions.len() <= CONDITIONS_MAX {
            return Some(conditions);
        }
        rest = rest.strip_prefix("AND ").or_else(|| rest.strip_prefix("and "))?.trim_start();
    }
}

fn parse_condition(text: &str) -> Option<(Condition, &str)> {
    if let Some(rest) = text.strip_prefix("metadata[") {
        let (key, rest) = parse_quoted(rest)?;
        let (value, rest) = parse_quoted(rest.strip_prefix("]:")?)?;
        return Some((Condition::Metadata { key, value }, rest));
    }
    let (value, rest) = parse_quoted(text.strip_prefix("status:")?)?;
    Some((Condition::Status(value), rest))
}

/// A text in single or double quotes, in which a backslash stands before a quote or a backslash.
fn parse_quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((place, character)) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?.1),
            end if end == quote => return Some((value, text.get(place + end.len_utf8()..)?)),
            other => value.push(other),
        }
    }
    None
}
