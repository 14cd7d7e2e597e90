//! Keys of the shop: products, their stock and listings, orders, coupons, sales.

use jiff::civil::Date;
use onsale_domain::id::{CouponId, OrderId, ProductId, UserId};
use onsale_domain::money::Price;
use onsale_domain::products::product::Sort;
use uuid::Uuid;

use super::{Key, key, user_partition};

pub fn product(id: ProductId) -> Key {
    key(format!("PRODUCT#{id}"), "PRODUCT")
}

/// The receipt of a change of stock.
pub fn adjustment(product: ProductId, id: Uuid) -> Key {
    key(format!("PRODUCT#{product}"), format!("ADJUST#{id}"))
}

/// One shard of a limited quantity: of the stock of the product with this id, or of what is left of the coupon.
pub fn stock(stock_id: Uuid, shard: u8) -> Key {
    key(format!("STOCK#{stock_id}#{shard}"), "STOCK")
}

/// A character that sorts before all those of a name, so that a name comes before its continuations.
const NAME_END: char = '\u{1f}';

/// All selling products in one order; the dearest first is the cheapest first, read backwards.
pub fn catalog_partition(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => "CATALOG#newest",
        Sort::PriceUp | Sort::PriceDown => "CATALOG#price",
        Sort::Name => "CATALOG#name",
    }
}

/// The entries of a selling product, one in each partition of the catalog; among names by the beginning of its own.
pub fn listings(id: ProductId, listed_name: &str, price: Price, created_at_millisecond: i64) -> [Key; 3] {
    let at = |sort: Sort, value: String| key(catalog_partition(sort).to_owned(), format!("{value}#{id}"));
    [
        at(Sort::Newest, format!("{created_at_millisecond:015}")),
        at(Sort::PriceUp, format!("{:08}", price.get())),
        at(Sort::Name, format!("{listed_name}{NAME_END}")),
    ]
}

pub const UNPAID: &str = "UNPAID";

/// The unpaid orders of a user.
pub fn unpaid(user: UserId) -> Key {
    key(user_partition(user), UNPAID)
}

pub const ORDER_PREFIX: &str = "ORDER#";

pub fn order(user: UserId, id: OrderId) -> Key {
    key(user_partition(user), format!("{ORDER_PREFIX}{id}"))
}

pub fn orders_by_time(user: UserId) -> String {
    format!("{}#ORDER", user_partition(user))
}

pub fn coupon(id: CouponId) -> Key {
    key(format!("COUPON#{id}"), "COUPON")
}

pub const CLAIM_PREFIX: &str = "CLAIM#";

pub fn claim(user: UserId, coupon: CouponId) -> Key {
    key(user_partition(user), format!("{CLAIM_PREFIX}{coupon}"))
}

/// Units sold of what was paid on a day (UTC).
pub fn sales_partition(day: Date) -> String {
    format!("SALES#{day}")
}

pub const SOLD_PREFIX: &str = "PRODUCT#";

pub fn sales(day: Date, product: ProductId) -> Key {
    key(sales_partition(day), format!("{SOLD_PREFIX}{product}"))
}

/// The products that sold best in so many days.
pub fn popular(days: u8) -> Key {
    key("POPULAR".to_owned(), days.to_string())
}
