//! Placing an order: stock, order and coupon, and with them what the buyer has unpaid or, when it is paid at once,
//! wallet and ledger, change together or not at all.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use onsale_domain::id::{self, ProductId};
use onsale_domain::orders::coupon::{Claim, CouponError};
use onsale_domain::orders::order::Order;
use onsale_domain::orders::place as rules;
use onsale_domain::orders::place::{OrderError, OrderRequest};
use onsale_domain::products::product::Product;
use onsale_domain::products::stock::{Portion, Shards, portions};
use onsale_domain::purchases::purchase::PurchaseState;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::Item;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::orders;
use crate::store::orders::coupons;
use crate::store::orders::{order_item, unpaid};
use crate::store::products::stock::StockRefusal;
use crate::store::products::{self, stock};
use crate::store::purchases::guard::Guard;
use crate::store::purchases::{ExpiryOutcome, StoredPurchase};
use crate::store::wallet::{self, Debit, DebitFailure, WalletRow, debit};
use crate::telemetry::logs;

/// Why an order was not placed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceFailure {
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] OrderError),
    /// The user has no wallet to pay from.
    #[error("no wallet")]
    NoWallet,
    /// The balance is too small; nothing of the order remains.
    #[error("insufficient balance")]
    InsufficientBalance,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<DebitFailure> for PlaceFailure {
    fn from(error: DebitFailure) -> Self {
        match error {
            DebitFailure::NoWallet => Self::NoWallet,
            DebitFailure::InsufficientBalance => Self::InsufficientBalance,
            DebitFailure::Failure(failure) => failure.into(),
        }
    }
}

/// From which shards the units of a product come, where the first choice was short.
type Plans = BTreeMap<ProductId, Vec<Portion>>;

/// An order that is to be written, with what paying it takes out of the wallet; and of each product over how many
/// shards it is spread, and how many units one person may have unpaid.
struct Draft {
    order: Order,
    debit: Option<Debit>,
    shards: BTreeMap<ProductId, Shards>,
    most: BTreeMap<ProductId, i64>,
}

/// The outcome of one try, if it was neither refused nor failed.
enum TryOutcome {
    /// The order is written.
    Placed(Order),
    /// It was in somebody's way, or not heard of: all is read again.
    Again(Rejected<Guard>),
}

/// Places an order; the order as it is then.
///
/// # Errors
/// See [`PlaceFailure`].
pub async fn place(app: &App, request: &OrderRequest) -> Result<Once<Order>, PlaceFailure> {
    logs::record_id("order_id", request.id);
    let mut attempts = Attempts::new(app);
    let mut plans = Plans::new();
    loop {
        let tried = try_once(app, request, &mut plans).await;
        // Before anything is refused the receipt is read: our own first success may be what stands in the way, its
        // answer lost, and a repeat of what succeeded is a success, also when stock, money or coupon are gone since.
        let there = match &tried {
            Ok(TryOutcome::Again(rejected)) if may_be_there(rejected) => {
                find_replay(app, request, attempts.may_have_done(rejected)).await?
            }
            Ok(TryOutcome::Placed(_) | TryOutcome::Again(_))
            | Err(PlaceFailure::Failure(Failure::Busy | Failure::Unknown | Failure::Internal(_))) => None,
            Err(_) => find_replay(app, request, attempts.answer_lost).await?,
        };
        match (there, tried) {
            (Some(there), _) => return Ok(there),
            (None, Ok(TryOutcome::Placed(order))) => return Ok(Once::New(order)),
            (None, Ok(TryOutcome::Again(rejected))) => attempts.wait_after(&rejected).await?,
            (None, Err(refused)) if is_worth_another_try(app, request, &refused).await? => attempts.wait().await?,
            (None, Err(refused)) => return Err(refused),
        }
    }
}

/// Whether the order may be what stood in the way of its own writing.
fn may_be_there(rejected: &Rejected<Guard>) -> bool {
    match rejected {
        Rejected::Guards(failed) => failed.iter().any(|failed| failed.guard == Guard::New),
        Rejected::Failure(failure) => matches!(failure, Failure::Unknown),
        Rejected::Conflict(_) | Rejected::Throttled => false,
    }
}

/// One try: reads, decides, and writes. A failed condition of a shard is looked into; if units are to be had elsewhere,
/// the plan for the next try says where.
async fn try_once(app: &App, request: &OrderRequest, plans: &mut Plans) -> Result<TryOutcome, PlaceFailure> {
    let draft = decide(app, request, plans).await?;
    let Err(rejected) = transaction(app, &draft)?.commit(app).await else { return Ok(TryOutcome::Placed(draft.order)) };
    match &rejected {
        Rejected::Guards(failed) if !may_be_there(&rejected) => refuse_or_plan(app, &draft, failed, plans).await?,
        Rejected::Conflict(with) => plan_around(&draft, with, plans),
        Rejected::Guards(_) | Rejected::Throttled | Rejected::Failure(_) => {}
    }
    Ok(TryOutcome::Again(rejected))
}

/// Reads what the decision needs, and makes it.
async fn decide(app: &App, request: &OrderRequest, plans: &Plans) -> Result<Draft, PlaceFailure> {
    let ids = request.lines.iter().map(|line| line.product);
    let (products, (wallet, claim)) = tokio::try_join!(products::get_several(app, ids), read_own(app, request))?;
    let now = app.now();
    let taken = |product: &Product, units: i64| match plans.get(&product.id) {
        Some(plan) => plan.clone(),
        None => vec![Portion { shard: product.shards.first_shard_for(request.id.0, product.id.0), units }],
    };
    let lasting = SignedDuration::from_secs(app.config().hold_seconds.into());
    let order = rules::place(request.clone(), lasting, &products, taken, claim.as_ref(), now)?;
    let shards = products.iter().map(|product| (product.id, product.shards)).collect();
    let most = products.iter().map(|product| (product.id, product.max_per_user.get())).collect();
    if !request.pay {
        return Ok(Draft { order, debit: None, shards, most });
    }
    let debit = debit(wallet.as_ref(), order.total(), now, order.payment_id())?;
    // The id follows from the request's key, and the payment of this order is nobody else's.
    let key = id::fingerprint(&["place_order", &order.id.to_string()]);
    let order = order.paid_at_once(now, &key);
    Ok(Draft { order, debit, shards, most })
}

/// The buyer's own inputs of the decision, read consistently: the wallet to pay from, the claim of the coupon.
async fn read_own(app: &App, request: &OrderRequest) -> Result<(Option<WalletRow>, Option<Claim>), Failure> {
    tokio::try_join!(read_wallet(app, request), read_claim(app, request))
}

async fn read_wallet(app: &App, request: &OrderRequest) -> Result<Option<WalletRow>, Failure> {
    if request.pay { wallet::get_row(app, request.user).await } else { Ok(None) }
}

async fn read_claim(app: &App, request: &OrderRequest) -> Result<Option<Claim>, Failure> {
    let Some(coupon) = request.coupon else { return Ok(None) };
    let item = query::get(app, &keys::claim(request.user, coupon), Consistency::Strong).await?;
    item.map(coupons::read_claim).transpose()
}

fn transaction(app: &App, draft: &Draft) -> Result<Transaction<Guard>, Failure> {
    let order = &draft.order;
    let mut transaction = Transaction::new();
    for (index, line) in order.lines.iter().enumerate() {
        for portion in &line.taken {
            transaction.add(Guard::Stock(index), stock::take(line.product.0, *portion, Some(line.price)));
        }
    }
    if let Some(coupon) = order.coupon {
        transaction.add(Guard::Claim, coupons::redeem(order.user, coupon, order.id));
    }
    let change =
        if order.purchase.state == PurchaseState::Paid { EventKind::PaymentCompleted } else { EventKind::OrderPlaced };
    transaction.add(Guard::New, order_item::create(order, change)?);
    if order.purchase.state == PurchaseState::Open {
        transaction.add(Guard::Unpaid, unpaid::add_order(order, &draft.most, app.now()));
    } else if let Some(debit) = &draft.debit {
        transaction.add(Guard::Entry, debit.write(order.user, None)?);
    } else {
        transaction.add(Guard::Unpaid, unpaid::check_open(order.user));
    }
    Ok(transaction)
}

/// The order as it stands, if it was placed: by an earlier request, or (`ours`) by an earlier try of this one. One that
/// is just being placed is waited for.
async fn find_replay(app: &App, request: &OrderRequest, ours: bool) -> Result<Option<Once<Order>>, PlaceFailure> {
    let there = Order::get_isolated(app, request.user, request.id).await?;
    let replay = |there| Once::replay(there, |there: &Order| &there.fingerprint, &request.fingerprint, ours);
    Ok(there.map(replay).transpose()?)
}

/// Whether what keeps the coupon is an order of the buyer's own that has lapsed, and does so no longer; or the very
/// order that is asked for, which the same request, sent twice, has placed since the receipt was read.
async fn is_worth_another_try(app: &App, request: &OrderRequest, refused: &PlaceFailure) -> Result<bool, Failure> {
    let PlaceFailure::Refused(OrderError::Coupon(CouponError::Used)) = refused else { return Ok(false) };
    match read_claim(app, request).await?.map(|claim| claim.used_by) {
        Some(Some(order)) if order == request.id => Ok(true),
        Some(Some(order)) => Ok(orders::expire(app, request.user, order).await? != ExpiryOutcome::Nothing),
        // Given back meanwhile.
        Some(None) => Ok(true),
        None => Ok(false),
    }
}

/// Says why an order cannot be had, or finds other shards to take from.
async fn refuse_or_plan(
    app: &App,
    draft: &Draft,
    failed: &[FailedGuard<Guard>],
    plans: &mut Plans,
) -> Result<(), PlaceFailure> {
    let (mut stopped, mut changed, mut short, mut unpaid) = (Vec::new(), Vec::new(), Vec::new(), None);
    for FailedGuard { guard, old } in failed {
        // Whatever else failed is stale, and read again.
        let index = match guard {
            Guard::Stock(index) => *index,
            Guard::Unpaid => {
                unpaid = Some(old.as_ref());
                continue;
            }
            _ => continue,
        };
        let line = &draft.order.lines[index];
        let group = match stock::refusal_of(old.clone(), line.price)? {
            StockRefusal::NotSelling => &mut stopped,
            StockRefusal::PriceChanged => &mut changed,
            StockRefusal::Short => &mut short,
        };
        if !group.contains(&line.product) {
            group.push(line.product);
        }
    }
    if stopped.is_empty()
        && let Some(old) = unpaid
    {
        refuse_by_unpaid(app, draft, old).await?;
    }
    if !stopped.is_empty() {
        return Err(OrderError::NotSelling(stopped).into());
    }
    if !changed.is_empty() {
        return Err(OrderError::PriceChanged(changed).into());
    }
    plan(app, draft, &short, plans).await
}

/// Says why the buyer's unpaid orders do not admit this one; those that have lapsed are ended on the spot, so that
/// nobody waits for the sweep. Nothing, if they are no longer as they were.
async fn refuse_by_unpaid(app: &App, draft: &Draft, old: Option<&Item>) -> Result<(), PlaceFailure> {
    if unpaid::is_closed(old) {
        return Err(Failure::Erased.into());
    }
    let unpaid = unpaid::read(old)?;
    if unpaid.open.contains_key(&draft.order.id) {
        // Our own order is counted, and not to be seen yet.
        return Ok(());
    }
    let mut ended = false;
    for id in unpaid.expired(app.now()) {
        ended |= orders::expire(app, draft.order.user, id).await? != ExpiryOutcome::Nothing;
    }
    if ended {
        return Ok(());
    }
    let most = |product| draft.most.get(&product).copied().unwrap_or_default();
    Ok(unpaid.admits(&draft.order, most, app.now())?)
}

/// A shard is in one transaction at a time. Whoever collides goes to the next one without a look at any: a read of all
/// of them at one instant would wait for everybody who is at any of them.
fn plan_around(draft: &Draft, with: &[Guard], plans: &mut Plans) {
    for guard in with {
        let Guard::Stock(index) = guard else { continue };
        let line = &draft.order.lines[*index];
        if let ([portion], Some(shards)) = (line.taken.as_slice(), draft.shards.get(&line.product)) {
            plans.insert(line.product, vec![Portion { shard: shards.next(portion.shard), ..*portion }]);
        }
    }
}

/// Looks at all shards of each of these products and decides from which to take; refuses when all
/// together have too little.
async fn plan(app: &App, draft: &Draft, products: &[ProductId], plans: &mut Plans) -> Result<(), PlaceFailure> {
    let order = &draft.order;
    let mut gone = Vec::new();
    for product in products {
        let line = order.lines.iter().find(|line| line.product == *product);
        let Some((line, shards)) = line.zip(draft.shards.get(product)) else { continue };
        let levels = stock::levels(app, product.0, *shards, line.quantity()).await?;
        match portions(&levels, shards.first_shard_for(order.id.0, product.0), line.quantity()) {
            Some(portions) => {
                plans.insert(*product, portions);
            }
            None => gone.push(*product),
        }
    }
    if gone.is_empty() { Ok(()) } else { Err(OrderError::OutOfStock(gone).into()) }
}
