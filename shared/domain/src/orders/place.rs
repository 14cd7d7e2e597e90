//! Placing an order: what may be asked for, and what of it stock and wallet need not be asked.

use jiff::{SignedDuration, Timestamp};

use crate::id::{CouponId, OrderId, ProductId, UserId};
use crate::money::AMOUNT_MAX;
use crate::orders::coupon::{Claim, CouponError};
use crate::orders::order::{Line, Order};
use crate::products::product::{MAX_PER_USER_MAX, Product};
use crate::products::stock::Portion;
use crate::purchases::lapses::Paused;
use crate::purchases::purchase::Purchase;
use crate::time::EpochSecond;

/// Most lines of an order.
pub const LINES_MAX: usize = 20;
/// Most units of one product in an order: as many as any product allows.
pub const UNITS_MAX: i64 = MAX_PER_USER_MAX;
/// Most shards that one order takes from: with order, wallet, entry and claim it must fit into one transaction.
pub const PORTIONS_MAX: usize = 90;

/// So many units of a product that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedUnits {
    /// The product.
    pub product: ProductId,
    /// Units.
    pub quantity: i64,
}

/// A list of lines that cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// None.
    #[error("must have at least one line")]
    Empty,
    /// Too many.
    #[error("must have at most 20 lines")]
    TooMany,
    /// A line of nothing, or too many units of one product.
    #[error("must have 1 to 100 units of a product")]
    Quantity,
}

/// Sums the lines of each product, in the order in which the products come first (K2).
///
/// # Errors
/// Without lines, with more than [`LINES_MAX`], or when a product has fewer than 1 or more than [`UNITS_MAX`] units.
pub fn merge_lines(lines: &[RequestedUnits]) -> Result<Vec<RequestedUnits>, LinesError> {
    if lines.is_empty() {
        return Err(LinesError::Empty);
    }
    if lines.len() > LINES_MAX {
        return Err(LinesError::TooMany);
    }
    let mut merged: Vec<RequestedUnits> = Vec::with_capacity(lines.len());
    for line in lines {
        if !(1..=UNITS_MAX).contains(&line.quantity) {
            return Err(LinesError::Quantity);
        }
        match merged.iter_mut().find(|known| known.product == line.product) {
            Some(known) => known.quantity += line.quantity,
            None => merged.push(*line),
        }
    }
    let within = merged.iter().all(|line| line.quantity <= UNITS_MAX);
    if within { Ok(merged) } else { Err(LinesError::Quantity) }
}

/// Why an order cannot be placed, in order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// There are no such products.
    #[error("there is no such product")]
    NoProduct(Vec<ProductId>),
    /// They are held back or no longer offered.
    #[error("it is not on sale")]
    NotSelling(Vec<ProductId>),
    /// More units of them than one order may have, or than one account may have unpaid.
    #[error("it would be more units than one person may order before paying for them")]
    ProductLimit(Vec<ProductId>),
    /// As many orders of the account wait for payment as may.
    #[error("pay or cancel one of your 10 unpaid orders first")]
    OrderLimit,
    /// Orders of the account were let lapse.
    #[error(transparent)]
    Paused(#[from] Paused),
    /// They have another price than a moment ago.
    #[error("the price has just changed; order again at the new one")]
    PriceChanged(Vec<ProductId>),
    /// Fewer are left than are wanted.
    #[error("fewer are left than are wanted")]
    OutOfStock(Vec<ProductId>),
    /// The coupon cannot be used.
    #[error(transparent)]
    Coupon(#[from] CouponError),
    /// It costs more than may be paid at once.
    #[error("must cost at most 10000000 together")]
    TooDear,
    /// The remaining units of its products lie in too many shards to be taken at once.
    #[error("must name fewer products or units: their stock is spread too thinly")]
    TooScattered,
}

/// A request for an order, with the id of the order to make.
#[derive(Clone, Debug)]
pub struct OrderRequest {
    /// Id of the order to make.
    pub id: OrderId,
    /// The buyer.
    pub user: UserId,
    /// The lines, as [`merge_lines`] passed them.
    pub lines: Vec<RequestedUnits>,
    /// The coupon to use.
    pub coupon: Option<CouponId>,
    /// Whether to pay at once.
    pub pay: bool,
    /// Digest of the request.
    pub fingerprint: String,
}

/// Decides on everything about an order that stock and wallet need not be asked for. Its units wait `lasting` for the
/// payment. `taken` says from which shards the units of a line shall come; `claim` is what the user has claimed of the
/// coupon.
///
/// # Errors
/// See [`OrderError`]; what is said of a product is said of all for which it is true.
pub fn place(
    request: OrderRequest,
    lasting: SignedDuration,
    products: &[Product],
    taken: impl Fn(&Product, i64) -> Vec<Portion>,
    claim: Option<&Claim>,
    now: Timestamp,
) -> Result<Order, OrderError> {
    let product = |line: &RequestedUnits| products.iter().find(|product| product.id == line.product);
    let those = |which: &dyn Fn(&RequestedUnits) -> bool| -> Vec<ProductId> {
        request.lines.iter().filter(|line| which(line)).map(|line| line.product).collect()
    };
    let missing = those(&|line| product(line).is_none());
    if !missing.is_empty() {
        return Err(OrderError::NoProduct(missing));
    }
    let stopped = those(&|line| !product(line).is_some_and(Product::is_selling));
    if !stopped.is_empty() {
        return Err(OrderError::NotSelling(stopped));
    }
    let over = those(&|line| product(line).is_some_and(|product| line.quantity > product.max_per_user.get()));
    if !over.is_empty() {
        return Err(OrderError::ProductLimit(over));
    }
    let lines: Vec<Line> = request
        .lines
        .iter()
        .filter_map(|line| Some((product(line)?, line.quantity)))
        .map(|(product, quantity)| Line {
            product: product.id,
            name: product.name.clone(),
            price: product.price,
            taken: taken(product, quantity),
        })
        .collect();
    let subtotal: i64 = lines.iter().map(Line::amount).sum();
    let discount = match (request.coupon, claim) {
        (None, _) => 0,
        (Some(_), None) => return Err(CouponError::NotYours.into()),
        (Some(_), Some(claim)) => claim.redeem(subtotal, now)?,
    };
    if subtotal - discount > AMOUNT_MAX {
        return Err(OrderError::TooDear);
    }
    if lines.iter().map(|line| line.taken.len()).sum::<usize>() > PORTIONS_MAX {
        return Err(OrderError::TooScattered);
    }
    Ok(Order {
        id: request.id,
        user: request.user,
        created_at: now,
        // It ends with the first whole second that is no sooner, and may be paid up to the one before.
        purchase: Purchase::new(EpochSecond::at_or_after(now + lasting).previous()),
        lines,
        coupon: request.coupon,
        discount,
        fingerprint: request.fingerprint,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::orders::coupon::Discount;
    use crate::products::product;
    use crate::products::product::tests::product;
    use proptest::prelude::*;
    use uuid::Uuid;

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn wanted(product: u128, quantity: i64) -> RequestedUnits {
        RequestedUnits { product: ProductId(Uuid::from_u128(product)), quantity }
    }

    fn request(lines: &[RequestedUnits], coupon: Option<u128>) -> OrderRequest {
        OrderRequest {
            id: OrderId(Uuid::from_u128(9)),
            user: UserId(Uuid::from_u128(8)),
            lines: merge_lines(lines).expect("lines"),
            coupon: coupon.map(|id| CouponId(Uuid::from_u128(id))),
            pay: false,
            fingerprint: String::new(),
        }
    }

    const LASTING: SignedDuration = SignedDuration::from_secs(300);

    fn in_one(_: &Product, quantity: i64) -> Vec<Portion> {
        vec![Portion { shard: 0, units: quantity }]
    }

    fn claim(discount: Discount) -> Claim {
        let (coupon, name) = (CouponId(Uuid::from_u128(7)), "Coupon".to_owned());
        let (valid_from, valid_until, claimed_at) = (at(0), at(10_000), at(0));
        Claim { coupon, name, discount, valid_from, valid_until, claimed_at, used_by: None }
    }

    pub(crate) fn pending() -> Order {
        let products = [product(1, 100), product(2, 30)];
        let lines = [wanted(1, 2), wanted(2, 1)];
        place(request(&lines, None), LASTING, &products, in_one, None, at(1_000)).expect("an order")
    }

    #[test]
    fn an_order_freezes_price_and_name_and_sums_up() {
        let products = [product(1, 100), product(2, 30)];
        let lines = [wanted(2, 1), wanted(1, 2), wanted(2, 3)];
        let ten_percent = claim(Discount::Percent { percent: 10, max: None });
        let order = place(request(&lines, Some(7)), LASTING, &products, in_one, Some(&ten_percent), at(1_000));
        let order = order.expect("an order");
        let shown: Vec<(&str, i64, i64)> =
            order.lines.iter().map(|line| (line.name.as_str(), line.quantity(), line.amount())).collect();
        assert_eq!(shown, [("Product 2", 4, 120), ("Product 1", 2, 200)]);
        assert_eq!(
            (order.subtotal(), order.discount, order.total(), order.purchase.held_until.0),
            (320, 32, 288, 1_299)
        );
    }

    #[test]
    fn refusals_have_an_order() {
        let mut products = [product(1, AMOUNT_MAX), product(2, 30)];
        products[1].state = product::ProductState::Hold;
        let lines = [wanted(1, 2), wanted(2, 1), wanted(3, 1)];
        let of = |lines: &[RequestedUnits], products: &[Product], coupon, claim: Option<&Claim>| {
            place(request(lines, coupon), LASTING, products, in_one, claim, at(1_000))
        };
        let id = |id| ProductId(Uuid::from_u128(id));
        assert_eq!(of(&lines, &products, Some(7), None), Err(OrderError::NoProduct(vec![id(3)])));
        assert_eq!(of(&lines[..2], &products, Some(7), None), Err(OrderError::NotSelling(vec![id(2)])));
        products[1].state = product::ProductState::Selling;
        let over = [wanted(1, 1), wanted(2, 11)];
        products[1].max_per_user = product::MaxPerUser::DEFAULT;
        assert_eq!(of(&over, &products, Some(7), None), Err(OrderError::ProductLimit(vec![id(2)])));
        assert_eq!(of(&lines[..2], &products, Some(7), None), Err(CouponError::NotYours.into()));
        assert_eq!(of(&lines[..2], &products, None, None), Err(OrderError::TooDear));
        // A coupon that takes nothing off is refused before the price is; also when there is no price.
        let one = claim(Discount::Percent { percent: 1, max: None });
        let nothing = Err(OrderError::Coupon(CouponError::NotApplicable));
        assert_eq!(of(&[wanted(2, 3)], &products, Some(7), Some(&one)), nothing);
        assert_eq!(of(&[wanted(4, 3)], &[product(4, 0)], Some(7), Some(&one)), nothing);
        assert_eq!(of(&[wanted(2, 4)], &products, Some(7), Some(&one)).map(|order| order.discount), Ok(1));
        // A coupon may bring it within the cap.
        let large = claim(Discount::Amount(AMOUNT_MAX));
        assert_eq!(of(&[wanted(1, 2)], &products, Some(7), Some(&large)).map(|order| order.total()), Ok(AMOUNT_MAX));
        let thin = |_: &Product, quantity: i64| {
            (0..quantity).map(|shard| Portion { shard: u8::try_from(shard).expect("few"), units: 1 }).collect()
        };
        let scattered = place(request(&[wanted(1, 91)], None), LASTING, &[product(1, 1)], thin, None, at(1_000));
        assert_eq!(scattered, Err(OrderError::TooScattered));
    }

    proptest! {
        /// Whatever is placed costs what a balance can pay, has had something taken off if it uses a coupon, and may be
        /// paid until its `expires_at` and no longer.
        #[test]
        fn an_order_can_be_paid_in_time_and_no_coupon_is_wasted(
            price in prop_oneof![0..200_i64, 0..=AMOUNT_MAX], quantity in 1..=UNITS_MAX,
            off in proptest::option::of(prop_oneof![
                (1..=AMOUNT_MAX).prop_map(Discount::Amount),
                (1..=100_i64).prop_map(|percent| Discount::Percent { percent, max: None }),
            ]),
            now in 1_000_000..5_000_000_i64, later in 0..1_000_000_i64,
        ) {
            let millisecond = |millisecond: i64| Timestamp::from_millisecond(millisecond).expect("a time");
            let (now, then) = (millisecond(now), millisecond(now + later));
            let claim = off.map(claim);
            let request = request(&[wanted(1, quantity)], off.map(|_| 7));
            match place(request, LASTING, &[product(1, price)], in_one, claim.as_ref(), now) {
                Ok(order) => {
                    prop_assert!((0..=AMOUNT_MAX).contains(&order.total()));
                    prop_assert_eq!(order.coupon.is_some(), order.discount > 0);
                    prop_assert_eq!(order.purchase.may_be_paid(now), Ok(()));
                    prop_assert_eq!(order.purchase.may_be_paid(then).is_ok(), then < order.purchase.expires_at());
                }
                Err(OrderError::TooDear) => prop_assert!(price * quantity > AMOUNT_MAX),
                Err(error) => {
                    prop_assert_eq!(error, OrderError::Coupon(CouponError::NotApplicable));
                    prop_assert_eq!(off.map(|off| off.amount_off(price * quantity)), Some(0));
                }
            }
        }

        /// K2: merging loses no unit and names each product once, in the order in which they came.
        #[test]
        fn merging_loses_nothing(lines in proptest::collection::vec((0..6_u128, -2..=60_i64), 0..25)) {
            let lines: Vec<RequestedUnits> = lines.into_iter().map(|(id, quantity)| wanted(id, quantity)).collect();
            let units = |lines: &[RequestedUnits], id: ProductId| -> i64 {
                lines.iter().filter(|line| line.product == id).map(|line| line.quantity).sum()
            };
            match merge_lines(&lines) {
                Ok(merged) => {
                    prop_assert!(lines.len() <= LINES_MAX && lines.iter().all(|line| line.quantity >= 1));
                    for (place, line) in merged.iter().enumerate() {
                        prop_assert_eq!(line.quantity, units(&lines, line.product));
                        prop_assert!(merged[place + 1..].iter().all(|other| other.product != line.product));
                    }
                    prop_assert!(lines.iter().all(|line| merged.iter().any(|known| known.product == line.product)));
                }
                Err(LinesError::Empty) => prop_assert!(lines.is_empty()),
                Err(LinesError::TooMany) => prop_assert!(lines.len() > LINES_MAX),
                Err(LinesError::Quantity) => {
                    let wrong = |line: &RequestedUnits| line.quantity < 1 || units(&lines, line.product) > UNITS_MAX;
                    prop_assert!(lines.iter().any(wrong));
                }
            }
        }
    }
}
