//! The common part of a seat limit and of the unpaid orders of an account: each names the purchases that are open, knows
//! when the first of them ends, and remembers those that were let lapse.

use onsale_domain::id::short;
use onsale_domain::purchases::lapses::Lapses;
use onsale_domain::time::EpochSecond;
use uuid::Uuid;

use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, integer, number, unreadable};
use crate::store::dynamodb::transaction::Write;

/// The condition that no pause is in force at `:second`, and that no open purchase had ended by then when it was last
/// looked.
pub(crate) const NOT_PAUSED: &str = "(attribute_not_exists(paused_until) OR paused_until <= :second) AND \
                                     (attribute_not_exists(first_end) OR first_end >= :second)";

/// The beginning of an attribute that names an open purchase, before its id.
pub(crate) const OPEN_PREFIX: &str = "open_";

/// The attribute that names an open purchase.
pub(crate) fn open_name(id: impl Into<Uuid>) -> String {
    format!("{OPEN_PREFIX}{}", short(id))
}

/// The lapses of a user, as seat limits and unpaid orders have them.
pub(crate) fn read_lapses(item: &Item) -> Result<Lapses, Failure> {
    let of = |name| integer(item, name)?.map_or(Ok(0), |value| u32::try_from(value).map_err(unreadable));
    let second = |name| of(name).map(EpochSecond);
    Ok(Lapses { count: of("lapses")?, last_at: second("lapsed_at")?, paused_until: second("paused_until")? })
}

/// Sets the lapses in a seat limit, or in unpaid orders.
pub(crate) fn set_lapses(write: Write, lapses: Lapses) -> Write {
    write
        .set("lapses", number(lapses.count))
        .set("lapsed_at", number(lapses.last_at))
        .set("paused_until", number(lapses.paused_until))
}
