//! Random worlds by the rules of the product, and whether their books agree; and what one change does to them.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::{CouponId, OrderId, ProductId, ReservationId, ScheduleId, UserId};
use crate::money::{Amount, Price};
use crate::orders::coupon::{Claim, Discount};
use crate::orders::order::{Line, Order};
use crate::orders::unpaid::Unpaid;
use crate::products::product::ProductState;
use crate::products::stock::Portion;
use crate::purchases::purchase::{Payment, Purchase, PurchaseState};
use crate::reservations::hold::tests::{at, held};
use crate::reservations::reservation::Reservation;
use crate::seats::SeatValue;
use crate::time::EpochSecond;
use crate::wallet::{Entry, Movement, Wallet};

const USER: UserId = UserId(Uuid::from_u128(1));
const PRODUCT: ProductId = ProductId(Uuid::from_u128(2));
const COUPON: CouponId = CouponId(Uuid::from_u128(3));
const PRICE: i64 = 700;
const QUANTITY: i64 = 1_000;
const REFERENCES_MAX: usize = 10_000;

/// All that lies in the table of a world of one user.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub now: Timestamp,
    pub wallet: Wallet,
    pub entries: Vec<Entry>,
    pub receipts: Vec<(Uuid, Receipt)>,
    pub reservations: Vec<Reservation>,
    pub orders: Vec<Order>,
    pub claim: Claim,
    pub seats: Vec<(ScheduleId, SeatId, SeatValue)>,
    pub shards: [i64; 2],
    pub coupons_left: i64,
    pub seat_limit: u16,
    pub unpaid: Unpaid,
    pub unpaid_count: i64,
}

/// One thing that the user does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    TopUp(i64),
    Credit(i64),
    Spend(i64),
    /// Holds so many seats, gives one up first if told to, and goes so far.
    Reserve(u8, bool, u8),
    /// Orders so many units, with the coupon if it is free, and goes so far.
    Order(i64, bool, u8),
}

fn amount(minor_units: i64) -> Amount {
    Amount::parse(minor_units).expect("an amount")
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..500_000_i64).prop_map(Step::TopUp),
        (1..500_000_i64).prop_map(Step::Credit),
        (1..5_000_i64).prop_map(Step::Spend),
        (1..4_u8, any::<bool>(), 0..5_u8).prop_map(|(seats, gives_up, far)| Step::Reserve(seats, gives_up, far)),
        (1..5_i64, any::<bool>(), 0..4_u8).prop_map(|(units, coupon, far)| Step::Order(units, coupon, far)),
    ];
    proptest::collection::vec(step, 0..25)
}

impl World {
    pub(super) fn new() -> Self {
        let now = at(2_000);
        let later = now + SignedDuration::from_hours(24);
        Self {
            now,
            wallet: Wallet::EMPTY,
            entries: Vec::new(),
            receipts: Vec::new(),
            reservations: Vec::new(),
            orders: Vec::new(),
            claim: Claim {
                coupon: COUPON,
                name: String::new(),
                discount: Discount::Percent { percent: 10, max: Some(200) },
                valid_from: now,
                valid_until: later,
                claimed_at: now,
                used_by: None,
            },
            seats: Vec::new(),
            shards: [QUANTITY / 2; 2],
            coupons_left: 9,
            seat_limit: u16::MAX,
            unpaid: Unpaid::default(),
            unpaid_count: 0,
        }
    }

    fn store_movement(&mut self, moved: (Wallet, Entry)) {
        self.wallet = moved.0;
        self.entries.push(moved.1);
    }

    fn id(&self) -> Uuid {
        let made = self.receipts.len() + self.reservations.len() + self.orders.len();
        Uuid::from_u128(1_000 + u128::try_from(made).expect("few"))
    }

    pub(super) fn carry_out(&mut self, step: Step) {
        let id = self.id();
        match step {
            Step::TopUp(minor_units) => self.move_money(id, ReceiptKind::TopUp, &Movement::TopUp(amount(minor_units))),
            Step::Credit(minor_units) => {
                let credit = Movement::Credit { amount: amount(minor_units), reason: "rain".to_owned() };
                self.move_money(id, ReceiptKind::Credit, &credit);
            }
            Step::Spend(minor_units) => {
                let spend = Movement::Spend { amount: amount(minor_units), memo: "tea".to_owned() };
                self.move_money(id, ReceiptKind::Spend, &spend);
            }
            Step::Reserve(seats, gives_up, far) => self.reserve(ReservationId(id), seats, gives_up, far),
            Step::Order(units, coupon, far) => self.order(OrderId(id), units, coupon, far),
        }
    }

    fn move_money(&mut self, id: Uuid, kind: ReceiptKind, movement: &Movement) {
        if let Ok(moved) = self.wallet.apply(movement, self.now, id.to_string()) {
            self.store_movement(moved);
            self.receipts.push((id, Receipt { kind, amount: movement.amount().get() }));
        }
    }

    fn reserve(&mut self, id: ReservationId, seats: u8, gives_up: bool, far: u8) {
        let row = self.reservations.len() + 1;
        let names: Vec<String> = (1..=seats).map(|number| format!("A-{row}-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let number = u32::try_from(row).expect("few");
        let mut reservation = Reservation { id, user: USER, number, ..held(&names) };
        if gives_up {
            let first = reservation.tickets[0].seat.clone();
            reservation = reservation.without_seats(&[first]);
        }
        if reservation.purchase.state == PurchaseState::Open && far > 0 {
            if let Ok(moved) = self.wallet.pay(amount(reservation.total()), self.now, reservation.payment_id()) {
                self.store_movement(moved);
                reservation = reservation.paid(self.now, "");
                if far > 1 {
                    reservation = self.give_back(reservation, far > 2);
                }
            } else {
                reservation = reservation.map_purchase(|purchase| purchase.declined(true));
                reservation = if far > 2 { reservation.map_purchase(Purchase::released) } else { reservation };
            }
        }
        let value = expected_value(&reservation, self.now);
        let live: Vec<SeatId> = reservation.live_seats().cloned().collect();
        for ticket in &reservation.tickets {
            let mine = live.contains(&ticket.seat);
            let there = value.filter(|_| mine).unwrap_or(SeatValue::Free);
            self.seats.push((reservation.schedule_id, ticket.seat.clone(), there));
        }
        self.reservations.push(reservation);
    }

    /// One paid ticket, or all, given back.
    fn give_back(&mut self, mut reservation: Reservation, all: bool) -> Reservation {
        if all || reservation.live_tickets().count() == 1 {
            let (after, back) = reservation.refunded(self.now).expect("in time").expect("paid");
            let moved = self.wallet.refund(amount(back), self.now, after.payment_id()).expect("it fits");
            self.store_movement(moved);
            return after;
        }
        let reference = reservation.payment_id();
        let ticket = reservation.tickets.iter_mut().find(|ticket| !ticket.cancelled).expect("a live one");
        ticket.cancelled = true;
        let back = ticket.price.get();
        reservation.purchase.payment.as_mut().expect("paid").refunded += back;
        let moved = self.wallet.refund(amount(back), self.now, reference).expect("it fits");
        self.store_movement(moved);
        reservation
    }

    fn order(&mut self, id: OrderId, units: i64, coupon: bool, far: u8) {
        let coupon = (coupon && self.claim.used_by.is_none()).then_some(COUPON);
        let price = Price::parse(PRICE).expect("a price");
        let taken = vec![Portion { shard: 0, units: 1 }, Portion { shard: 1, units }];
        let lines = vec![Line { product: PRODUCT, name: String::new(), price, taken }];
        let mut order = Order {
            id,
            user: USER,
            created_at: self.now,
            purchase: Purchase::new(EpochSecond::MAX),
            lines,
            coupon,
            discount: 0,
            fingerprint: String::new(),
        };
        order.discount = coupon.map_or(0, |_| self.claim.discount.amount_off(order.subtotal()));
        match self.wallet.pay(amount(order.total()), self.now, order.payment_id()) {
            Ok(moved) if far > 0 => {
                self.store_movement(moved);
                order = order.paid(self.now, "");
                if far > 1 {
                    let (after, back) = order.refunded().expect("paid");
                    let moved = self.wallet.refund(amount(back), self.now, after.payment_id()).expect("it fits");
                    self.store_movement(moved);
                    order = after;
                }
            }
            _ if far == 3 => order = order.map_purchase(Purchase::cancelled),
            _ => {}
        }
        if stock::is_live(&order.purchase) {
            self.shards[0] -= 1;
            self.shards[1] -= units;
            self.claim.used_by = coupon.map(|_| id).or(self.claim.used_by);
        }
        if !order.purchase.settled {
            self.unpaid = std::mem::take(&mut self.unpaid).with_order(&order);
            self.unpaid_count += 1;
        }
        self.orders.push(order);
    }

    /// The differences that an audit of it finds.
    pub(super) fn audit(&self) -> Differences {
        let (mut stock, mut sections) = (Stock::default(), Sections::default());
        let mut user_audit = UserAudit::new(USER, REFERENCES_MAX);
        let terms = (Price::parse(PRICE).expect("a price"), ProductState::Selling);
        stock.add_product(PRODUCT, terms, 2, QUANTITY);
        for (number, available) in (0..).zip(self.shards) {
            stock.add_shard(PRODUCT.0, Shard { number, available, terms: Some(terms) });
        }
        stock.add_coupon(COUPON, 1, 10);
        stock.add_shard(COUPON.0, Shard { number: 0, available: self.coupons_left, terms: None });
        stock.add_claim(COUPON, USER);
        user_audit.add_opening(Wallet::EMPTY);
        user_audit.add_claim(self.claim.clone());
        self.receipts.iter().for_each(|(id, receipt)| user_audit.add_receipt(*id, *receipt));
        self.entries.iter().for_each(|entry| user_audit.add_entry(entry));
        for order in &self.orders {
            user_audit.add_order(order);
            stock.add_order(order);
        }
        let mut differences = Differences::default();
        for reservation in &self.reservations {
            user_audit.add_reservation(reservation);
            sections.add_reservation(reservation);
            let Some(value) = expected_value(reservation, self.now) else { continue };
            for seat in reservation.live_seats() {
                let there = self.seats.iter().find(|(_, other, _)| other == seat).map(|(.., value)| value.to_string());
                differences.compare_seat(reservation.schedule_id, seat, value, there.as_deref());
                sections.add_ticket(reservation.schedule_id, &seat.section, value);
            }
        }
        let limits = user_audit.schedules().into_iter().map(|schedule| (schedule, self.seat_limit)).collect();
        user_audit.add_seat_limits(limits);
        user_audit.add_unpaid(self.unpaid_count, self.unpaid.clone());
        for (schedule, seat, value) in &self.seats {
            sections.add_seat(*schedule, &seat.section, *value, self.now);
        }
        let judged = user_audit.judge();
        differences.merge(judged.differences.expect("not too long"));
        stock.judge(&mut differences);
        sections.judge(&mut differences);
        judged.balance.judge(&mut differences);
        differences
    }

    fn payments(&mut self) -> impl Iterator<Item = &mut Payment> {
        let reservations = self.reservations.iter_mut().filter_map(|reservation| reservation.purchase.payment.as_mut());
        reservations.chain(self.orders.iter_mut().filter_map(|order| order.purchase.payment.as_mut()))
    }

    /// Every number that money, seats, units or coupons are counted by.
    fn numbers(&mut self) -> Vec<&mut i64> {
        let Self { entries, receipts, reservations, orders, shards, coupons_left, .. } = self;
        let mut numbers = vec![coupons_left, &mut self.unpaid_count];
        numbers.extend(self.unpaid.units.values_mut());
        numbers.extend(shards);
        numbers.extend(entries.iter_mut().flat_map(|entry| [&mut entry.amount, &mut entry.balance_after]));
        numbers.extend(receipts.iter_mut().map(|(_, receipt)| &mut receipt.amount));
        let payments = reservations.iter_mut().filter_map(|reservation| reservation.purchase.payment.as_mut());
        numbers.extend(payments.flat_map(|payment| [&mut payment.amount, &mut payment.refunded]));
        for order in orders {
            let live = stock::is_live(&order.purchase);
            numbers.extend(
                order.purchase.payment.iter_mut().flat_map(|payment| [&mut payment.amount, &mut payment.refunded]),
            );
            numbers.push(&mut order.discount);
            let portions = order.lines.iter_mut().flat_map(|line| line.taken.iter_mut());
            // Nothing else has the units that an order gave back.
            numbers.extend(portions.filter(|_| live).map(|portion| &mut portion.units));
        }
        numbers
    }
}

proptest! {
    #[test]
    fn a_world_that_kept_the_rules_has_no_difference(steps in steps()) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.carry_out(step));
        let found = world.audit();
        prop_assert!(found.kept_differences().is_empty(), "{:#?}", found);
        prop_assert!(world.payments().all(|payment| payment.refunded <= payment.amount));
    }

    #[test]
    fn no_number_can_be_changed_without_a_difference(
        steps in steps(), which in any::<prop::sample::Index>(), by in prop_oneof![-1_000_i64..0, 1..1_000_i64],
    ) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.carry_out(step));
        let mut numbers = world.numbers();
        let index = which.index(numbers.len());
        *numbers[index] += by;
        prop_assert!(!world.audit().kept_differences().is_empty(), "number {index}");
    }

    #[test]
    fn no_item_can_be_lost_without_a_difference(steps in steps(), which in any::<prop::sample::Index>()) {
        let mut world = World::new();
        steps.into_iter().for_each(|step| world.carry_out(step));
        prop_assume!(!world.entries.is_empty());
        let index = which.index(world.entries.len() + world.receipts.len());
        if index < world.entries.len() {
            world.entries.remove(index);
        } else {
            world.receipts.remove(index - world.entries.len());
        }
        prop_assert!(!world.audit().kept_differences().is_empty());
    }

    /// However wrong a table is, adding it up does not overflow.
    #[test]
    fn no_amount_is_too_large_to_be_added_up(amounts in proptest::collection::vec(any::<i64>(), 1..20)) {
        let mut world = World::new();
        for step in [Step::TopUp(100_000), Step::Reserve(1, false, 1), Step::Order(1, true, 1)] {
            world.carry_out(step);
        }
        let mut numbers = world.numbers();
        let count = numbers.len();
        for (index, amount) in amounts.into_iter().enumerate() {
            *numbers[index % count] = amount;
        }
        world.audit();
    }
}
