//! The sweep of card payments and refunds that nobody has carried on: a browser that never came back, a report that was
//! lost, a provider that was away.

use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::CardPayment;
use onsale_domain::wallet::cards::card_refund::{CardRefund, parse_reference};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::sweep::{self, Swept};
use crate::store::wallet::cards::card_payment_item::CARD_PAYMENT_KIND;
use crate::store::wallet::cards::card_refund_item::CARD_REFUND_KIND;
use crate::store::wallet::cards::carry_on::{Until, carry_on};
use crate::store::wallet::cards::refund::carry_refund_on;
use crate::store::wallet::cards::{card_payment_item, card_refund_item, get_refund};

/// Seconds after which the sweep looks again at what it could not bring to rest: a charge that is under way may be so
/// for days.
const PUT_OFF_SECONDS: u32 = 600;

/// Carries on what is overdue: at most `steps_max` pages of at most `page_max` payments, and as many refunds.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, page_max: u16, steps_max: usize) -> Result<Swept, Failure> {
    let refunds = sweep::run(app, CARD_REFUND_KIND, page_max, steps_max, |app, key| async move {
        let Some((user, payment, number)) = refund_of(&key) else { return Ok(false) };
        if let Err(failure) = carry_refund_on(&app, user, payment, number).await {
            if let Some(refund) = get_refund(&app, user, payment, number).await? {
                put_refund_off(&app, &refund).await?;
            }
            return Err(failure);
        }
        Ok(true)
    })
    .await?;
    let payments = sweep::run(app, CARD_PAYMENT_KIND, page_max, steps_max, |app, key| async move {
        let Some((user, id)) = keys::parse_owned(&key, keys::CARD_PAYMENT_PREFIX) else { return Ok(false) };
        let Ok(id) = id.parse() else { return Ok(false) };
        match carry_on(&app, user, id, Until::AtRest).await? {
            Some(payment) if !payment.state.is_at_rest() => put_off(&app, &payment).await.map(|()| false),
            Some(_) => Ok(true),
            None => Ok(false),
        }
    })
    .await?;
    Ok(payments.and(refunds).told(app))
}

fn refund_of(key: &Key) -> Option<(UserId, CardPaymentId, u32)> {
    let (user, rest) = keys::parse_owned(key, keys::CARD_REFUND_PREFIX)?;
    let (payment, number) = parse_reference(rest)?;
    Some((user, payment, number))
}

/// The second at which to look again.
fn later(app: &App) -> EpochSecond {
    EpochSecond::begun(app.now()).plus(PUT_OFF_SECONDS)
}

/// Looks at a payment again later; whoever has moved it on meanwhile is not disturbed.
async fn put_off(app: &App, payment: &CardPayment) -> Result<(), Failure> {
    let after = payment.clone().moved_to(payment.state, later(app));
    card_payment_item::update(payment, &after, None).apply(app).await.map(drop)
}

/// The same of a refund.
async fn put_refund_off(app: &App, refund: &CardRefund) -> Result<(), Failure> {
    if refund.due_at.is_none() {
        return Ok(());
    }
    let after = CardRefund { due_at: Some(later(app)), version: refund.version + 1, ..refund.clone() };
    card_refund_item::update(refund, &after, None).apply(app).await.map(drop)
}
