//! Paying an order that was placed before: order, unpaid orders, wallet and ledger change together or not at all.

use aws_sdk_dynamodb::types::ReturnValue;
use onsale_domain::orders::order::Order;
use onsale_domain::orders::unpaid::Unpaid;
use onsale_domain::payments::purchase::{PayError, Payment};
use uuid::Uuid;

use crate::app::App;
use crate::events::Kind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{key_of, value};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::orders;
use crate::store::orders::{order_item, unpaid};
use crate::store::payments::guard::Guard;
use crate::store::payments::pay::{How, PayFailure, declined_until, remembered};
use crate::store::wallet::{Beside, DebitError, KeptWallet, debit, kept};
use crate::telemetry::logs;

/// What paying came to.
#[derive(Clone, Debug)]
pub struct PaidOrder {
    /// What was paid.
    pub order: Order,
    /// Which success it is.
    pub how: How,
}

/// Pays the order `id` of `user`. `key` is a digest of the request's idempotency key, or of a new random id without
/// one; `given` says which.
///
/// # Errors
/// See [`PayFailure`].
pub async fn pay(app: &App, user: Uuid, id: Uuid, key: &str, given: bool) -> Result<PaidOrder, PayFailure> {
    logs::about("order_id", id);
    let mut attempts = Attempts::to_pay(app);
    let mut declined: Option<u32> = None;
    loop {
        let (read, wallet, unpaid) = all_inputs(app, user, id).await?;
        let read = read.ok_or(PayFailure::NotFound)?;
        if let Some(paid) = already_paid(&read, key, attempts.unheard) {
            return Ok(paid);
        }
        if wallet.as_ref().is_some_and(|wallet| wallet.recent_keys.iter().any(|known| known == key)) {
            // The two were not read at one instant: what the key has paid may be this.
            return paid_or(app, (user, id), key, attempts.unheard, PayFailure::KeyReused).await;
        }
        if declined.is_some_and(|before| read.purchase.declines > before) {
            // The answer to our own decline was lost.
            return Err(declined_until(app, read.purchase.expires_at()));
        }
        let now = app.now();
        if !read.purchase.settled && read.purchase.lapsed(now) {
            // What lapsed is over for its owner at once, whenever the sweep comes.
            let seen = orders::current(app, user, id).await?.ok_or(PayFailure::NotFound)?;
            let refused = seen.purchase.may_be_paid(now).err().unwrap_or(PayError::HoldExpired);
            return paid_or(app, (user, id), key, attempts.unheard, refused.into()).await;
        }
        if let Err(refused) = read.purchase.may_be_paid(now) {
            return paid_or(app, (user, id), key, attempts.unheard, refused.into()).await;
        }
        let kept = wallet.as_ref();
        let rejected = match debit(kept.map(|kept| kept.wallet), read.total(), now, read.payment_id()) {
            Ok(debit) => {
                let after = read.clone().paid(now, key);
                let mut transaction = Transaction::new();
                transaction.add(Guard::Version, order_item::update(&read, &after, Some(Kind::PaymentCompleted))?);
                transaction.add(Guard::Unpaid, unpaid::leave(&unpaid, &after));
                if let Some(debit) = debit {
                    let keys = value(&remembered(kept, given.then_some(key)))?;
                    let (wallet, entry) = debit.writes(user, Beside::Keys(keys))?;
                    transaction.add(Guard::Wallet, wallet);
                    transaction.add(Guard::Entry, entry);
                }
                match transaction.commit(app).await {
                    Ok(()) => return Ok(PaidOrder { order: after, how: How::Now }),
                    Err(rejected) => rejected,
                }
            }
            Err(DebitError::NoWallet) => return Err(PayFailure::NoWallet),
            Err(DebitError::Failure(failure)) => return Err(failure.into()),
            Err(DebitError::InsufficientBalance) => {
                declined = Some(read.purchase.declines);
                match decline(app, &read).await {
                    Ok(()) => return Err(declined_until(app, read.purchase.expires_at())),
                    Err(rejected) => rejected,
                }
            }
        };
        attempts.again_after(&rejected).await?;
    }
}

/// An order that is paid, as the success it is: by `key`, now or before, or by another.
fn already_paid(read: &Order, key: &str, unheard: bool) -> Option<PaidOrder> {
    let payment: &Payment = read.purchase.payment.as_ref()?;
    let how = match payment.key == key {
        // What was found may have been written by a try of ours that was not answered; one that was refused wrote nothing.
        true if unheard => How::Now,
        true => How::Replayed,
        false => How::Before,
    };
    Some(PaidOrder { order: read.clone(), how })
}

/// The payment of an order, if the same request, sent twice or not answered, has paid it since it was read, by a clock
/// that was in time; a payment that is just being made is waited for. Else the refusal.
async fn paid_or(
    app: &App,
    (user, id): (Uuid, Uuid),
    key: &str,
    unheard: bool,
    refused: PayFailure,
) -> Result<PaidOrder, PayFailure> {
    let seen = orders::settled(app, user, id).await?;
    seen.and_then(|seen| already_paid(&seen, key, unheard)).ok_or(refused)
}

/// Order and wallet in one consistent read.
pub(crate) async fn inputs(app: &App, user: Uuid, id: Uuid) -> Result<(Option<Order>, Option<KeptWallet>), Failure> {
    let (order, wallet, _) = read_inputs(app, user, id, &[keys::order(user, id), keys::wallet(user)]).await?;
    Ok((order, wallet))
}

/// The same, with all that the user has not paid.
async fn all_inputs(app: &App, user: Uuid, id: Uuid) -> Result<(Option<Order>, Option<KeptWallet>, Unpaid), Failure> {
    read_inputs(app, user, id, &[keys::order(user, id), keys::wallet(user), keys::unpaid(user)]).await
}

async fn read_inputs(
    app: &App,
    user: Uuid,
    id: Uuid,
    keys: &[keys::Key],
) -> Result<(Option<Order>, Option<KeptWallet>, Unpaid), Failure> {
    let (mut order, mut wallet, mut unpaid) = (None, None, Unpaid::default());
    for item in query::get_all(app, keys, Consistency::Strong).await? {
        match key_of(&item) {
            Some(key) if key == keys::wallet(user) => wallet = Some(kept(item)?),
            Some(key) if key == keys::unpaid(user) => unpaid = unpaid::read(Some(&item))?,
            _ => order = Some(order_item::read(user, id, item)?),
        }
    }
    Ok((order, wallet, unpaid))
}

/// Records that the balance was too small. The order stays on the expiry index: its event gives stock and coupon back,
/// and the sweep does if the event is lost.
async fn decline(app: &App, read: &Order) -> Result<(), Rejected<Guard>> {
    let after = read.clone().with(|purchase| purchase.declined(app.config().release_on_decline));
    let write = order_item::update(read, &after, Some(Kind::PaymentDeclined))?;
    write.run(app, ReturnValue::None).await.map(drop).map_err(|rejected| rejected.map(|()| Guard::Version))
}
