//! Reads: one item, several, a page of a partition or of an index.

use std::collections::HashMap;
use std::future::{Ready, ready};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Get, KeysAndAttributes, TransactGetItem};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::item::{Item, key_item, key_of, number, text};
use super::table::Key;
use super::write::{Rejected, failure, is_throttled};
use super::{Attempts, Failure};
use crate::app::App;

/// Whether a read must see every write that was answered before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// Sees everything; costs double.
    Strong,
    /// May be a moment old.
    Eventual,
}

/// Most reads of a list for one answer.
pub const PAGES_MAX: usize = 10;
/// Most things that a list looks at for one answer. Where so many are passed by, a page may have fewer than were asked
/// for, and says where to go on.
pub const LOOKED_AT_MAX: usize = 1_000;
/// How many times as many are looked at by each further read for one answer: where much is passed by, few reads follow.
const LOOKED_AT_GROWTH: usize = 4;
/// Most items of one BatchGetItem (a limit of DynamoDB).
pub const BATCH_MAX: usize = 100;

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Cursor of the next page; `None` after the last.
    pub next: Option<String>,
}

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
pub async fn get_all(app: &App, keys: &[Key], consistency: Consistency) -> Result<Vec<Item>, Failure> {
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
                attempts.again().await?;
                wanted = Some(left);
            }
        }
    }
    Ok(found)
}

/// Reads several items, each in the place of its key; `None` for those that do not exist.
pub async fn get_in_order(app: &App, keys: &[Key], consistency: Consistency) -> Result<Vec<Option<Item>>, Failure> {
    let found = get_all(app, keys, consistency).await?;
    let mut found: HashMap<Key, Item> = found.into_iter().filter_map(|item| Some((key_of(&item)?, item))).collect();
    Ok(keys.iter().map(|key| found.remove(key)).collect())
}

/// What a list shows of the items that it read, one for each; `None` for what it passes by.
type Shown<T> = Result<Vec<Option<T>>, Failure>;

/// Shows everything that was read, as `read` understands it.
pub fn each<T>(read: impl Fn(Item) -> Result<T, Failure>) -> impl Fn(App, Vec<Item>) -> Ready<Shown<T>> {
    move |_, items| ready(items.into_iter().map(|item| read(item).map(Some)).collect())
}

/// An item as no transaction is at work on it: whoever writes it at that moment is waited for.
///
/// A plain read, however consistent, waits for nobody: while a transaction is being committed it shows some of its items
/// as they were before. So the receipt of a request is read like this before that request is refused: it may be the one
/// item that is still to come of the same request, sent twice or not answered.
pub async fn settled(app: &App, key: &Key) -> Result<Option<Item>, Failure> {
    Ok(get_together(app, std::slice::from_ref(key)).await?.pop().flatten())
}

/// Reads several items as they were at one instant, in the order of `keys`, at most [`BATCH_MAX`]. Whoever writes one of
/// them at that moment is waited for.
pub async fn get_together(app: &App, keys: &[Key]) -> Result<Vec<Option<Item>>, Failure> {
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
            Err(error) => attempts.again_after(&cancelled(&error)).await?,
        }
    }
}

/// Why several items were not read: for too much traffic, or because another transaction is at work on one of them.
fn cancelled(error: &SdkError<TransactGetItemsError>) -> Rejected<()> {
    let reasons = match error.as_service_error() {
        Some(TransactGetItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    };
    match () {
        () if reasons.iter().any(is_throttled) => Rejected::Throttled,
        () if reasons.iter().any(|reason| reason.code() == Some("TransactionConflict")) => Rejected::Conflict(vec![()]),
        () => failure(error).into(),
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
    /// A partition of the table, sort keys with this beginning that are not after another.
    UpTo { pk: String, prefix: String, last: String },
    /// All that an owner has.
    ByTime { owner: String },
    /// What of an expiry partition ended before a second.
    Expired { shard: String, before: u32 },
}

impl Query {
    fn new(range: Range) -> Self {
        Self { range, newest_first: false, consistency: Consistency::Eventual, filter: None, after: None }
    }

    /// All of a partition of the table, in order.
    pub fn whole(pk: impl Into<String>) -> Self {
        Self::new(Range::Whole { pk: pk.into() })
    }

    /// All of a partition of the table whose sort key begins with `prefix`, in order.
    pub fn partition(pk: impl Into<String>, prefix: &str) -> Self {
        Self::new(Range::Partition { pk: pk.into(), prefix: prefix.to_owned() })
    }

    /// Of a partition of the table what has a sort key from `prefix` to `last`, last first.
    pub fn up_to(last: &Key, prefix: &str) -> Self {
        Self::new(Range::UpTo { pk: last.pk.clone(), prefix: prefix.to_owned(), last: last.sk.clone() }).newest_first()
    }

    /// All that `owner` has, newest first, as keys.
    pub fn by_time(owner: impl Into<String>) -> Self {
        Self::new(Range::ByTime { owner: owner.into() }).newest_first()
    }

    /// What of an expiry partition ended before `second`, longest ago first, as keys.
    pub fn expired(shard: String, before: u32) -> Self {
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
            Range::Whole { .. } | Range::Partition { .. } | Range::UpTo { .. } => None,
            Range::ByTime { .. } => Some(super::table::BY_TIME_INDEX),
            Range::Expired { .. } => Some(super::table::EXPIRY_INDEX),
        }
    }

    fn condition(&self) -> (&'static str, Vec<(&'static str, AttributeValue)>) {
        match &self.range {
            Range::Whole { pk } => ("pk = :pk", vec![(":pk", text(pk))]),
            Range::Partition { pk, prefix } => {
                ("pk = :pk AND begins_with(sk, :prefix)", vec![(":pk", text(pk)), (":prefix", text(prefix))])
            }
            Range::UpTo { pk, prefix, last } => (
                "pk = :pk AND sk BETWEEN :prefix AND :last",
                vec![(":pk", text(pk)), (":prefix", text(prefix)), (":last", text(last))],
            ),
            Range::ByTime { owner } => ("#owner = :owner", vec![(":owner", text(owner))]),
            Range::Expired { shard, before } => (
                "expiry_shard = :shard AND expires_at < :before",
                vec![(":shard", text(shard)), (":before", number(before))],
            ),
        }
    }

    /// Reads a cursor, if it is one that this very list gave, letter by letter.
    fn cursor(&self, given: &str) -> Option<Item> {
        if given.len() > CURSOR_CHARACTERS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(given).ok()?;
        let (json, mark) = bytes.split_at_checked(bytes.len().checked_sub(CURSOR_MARK_BYTES)?)?;
        if mark != self.mark(json) {
            return None;
        }
        let json: Value = serde_json::from_slice(json).ok()?;
        let json = json.as_object()?;
        let part = |name: &str| json.get(name).and_then(Value::as_str);
        let (pk, sk) = (part("pk")?, part("sk")?);
        let mut item = key_item(&Key { pk: pk.to_owned(), sk: sk.to_owned() });
        let belongs = match &self.range {
            Range::Whole { pk: own } => pk == own && !sk.is_empty() && json.len() == 2,
            Range::Partition { pk: own, prefix } => pk == own && sk.starts_with(prefix.as_str()) && json.len() == 2,
            Range::ByTime { owner } => {
                item.insert("owner".to_owned(), text(owner));
                item.insert("created_at".to_owned(), number(json.get("created_at")?.as_i64()?));
                !pk.is_empty() && !sk.is_empty() && json.len() == 4 && part("owner") == Some(owner)
            }
            Range::UpTo { .. } | Range::Expired { .. } => false,
        };
        belongs.then_some(item)
    }

    /// The key of the last item of a page as the cursor of the next; opaque to clients.
    fn written(&self, last: &Item) -> Option<String> {
        let mut json = serde_json::Map::new();
        for (name, value) in last {
            let value = match value {
                AttributeValue::S(value) => Value::String(value.clone()),
                AttributeValue::N(value) => Value::Number(value.parse::<i64>().ok()?.into()),
                _ => return None,
            };
            json.insert(name.clone(), value);
        }
        let mut bytes = Value::Object(json).to_string().into_bytes();
        let mark = self.mark(&bytes);
        bytes.extend(mark);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What shows that a cursor was altered, or is of another list or direction. It has no secret, and needs none:
    /// whoever computes it anew has named a place in a list that he may read from its beginning.
    fn mark(&self, json: &[u8]) -> [u8; CURSOR_MARK_BYTES] {
        let (condition, values) = self.condition();
        let mut hash = Sha256::new().chain_update([u8::from(self.newest_first)]).chain_update(condition);
        for value in values.iter().filter_map(|(_, value)| value.as_s().ok()) {
            hash.update(value.len().to_be_bytes());
            hash.update(value);
        }
        let digest = hash.chain_update(json).finalize();
        let mut mark = [0; CURSOR_MARK_BYTES];
        mark.copy_from_slice(&digest[..CURSOR_MARK_BYTES]);
        mark
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

    /// Where a list begins: after the cursor, and after what it leaves out.
    fn beginning(&self, cursor: Option<Item>) -> Option<Item> {
        let after = self.after.as_ref().map(key_item);
        let place = |start: &Option<Item>| start.as_ref().and_then(|key| Some(key.get("sk")?.as_s().ok()?.clone()));
        if place(&cursor) < place(&after) { after } else { cursor }
    }

    /// Of an item the attributes that say where it lies.
    fn start_key(&self, item: &Item) -> Item {
        let of_index: &[&str] = match self.range {
            Range::ByTime { .. } => &["owner", "created_at"],
            _ => &[],
        };
        let names = ["pk", "sk"].iter().chain(of_index);
        names.filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone()))).collect()
    }

    /// A page of a list: `limit` things, each made by `show` of what was read, which gives one answer for each item and
    /// `None` for what is not to be shown. Fewer only at the end, or when [`LOOKED_AT_MAX`] were looked at.
    ///
    /// # Errors
    /// [`ListError::Cursor`] when the cursor is not one of this list.
    pub async fn listed<T, F>(
        &self,
        app: &App,
        limit: u16,
        cursor: Option<&str>,
        show: impl Fn(App, Vec<Item>) -> F,
    ) -> Result<Page<T>, ListError>
    where
        F: Future<Output = Shown<T>>,
    {
        let limit = usize::from(limit);
        let given = cursor.map(|given| self.cursor(given).ok_or(ListError::Cursor)).transpose()?;
        let mut start = self.beginning(given);
        let (mut shown, mut last, mut left, mut size) = (Vec::new(), None, LOOKED_AT_MAX, limit);
        for _ in 0..PAGES_MAX {
            let wanted = size.min(left);
            let (items, next) = self.page(app, i32::try_from(wanted).unwrap_or(i32::MAX), start).await?;
            let places: Vec<Item> = items.iter().map(|item| self.start_key(item)).collect();
            for (place, made) in places.into_iter().zip(show(app.clone(), items).await?) {
                let Some(made) = made else { continue };
                if shown.len() == limit {
                    // There are more than fit: the next page begins after the last that does.
                    return Ok(Page { items: shown, next: last.and_then(|last| self.written(&last)) });
                }
                shown.push(made);
                last = Some(place);
            }
            start = next;
            (left, size) = (left - wanted, size * LOOKED_AT_GROWTH);
            if start.is_none() || shown.len() == limit || left == 0 {
                break;
            }
        }
        Ok(Page { items: shown, next: start.as_ref().and_then(|last| self.written(last)) })
    }
}

/// A list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is not one of this list.
    #[error("not a cursor of this list")]
    Cursor,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Longest cursor that is read.
const CURSOR_CHARACTERS_MAX: usize = 1_000;
/// Bytes at the end of a cursor that belong to what stands before them.
const CURSOR_MARK_BYTES: usize = 9;

#[cfg(test)]
mod tests {
    use onsale_domain::money::Price;
    use onsale_domain::product::{NAME_CHARACTERS_MAX, Sort, listed_name, name};
    use uuid::Uuid;

    use super::*;
    use crate::store::table;

    /// Most bytes of a sort key (a limit of DynamoDB).
    const SORT_KEY_BYTES_MAX: usize = 1_024;

    /// Names whose folded form is the longest, in bytes and once written as JSON.
    #[test]
    fn a_list_takes_the_cursor_that_it_gave_whatever_the_name() {
        for character in ["a", "\\", "힣", "\u{fdfa}", "\u{3300}", "ﬁ", "ß", "😀", "\u{1d15e}", "\""] {
            let name = name(&character.repeat(NAME_CHARACTERS_MAX / 2)).expect("a name");
            for key in table::listings(Uuid::max(), &listed_name(&name), Price::DEFAULT, i64::MAX) {
                assert!(key.sk.len() <= SORT_KEY_BYTES_MAX, "{character}: {} bytes", key.sk.len());
                let list = Query::whole(table::catalog_partition(Sort::Name));
                let last = key_item(&Key { pk: table::catalog_partition(Sort::Name).to_owned(), sk: key.sk });
                let cursor = list.written(&last).expect("a cursor");
                assert_eq!(list.cursor(&cursor), Some(last), "{character}: {} characters", cursor.len());
            }
        }
    }
}
