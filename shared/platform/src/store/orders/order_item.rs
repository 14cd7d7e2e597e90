//! Orders as items of the table: read, written whole once, then updated version by version.

use jiff::Timestamp;
use onsale_domain::id::{CouponId, OrderId, ProductId, UserId, from_short, short};
use onsale_domain::money::Price;
use onsale_domain::orders::order::{Line, Order};
use onsale_domain::products::stock::Portion;
use onsale_domain::purchases::purchase::Purchase;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::transaction::Write;
use crate::store::purchases::item::{PurchaseItem, purchase_update};
use crate::store::purchases::{StoredPurchase, owned};

/// Kind of orders on the expiry index.
pub const ORDER_KIND: &str = "ord";

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
struct OrderItem {
    owner: String,
    created_at: i64,
    #[serde(flatten)]
    purchase: PurchaseItem,
    lines: Vec<LineItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<Uuid>,
    #[serde(default)]
    discount: i64,
    fingerprint: String,
}

/// The write of a new order, which tells the world of `change`.
pub fn create(new: &Order, change: EventKind) -> Result<Write, Failure> {
    let expiry_shard = keys::expiry_shard(ORDER_KIND, new.id.0);
    let item = OrderItem {
        owner: keys::orders_by_time(new.user),
        created_at: new.created_at.as_millisecond(),
        purchase: PurchaseItem::new(&new.purchase, Order::OPEN, expiry_shard, change),
        lines: new.lines.iter().map(line_item).collect(),
        coupon: new.coupon.map(|coupon| coupon.0),
        discount: new.discount,
        fingerprint: new.fingerprint.clone(),
    };
    Ok(Write::create(to_item(&keys::order(new.user, new.id), &item)?))
}

impl StoredPurchase for Order {
    type Id = OrderId;

    async fn get(app: &App, user: UserId, id: OrderId) -> Result<Option<Self>, Failure> {
        query::get(app, &keys::order(user, id), Consistency::Strong).await?.map(Self::read).transpose()
    }

    async fn get_isolated(app: &App, user: UserId, id: OrderId) -> Result<Option<Self>, Failure> {
        query::get_isolated(app, &keys::order(user, id)).await?.map(Self::read).transpose()
    }

    fn read(item: Item) -> Result<Self, Failure> {
        let (user, id) = owned(&item, keys::ORDER_PREFIX)?;
        let item: OrderItem = from_item(item)?;
        Ok(Self {
            id,
            user,
            created_at: Timestamp::from_millisecond(item.created_at).map_err(unreadable)?,
            purchase: item.purchase.read(Self::OPEN)?,
            lines: item.lines.into_iter().map(read_line).collect::<Result<_, Failure>>()?,
            coupon: item.coupon.map(CouponId),
            discount: item.discount,
            fingerprint: item.fingerprint,
        })
    }

    fn update(&self, after: &Self, change: Option<EventKind>) -> Result<Write, Failure> {
        purchase_update(&keys::order(self.user, self.id), Self::OPEN, &self.purchase, &after.purchase, change)
    }

    fn purchase(&self) -> &Purchase {
        &self.purchase
    }

    fn map_purchase(self, change: impl FnOnce(Purchase) -> Purchase) -> Self {
        Self::map_purchase(self, change)
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
        product: from_short(&item.id).map(ProductId).ok_or_else(|| unreadable("product"))?,
        name: item.name,
        price: Price::parse(item.price).map_err(unreadable)?,
        taken: taken.ok_or_else(|| unreadable("taken"))?,
    })
}
