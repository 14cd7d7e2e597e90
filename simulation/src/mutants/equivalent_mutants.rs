//! Guards that nobody misses when they alone are struck out, and why they stay.

/// Why a guard stays that nobody misses.
#[derive(Clone, Copy, Debug)]
pub enum KeepReason {
    /// Others of the same function, by the beginnings of what follows in their names, hold the same thing: struck out
    /// together with them it must be missed, and they without it not, in the same run.
    With(&'static [&'static str]),
    /// No run of the simulation can miss it.
    Because(&'static str),
}

const THERE: &str = "what is read first is there, and stays; a write with a wrong key must not make one";
const COUNT: &str = "right as long as the others hold; a count that is wrong must not go on";
const OWNER: &str = "changes only with its reservation or order, whose version is asked for";
const MONEY: &str = "wallet, entry and what was bought change with it, each under a guard of its own";
const BLOCKS: &str = "its blocks change with it, each under a guard of its own";
const IMAGE: &str = "the image that the write gives back is looked at as well";
const MARKED: &str = "a second deletion begins only where the mark of the first is gone";
const TWO: &str = "two that mark at once hinder each other, and neither commits";
const STOOD_STILL: &str =
    "for a process that stands still for minutes between two calls; here a call is given up before";
const MOVED: &str = "a batch is opened with the move of its queue, whose version is asked for";
const TURN: &str =
    "for a process that stands still for seconds between its turn and the closing, while another calls numbers";
const RENEWED: &str = "for a user who leaves, joins again and is let in again between two calls of another";
const TWICE: &str = "of two joins at once the later claim would count, and the other would give its number back";
const ONE_GAP: &str =
    "a number is a hole once: whoever notes it has ended its place, or has taken it and given it to nobody";
const PASSED: &str =
    "a move asks for the queue's version as well; to free a called one twice takes two looks at one instant";
const READ: &str = "never changes while the token has this number, and was looked at before";
const UNSEEN: &str = "the table does not show it afterwards; local/tests/orders/place_order_meanwhile.rs does";
const NEW_ID: &str = "each try has a new id, so no entry is there; an entry must never be written over";
const PAUSE: &str = "the table does not show when it was asked; hoarding.rs of local/tests/orders and reservations do";
const FEW: &str = "there is not so much to order; local/tests/orders/hoarding.rs does";
const MOVES: &str = "a poll moves the queue by the code of advance_queues, of which it is missed";
const SETTINGS: &str = "all settings are written and no counter; it keeps one change from standing in the log twice";
const COUNTED: &str =
    "no purchase looks at the counts of a hall; older ones would be put right by the next, a second later";
const LOST: &str = "of two that claim a lease at once one would lose the numbers that it takes, and nobody has them";
const ORDER: &str = "the table does not show when somebody came; local/tests/queue/numbers.rs does";
const SENT_TWICE: &str = "for a fill that is sent twice: `--pairs lease --strike` with a lost answer misses it";
const NEXT: &str = "an older list would be put right by the next";

const NUMBERED: &str = "its number follows from the card payment, whose version is asked for";
const SAME_WALLET: &str =
    "what changes the money of a card in a wallet moves that wallet's money, and the number of the entry is asked for";
const PUT_BACK: &str = "a sale is undone by the code of cancel_payment, of which it is missed";
const LAPSED: &str = "a lapsed order is ended by the code of run_expiry, of which it is missed";
const OPENED_AGAIN: &str = "what the sweep has given up meanwhile, without an intent, would be open once more, and be carried on as if begun then";
const CONFIRMED_BETWEEN: &str =
    "of two at once both write the same; local/tests/cards/start_meanwhile.rs has a third between them";

const NO_SCANS: &str = "nobody is scanned here; local/tests/tickets/door.rs does that";

/// A function, or `*`; the beginning of what follows in a guard's name; and why.
const KEPT: &[(&str, &str, KeepReason)] = &[
    ("start_card_payment", "ORDER · version", KeepReason::Because(LAPSED)),
    ("start_card_payment", "UNPAID · version", KeepReason::Because(LAPSED)),
    ("start_card_payment", "CARD · version", KeepReason::Because(OPENED_AGAIN)),
    ("start_card_payment", "CARD · attribute_not_exists(pk)", KeepReason::Because(CONFIRMED_BETWEEN)),
    ("*", "CARDREFUND · attribute_not_exists(pk)", KeepReason::Because(NUMBERED)),
    ("pay_out", "CARD · version", KeepReason::Because(SAME_WALLET)),
    ("settle_card_payments", "BLOCK · #N = :mine", KeepReason::Because(OWNER)),
    ("settle_card_payments", "BLOCK · (attribute_not_exists(lease)", KeepReason::Because(PUT_BACK)),
    ("settle_card_payments", "RSV · version", KeepReason::Because(MONEY)),
    ("*", "DOOR · attribute_not_exists(s", KeepReason::Because(NO_SCANS)),
    ("*", "STOCK · attribute_exists(pk)", KeepReason::Because(THERE)),
    ("*", "QUEUE · attribute_exists(pk)", KeepReason::Because(THERE)),
    ("*", "BATCH · attribute_exists(pk)", KeepReason::Because(THERE)),
    ("*", "CLAIM · attribute_exists(pk)", KeepReason::Because(THERE)),
    ("*", "SCHEDULE · attribute_exists(pk)", KeepReason::Because(THERE)),
    ("*", "BATCH · attribute_not_exists(pk)", KeepReason::Because(MOVED)),
    ("*", "ACTION · attribute_not_exists(pk)", KeepReason::Because(NEW_ID)),
    ("*", "TOKEN · #number = :number", KeepReason::Because(RENEWED)),
    ("*", "BLOCK · attribute_exists(pk)", KeepReason::Because(THERE)),
    ("*", "CONCERT · dates >= :one", KeepReason::Because(COUNT)),
    ("*", "UNPAID · (attribute_not_exists(paused_until)", KeepReason::Because(PAUSE)),
    ("*", "UNPAID · (attribute_not_exists(first_end)", KeepReason::Because(PAUSE)),
    ("*", "UNPAID · (attribute_not_exists(orders)", KeepReason::Because(FEW)),
    ("*", "UNPAID · (attribute_not_exists(#uN)", KeepReason::Because(FEW)),
    ("*", "UNPAID · attribute_not_exists(version)", KeepReason::Because(THERE)),
    ("*", "UNPAID · version", KeepReason::With(&["ORDER · version"])),
    ("*", "CLAIM · used_by = :order", KeepReason::Because(OWNER)),
    ("cancel_order", "ORDER · version", KeepReason::With(&["UNPAID · version"])),
    ("cancel_payment", "BLOCK · #N = :mine", KeepReason::Because(OWNER)),
    ("cancel_payment", "ORDER · version", KeepReason::Because(MONEY)),
    ("cancel_payment", "RSV · version", KeepReason::Because(MONEY)),
    ("create_reservation", "TOKEN · expires_at", KeepReason::Because(READ)),
    ("delete_schedule", "BLOCK · #N < :now", KeepReason::Because(IMAGE)),
    ("delete_schedule", "BLOCK · (attribute_not_exists(lease)", KeepReason::Because(MARKED)),
    ("delete_schedule", "BLOCK · lease = :mine", KeepReason::Because(MARKED)),
    ("delete_schedule", "SCHEDULE · (attribute_not_exists(deletion)", KeepReason::Because(TWO)),
    ("delete_schedule", "SCHEDULE · attribute_not_exists(certain)", KeepReason::Because(STOOD_STILL)),
    ("delete_schedule", "SCHEDULE · deletion", KeepReason::Because(STOOD_STILL)),
    ("delete_schedule", "SCHEDULE · expires_at", KeepReason::Because(STOOD_STILL)),
    ("run_expiry", "BLOCK · #N < :now", KeepReason::Because(IMAGE)),
    ("run_expiry", "BLOCK · (attribute_not_exists(lease)", KeepReason::Because(MARKED)),
    ("run_expiry", "BLOCK · lease", KeepReason::Because(STOOD_STILL)),
    ("run_expiry", "ORDER · version", KeepReason::With(&["UNPAID · version"])),
    ("run_expiry", "SCHEDULE · ", KeepReason::Because(STOOD_STILL)),
    ("release_declined_payment", "RSV · version", KeepReason::Because(BLOCKS)),
    ("release_declined_payment", "ORDER · version", KeepReason::With(&["UNPAID · version"])),
    ("join_queue", "TOKEN · attribute_not_exists(pk)", KeepReason::Because(TWICE)),
    ("join_queue", "TOKEN · claim = :", KeepReason::Because(TWICE)),
    ("join_queue", "TOKEN · #number = :read", KeepReason::With(&["TOKEN · #state = :state"])),
    ("join_queue", "TOKEN · #state = :state", KeepReason::With(&["TOKEN · #number = :read"])),
    ("*", "QUEUE · version = :turn", KeepReason::Because(TURN)),
    ("get_queue_entry", "BATCH · claimed", KeepReason::Because(MOVES)),
    ("get_queue_entry", "QUEUE · version", KeepReason::Because(MOVES)),
    ("put_queue", "QUEUE · version", KeepReason::Because(SETTINGS)),
    ("pay", "ORDER · version", KeepReason::With(&["UNPAID · version"])),
    ("*", "HOLE · attribute_not_exists(pk)", KeepReason::Because(ONE_GAP)),
    ("*", "HOLE · attribute_exists(pk)", KeepReason::Because(PASSED)),
    ("*", "LEASE · taken_at = :taken_at_read", KeepReason::Because(LOST)),
    ("*", "LEASE · attribute_not_exists(pk)", KeepReason::Because(LOST)),
    ("*", "LEASE · claim = :claim", KeepReason::Because(SENT_TWICE)),
    ("*", "LEASE · taken_at BETWEEN", KeepReason::Because(ORDER)),
    ("get_queue_entry", "LEASE · next_number = :next", KeepReason::Because(MOVES)),
    ("*", "OVERVIEW · ", KeepReason::Because(COUNTED)),
    ("place_order", "ORDER · version", KeepReason::With(&["UNPAID · version"])),
    ("place_order", "STOCK · #state = :selling", KeepReason::Because(UNSEEN)),
    ("place_order", "STOCK · price = :price", KeepReason::Because(UNSEEN)),
    ("rank_products", "POPULAR", KeepReason::Because(NEXT)),
];

/// Why this guard stays though nobody may miss it, if that is known.
#[must_use]
pub fn known_reason(guard: &str) -> Option<KeepReason> {
    let (function, rest) = guard.split_once(" · ")?;
    let is_of_function = |(named, _, _): &&(&str, &str, KeepReason)| *named == "*" || *named == function;
    KEPT.iter().filter(is_of_function).find(|(_, part, _)| rest.starts_with(part)).map(|(.., reason)| *reason)
}
