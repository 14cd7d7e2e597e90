//! A user's data, as its owner may have it: everything that lies in the user's partitions, as records of kinds.
//!
//! A table names every kind of item and every attribute of it. An attribute is told, in a form that can be read without
//! this code, or it is named as left out: digests, secrets, versions, shards and places on an index, which say nothing
//! about a person. An item or attribute that the table does not name is not told, and a test fails at it.

use jiff::Timestamp;
use onsale_domain::id::{UserId, from_short};
use serde_json::{Map, Number, Value};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_of, unreadable};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{ListFailure, Query, map_each};
use crate::store::views::Page;

/// A record of a user's data.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The kind of the record, one of [`kinds`].
    pub kind: &'static str,
    /// Its content, by attribute.
    pub data: Map<String, Value>,
}

/// How an attribute is told.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// As it is: a text, a number, a truth.
    Plain,
    /// A time in milliseconds.
    Millisecond,
    /// A time in seconds.
    Second,
    /// An id of 22 characters.
    ShortId,
    /// `<shard>:<units>,…`: the units together.
    Units,
    /// A structure of these attributes.
    Map(&'static [Field]),
    /// A list of such structures.
    List(&'static [Field]),
}

/// An attribute that is told: the name in the table, the name in the record, and the form.
type Field = (&'static str, &'static str, Form);

/// A kind of item.
struct Kind {
    name: &'static str,
    /// How the sort key begins, and the name that what follows has in the record.
    prefix: &'static str,
    id: Option<&'static str>,
    told: &'static [Field],
    /// The attributes that are left out; one that ends with `*` stands for all that begin so.
    left_out: &'static [&'static str],
}

/// Attributes of the table itself, and of events and indexes.
const OF_THE_TABLE: [&str; 7] = ["pk", "sk", "version", "change", "traceparent", "expiry_shard", "delete_at"];

const PAYMENT: &[Field] = &[
    ("amount", "amount", Form::Plain),
    ("paid_at", "paid_at", Form::Millisecond),
    ("refunded", "refunded", Form::Plain),
    ("card", "card_payment_id", Form::Plain),
];

const TICKET: &[Field] = &[
    ("id", "seat_id", Form::Plain),
    ("price", "price", Form::Plain),
    ("cancelled", "cancelled", Form::Plain),
    ("generation", "generation", Form::Plain),
];

const LINE: &[Field] = &[
    ("id", "product_id", Form::ShortId),
    ("name", "name", Form::Plain),
    ("price", "price", Form::Plain),
    ("taken", "quantity", Form::Units),
];

const DISCOUNT: &[Field] =
    &[("kind", "kind", Form::Plain), ("value", "value", Form::Plain), ("max", "max", Form::Plain)];

const KINDS: &[Kind] = &[
    Kind {
        name: "profile",
        prefix: "PROFILE",
        id: None,
        told: &[
            ("id", "user_id", Form::Plain),
            ("email", "email", Form::Plain),
            ("name", "name", Form::Plain),
            ("language", "language", Form::Plain),
            ("created_at", "created_at", Form::Millisecond),
            ("proven_at", "proven_at", Form::Millisecond),
            ("erased_at", "erased_at", Form::Millisecond),
        ],
        left_out: &["password_hash", "sessions_epoch"],
    },
    Kind {
        name: "session",
        prefix: keys::SESSION_PREFIX,
        id: Some("session_id"),
        told: &[
            ("began_at", "began_at", Form::Millisecond),
            ("rotated_at", "refreshed_at", Form::Millisecond),
            ("source", "source", Form::Plain),
            ("agent", "agent", Form::Plain),
        ],
        left_out: &["digest", "pepper", "epoch"],
    },
    Kind {
        name: "ledger_entry",
        prefix: keys::ENTRY_PREFIX,
        id: None,
        told: &[
            ("seq", "seq", Form::Plain),
            ("kind", "kind", Form::Plain),
            ("amount", "amount", Form::Plain),
            ("balance_after", "balance_after", Form::Plain),
            ("at", "at", Form::Millisecond),
            ("reference", "ref", Form::Plain),
            ("memo", "memo", Form::Plain),
        ],
        left_out: &["key", "topped_up_on", "topped_up", "made_by", "closed"],
    },
    Kind {
        name: "charge",
        prefix: keys::CHARGE_PREFIX,
        id: Some("charge_id"),
        told: &[
            ("kind", "kind", Form::Plain),
            ("amount", "amount", Form::Plain),
            ("at", "at", Form::Millisecond),
            ("seq", "seq", Form::Plain),
            ("balance_after", "balance_after", Form::Plain),
        ],
        left_out: &["fingerprint"],
    },
    Kind {
        name: "card_payment",
        prefix: keys::CARD_PAYMENT_PREFIX,
        id: Some("card_payment_id"),
        told: &[
            ("reservation_id", "reservation_id", Form::Plain),
            ("order_id", "order_id", Form::Plain),
            ("amount", "amount", Form::Plain),
            ("currency", "currency", Form::Plain),
            ("intent", "provider_payment", Form::Plain),
            ("state", "state", Form::Plain),
            ("in_wallet", "in_wallet", Form::Plain),
            ("refunded", "refunded", Form::Plain),
            ("began_at", "began_at", Form::Millisecond),
        ],
        left_out: &["fingerprint", "refunds", "expires_at"],
    },
    Kind {
        name: "card_refund",
        prefix: keys::CARD_REFUND_PREFIX,
        id: Some("card_refund_id"),
        told: &[
            ("amount", "amount", Form::Plain),
            ("state", "state", Form::Plain),
            ("provider_refund", "provider_refund", Form::Plain),
        ],
        left_out: &["expires_at"],
    },
    Kind {
        name: "payout",
        prefix: keys::PAYOUT_PREFIX,
        id: Some("payout_id"),
        told: &[
            ("amount", "amount", Form::Plain),
            ("at", "at", Form::Millisecond),
            ("balance_after", "balance_after", Form::Plain),
        ],
        left_out: &["fingerprint"],
    },
    Kind {
        name: "reservation",
        prefix: keys::RESERVATION_PREFIX,
        id: None,
        told: &[
            ("id", "reservation_id", Form::Plain),
            ("created_at", "created_at", Form::Millisecond),
            ("schedule_id", "schedule_id", Form::Plain),
            ("concert_id", "concert_id", Form::Plain),
            ("place", "place", Form::Plain),
            ("starts_at", "starts_at", Form::Millisecond),
            ("held_until", "held_until", Form::Second),
            ("state", "state", Form::Plain),
            ("tickets", "tickets", Form::List(TICKET)),
            ("payment", "payment", Form::Map(PAYMENT)),
            ("queue_id", "queue_id", Form::Plain),
            ("queue_number", "queue_number", Form::Plain),
            ("declines", "declines", Form::Plain),
            ("closed_at", "closed_at", Form::Millisecond),
        ],
        left_out: &["fingerprint", "expires_at"],
    },
    Kind {
        name: "new_ticket_code",
        prefix: keys::REISSUE_PREFIX,
        id: Some("request_id"),
        told: &[("generation", "generation", Form::Plain), ("at", "at", Form::Millisecond)],
        left_out: &["fingerprint"],
    },
    Kind {
        name: "order",
        prefix: keys::ORDER_PREFIX,
        id: Some("order_id"),
        told: &[
            ("created_at", "created_at", Form::Millisecond),
            ("held_until", "held_until", Form::Second),
            ("state", "state", Form::Plain),
            ("lines", "items", Form::List(LINE)),
            ("coupon", "coupon_id", Form::Plain),
            ("discount", "discount", Form::Plain),
            ("payment", "payment", Form::Map(PAYMENT)),
            ("declines", "declines", Form::Plain),
        ],
        left_out: &["owner", "fingerprint", "expires_at"],
    },
    Kind {
        name: "unpaid_orders",
        prefix: keys::UNPAID,
        id: None,
        told: &[
            ("orders", "orders", Form::Plain),
            ("lapses", "lapses", Form::Plain),
            ("lapsed_at", "lapsed_at", Form::Second),
            ("paused_until", "paused_until", Form::Second),
            ("closed_at", "closed_at", Form::Millisecond),
        ],
        left_out: &["open_*", "units_*", "first_end"],
    },
    Kind {
        name: "queue_entry",
        prefix: keys::TOKEN_PREFIX,
        id: Some("queue_id"),
        told: &[
            ("number", "number", Form::Plain),
            ("state", "state", Form::Plain),
            ("issued_at", "issued_at", Form::Millisecond),
            ("missed_at", "missed_at", Form::Millisecond),
            ("admitted_at", "admitted_at", Form::Millisecond),
            ("expires_at", "expires_at", Form::Second),
            ("ended_at", "ended_at", Form::Millisecond),
            ("holds", "holds", Form::Plain),
        ],
        left_out: &["claim"],
    },
    Kind {
        name: "coupon_claim",
        prefix: keys::CLAIM_PREFIX,
        id: Some("coupon_id"),
        told: &[
            ("name", "name", Form::Plain),
            ("discount", "discount", Form::Map(DISCOUNT)),
            ("valid_from", "valid_from", Form::Millisecond),
            ("valid_until", "valid_until", Form::Millisecond),
            ("claimed_at", "claimed_at", Form::Millisecond),
            ("used_by", "used_by", Form::Plain),
        ],
        left_out: &["made_by"],
    },
];

/// The roles of a user, which have a partition of their own.
const ROLE: Kind = Kind {
    name: "role",
    prefix: "",
    id: None,
    told: &[
        ("role", "role", Form::Plain),
        ("concert_id", "concert_id", Form::Plain),
        ("granted_by", "granted_by", Form::Plain),
        ("created_at", "granted_at", Form::Millisecond),
    ],
    left_out: &["owner"],
};

/// The names of all kinds of records.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    KINDS.iter().chain([&ROLE]).map(|kind| kind.name).collect()
}

/// A page of a user's data, in the order of the table; the roles come last.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, user: UserId, limit: u16, cursor: Option<&str>) -> Result<Page<Record>, ListFailure> {
    let own = Query::whole_partition(keys::user_partition(user)).strong();
    let roles = Query::whole_partition(keys::grants_partition(user)).strong();
    // A cursor is one of the first list or of the second: which, costs no read.
    if cursor.is_some() {
        match roles.list(app, limit, cursor, map_each(read_role)).await {
            Err(ListFailure::Cursor) => {}
            answered => return answered,
        }
    }
    let show = |_, items: Vec<Item>| std::future::ready(Ok(items.iter().map(read).collect()));
    let mut page = own.list(app, limit, cursor, show).await?;
    let left = usize::from(limit).saturating_sub(page.items.len());
    match u16::try_from(left) {
        _ if page.next.is_some() => {}
        Ok(left) if left > 0 => {
            let more = roles.list(app, left, None, map_each(read_role)).await?;
            page.items.extend(more.items);
            page.next = more.next;
        }
        // The roles have a page of their own; every sort key of theirs comes after this one.
        _ => page.next = roles.cursor_after(&Key { pk: keys::grants_partition(user), sk: " ".to_owned() }),
    }
    Ok(page)
}

fn read_role(item: Item) -> Result<Record, Failure> {
    Ok(Record { kind: ROLE.name, data: tell(ROLE.told, &item) })
}

/// An item as a record; none of a kind that the table does not name.
fn read(item: &Item) -> Option<Record> {
    let key = key_of(item)?;
    let kind = kind_of(&key.sk)?;
    let mut data = Map::new();
    if let Some(name) = kind.id {
        data.insert(name.to_owned(), Value::String(key.sk.get(kind.prefix.len()..)?.to_owned()));
    }
    data.extend(tell(kind.told, item));
    Some(Record { kind: kind.name, data })
}

fn kind_of(sk: &str) -> Option<&'static Kind> {
    // `UNPAID` and `PROFILE` are whole sort keys, and no other begins so.
    KINDS.iter().find(|kind| sk.starts_with(kind.prefix))
}

/// The attributes of an item of a user's partition that are neither told nor named as left out; of a kind that nothing
/// names, all. For tests.
#[must_use]
pub fn unnamed(item: &Item) -> Vec<String> {
    let kind = key_of(item).and_then(|key| kind_of(&key.sk));
    let is_named = |name: &String| {
        let Some(kind) = kind else { return false };
        let left_out = |known: &&str| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => known == name,
        };
        OF_THE_TABLE.iter().chain(kind.left_out).any(left_out) || kind.told.iter().any(|(known, ..)| known == name)
    };
    item.keys().filter(|name| !is_named(name)).cloned().collect()
}

fn tell(fields: &[Field], item: &Item) -> Map<String, Value> {
    let told = |(attribute, name, form): &Field| {
        let value = show(item.get(*attribute)?, *form);
        if value.is_none() {
            tracing::error!(failure = %unreadable(attribute), "an attribute is left out of a user's data");
        }
        Some(((*name).to_owned(), value?))
    };
    fields.iter().filter_map(told).collect()
}

/// A value in its form; none, if it has another.
fn show(value: &AttributeValue, form: Form) -> Option<Value> {
    let integer = || value.as_n().ok()?.parse::<i64>().ok();
    let time = |at: Timestamp| Value::String(at.to_string());
    match form {
        Form::Plain => match value {
            AttributeValue::S(text) => Some(Value::String(text.clone())),
            AttributeValue::N(_) => integer().map(|number| Value::Number(Number::from(number))),
            AttributeValue::Bool(truth) => Some(Value::Bool(*truth)),
            AttributeValue::Null(_) => Some(Value::Null),
            _ => None,
        },
        Form::Millisecond => Timestamp::from_millisecond(integer()?).ok().map(time),
        Form::Second => Timestamp::from_second(integer()?).ok().map(time),
        Form::ShortId => from_short(value.as_s().ok()?).map(|id| Value::String(id.to_string())),
        Form::Units => {
            let units = value.as_s().ok()?.split(',').map(|part| part.split_once(':')?.1.parse::<i64>().ok());
            units.sum::<Option<i64>>().map(|units| Value::Number(units.into()))
        }
        Form::Map(fields) => value.as_m().ok().map(|map| Value::Object(tell(fields, map))),
        Form::List(fields) => {
            let items = value.as_l().ok()?.iter();
            let items = items.map(|item| item.as_m().ok().map(|map| Value::Object(tell(fields, map))));
            items.collect::<Option<Vec<Value>>>().map(Value::Array)
        }
    }
}
