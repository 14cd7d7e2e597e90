//! Every key of the table; those of the shop lie in `keys/shop.rs`. What lies where, and why, is told in `docs/data.md`.
//!
//! **All that a user owns lies under `USER#<id>`, and the id comes from the verified token**: asking for what
//! somebody else owns is asking for a key that does not exist.

use onsale_domain::accounts::account::AccountAddress;
use onsale_domain::accounts::role::Grant;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::{CardPaymentId, ConcertId, ReservationId, ScheduleId, UserId};
use onsale_domain::queue::{BATCH_NUMBERS_MAX, QueueId};
use onsale_domain::seats::{BlockId, Label};
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_refund;
use uuid::Uuid;

pub use shop::*;

mod shop;

/// Index of what ends with time: `expiry_shard`, `expires_at`.
pub const EXPIRY_INDEX: &str = "expiry";
/// Index that lists what an owner has, newest first: `owner`, `created_at`.
pub const BY_TIME_INDEX: &str = "by_time";
/// Partitions of one kind on the expiry index.
pub const EXPIRY_SHARDS: u8 = 16;
/// Partitions of a queue's admission batches. Each claim writes one: a thousand a second are more than one takes.
pub const BATCH_PARTS: u8 = 16;
/// Partitions of a section. One takes 1,000 write units a second (a limit of DynamoDB), and a hold writes 2.
pub const SECTION_PARTS: u8 = 4;

/// Partitions of the list at the door of a date.
pub const DOOR_PARTS: u8 = 16;

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

pub fn user_partition(user: UserId) -> String {
    format!("USER#{user}")
}

/// Of something that a user owns the user, and what follows `prefix` in its sort key.
pub fn parse_owned<'a>(key: &'a Key, prefix: &str) -> Option<(UserId, &'a str)> {
    Some((key.pk.strip_prefix("USER#")?.parse().ok()?, key.sk.strip_prefix(prefix)?))
}

/// The kind of item under a key, of those whose changes make events.
pub fn kind_of(key: &Key) -> Option<&'static str> {
    let sorts = [
        (RESERVATION_PREFIX, "reservation"),
        (ORDER_PREFIX, "order"),
        (TOKEN_PREFIX, "token"),
        (ADMIN_ACTION_PREFIX, "admin_action"),
        (CARD_PAYMENT_PREFIX, "card_payment"),
        (CARD_REFUND_PREFIX, "card_refund"),
    ];
    let by_sort_key = sorts.into_iter().find(|(prefix, _)| key.sk.starts_with(prefix)).map(|(_, sort)| sort);
    by_sort_key.or_else(|| key.pk.starts_with(LINK_PREFIX).then_some("link"))
}

pub fn user(user: UserId) -> Key {
    key(user_partition(user), "PROFILE")
}

pub fn email(address: &AccountAddress) -> Key {
    key(format!("EMAIL#{}", address.as_str()), "EMAIL")
}

pub const SESSION_PREFIX: &str = "SESSION#";

pub fn session(user: UserId, family: Uuid) -> Key {
    key(user_partition(user), format!("{SESSION_PREFIX}{family}"))
}

pub fn attempts(bucket: &str) -> Key {
    key(format!("ATTEMPTS#{bucket}"), "ATTEMPTS")
}

/// The failures of a source address in one window of time; by time.
pub fn attempts_window(bucket: &str, window: i64) -> Key {
    key(format!("ATTEMPTS#{bucket}"), format!("WINDOW#{window:012}"))
}

/// The item which says that an account has logged in from a source address.
pub fn attempts_known(bucket: &str) -> Key {
    key(format!("ATTEMPTS#{bucket}"), "KNOWN")
}

pub const ADMIN_PREFIX: &str = "ADMIN#";

/// The actions of one administrator, or of the operators.
pub fn admin_partition(name: &str) -> String {
    format!("{ADMIN_PREFIX}{name}")
}

pub const ADMIN_ACTION_PREFIX: &str = "ACTION#";

/// An entry of the log; newest last, so that reading backwards gives newest first.
pub fn admin_action(name: &str, at_millisecond: i64, id: Uuid) -> Key {
    key(admin_partition(name), format!("{ADMIN_ACTION_PREFIX}{at_millisecond:015}#{id}"))
}

/// The actions of all administrators, on the `by_time` index.
pub const ADMIN_ACTIONS_BY_TIME: &str = "ADMIN";

/// What somebody was granted; apart from the account, so that those who ask for it can read nothing else of it.
pub fn grants_partition(user: UserId) -> String {
    format!("GRANTS#{user}")
}

/// A role that somebody was granted.
pub fn grant(user: UserId, grant: Grant) -> Key {
    let sk = match grant.concert() {
        Some(concert) => format!("{}#{concert}", grant.role().as_str()),
        None => grant.role().as_str().to_owned(),
    };
    key(grants_partition(user), sk)
}

/// The grants of administrators and organisers, on the `by_time` index.
pub const GRANTS_BY_TIME: &str = "GRANTS";

/// The grants of the stewards of a concert, on the same index.
pub fn stewards_by_time(concert: ConcertId) -> String {
    format!("GRANTS#{concert}")
}

pub const LINK_PREFIX: &str = "LINK#";

/// A link that was asked for. It says who may follow it, and not by what secret.
pub fn link(id: Uuid) -> Key {
    key(format!("{LINK_PREFIX}{id}"), "LINK")
}

/// The times of the last links to an address, by its digest.
pub fn links_to(digest: &str) -> Key {
    key(format!("ATTEMPTS#{digest}"), "LINKS")
}

pub const KEYS_PARTITION: &str = "KEYS";

pub fn verifying_key(kid: &str) -> Key {
    key(KEYS_PARTITION.to_owned(), kid)
}

/// Apart from the keys of log-ins: who may write these may write none of those.
pub const TICKET_KEYS_PARTITION: &str = "TICKETKEYS";
pub const TICKET_KEY_PREFIX: &str = "KEY#";

/// The public half of the key of this number that signs tickets' codes.
pub fn ticket_key(number: u8) -> Key {
    key(TICKET_KEYS_PARTITION.to_owned(), format!("{TICKET_KEY_PREFIX}{number:03}"))
}

pub const ENTRY_PREFIX: &str = "ENTRY#";

pub fn entry(user: UserId, seq: u64) -> Key {
    key(user_partition(user), format!("{ENTRY_PREFIX}{seq:020}"))
}

/// Entry 0 of a ledger, which moves nothing: its presence is the wallet's.
pub fn opening(user: UserId) -> Key {
    entry(user, 0)
}

pub const CHARGE_PREFIX: &str = "CHARGE#";

pub fn charge(user: UserId, id: Uuid) -> Key {
    key(user_partition(user), format!("{CHARGE_PREFIX}{id}"))
}

pub const CARD_PAYMENT_PREFIX: &str = "CARD#";

pub fn card_payment(user: UserId, id: CardPaymentId) -> Key {
    key(user_partition(user), format!("{CARD_PAYMENT_PREFIX}{id}"))
}

pub const CARD_REFUND_PREFIX: &str = "CARDREFUND#";

/// A refund of a card payment, by its number.
pub fn card_refund(user: UserId, payment: CardPaymentId, number: u32) -> Key {
    key(user_partition(user), format!("{CARD_REFUND_PREFIX}{}", card_refund::reference(payment, number)))
}

pub const PAYOUT_PREFIX: &str = "PAYOUT#";

/// The receipt of a payout.
pub fn payout(user: UserId, id: Uuid) -> Key {
    key(user_partition(user), format!("{PAYOUT_PREFIX}{id}"))
}

pub const RESERVATION_PREFIX: &str = "RSV#";

/// A reservation, at its number in its owner's log; by number.
pub fn reservation(user: UserId, number: u32) -> Key {
    key(user_partition(user), format!("{RESERVATION_PREFIX}{number:010}"))
}

pub const REISSUE_PREFIX: &str = "REISSUE#";

/// The receipt of a new code for a ticket.
pub fn reissue(user: UserId, id: Uuid) -> Key {
    key(user_partition(user), format!("{REISSUE_PREFIX}{id}"))
}

pub const DOOR_PREFIX: &str = "DOOR#";

/// Of a reservation, what the door of its date must know: dead codes, and who came in. A date has 16 partitions, because
/// a crowd comes in within minutes; each of them is a list of its own on the `by_time` index.
pub fn door(schedule: ScheduleId, reservation: ReservationId) -> Key {
    let part = reservation.0.as_bytes()[15] % DOOR_PARTS;
    key(format!("{DOOR_PREFIX}{schedule}#{part}"), onsale_domain::id::short(reservation))
}

pub fn queue_partition(queue: &QueueId) -> String {
    format!("QUEUE#{queue}")
}

pub fn queue(queue: &QueueId) -> Key {
    key(queue_partition(queue), "QUEUE")
}

/// All queues on the `by_time` index.
pub const QUEUES_BY_TIME: &str = "QUEUE";

/// The counter of a queue's numbers; apart from it, because those who join meet here and the queue is in transactions.
pub fn issued(queue: &QueueId) -> Key {
    key(format!("{}#ISSUED", queue_partition(queue)), "ISSUED")
}

/// One of the leases of a queue's numbers.
pub fn number_lease(queue: &QueueId, part: u8) -> Key {
    key(format!("{}#LEASES#{part}", queue_partition(queue)), "LEASE")
}

pub const ADMISSION_BATCH_PREFIX: &str = "BATCH#";

/// One partition of a queue's batches.
pub fn batches_partition(queue: &QueueId, part: u8) -> String {
    format!("{}#BATCHES#{part}", queue_partition(queue))
}

/// The batch of called numbers that begins with this one. All numbers that can be in one batch with it have the same
/// partition key, and neighbouring batches have different ones.
pub fn admission_batch(queue: &QueueId, first: u64) -> Key {
    let part = first.saturating_sub(1) / BATCH_NUMBERS_MAX % u64::from(BATCH_PARTS);
    let partition = batches_partition(queue, u8::try_from(part).unwrap_or(0));
    key(partition, format!("{ADMISSION_BATCH_PREFIX}{first:020}"))
}

pub const GUARDED_CONCERT_PREFIX: &str = "CONCERT#";

/// The item that says that a queue guards this concert.
pub fn guarded_concert(queue: &QueueId, concert: ConcertId) -> Key {
    key(queue_partition(queue), format!("{GUARDED_CONCERT_PREFIX}{concert}"))
}

/// Numbers of a queue that are called a second time.
pub fn missed_partition(queue: &QueueId) -> String {
    format!("{}#MISSED", queue_partition(queue))
}

/// A number that is to be called a second time; by number.
pub fn missed(queue: &QueueId, number: u64) -> Key {
    key(missed_partition(queue), format!("MISSED#{number:020}"))
}

/// Numbers of a queue that nobody has; apart from it, because many may leave at once.
pub fn gaps_partition(queue: &QueueId) -> String {
    format!("{}#HOLES", queue_partition(queue))
}

/// The gap that begins with this number.
pub fn gap(queue: &QueueId, first: u64) -> Key {
    key(gaps_partition(queue), format!("HOLE#{first:020}"))
}

pub const TOKEN_PREFIX: &str = "TOKEN#";

pub fn queue_entry(user: UserId, queue: &QueueId) -> Key {
    key(user_partition(user), format!("{TOKEN_PREFIX}{queue}"))
}

/// The mark that `consumer` has dealt with an event.
pub fn event_mark(event: &str, consumer: &str) -> Key {
    key(format!("EVENT#{event}"), consumer)
}

/// The letter to which an event leads.
pub fn letter(event: &str) -> Key {
    event_mark(event, "send_mail")
}

/// The next moment at which a mail may be sent.
pub fn mail_pace() -> Key {
    key("MAIL#PACE".to_owned(), "PACE")
}

/// The item which says that no mail goes to the address of this digest.
pub fn suppressed_address(digest: &str) -> Key {
    key(format!("MAIL#{digest}"), "SUPPRESSED")
}

pub fn concert_partition(id: ConcertId) -> String {
    format!("CONCERT#{id}")
}

pub fn concert(id: ConcertId) -> Key {
    key(concert_partition(id), "CONCERT")
}

/// All concerts on the `by_time` index.
pub const CONCERTS_BY_TIME: &str = "CONCERT";

pub const LISTED_SCHEDULE_PREFIX: &str = "SCHEDULE#";

/// The listing copy of a schedule beside its concert; by date.
pub fn schedule_listing(concert: ConcertId, starts_at: EpochSecond, schedule: ScheduleId) -> Key {
    key(concert_partition(concert), format!("{LISTED_SCHEDULE_PREFIX}{:012}#{schedule}", starts_at.0))
}

pub fn listing_of(schedule: &Schedule) -> Key {
    schedule_listing(schedule.concert_id, EpochSecond::begun(schedule.starts_at), schedule.id)
}

pub fn schedule(id: ScheduleId) -> Key {
    key(format!("SCHEDULE#{id}"), "SCHEDULE")
}

pub fn overview(schedule: ScheduleId) -> Key {
    key(format!("OVERVIEW#{schedule}"), "OVERVIEW")
}

pub fn section_partition(schedule: ScheduleId, section: &Label, part: u8) -> String {
    format!("SEATS#{schedule}#{section}#{part}")
}

pub fn block(schedule: ScheduleId, block: &BlockId) -> Key {
    let partition = section_partition(schedule, &block.section, section_part(block));
    key(partition, format!("BLOCK#{}#{:03}", block.row, block.index))
}

/// The part of its section that a block lies in. Neighbours in a row are in different parts, and so are rows whose
/// labels follow each other: what is wanted most stands together in a hall, and is to lie apart in the table.
fn section_part(block: &BlockId) -> u8 {
    let row: u32 = block.row.as_str().bytes().map(u32::from).sum();
    u8::try_from((row + u32::from(block.index)) % u32::from(SECTION_PARTS)).unwrap_or(0)
}

pub fn letter_pair_partition(pair: &str) -> String {
    format!("GRAM#{pair}")
}

/// An entry of the name search; newest last, so that reading backwards gives newest first.
pub fn letter_pair(pair: &str, created_at_millisecond: i64, concert: ConcertId) -> Key {
    key(letter_pair_partition(pair), format!("CONCERT#{created_at_millisecond:015}#{concert}"))
}

/// The expiry partition of a thing of `kind` with this id.
pub fn expiry_shard(kind: &str, id: Uuid) -> String {
    format!("{kind}#{}", id.as_bytes()[15] % EXPIRY_SHARDS)
}

/// One expiry partition of a kind.
pub fn expiry_shard_at(kind: &str, shard: u8) -> String {
    format!("{kind}#{shard}")
}

/// Every expiry partition of a kind.
pub fn expiry_shards(kind: &str) -> impl Iterator<Item = String> {
    (0..EXPIRY_SHARDS).map(move |shard| expiry_shard_at(kind, shard))
}

// ---------------------------------------------------------------------------------- products, stock, orders, coupons

#[cfg(test)]
mod tests {
    use super::*;

    fn part(row: &str, index: u16) -> u8 {
        let label = |given: &str| Label::parse(given).unwrap();
        section_part(&BlockId { section: label("A"), row: label(row), index })
    }

    #[test]
    fn neighbouring_blocks_and_rows_lie_in_different_parts() {
        for index in 0..40 {
            assert_ne!(part("A", index), part("A", index + 1));
        }
        for (row, next) in [("A", "B"), ("1", "2"), ("11", "12"), ("가", "각")] {
            assert_ne!(part(row, 0), part(next, 0), "{row} and {next}");
        }
    }

    #[test]
    fn a_hall_of_a_hundred_rows_fills_its_parts_alike() {
        let mut blocks = [0_u32; SECTION_PARTS as usize];
        for row in 1..=100 {
            blocks[usize::from(part(&row.to_string(), 0))] += 1;
        }
        assert!(blocks.iter().all(|count| (20..=30).contains(count)), "{blocks:?}");
    }
}
