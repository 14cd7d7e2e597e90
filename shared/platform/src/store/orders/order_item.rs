//! Orders as items of the table: read, written whole once, then updated version by version.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::id::{from_short, short};
use onsale_domain::money::Price;
use onsale_domain::orders::order::{Line, Order, State};
use onsale_domain::products::stock::Portion;
use onsale_domain::reservations::reservation::Payment;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::Kind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, number, text, to_item, unreadable, value};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;

/// Kind of orders on the expiry index.
pub const ORDER_KIND: &str = "ord";
/// How long an order that was never paid stays readable: 90 days, longer than any repeat of its request.
const ENDED_KEPT_SECONDS: i64 = 90 * 86_400;

/// A line is kept short, so that an order of ten stays within a kilobyte, and its writes within two units.
#[derive(Serialize, Deserialize)]
struct LineItem {
    /// The product's id in 22 characters.
    id: String,
    name: String,
    price: i64,
    /// `<shard>:<units>`, separated by commas: how many units, and where they go back to.
    taken: String,
}

#[derive(Serialize, Deserialize)]
struct PaymentItem {
    amount: i64,
    paid_at: i64,
    refunded: i64,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct OrderItem {
    owner: String,
    created_at: i64,
    held_until: u32,
    state: String,
    lines: Vec<LineItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<Uuid>,
    #[serde(default)]
    discount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentItem>,
    #[serde(default)]
    declines: u32,
    version: u64,
    fingerprint: String,
    /// What this version tells the world; the stream is read by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// There while stock or coupon are still to be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// The write of a new order.
pub fn create(new: &Order, change: Kind) -> Result<Write, Failure> {
    Ok(Write::create(to_item(&keys::order(new.user, new.id), &item(new, Some(change)))?))
}

/// The update of an order from what was read to what it is after, conditioned on its version. Attributes that this code
/// does not know are left alone, so that newer code may run beside it.
pub fn update(read: &Order, after: &Order, change: Option<Kind>) -> Result<Write, Failure> {
    let item = item(after, change);
    let mut set = "SET #state = :state, version = :version, declines = :declines".to_owned();
    let mut remove: Vec<&str> = Vec::new();
    let mut values: BTreeMap<&str, AttributeValue> = BTreeMap::from([
        (":state", text(item.state)),
        (":version", number(item.version)),
        (":declines", number(item.declines)),
        (":read_version", number(read.version)),
    ]);
    match item.change {
        Some(change) => {
            set.push_str(", change = :change");
            values.insert(":change", text(change));
        }
        None => remove.push("change"),
    }
    if let Some(payment) = &item.payment {
        set.push_str(", payment = :payment");
        values.insert(":payment", value(payment)?);
    }
    if after.settled {
        remove.extend(["expiry_shard", "expires_at"]);
    }
    // What was ever paid explains entries of the ledger, and stays.
    if after.settled && after.payment.is_none() {
        set.push_str(", delete_at = :delete_at");
        values.insert(":delete_at", number(i64::from(after.held_until) + ENDED_KEPT_SECONDS));
    }
    if !remove.is_empty() {
        set.push_str(" REMOVE ");
        set.push_str(&remove.join(", "));
    }
    let write =
        Write::update(&keys::order(read.user, read.id), set).when("version = :read_version").name("#state", "state");
    Ok(values.into_iter().fold(write, |write, (placeholder, value)| write.value(placeholder, value)))
}

fn item(order: &Order, change: Option<Kind>) -> OrderItem {
    OrderItem {
        owner: keys::orders_by_time(order.user),
        created_at: order.created_at.as_millisecond(),
        held_until: order.held_until,
        state: order.state.as_str().to_owned(),
        lines: order.lines.iter().map(line_item).collect(),
        coupon: order.coupon,
        discount: order.discount,
        payment: order.payment.as_ref().map(|payment| PaymentItem {
            amount: payment.amount,
            paid_at: payment.paid_at.as_millisecond(),
            refunded: payment.refunded,
            key: payment.key.clone(),
        }),
        declines: order.declines,
        version: order.version,
        fingerprint: order.fingerprint.clone(),
        change: change.map(|kind| kind.as_str().to_owned()),
        expiry_shard: (!order.settled).then(|| keys::expiry_shard(ORDER_KIND, order.id)),
        expires_at: (!order.settled).then(|| i64::from(order.held_until)),
    }
}

fn line_item(line: &Line) -> LineItem {
    let taken: Vec<String> = line.taken.iter().map(|portion| format!("{}:{}", portion.shard, portion.units)).collect();
    LineItem { id: short(line.product), name: line.name.clone(), price: line.price.get(), taken: taken.join(",") }
}

fn read_line(item: LineItem) -> Result<Line, Failure> {
    let portion = |written: &str| {
        let (shard, units) = written.split_once(':')?;
        Some(Portion { shard: shard.parse().ok()?, units: units.parse().ok()? })
    };
    let taken: Option<Vec<Portion>> = item.taken.split(',').map(portion).collect();
    Ok(Line {
        product: from_short(&item.id).ok_or_else(|| unreadable("product"))?,
        name: item.name,
        price: Price::parse(item.price).map_err(unreadable)?,
        taken: taken.ok_or_else(|| unreadable("taken"))?,
    })
}

pub fn read(user: Uuid, id: Uuid, item: Item) -> Result<Order, Failure> {
    let item: OrderItem = from_item(item)?;
    let at = |millisecond| Timestamp::from_millisecond(millisecond).map_err(unreadable);
    let payment = |payment: PaymentItem| {
        Ok::<_, Failure>(Payment {
            amount: payment.amount,
            paid_at: at(payment.paid_at)?,
            refunded: payment.refunded,
            key: payment.key,
        })
    };
    Ok(Order {
        id,
        user,
        created_at: at(item.created_at)?,
        held_until: item.held_until,
        state: State::parse(&item.state).ok_or_else(|| unreadable("state"))?,
        lines: item.lines.into_iter().map(read_line).collect::<Result<_, Failure>>()?,
        coupon: item.coupon,
        discount: item.discount,
        payment: item.payment.map(payment).transpose()?,
        declines: item.declines,
        settled: item.expiry_shard.is_none(),
        version: item.version,
        fingerprint: item.fingerprint,
    })
}
