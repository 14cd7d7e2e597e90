//! Reads: one item, several, a page of a partition or of an index.

mod lists;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Get, KeysAndAttributes, TransactGetItem};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_item, key_of, number, text};
use crate::store::dynamodb::keys::Key;
use crate::store::dynamodb::rejected::{Rejected, failure, is_throttled};
use crate::store::dynamodb::retry::Attempts;
use onsale_domain::time::EpochSecond;

pub use crate::store::dynamodb::query::lists::{ListFailure, PAGES_MAX, map_each};

/// Whether a read must see every write that was answered before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Sees everything; costs double.
    Strong,
    /// May be a moment old.
    Eventual,
}

/// Most items of one BatchGetItem (a limit of DynamoDB).
pub const BATCH_MAX: usize = 100;

pub async fn get(app: &App, key: &Key, consistency: Consistency) -> Result<Option<Item>, Failure> {
    app.dynamodb()
        .get_item()
        .table_name(&app.config().table)
        .set_key(Some(key_item(key)))
        .consistent_read(consistency == Consistency::Strong)
        .send()
        .await
        .map(|answer| answer.item)
        .map_err(|error| failure(&error))
}

/// Reads several items; those that do not exist are left out, the order is lost.
pub async fn batch_get(app: &App, keys: &[Key], consistency: Consistency) -> Result<Vec<Item>, Failure> {
    let mut found = Vec::new();
    for batch in keys.chunks(BATCH_MAX) {
        let mut attempts = Attempts::new(app);
        let mut wanted = Some(HashMap::from([(app.config().table.clone(), keys_request(batch, consistency)?)]));
        while let Some(request) = wanted.take() {
            let answer = app
                .dynamodb()
                .batch_get_item()
                .set_request_items(Some(request))
                .send()
                .await
                .map_err(|error| failure(&error))?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            if let Some(left) = answer.unprocessed_keys.filter(|left| !left.is_empty()) {
                attempts.wait().await?;
                wanted = Some(left);
            }
        }
    }
    Ok(found)
}

/// Reads several items, each in the place of its key; `None` for those that do not exist.
pub async fn batch_get_in_order(
    app: &App,
    keys: &[Key],
    consistency: Consistency,
) -> Result<Vec<Option<Item>>, Failure> {
    let found = batch_get(app, keys, consistency).await?;
    let mut found: HashMap<Key, Item> = found.into_iter().filter_map(|item| Some((key_of(&item)?, item))).collect();
    Ok(keys.iter().map(|key| found.remove(key)).collect())
}

/// An item as no transaction is at work on it: whoever writes it at that moment is waited for.
///
/// A plain read, however consistent, waits for nobody: while a transaction is being committed it shows some of its
/// items as they were before. So the receipt of a request is read like this before that request is refused: it may be
/// the one item that is still to come of the same request, sent twice or not answered.
pub async fn get_isolated(app: &App, key: &Key) -> Result<Option<Item>, Failure> {
    Ok(transact_get(app, std::slice::from_ref(key)).await?.pop().flatten())
}

/// Reads several items as they were at one instant, in the order of `keys`, at most [`BATCH_MAX`]. Whoever writes one
/// of them at that moment is waited for.
pub async fn transact_get(app: &App, keys: &[Key]) -> Result<Vec<Option<Item>>, Failure> {
    let mut attempts = Attempts::new(app);
    let gets: Result<Vec<TransactGetItem>, _> = keys
        .iter()
        .map(|key| Get::builder().table_name(&app.config().table).set_key(Some(key_item(key))).build())
        .map(|get| get.map(|get| TransactGetItem::builder().get(get).build()))
        .collect();
    let gets = gets.map_err(|error| Failure::Internal(error.to_string()))?;
    loop {
        match app.dynamodb().transact_get_items().set_transact_items(Some(gets.clone())).send().await {
            Ok(answer) => {
                let items = answer.responses.unwrap_or_default().into_iter();
                return Ok(items.map(|response| response.item.filter(|item| !item.is_empty())).collect());
            }
            Err(error) => attempts.wait_after(&classify_cancellation(&error)).await?,
        }
    }
}

/// The reason why several items were not read: too much traffic, or another transaction at work on one of them.
fn classify_cancellation(error: &SdkError<TransactGetItemsError>) -> Rejected<()> {
    let reasons = match error.as_service_error() {
        Some(TransactGetItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    };
    if reasons.iter().any(is_throttled) {
        Rejected::Throttled
    } else if reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) {
        Rejected::Conflict(vec![()])
    } else {
        failure(error).into()
    }
}

fn keys_request(keys: &[Key], consistency: Consistency) -> Result<KeysAndAttributes, Failure> {
    KeysAndAttributes::builder()
        .set_keys(Some(keys.iter().map(key_item).collect()))
        .consistent_read(consistency == Consistency::Strong)
        .build()
        .map_err(|error| Failure::Internal(error.to_string()))
}

/// A question to a partition of the table or of an index.
#[derive(Clone, Debug)]
pub struct Query {
    range: Range,
    newest_first: bool,
    consistency: Consistency,
    filter: Option<(&'static str, Vec<(&'static str, AttributeValue)>)>,
    /// A list begins after it.
    after: Option<Key>,
}

#[derive(Clone, Debug)]
enum Range {
    /// A partition of the table.
    Whole { pk: String },
    /// A partition of the table, sort keys with this beginning.
    Partition { pk: String, prefix: String },
    /// A partition of the table, sort keys from one to another.
    Between { pk: String, first: String, last: String },
    /// All that an owner has.
    ByTime { owner: String },
    /// The items of an expiry partition that ended before a second.
    Expired { shard: String, before: EpochSecond },
}

impl Query {
    fn new(range: Range) -> Self {
        Self { range, newest_first: false, consistency: Consistency::Eventual, filter: None, after: None }
    }

    /// All of a partition of the table, in order.
    pub fn whole_partition(pk: impl Into<String>) -> Self {
        Self::new(Range::Whole { pk: pk.into() })
    }

    /// All of a partition of the table whose sort key begins with `prefix`, in order.
    pub fn partition(pk: impl Into<String>, prefix: &str) -> Self {
        Self::new(Range::Partition { pk: pk.into(), prefix: prefix.to_owned() })
    }

    /// Of a partition of the table what has a sort key from `prefix` to `last`, last first.
    pub fn up_to(last: &Key, prefix: &str) -> Self {
        Self::new(Range::Between { pk: last.pk.clone(), first: prefix.to_owned(), last: last.sk.clone() })
            .newest_first()
    }

    /// Of a partition of the table what has a sort key from that of `first` to that of `last`, in order.
    pub fn between(first: &Key, last: &Key) -> Self {
        Self::new(Range::Between { pk: first.pk.clone(), first: first.sk.clone(), last: last.sk.clone() })
    }

    /// All that `owner` has, newest first, as keys.
    pub fn by_time(owner: impl Into<String>) -> Self {
        Self::new(Range::ByTime { owner: owner.into() }).newest_first()
    }

    /// The items of an expiry partition that ended before a second, longest ago first, as keys.
    pub fn expired_before(shard: String, before: EpochSecond) -> Self {
        Self::new(Range::Expired { shard, before })
    }

    /// The same, backwards.
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// The same, seeing every answered write.
    pub fn strong(mut self) -> Self {
        self.consistency = Consistency::Strong;
        self
    }

    /// The same without the items that fail `expression`.
    pub fn filter(mut self, expression: &'static str, values: Vec<(&'static str, AttributeValue)>) -> Self {
        self.filter = Some((expression, values));
        self
    }

    /// The same as a list that begins after `key`, which need not be there.
    pub fn after(mut self, key: Key) -> Self {
        self.after = Some(key);
        self
    }

    fn index(&self) -> Option<&'static str> {
        match self.range {
            Range::Whole { .. } | Range::Partition { .. } | Range::Between { .. } => None,
            Range::ByTime { .. } => Some(crate::store::dynamodb::keys::BY_TIME_INDEX),
            Range::Expired { .. } => Some(crate::store::dynamodb::keys::EXPIRY_INDEX),
        }
    }

    fn condition(&self) -> (&'static str, Vec<(&'static str, AttributeValue)>) {
        match &self.range {
            Range::Whole { pk } => ("pk = :pk", vec![(":pk", text(pk))]),
            Range::Partition { pk, prefix } => {
                ("pk = :pk AND begins_with(sk, :prefix)", vec![(":pk", text(pk)), (":prefix", text(prefix))])
            }
            Range::Between { pk, first, last } => (
                "pk = :pk AND sk BETWEEN :first AND :last",
                vec![(":pk", text(pk)), (":first", text(first)), (":last", text(last))],
            ),
            Range::ByTime { owner } => ("#owner = :owner", vec![(":owner", text(owner))]),
            Range::Expired { shard, before } => (
                "expiry_shard = :shard AND expires_at < :before",
                vec![(":shard", text(shard)), (":before", number(before))],
            ),
        }
    }

    /// One page of at most `limit` evaluated items, after `start`.
    pub async fn page(&self, app: &App, limit: i32, start: Option<Item>) -> Result<(Vec<Item>, Option<Item>), Failure> {
        let (condition, mut values) = self.condition();
        let filter = self.filter.clone().map(|(expression, more)| {
            values.extend(more);
            expression.to_owned()
        });
        let names = matches!(self.range, Range::ByTime { .. })
            .then(|| HashMap::from([("#owner".to_owned(), "owner".to_owned())]));
        let answer = app
            .dynamodb()
            .query()
            .table_name(&app.config().table)
            .set_index_name(self.index().map(str::to_owned))
            .key_condition_expression(condition)
            .set_filter_expression(filter)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(Some(
                values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ))
            .scan_index_forward(!self.newest_first)
            .consistent_read(self.consistency == Consistency::Strong)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// Everything, up to `most` items; more is an error, for lists that have a maximum by construction.
    pub async fn all(&self, app: &App, most: usize) -> Result<Vec<Item>, Failure> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let (page, next) = self.page(app, 1_000, start).await?;
            items.extend(page);
            if items.len() > most {
                return Err(Failure::Internal(format!("a list of more than {most} items")));
            }
            if next.is_none() {
                return Ok(items);
            }
            start = next;
        }
    }
}
