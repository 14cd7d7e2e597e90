//! The items of one user: wallet, ledger, receipts, payments, reservations, unpaid orders and coupons.

mod cards;
mod erasure;
mod judging;

use std::collections::BTreeMap;

use uuid::Uuid;

use self::cards::Cards;
use self::erasure::Erasure;
use super::stock::is_live;
use super::{Account, Differences, Entity, TrialBalance, What};
use crate::id::{CardPaymentId, CouponId, OrderId, ProductId, ReservationId, ScheduleId, UserId};
use crate::orders::coupon::Claim;
use crate::orders::order::Order;
use crate::orders::unpaid::Unpaid;
use crate::purchases::purchase::{Payment, Purchase, PurchaseState};
use crate::reservations::reservation::Reservation;
use crate::time::EpochSecond;
use crate::wallet::cards::card_refund::parse_reference;
use crate::wallet::{Entry, EntryKind, Wallet};

/// The kinds of receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptKind {
    /// A top-up.
    TopUp,
    /// A credit by an administrator.
    Credit,
    /// A spend.
    Spend,
}

impl ReceiptKind {
    /// The kind of that name; receipts of top-ups may have none.
    #[must_use]
    pub fn parse(name: Option<&str>) -> Option<Self> {
        match name {
            None | Some("charge") => Some(Self::TopUp),
            Some("credit") => Some(Self::Credit),
            Some("spend") => Some(Self::Spend),
            Some(_) => None,
        }
    }
}

/// The receipt of a top-up, credit or spend.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// Of which.
    pub kind: ReceiptKind,
    /// How much went in, or out.
    pub amount: i64,
}

/// The reference of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reference {
    Receipt(Uuid),
    Reservation(ReservationId),
    Order(OrderId),
    Card(CardPaymentId),
    CardRefund(CardPaymentId, u32),
}

impl Reference {
    /// The reference of an entry of this kind.
    fn parse(entry: &Entry) -> Option<Self> {
        match entry.kind {
            EntryKind::CardCharge => return entry.reference.parse().ok().map(Self::Card),
            EntryKind::CardRefund | EntryKind::CardRefundReturned => {
                return parse_reference(&entry.reference).map(|(card, number)| Self::CardRefund(card, number));
            }
            EntryKind::Closing => return None,
            EntryKind::TopUp | EntryKind::Credit | EntryKind::Spend | EntryKind::Payment | EntryKind::Refund => {}
        }
        let is_payment = matches!(entry.kind, EntryKind::Payment | EntryKind::Refund);
        match entry.reference.split_at_checked(4) {
            Some(("rsv-", id)) if is_payment => id.parse().ok().map(Self::Reservation),
            Some(("ord-", id)) if is_payment => id.parse().ok().map(Self::Order),
            _ if is_payment => None,
            _ => entry.reference.parse().ok().map(Self::Receipt),
        }
    }

    fn entity(self, user: UserId) -> Entity {
        match self {
            Self::Receipt(id) => Entity::Receipt(user, id),
            Self::Reservation(id) => Entity::Reservation(user, id),
            Self::Order(id) => Entity::Order(user, id),
            Self::Card(id) => Entity::CardPayment(user, id),
            Self::CardRefund(card, number) => Entity::CardRefund(user, card, number),
        }
    }
}

/// The sums of entries with one reference.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    first: u64,
    /// How many that are no refunds, and their sum.
    entries: u64,
    sum: i128,
    refunds: i128,
}

/// Orders that have neither ended nor been paid.
#[derive(Debug, Default)]
struct Waiting {
    open: BTreeMap<OrderId, EpochSecond>,
    units: BTreeMap<ProductId, i128>,
}

/// An order that uses a coupon.
#[derive(Debug)]
struct Couponed {
    order: OrderId,
    coupon: CouponId,
    subtotal: i128,
    discount: i64,
    live: bool,
}

/// The items of one user, one by one, in any order but for entries, which come by number. What is kept of an item is
/// a few numbers; an item that nothing else refers to leaves nothing behind.
#[derive(Debug)]
pub struct UserAudit {
    user: UserId,
    most: usize,
    kept: usize,
    opened: bool,
    last: Wallet,
    receipts: BTreeMap<Uuid, Receipt>,
    payments: BTreeMap<Reference, (i64, i64)>,
    moved: BTreeMap<Reference, Moved>,
    claims: BTreeMap<CouponId, Claim>,
    orders: Vec<Couponed>,
    /// The number of each reservation in the log.
    numbers: BTreeMap<ReservationId, u32>,
    seat_limits: BTreeMap<ScheduleId, u16>,
    /// Seats of each schedule that are held and owned.
    seats: BTreeMap<ScheduleId, i64>,
    unpaid: (i64, Unpaid),
    waiting: Waiting,
    cards: Cards,
    erasure: Erasure,
    balance: TrialBalance,
    differences: Differences,
}

/// The result of auditing a user.
#[derive(Debug)]
pub struct Judged {
    /// The user's part of the trial balance.
    pub balance: TrialBalance,
    /// The differences; `None` if there was more to keep than there may be.
    pub differences: Option<Differences>,
    /// How many references were kept.
    pub kept: usize,
}

impl UserAudit {
    /// Of `user`; they are not judged if more than `most` references would have to be kept.
    #[must_use]
    pub fn new(user: UserId, most: usize) -> Self {
        Self {
            user,
            most,
            kept: 0,
            opened: false,
            last: Wallet::EMPTY,
            receipts: BTreeMap::new(),
            payments: BTreeMap::new(),
            moved: BTreeMap::new(),
            claims: BTreeMap::new(),
            orders: Vec::new(),
            numbers: BTreeMap::new(),
            seat_limits: BTreeMap::new(),
            seats: BTreeMap::new(),
            unpaid: (0, Unpaid::default()),
            waiting: Waiting::default(),
            cards: Cards::default(),
            erasure: Erasure::default(),
            balance: TrialBalance::default(),
            differences: Differences::default(),
        }
    }

    /// Whether there is room for `more` references; without, nothing is kept any more.
    fn has_room(&mut self, more: usize) -> bool {
        self.kept = self.kept.saturating_add(more);
        self.kept <= self.most
    }

    /// An item that has not the form of its kind.
    pub fn add_unreadable(&mut self, key: String) {
        self.differences.add_unreadable(key);
    }

    /// Entry 0, which opens the wallet with nothing in it.
    pub fn add_opening(&mut self, opening: Wallet) {
        let entity = || Entity::Entry(self.user, 0);
        self.differences.compare(What::EntryNumber, entity(), 0_u64, opening.seq);
        self.differences.compare(What::BalanceAfter, entity(), 0_i64, opening.balance);
        self.opened = true;
    }

    /// The next entry.
    pub fn add_entry(&mut self, entry: &Entry) {
        let (user, seq) = (self.user, entry.seq);
        let entity = || Entity::Entry(user, seq);
        self.balance.enter(Account::Wallets, entry.amount.into());
        let number = self.last.seq.saturating_add(1);
        if entry.seq == number {
            let expected = i128::from(self.last.balance) + i128::from(entry.amount);
            self.differences.compare(What::BalanceAfter, entity(), expected, entry.balance_after.into());
        } else {
            self.differences.add_difference(What::EntryNumber, entity(), number, entry.seq);
        }
        self.check_closing(entry);
        if entry.amount == 0 && entry.kind != EntryKind::Closing {
            self.differences.add_difference(What::NothingMoved, entity(), "an amount", 0);
        }
        if entry.balance_after < 0 {
            self.differences.add_difference(What::BelowZero, entity(), "0 or more", entry.balance_after);
        }
        self.last = Wallet { balance: entry.balance_after, seq: entry.seq };
        if entry.kind == EntryKind::Closing {
            return;
        }
        let Some(reference) = Reference::parse(entry) else {
            let expected = format!("a reference that a {} has", entry.kind.as_str());
            self.differences.add_difference(What::EntryKind, entity(), expected, "another");
            return;
        };
        self.enter(entry, reference);
        match reference {
            Reference::Card(id) if self.has_room(1) => return self.cards.enter_charge(id, entry.amount),
            Reference::CardRefund(card, number) if self.has_room(1) => {
                return self.cards.enter_refund((card, number), entry.amount);
            }
            _ => {}
        }
        if !self.moved.contains_key(&reference) && !self.has_room(1) {
            return;
        }
        let moved = self.moved.entry(reference).or_insert(Moved { first: entry.seq, ..Moved::default() });
        if entry.kind == EntryKind::Refund {
            moved.refunds += i128::from(entry.amount);
        } else {
            moved.entries += 1;
            moved.sum += i128::from(entry.amount);
        }
    }

    /// Puts an entry into its account.
    fn enter(&mut self, entry: &Entry, reference: Reference) {
        let amount = i128::from(entry.amount);
        match (entry.kind, reference) {
            (EntryKind::TopUp, _) => self.balance.enter(Account::CashIn, amount),
            (EntryKind::Credit, _) => self.balance.enter(Account::Credits, amount),
            (EntryKind::Spend, _) => self.balance.enter(Account::Spends, -amount),
            (EntryKind::Refund, _) => self.balance.enter(Account::Refunds, amount),
            (EntryKind::Payment, Reference::Order(_)) => self.balance.enter(Account::Orders, -amount),
            (EntryKind::Payment, _) => self.balance.enter(Account::Reservations, -amount),
            (EntryKind::CardCharge | EntryKind::CardRefund | EntryKind::CardRefundReturned, _) => {
                self.balance.enter(Account::Cards, amount);
            }
            (EntryKind::Closing, _) => {}
        }
    }

    /// The receipt of a top-up, credit or spend.
    pub fn add_receipt(&mut self, id: Uuid, receipt: Receipt) {
        let account = match receipt.kind {
            ReceiptKind::TopUp => Account::CashIn,
            ReceiptKind::Credit => Account::Credits,
            ReceiptKind::Spend => Account::Spends,
        };
        self.balance.counter(account, receipt.amount.into());
        if self.has_room(1) {
            self.receipts.insert(id, receipt);
        }
    }

    /// A reservation.
    pub fn add_reservation(&mut self, reservation: &Reservation) {
        let (user, id) = (self.user, reservation.id);
        let entity = || Entity::Reservation(user, id);
        let purchase = &reservation.purchase;
        self.check_purchase(entity, purchase);
        let paid = purchase.state == PurchaseState::Paid;
        let live = i128::from(reservation.total());
        if let Some(payment) = &purchase.payment {
            let all = reservation.tickets.iter().map(|ticket| i128::from(ticket.price.get())).sum();
            let amount = i128::from(payment.amount);
            // Tickets given up before the payment are not in it; those given up after are.
            if !(live..=all).contains(&amount) {
                let expected = if live == all { all.to_string() } else { format!("{live} to {all}") };
                self.differences.add_difference(What::PaymentTotal, entity(), expected, amount);
            }
            let reference = Reference::Reservation(reservation.id);
            self.add_payment(reference, Account::Reservations, payment, if paid { live } else { 0 });
        }
        if self.has_room(1)
            && let Some(first) = self.numbers.insert(id, reservation.number)
        {
            let expected = format!("number {first} alone");
            self.differences.add_difference(What::ReservationTwice, entity(), expected, reservation.number);
        }
        if is_live(purchase) && self.has_room(1) {
            let seats = i64::try_from(reservation.live_tickets().count()).unwrap_or(i64::MAX);
            let held = self.seats.entry(reservation.schedule_id).or_default();
            *held = held.saturating_add(seats);
        }
    }

    /// An order.
    pub fn add_order(&mut self, order: &Order) {
        let (user, id) = (self.user, order.id);
        let entity = || Entity::Order(user, id);
        let purchase = &order.purchase;
        self.check_purchase(entity, purchase);
        let units = |line: &crate::orders::order::Line| {
            line.taken.iter().map(|portion| i128::from(portion.units)).sum::<i128>()
        };
        let subtotal: i128 = order.lines.iter().map(|line| i128::from(line.price.get()) * units(line)).sum();
        let total = subtotal - i128::from(order.discount);
        if let Some(payment) = &purchase.payment {
            self.differences.compare(What::PaymentTotal, entity(), total, payment.amount.into());
            let rest = if purchase.state == PurchaseState::Paid { i128::from(payment.amount) } else { 0 };
            self.add_payment(Reference::Order(order.id), Account::Orders, payment, rest);
        }
        if !purchase.settled && self.has_room(1 + order.lines.len()) {
            self.waiting.open.insert(order.id, purchase.held_until);
            for line in &order.lines {
                *self.waiting.units.entry(line.product).or_default() += units(line);
            }
        }
        match order.coupon {
            None => self.differences.compare(What::Discount, entity(), 0, order.discount),
            Some(coupon) if self.has_room(1) => {
                let (discount, live) = (order.discount, is_live(purchase));
                self.orders.push(Couponed { order: order.id, coupon, subtotal, discount, live });
            }
            Some(_) => {}
        }
    }

    /// Only what has ended is settled; and only what is paid, or was before it was cancelled, has a payment.
    fn check_purchase(&mut self, entity: impl Fn() -> Entity, purchase: &Purchase) {
        let (state, there) = (purchase.state, purchase.payment.is_some());
        if state != PurchaseState::Declined {
            let worded = |settled: bool| if settled { "off" } else { "on" }.to_owned();
            self.differences.compare(
                What::Settled,
                entity(),
                worded(state != PurchaseState::Open),
                worded(purchase.settled),
            );
        }
        if state == PurchaseState::Paid && !there {
            self.differences.add_difference(What::PaymentState, entity(), "one, for it is paid", "none");
        } else if there && !matches!(state, PurchaseState::Paid | PurchaseState::Cancelled) {
            self.differences.add_difference(What::PaymentState, entity(), "none, for it is not paid", "one");
        }
    }

    fn add_payment(&mut self, reference: Reference, account: Account, payment: &Payment, rest: i128) {
        let entity = || reference.entity(self.user);
        let (amount, refunded) = (i128::from(payment.amount), i128::from(payment.refunded));
        if (0..=amount).contains(&refunded) {
            self.differences.compare(What::PaymentRest, entity(), rest, amount - refunded);
        } else {
            self.differences.add_difference(What::RefundRange, entity(), format!("0 to {amount}"), refunded);
        }
        self.balance.counter(account, amount);
        self.balance.counter(Account::Refunds, refunded);
        if payment.card.is_some() && self.has_room(1) {
            self.cards.add_purchase(payment);
        }
        if self.has_room(1) {
            self.payments.insert(reference, (payment.amount, payment.refunded));
        }
    }

    /// A claim of a coupon.
    pub fn add_claim(&mut self, claim: Claim) {
        if self.has_room(1) {
            self.claims.insert(claim.coupon, claim);
        }
    }

    /// The unpaid orders of the user, and their count as the item has it.
    pub fn add_unpaid(&mut self, count: i64, unpaid: Unpaid) {
        if self.has_room(1 + unpaid.open.len() + unpaid.units.len()) {
            self.unpaid = (count, unpaid);
        }
    }

    /// The schedules of which the user holds or owns seats.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleId> {
        self.seats.keys().copied().collect()
    }

    /// How many seats of each of these schedules one user may have.
    pub fn add_seat_limits(&mut self, seat_limits: BTreeMap<ScheduleId, u16>) {
        self.seat_limits.extend(seat_limits);
    }
}
