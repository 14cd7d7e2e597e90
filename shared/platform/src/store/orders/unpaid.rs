//! Unpaid orders of an account: how many units of each product they have, until when each may be paid, and how many
//! were let lapse. One item, which every order that waits for payment enters, and leaves when it ends or is paid.

use std::collections::BTreeMap;

use jiff::Timestamp;
use onsale_domain::id::{OrderId, ProductId, UserId, from_short, short};
use onsale_domain::orders::order::Order;
use onsale_domain::orders::unpaid::{ORDERS_MAX, Unpaid};
use onsale_domain::purchases::lapses::Lapses;
use onsale_domain::time::EpochSecond;

use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, integer, number, text, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;

/// How long it outlives the last order that entered it: longer than lapses are remembered.
const UNPAID_KEPT_SECONDS: i64 = 30 * 86_400;

/// The condition that no pause is in force at `:second`, and that no unpaid order had ended by then when it was last
/// looked.
const NOT_PAUSED: &str = "(attribute_not_exists(paused_until) OR paused_until <= :second) AND \
                          (attribute_not_exists(first_end) OR first_end >= :second)";

/// The beginning of an attribute that names an unpaid order, before its id.
const OPEN_PREFIX: &str = "open_";

const UNITS_PREFIX: &str = "units_";

/// The attribute that names an unpaid order.
fn open_name(id: OrderId) -> String {
    format!("{OPEN_PREFIX}{}", short(id))
}

fn units_name(product: ProductId) -> String {
    format!("{UNITS_PREFIX}{}", short(product))
}

/// An item as the unpaid orders it has; none without one.
pub fn read(item: Option<&Item>) -> Result<Unpaid, Failure> {
    let Some(item) = item else { return Ok(Unpaid::default()) };
    let mut unpaid = Unpaid { lapses: read_lapses(item)?, ..Unpaid::default() };
    for (name, value) in item {
        if let Some(id) = name.strip_prefix(OPEN_PREFIX) {
            let until = value.as_s().ok().and_then(|until| EpochSecond::from_hex(until));
            let (id, until) = from_short(id).zip(until).ok_or_else(|| unreadable("an open order"))?;
            unpaid.open.insert(OrderId(id), until);
        } else if let Some(product) = name.strip_prefix(UNITS_PREFIX) {
            let units = value.as_n().ok().and_then(|units| units.parse().ok());
            let (product, units) = from_short(product).zip(units).ok_or_else(|| unreadable("units of a product"))?;
            unpaid.units.insert(ProductId(product), units);
        }
    }
    let version = item.get("version").and_then(|version| version.as_n().ok()?.parse().ok());
    unpaid.version = version.ok_or_else(|| unreadable("the version of unpaid orders"))?;
    Ok(unpaid)
}

fn read_lapses(item: &Item) -> Result<Lapses, Failure> {
    let of = |name| integer(item, name)?.map_or(Ok(0), |value| u32::try_from(value).map_err(unreadable));
    let second = |name| of(name).map(EpochSecond);
    Ok(Lapses { count: of("lapses")?, last_at: second("lapsed_at")?, paused_until: second("paused_until")? })
}

fn set_lapses(write: Write, lapses: Lapses) -> Write {
    write
        .set("lapses", number(lapses.count))
        .set("lapsed_at", number(lapses.last_at))
        .set("paused_until", number(lapses.paused_until))
}

/// The condition that the account was not erased.
const NOT_CLOSED: &str = "attribute_not_exists(closed_at)";

/// Whether the account was erased, so that no order enters any more.
pub fn is_closed(item: Option<&Item>) -> bool {
    item.is_some_and(|item| item.contains_key("closed_at"))
}

/// Demands that the account was not erased: for an order that neither waits for payment nor costs anything, and so
/// writes nothing else that an erasure closes.
pub fn check_open(user: UserId) -> Write {
    Write::check(&keys::unpaid(user)).when(NOT_CLOSED)
}

/// The write after which no order enters any more, because the account is erased, on condition of the version that was
/// read. The item stays.
pub fn close(user: UserId, read: &Unpaid, at: Timestamp) -> Write {
    let write = Write::update(&keys::unpaid(user))
        .set("version", number(read.version + 1))
        .set("orders", number(read.open.len()))
        .set("closed_at", number(at.as_millisecond()))
        .remove("delete_at");
    conditioned(write, read)
}

/// The write by which a new order enters, on condition that it is admitted: that the account stays within the limits of
/// its products (`most`) and of orders, is not paused, and has no order that lapsed and was not ended yet.
pub fn add_order(new: &Order, most: &BTreeMap<ProductId, i64>, now: Timestamp) -> Write {
    let mut condition =
        format!("{NOT_CLOSED} AND (attribute_not_exists(orders) OR orders < :orders_max) AND {NOT_PAUSED}");
    let mut write = Write::update(&keys::unpaid(new.user))
        .set_to("version", "if_not_exists(version, :zero) + :one")
        .set_to("orders", "if_not_exists(orders, :zero) + :one")
        .set_to("first_end", "if_not_exists(first_end, :until)")
        .set("#open", text(new.purchase.held_until.to_hex()))
        .set("delete_at", number(i64::from(new.purchase.held_until) + UNPAID_KEPT_SECONDS))
        .name("#open", open_name(new.id))
        .value(":zero", number(0))
        .value(":one", number(1))
        .value(":until", number(new.purchase.held_until))
        .value(":orders_max", number(ORDERS_MAX))
        .value(":second", number(EpochSecond::begun(now)));
    for (index, line) in new.lines.iter().enumerate() {
        let most = most.get(&line.product).copied().unwrap_or_default();
        condition.push_str(&format!(" AND (attribute_not_exists(#u{index}) OR #u{index} <= :m{index})"));
        write = write
            .set_to(format!("#u{index}"), &format!("if_not_exists(#u{index}, :zero) + :u{index}"))
            .name(format!("#u{index}"), units_name(line.product))
            .value(format!(":u{index}"), number(line.quantity()))
            .value(format!(":m{index}"), number(most - line.quantity()));
    }
    write.when(condition)
}

/// The write by which an order leaves, as it is `ended`, conditioned on the version that was read.
pub fn remove_order(read: &Unpaid, ended: &Order) -> Write {
    let after = read.clone().without_order(ended);
    let last_end = after.open.values().copied().max().unwrap_or_default().max(ended.purchase.held_until);
    let write = Write::update(&keys::unpaid(ended.user))
        .set("version", number(after.version))
        .set("orders", number(after.open.len()))
        .set_or_remove("first_end", after.first_end().map(number))
        .set("delete_at", number(i64::from(last_end) + UNPAID_KEPT_SECONDS))
        .remove("#open")
        .name("#open", open_name(ended.id));
    let write = (ended.lines.iter().enumerate()).fold(set_lapses(write, after.lapses), |write, (index, line)| {
        let (units, left) = (format!("#u{index}"), after.units.get(&line.product));
        write.set_or_remove(&units, left.map(number)).name(units, units_name(line.product))
    });
    conditioned(write, read)
}

/// A write on condition of the version that was read.
fn conditioned(write: Write, read: &Unpaid) -> Write {
    match read.version {
        0 => write.when("attribute_not_exists(version)"),
        version => write.when("version = :read_version").value(":read_version", number(version)),
    }
}
