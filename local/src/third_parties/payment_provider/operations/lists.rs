//! GET /v1/payment_intents, /v1/refunds and /v1/events: pages, the newest first.

use serde_json::{Value, json};

use crate::third_parties::payment_provider::call::Parameters;
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::kept::{Kept, Object};
use crate::third_parties::payment_provider::objects::{Event, Refund};
use crate::third_parties::payment_provider::state::State;

/// Objects of a page, unless asked otherwise, and the most.
const LIMIT_DEFAULT: i64 = 10;
const LIMIT_MAX: i64 = 100;
/// The parameters that every list understands.
const PAGING: [&str; 4] = ["created", "limit", "starting_after", "expand"];

/// The bounds of a page.
struct Page<'a> {
    at_least: i64,
    below: i64,
    limit: usize,
    starting_after: Option<&'a str>,
}

impl<'a> Page<'a> {
    fn read(parameters: Parameters<'a>, more: &[&str]) -> Result<Self, ApiError> {
        parameters.allow_only(&[&PAGING[..], more].concat())?;
        for (name, _) in parameters.0 {
            if name.starts_with("created") && !["created[gte]", "created[lt]"].contains(&name.as_str()) {
                let message = "Only created[gte] and created[lt] are supported.";
                return Err(ApiError::bad_parameter(Some("parameter_unknown"), name.clone(), message));
            }
        }
        Ok(Self {
            at_least: parameters.integer("created[gte]")?.unwrap_or(i64::MIN),
            below: parameters.integer("created[lt]")?.unwrap_or(i64::MAX),
            limit: read_limit(parameters)?,
            starting_after: parameters.text("starting_after"),
        })
    }

    /// The page of those that are `wanted`.
    fn of<T: Object>(
        &self,
        objects: &Kept<T>,
        url: &str,
        created: impl Fn(&T) -> i64,
        wanted: impl Fn(&T) -> bool,
        show: impl Fn(&T) -> Value,
    ) -> Result<Value, ApiError> {
        let before = match self.starting_after {
            None => u64::MAX,
            Some(id) => objects.get(id).ok_or_else(|| ApiError::no_such(T::KIND, id, "starting_after"))?.number(),
        };
        let is_within = |object: &&T| (self.at_least..self.below).contains(&created(object)) && wanted(object);
        let after = objects.newest_first().filter(|object| object.number() < before);
        let found: Vec<&T> = after.filter(is_within).take(self.limit + 1).collect();
        let data: Vec<Value> = found.iter().take(self.limit).map(|object| show(object)).collect();
        Ok(json!({ "object": "list", "url": url, "has_more": found.len() > self.limit, "data": data }))
    }
}

/// How many objects a page has.
pub(crate) fn read_limit(parameters: Parameters<'_>) -> Result<usize, ApiError> {
    let limit = parameters.integer("limit")?.unwrap_or(LIMIT_DEFAULT);
    let in_bounds = usize::try_from(limit).ok().filter(|_| (1..=LIMIT_MAX).contains(&limit));
    in_bounds.ok_or_else(|| {
        let message = format!("limit must be from 1 to {LIMIT_MAX}.");
        ApiError::bad_parameter(Some("parameter_invalid_integer"), "limit", message)
    })
}

pub(crate) fn list_intents(state: &State, parameters: Parameters<'_>) -> Result<Value, ApiError> {
    let page = Page::read(parameters, &[])?;
    let url = "/v1/payment_intents";
    page.of(&state.intents, url, |intent| intent.created, |_| true, |intent| intent.to_json())
}

pub(crate) fn list_refunds(state: &State, parameters: Parameters<'_>) -> Result<Value, ApiError> {
    let page = Page::read(parameters, &["payment_intent"])?;
    let intent = parameters.text("payment_intent");
    let wanted = |refund: &Refund| intent.is_none_or(|id| refund.payment_intent == id);
    page.of(&state.refunds, "/v1/refunds", |refund| refund.created, wanted, |refund| refund.to_json())
}

pub(crate) fn list_events(state: &State, parameters: Parameters<'_>) -> Result<Value, ApiError> {
    let page = Page::read(parameters, &["type"])?;
    let kind = parameters.text("type");
    let wanted = |event: &Event| kind.is_none_or(|kind| event.kind == kind);
    page.of(&state.events, "/v1/events", |event| event.created, wanted, |event| event.to_json())
}
