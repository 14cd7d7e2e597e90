//! Lists: pages of what is shown, and the cursors between them.

use std::future::{Ready, ready};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_item, number, text};
use crate::store::dynamodb::keys::Key;
use crate::store::dynamodb::query::{Query, Range};
use crate::store::views::Page;

/// Most reads of a list for one answer.
pub const PAGES_MAX: usize = 10;
/// Most things that a list looks at for one answer. Where so many are passed by, a page may have fewer than were asked
/// for, and says where to go on.
const LOOKED_AT_MAX: usize = 1_000;
/// How many times as many are looked at by each further read for one answer: where much is passed by, few reads follow.
const LOOKED_AT_GROWTH: usize = 4;

/// The entries that a list makes of the items it read, one for each; `None` for an item it leaves out.
type Shown<T> = Result<Vec<Option<T>>, Failure>;

/// Shows everything that was read, as `read` understands it.
pub fn map_each<T>(read: impl Fn(Item) -> Result<T, Failure>) -> impl Fn(App, Vec<Item>) -> Ready<Shown<T>> {
    move |_, items| ready(items.into_iter().map(|item| read(item).map(Some)).collect())
}

impl Query {
    /// Reads a cursor, if it is one that this very list gave, letter by letter.
    fn parse_cursor(&self, given: &str) -> Option<Item> {
        if given.len() > CURSOR_CHARACTERS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(given).ok()?;
        let (json, mark) = bytes.split_at_checked(bytes.len().checked_sub(CURSOR_MARK_BYTES)?)?;
        if mark != self.cursor_mark(json) {
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
            Range::Between { pk: own, first, last } => {
                pk == own && (first.as_str()..=last).contains(&sk) && json.len() == 2
            }
            Range::ByTime { owner } => {
                item.insert("owner".to_owned(), text(owner));
                item.insert("created_at".to_owned(), number(json.get("created_at")?.as_i64()?));
                !pk.is_empty() && !sk.is_empty() && json.len() == 4 && part("owner") == Some(owner)
            }
            Range::Expired { .. } => false,
        };
        belongs.then_some(item)
    }

    /// The key of the last item of a page as the cursor of the next; opaque to clients.
    fn encode_cursor(&self, last: &Item) -> Option<String> {
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
        let mark = self.cursor_mark(&bytes);
        bytes.extend(mark);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The cursor after which this list begins with what follows `key`, which need not be there.
    pub fn cursor_after(&self, key: &Key) -> Option<String> {
        self.encode_cursor(&key_item(key))
    }

    /// A digest by which a cursor that is altered, or of another list, is refused. It has no secret and needs none:
    /// somebody who computes it anew names a position in a list that they may read from its beginning.
    fn cursor_mark(&self, json: &[u8]) -> [u8; CURSOR_MARK_BYTES] {
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

    /// Where a list begins: after the cursor, and after what it leaves out.
    fn list_start(&self, cursor: Option<Item>) -> Option<Item> {
        let after = self.after.as_ref().map(key_item);
        let sort_key = |start: &Option<Item>| start.as_ref().and_then(|key| Some(key.get("sk")?.as_s().ok()?.clone()));
        if sort_key(&cursor) < sort_key(&after) { after } else { cursor }
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
    /// [`ListFailure::Cursor`] when the cursor is not one of this list.
    pub async fn list<T, F>(
        &self,
        app: &App,
        limit: u16,
        cursor: Option<&str>,
        show: impl Fn(App, Vec<Item>) -> F,
    ) -> Result<Page<T>, ListFailure>
    where
        F: Future<Output = Shown<T>>,
    {
        let limit = usize::from(limit);
        let given = cursor.map(|given| self.parse_cursor(given).ok_or(ListFailure::Cursor)).transpose()?;
        let mut start = self.list_start(given);
        let (mut shown, mut last, mut left, mut size) = (Vec::new(), None, LOOKED_AT_MAX, limit);
        for _ in 0..PAGES_MAX {
            let wanted = size.min(left);
            let (items, next) = self.page(app, i32::try_from(wanted).unwrap_or(i32::MAX), start).await?;
            let start_keys: Vec<Item> = items.iter().map(|item| self.start_key(item)).collect();
            for (start_key, made) in start_keys.into_iter().zip(show(app.clone(), items).await?) {
                let Some(made) = made else { continue };
                if shown.len() == limit {
                    // There are more than fit: the next page begins after the last that does.
                    return Ok(Page { items: shown, next: last.and_then(|last| self.encode_cursor(&last)) });
                }
                shown.push(made);
                last = Some(start_key);
            }
            start = next;
            (left, size) = (left - wanted, size * LOOKED_AT_GROWTH);
            if start.is_none() || shown.len() == limit || left == 0 {
                break;
            }
        }
        Ok(Page { items: shown, next: start.as_ref().and_then(|last| self.encode_cursor(last)) })
    }
}

/// A list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListFailure {
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
    use onsale_domain::id::ProductId;
    use onsale_domain::money::Price;
    use onsale_domain::products::product::{NAME_CHARACTERS_MAX, Sort, listed_name, parse_name};
    use uuid::Uuid;

    use super::*;
    use crate::store::dynamodb::keys;

    /// Most bytes of a sort key (a limit of DynamoDB).
    const SORT_KEY_BYTES_MAX: usize = 1_024;

    /// Names whose folded form is the longest, in bytes and once written as JSON.
    #[test]
    fn a_list_takes_the_cursor_that_it_gave_whatever_the_name() {
        for character in ["a", "\\", "힣", "\u{fdfa}", "\u{3300}", "ﬁ", "ß", "😀", "\u{1d15e}", "\""] {
            let name = parse_name(&character.repeat(NAME_CHARACTERS_MAX / 2)).expect("a name");
            for key in keys::listings(ProductId(Uuid::max()), &listed_name(&name), Price::DEFAULT, i64::MAX) {
                assert!(key.sk.len() <= SORT_KEY_BYTES_MAX, "{character}: {} bytes", key.sk.len());
                let list = Query::whole_partition(keys::catalog_partition(Sort::Name));
                let last = key_item(&Key { pk: keys::catalog_partition(Sort::Name).to_owned(), sk: key.sk });
                let cursor = list.encode_cursor(&last).expect("a cursor");
                assert_eq!(list.parse_cursor(&cursor), Some(last), "{character}: {} characters", cursor.len());
            }
        }
    }
}
