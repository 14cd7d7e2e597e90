//! Compares the payments of a period as the provider lists them with those in the table, from both sides.
//!
//! People run it, such as once a day; like the audit it scans the table, and it writes nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::wallet::cards::card_payment::{CardPayment, ProviderState};
use onsale_domain::wallet::cards::card_refund::{CardRefund, CardRefundState};
use onsale_domain::wallet::cards::reconciliation::{AtProvider, Compared, Difference, compare};

use crate::app::App;
use crate::card_provider::{self, Intent, ProviderFailure, RefundState};
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, number, text};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::Query;
use crate::store::dynamodb::rejected::failure;
use crate::store::wallet::cards::{card_payment_item, card_refund_item, get};

/// Most pages of a hundred payments that are compared; more is a shorter period's work.
const PAGES_MAX: usize = 1_000;
/// Most pages of the scan.
const SCAN_PAGES_MAX: usize = 100_000;
/// Most refunds of one payment that are added up.
const REFUNDS_MAX: usize = 100;

/// The outcome of a comparison; amounts in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Payments that were compared.
    pub payments: usize,
    /// Those of which one side is still at work, and nothing is judged yet.
    pub under_way: usize,
    /// The sum that the provider has charged by them.
    pub charged: i64,
    /// The sum that the provider has sent back of that.
    pub refunded: i64,
    /// Each difference, by the provider's id of the payment, or by ours if it has none.
    pub differences: Vec<(String, Difference)>,
}

/// Compares what began from one moment on and before another.
///
/// # Errors
/// When the table or the provider fails, or there is more than [`PAGES_MAX`] pages.
pub async fn reconcile(app: &App, from: Timestamp, to: Timestamp) -> Result<Reconciliation, Failure> {
    let mut at_provider = list(app, from, to).await?;
    let mut report = Reconciliation::default();
    for ours in scan(app, from, to).await? {
        let Some(id) = &ours.intent else { continue };
        let theirs = match at_provider.remove(id) {
            Some(theirs) => theirs,
            // By its clock it may have begun on the other side of an end of the period.
            None => match card_provider::get_intent(app, id).await {
                Ok(theirs) => theirs,
                Err(ProviderFailure::Refused { .. }) => {
                    report.payments += 1;
                    report.differences.push((id.clone(), Difference::NotWithProvider));
                    continue;
                }
                Err(ProviderFailure::Failure(failure)) => return Err(failure),
            },
        };
        judge(app, &mut report, Some(&ours), &theirs).await?;
    }
    let mut left: Vec<Intent> = at_provider.into_values().collect();
    left.sort_by(|one, other| one.id.cmp(&other.id));
    for theirs in left {
        let ours = named_by(app, &theirs).await?;
        judge(app, &mut report, ours.as_ref(), &theirs).await?;
    }
    Ok(report)
}

/// The provider's payments of the period, by their ids.
async fn list(app: &App, from: Timestamp, to: Timestamp) -> Result<HashMap<String, Intent>, Failure> {
    let (mut found, mut after) = (HashMap::new(), None::<String>);
    for _ in 0..PAGES_MAX {
        let page = card_provider::intents_between(app, from.as_second(), to.as_second(), after.as_deref()).await;
        let (intents, has_more) = page.map_err(ProviderFailure::of_a_look)?;
        after = intents.last().map(|last| last.id.clone());
        found.extend(intents.into_iter().map(|intent| (intent.id.clone(), intent)));
        if !has_more || after.is_none() {
            return Ok(found);
        }
    }
    Err(Failure::Internal(format!("more than {PAGES_MAX} pages of payments: reconcile a shorter period")))
}

/// The table's card payments of the period.
async fn scan(app: &App, from: Timestamp, to: Timestamp) -> Result<Vec<CardPayment>, Failure> {
    let (mut found, mut next) = (Vec::new(), None::<Item>);
    for _ in 0..SCAN_PAGES_MAX {
        let values: HashMap<String, AttributeValue> = HashMap::from([
            (":kind".to_owned(), text(keys::CARD_PAYMENT_PREFIX)),
            (":from".to_owned(), number(from.as_millisecond())),
            (":to".to_owned(), number(to.as_millisecond())),
        ]);
        let page = app.dynamodb().scan().table_name(&app.config().table);
        let page = page.filter_expression("begins_with(sk, :kind) AND began_at >= :from AND began_at < :to");
        let page =
            page.set_expression_attribute_values(Some(values)).set_exclusive_start_key(next).consistent_read(true);
        let answer = page.send().await.map_err(|error| failure(&error))?;
        for item in answer.items.unwrap_or_default() {
            found.push(card_payment_item::read(item)?);
        }
        next = answer.last_evaluated_key;
        if next.is_none() {
            return Ok(found);
        }
    }
    Err(Failure::Internal(format!("more than {SCAN_PAGES_MAX} pages of the table")))
}

/// The card payment that the provider's names, if it is ours and there.
async fn named_by(app: &App, theirs: &Intent) -> Result<Option<CardPayment>, Failure> {
    let ids = theirs.user.as_deref().zip(theirs.card_payment.as_deref());
    let parsed = ids.and_then(|(user, id)| Some((user.parse::<UserId>().ok()?, id.parse::<CardPaymentId>().ok()?)));
    match parsed {
        Some((user, id)) => get(app, user, id).await,
        None => Ok(None),
    }
}

async fn judge(
    app: &App,
    report: &mut Reconciliation,
    ours: Option<&CardPayment>,
    theirs: &Intent,
) -> Result<(), Failure> {
    report.payments += 1;
    let refunded = match theirs.state {
        ProviderState::Charged(charged) => {
            report.charged += charged;
            refunded(app, &theirs.id).await?
        }
        _ => 0,
    };
    report.refunded += refunded;
    let Some(ours) = ours else {
        if let ProviderState::Charged(amount) | ProviderState::Authorised(amount) = theirs.state {
            report.differences.push((theirs.id.clone(), Difference::NotInTable(amount)));
        }
        return Ok(());
    };
    let (made, due) = our_refunds(app, ours).await?;
    let (currency, state) = (theirs.currency.as_str(), theirs.state);
    match compare(ours, made, due, &AtProvider { intent: &theirs.id, currency, state, refunded }) {
        Compared::Agree => {}
        Compared::UnderWay => report.under_way += 1,
        Compared::Differ(difference) => report.differences.push((theirs.id.clone(), difference)),
    }
    Ok(())
}

/// The sum that the provider has sent back of a payment, in minor units.
async fn refunded(app: &App, intent: &str) -> Result<i64, Failure> {
    let refunds = card_provider::refunds(app, intent).await.map_err(ProviderFailure::of_a_look)?;
    Ok(refunds.iter().filter(|refund| refund.state == RefundState::Made).map(|refund| refund.amount).sum())
}

/// How much of a card payment went back by the table, and how much is still to go, in minor units.
async fn our_refunds(app: &App, payment: &CardPayment) -> Result<(i64, i64), Failure> {
    if payment.refunds == 0 {
        return Ok((0, 0));
    }
    let prefix = format!("{}{}-", keys::CARD_REFUND_PREFIX, payment.id);
    let items: Vec<Item> =
        Query::partition(keys::user_partition(payment.user), &prefix).strong().all(app, REFUNDS_MAX).await?;
    let refunds: Vec<CardRefund> = items.into_iter().map(card_refund_item::read).collect::<Result<_, _>>()?;
    let sum = |state| refunds.iter().filter(|refund| refund.state == state).map(|refund| refund.amount).sum();
    Ok((sum(CardRefundState::Made), sum(CardRefundState::Due)))
}
