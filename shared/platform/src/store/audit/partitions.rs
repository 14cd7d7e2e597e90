//! Partitions that are read whole: what a user owns, and the blocks of a part of a section.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onsale_domain::audit::{UserAudit, expected_value};
use onsale_domain::id::{ScheduleId, UserId};
use onsale_domain::orders::order::Order;
use onsale_domain::queue::entry::EntryState;
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{SeatId, SeatValue};
use uuid::Uuid;

use super::pages::{Found, NO_SECRETS, Reader};
use super::{NAMED_MAX, Tally, items};
use crate::failure::Failure;
use crate::memory::lock;
use crate::store::accounts::users;
use crate::store::dynamodb::item::{Item, key_of};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, BATCH_MAX, Consistency, Query};
use crate::store::orders::{coupons, unpaid};
use crate::store::purchases::StoredPurchase;
use crate::store::reservations::log;
use crate::store::wallet::cards::{card_payment_item, card_refund_item};
use crate::store::{seats, wallet};

/// Seats of live tickets that wait to be looked up in their blocks, by block.
#[derive(Default)]
struct Tickets {
    by_block: BTreeMap<(ScheduleId, String, String), Vec<(SeatId, SeatValue)>>,
}

impl Tickets {
    fn add(&mut self, reservation: &Reservation, value: SeatValue) {
        for seat in reservation.live_seats() {
            let Key { pk, sk } = keys::block(reservation.schedule_id, &seat.block());
            self.by_block.entry((reservation.schedule_id, pk, sk)).or_default().push((seat.clone(), value));
        }
    }
}

/// A user's partition while it is read.
struct Owned {
    user: UserId,
    user_audit: UserAudit,
    tickets: Tickets,
}

impl Reader<'_> {
    /// Reads a partition page by page. The first page says whether `key` is where it begins.
    async fn read_page(
        &self,
        key: &Key,
        start: &mut Option<Item>,
        first: bool,
    ) -> Result<Option<(Vec<Item>, bool)>, Failure> {
        let query = Query::whole_partition(key.pk.clone()).strong().filter(NO_SECRETS, Vec::new());
        let page = || query.page(self.app, self.limits.page_items.into(), start.clone());
        let (found, next) = self.retry_while_busy(page).await?;
        let begins = found.first().and_then(key_of).is_none_or(|begins| begins.sk >= key.sk);
        if first && !begins {
            return Ok(None);
        }
        let more = next.is_some();
        *start = next;
        Ok(Some((found, more)))
    }

    /// A user's books.
    pub(super) async fn read_user(&self, tally: &mut Tally, user: UserId, key: &Key) -> Result<Found, Failure> {
        let user_audit = UserAudit::new(user, self.limits.references_per_user);
        let mut owned = Owned { user, user_audit, tickets: Tickets::default() };
        let (mut start, mut first) = (None, true);
        loop {
            let Some((found, more)) = self.read_page(key, &mut start, first).await? else { return Ok(Found::NotFirst) };
            for item in found {
                let Some(key) = key_of(&item) else { continue };
                if self.read_item(tally, &mut owned, &key.sk, item).is_none() {
                    owned.user_audit.add_unreadable(items::key_text(&key));
                }
                if owned.tickets.by_block.len() >= BATCH_MAX {
                    self.look_up(tally, std::mem::take(&mut owned.tickets)).await?;
                }
                first = false;
            }
            if !more {
                break;
            }
        }
        self.look_up(tally, owned.tickets).await?;
        let limits = self.seat_limits(owned.user_audit.schedules()).await?;
        owned.user_audit.add_seat_limits(limits);
        let judged = owned.user_audit.judge();
        tally.counts.users += 1;
        tally.balance.merge(&judged.balance);
        tally.references_most = tally.references_most.max(judged.kept);
        match judged.differences {
            Some(differences) => tally.differences.merge(differences),
            None => {
                tally.too_long_count += 1;
                if tally.too_long.len() < NAMED_MAX {
                    tally.too_long.insert(user);
                }
            }
        }
        Ok(Found::Read)
    }

    /// How many seats of each of these schedules one user may have; nothing of one that is deleted. Most users have
    /// seats of the same few schedules, so the pass remembers them.
    async fn seat_limits(&self, schedules: Vec<ScheduleId>) -> Result<BTreeMap<ScheduleId, u16>, Failure> {
        let known = |schedule: &ScheduleId| Some((*schedule, *lock(&self.seat_limits).get(schedule)?));
        let mut limits: BTreeMap<ScheduleId, u16> = schedules.iter().filter_map(known).collect();
        let unknown = schedules.into_iter().filter(|schedule| !limits.contains_key(schedule));
        let keys: Vec<Key> = unknown.map(keys::schedule).collect();
        let found = self.retry_while_busy(|| query::batch_get(self.app, &keys, Consistency::Eventual)).await?;
        let found: BTreeMap<ScheduleId, u16> = found.into_iter().filter_map(items::seat_limit).collect();
        let mut remembered = lock(&self.seat_limits);
        if remembered.len() + found.len() <= self.limits.shared {
            remembered.extend(&found);
        }
        limits.extend(found);
        Ok(limits)
    }

    /// One item of a user's; `None` if it has not the form of its kind.
    fn read_item(&self, tally: &mut Tally, owned: &mut Owned, sk: &str, item: Item) -> Option<()> {
        let Owned { user, user_audit, tickets } = owned;
        let id = |prefix: &str| sk.strip_prefix(prefix).map(|id| id.parse::<Uuid>().ok());
        if sk == keys::opening(*user).sk {
            user_audit.add_opening(wallet::read_opening(item).ok()?);
        } else if sk.starts_with(keys::ENTRY_PREFIX) {
            user_audit.add_entry(&wallet::read_entry(item).ok()?);
            tally.counts.entries += 1;
        } else if let Some(id) = id(keys::CHARGE_PREFIX) {
            user_audit.add_receipt(id?, items::receipt(item)?);
            tally.counts.receipts += 1;
        } else if sk.starts_with(keys::CARD_PAYMENT_PREFIX) {
            user_audit.add_card_payment(card_payment_item::read(item).ok()?);
            tally.counts.card_payments += 1;
        } else if sk.starts_with(keys::CARD_REFUND_PREFIX) {
            user_audit.add_card_refund(&card_refund_item::read(item).ok()?);
        } else if sk.starts_with(keys::PAYOUT_PREFIX) {
            user_audit.add_payout(items::payout(item)?);
        } else if let Some(number) = sk.strip_prefix(keys::RESERVATION_PREFIX)
            && item.contains_key(log::CLOSED_AT)
        {
            user_audit.add_log_closing(number.parse().ok()?);
        } else if sk.starts_with(keys::RESERVATION_PREFIX) {
            let reservation = Reservation::read(item).ok()?;
            user_audit.add_reservation(&reservation);
            tally.counts.reservations += 1;
            tally.share(|shared| shared.sections.add_reservation(&reservation));
            tally.share(|shared| shared.doors.add_reservation(&reservation));
            if let Some(value) = expected_value(&reservation, self.now) {
                tickets.add(&reservation, value);
            }
        } else if let Some(id) = id(keys::ORDER_PREFIX) {
            id?;
            let order = Order::read(item).ok()?;
            user_audit.add_order(&order);
            tally.counts.orders += 1;
            tally.share(|shared| shared.stock.add_order(&order));
        } else if let Some(id) = id(keys::CLAIM_PREFIX) {
            id?;
            let claim = coupons::read_claim(item).ok()?;
            tally.counts.claims += 1;
            tally.share(|shared| shared.stock.add_claim(claim.coupon, *user));
            user_audit.add_claim(claim);
        } else if let Some(queue) = sk.strip_prefix(keys::TOKEN_PREFIX) {
            // A place that is claimed has no number yet, and so no state.
            if !item.contains_key("claim") && item.get("state")?.as_s().ok()? == EntryState::Admitted.as_str() {
                tally.share(|shared| shared.queues.add_admission(queue, *user));
            }
        } else if sk == keys::UNPAID {
            user_audit.add_unpaid(items::unpaid_count(&item)?, unpaid::read(Some(&item)).ok()?);
            if unpaid::is_closed(Some(&item)) {
                user_audit.add_unpaid_closing();
            }
        } else if sk == keys::user(*user).sk && item.contains_key(users::ERASED_AT) {
            let personal = users::PERSONAL.iter().filter(|name| item.contains_key(**name));
            user_audit.add_erased_profile(personal.map(|name| (*name).to_owned()).collect());
        }
        Some(())
    }

    /// Compares live tickets with the values of their seats. A ticket of a block that was deleted with its schedule is
    /// owed nothing.
    async fn look_up(&self, tally: &mut Tally, tickets: Tickets) -> Result<(), Failure> {
        let keys: Vec<Key> =
            tickets.by_block.keys().map(|(_, pk, sk)| Key { pk: pk.clone(), sk: sk.clone() }).collect();
        let blocks = self.retry_while_busy(|| query::batch_get(self.app, &keys, Consistency::Strong)).await?;
        let blocks: HashMap<Key, Item> =
            blocks.into_iter().filter_map(|block| Some((key_of(&block)?, block))).collect();
        let lost: BTreeSet<ScheduleId> = (tickets.by_block.keys())
            .filter(|(_, pk, sk)| !blocks.contains_key(&Key { pk: pk.clone(), sk: sk.clone() }))
            .map(|(schedule, ..)| *schedule)
            .collect();
        let keys: Vec<Key> = lost.into_iter().map(keys::schedule).collect();
        let there = self.retry_while_busy(|| query::batch_get(self.app, &keys, Consistency::Strong)).await?;
        let there: BTreeSet<String> = there.iter().filter_map(key_of).map(|key| key.pk).collect();
        for ((schedule, pk, sk), seats) in tickets.by_block {
            let block = blocks.get(&Key { pk, sk });
            if block.is_none() && !there.contains(&keys::schedule(schedule).pk) {
                continue;
            }
            for (seat, expected) in seats {
                let value = block.and_then(|block| block.get(&seat.number.to_string()));
                let found = value.and_then(|value| value.as_s().ok()).map(String::as_str);
                tally.differences.compare_seat(schedule, &seat, expected, found);
                tally.share(|shared| shared.sections.add_ticket(schedule, &seat.section, expected));
            }
        }
        Ok(())
    }

    /// The seats of a part of a section.
    pub(super) async fn read_section(&self, tally: &mut Tally, key: &Key) -> Result<Found, Failure> {
        let Some((schedule, section)) = items::section_of(&key.pk) else {
            tally.differences.add_unreadable(key.pk.clone());
            return Ok(Found::Read);
        };
        let (mut start, mut first) = (None, true);
        loop {
            let Some((found, more)) = self.read_page(key, &mut start, first).await? else { return Ok(Found::NotFirst) };
            for item in found {
                first = false;
                let Ok(block) = seats::read_block(&section, &item) else {
                    tally.differences.add_unreadable(key_of(&item).map_or(key.pk.clone(), |key| items::key_text(&key)));
                    continue;
                };
                for value in block.seats.values() {
                    tally.counts.seats += 1;
                    tally.share(|shared| shared.sections.add_seat(schedule, &section, *value, self.now));
                }
            }
            if !more {
                return Ok(Found::Read);
            }
        }
    }

    /// A part of the list at the door of a date.
    pub(super) async fn read_door(&self, tally: &mut Tally, key: &Key) -> Result<Found, Failure> {
        let Some(schedule) = items::date_of_door(&key.pk) else {
            tally.differences.add_unreadable(key.pk.clone());
            return Ok(Found::Read);
        };
        let (mut start, mut first) = (None, true);
        loop {
            let Some((found, more)) = self.read_page(key, &mut start, first).await? else { return Ok(Found::NotFirst) };
            for item in found {
                first = false;
                let Some((reservation, dead)) = items::dead_codes(&item) else {
                    tally.differences.add_unreadable(key_of(&item).map_or(key.pk.clone(), |key| items::key_text(&key)));
                    continue;
                };
                for (ordinal, dead) in dead {
                    tally.share(|shared| shared.doors.add_listed(schedule, reservation, ordinal, dead));
                }
            }
            if !more {
                return Ok(Found::Read);
            }
        }
    }
}
