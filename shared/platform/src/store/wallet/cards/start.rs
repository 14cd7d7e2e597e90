//! Beginning a card payment: what it is for and how much that is says the table, never the buyer.

use jiff::Timestamp;
use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::money::Amount;
use onsale_domain::purchases::purchase::Purchase;
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{
    CardPayment, CardPaymentState, LOOK_AGAIN_SECONDS, Purpose, TOP_UP_SECONDS,
};

use crate::app::App;
use crate::auth::queue_token::QueueCredentials;
use crate::card_provider::{self, Intent, ProviderFailure};
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::payments::pay::PayFailure;
use crate::store::payments::pay_reservation::admission;
use crate::store::wallet::cards::{card_payment_item, get};
use crate::store::wallet::{self, MovementFailure};
use crate::store::{orders, reservations};

/// The purpose of a card payment as a buyer asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To pay for a purchase, whatever it costs.
    Purchase(Purpose),
    /// To top the wallet up by so much.
    TopUp(Amount),
}

/// A request to begin a card payment.
#[derive(Clone, Copy, Debug)]
pub struct StartRequest<'a> {
    /// Whose.
    pub user: UserId,
    /// The id that follows from its idempotency key.
    pub id: CardPaymentId,
    /// What for.
    pub wanted: Wanted,
    /// The request's token for the concert's queue.
    pub queue_credentials: &'a QueueCredentials,
    /// Digest of the request.
    pub fingerprint: &'a str,
}

/// Why a card payment was not begun.
#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    /// No payment provider is configured.
    #[error("no cards are taken")]
    NoProvider,
    /// Its purchase cannot be paid.
    #[error(transparent)]
    Purchase(#[from] PayFailure),
    /// It is paid already.
    #[error("it is paid")]
    AlreadyPaid,
    /// It costs nothing, or less than a card can be charged.
    #[error("too little for a card")]
    TooLittle,
    /// It is no multiple of so many minor units, which cards carry.
    #[error("not in steps of {0}")]
    Step(i64),
    /// A wallet may not be topped up so much.
    #[error(transparent)]
    TopUp(#[from] MovementFailure),
    /// The card payment of this key has ended.
    #[error("this card payment has ended")]
    Ended,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The payment provider refused.
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// The table or the provider failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<ProviderFailure> for StartFailure {
    fn from(failure: ProviderFailure) -> Self {
        match failure {
            ProviderFailure::Refused { code } => Self::Refused(code),
            ProviderFailure::Failure(failure) => failure.into(),
        }
    }
}

/// A card payment that its buyer may authorise.
#[derive(Clone, Debug)]
pub struct Started {
    /// The card payment.
    pub payment: CardPayment,
    /// The secret by which the buyer's browser may authorise it.
    pub client_secret: String,
}

/// Begins a card payment. The same request again gives the same payment and its secret, while it is open.
///
/// # Errors
/// See [`StartFailure`].
pub async fn start(app: &App, request: &StartRequest<'_>) -> Result<Once<Started>, StartFailure> {
    if app.config().card_provider_url.is_none() || !app.currency().takes_cards() {
        return Err(StartFailure::NoProvider);
    }
    if let Some(there) = get(app, request.user, request.id).await? {
        return Ok(Once::Replayed(replay(app, request, there).await?));
    }
    let (purpose, amount, due_at) = price(app, request).await?;
    let new = CardPayment {
        id: request.id,
        user: request.user,
        purpose,
        amount,
        currency: app.currency().code().to_owned(),
        intent: None,
        state: CardPaymentState::Open,
        in_wallet: false,
        refunded: 0,
        refunds: 0,
        fingerprint: request.fingerprint.to_owned(),
        began_at: app.now(),
        due_at: Some(due_at),
        version: 1,
    };
    if !card_payment_item::create(&new)?.apply(app).await? {
        // The same request, sent twice, was faster; or our own first try was.
        let there = get(app, request.user, request.id).await?.ok_or(Failure::Unknown)?;
        return Ok(Once::Replayed(replay(app, request, there).await?));
    }
    let intent = card_provider::create_intent(app, &new).await?;
    Ok(Once::New(with_intent(app, new, intent).await?))
}

/// The payment that an earlier request with this key has begun.
async fn replay(app: &App, request: &StartRequest<'_>, there: CardPayment) -> Result<Started, StartFailure> {
    if there.fingerprint != request.fingerprint {
        return Err(KeyReused.into());
    }
    if there.state != CardPaymentState::Open {
        return Err(StartFailure::Ended);
    }
    match &there.intent {
        Some(intent) => started(there.clone(), card_provider::get_intent(app, intent).await?),
        None => {
            let intent = card_provider::create_intent(app, &there).await?;
            with_intent(app, there, intent).await
        }
    }
}

/// Keeps the provider's intent with the payment before its secret is told to anybody: a payment without an intent can
/// be authorised by nobody.
async fn with_intent(app: &App, payment: CardPayment, intent: Intent) -> Result<Started, StartFailure> {
    let after = payment.clone().with_intent(intent.id.clone());
    if card_payment_item::update(&payment, &after, None).apply(app).await? {
        return started(after, intent);
    }
    let there = get(app, payment.user, payment.id).await?.ok_or(Failure::Unknown)?;
    match there.intent.as_deref() {
        Some(known) if known == intent.id && there.state == CardPaymentState::Open => started(there, intent),
        _ => Err(StartFailure::Ended),
    }
}

fn started(payment: CardPayment, intent: Intent) -> Result<Started, StartFailure> {
    let secret = intent.client_secret;
    let client_secret = secret.ok_or_else(|| Failure::Internal("a payment intent without a secret".to_owned()))?;
    Ok(Started { payment, client_secret })
}

/// The purpose of a payment, its amount, and the second from which the sweep looks at it.
async fn price(app: &App, request: &StartRequest<'_>) -> Result<(Purpose, Amount, EpochSecond), StartFailure> {
    let now = app.now();
    let (purpose, total, due_at) = match request.wanted {
        Wanted::TopUp(amount) => {
            wallet::may_top_up(app, request.user, amount).await?;
            (Purpose::TopUp, amount.get(), EpochSecond::begun(now).plus(TOP_UP_SECONDS))
        }
        Wanted::Purchase(purpose @ Purpose::Reservation(id)) => {
            let read = reservations::get(app, request.user, id).await?.ok_or(PayFailure::NotFound)?;
            may_be_paid(&read.purchase, now)?;
            admitted(app, &read, request).await?;
            (purpose, read.total(), read.purchase.held_until.plus(LOOK_AGAIN_SECONDS))
        }
        Wanted::Purchase(purpose @ Purpose::Order(id)) => {
            let read = orders::get_current(app, request.user, id).await?.ok_or(PayFailure::NotFound)?;
            may_be_paid(&read.purchase, now)?;
            (purpose, read.total(), read.purchase.held_until.plus(LOOK_AGAIN_SECONDS))
        }
        Wanted::Purchase(Purpose::TopUp) => {
            return Err(Failure::Internal("a top-up without an amount".to_owned()).into());
        }
    };
    let amount = Amount::parse(total).map_err(|_| StartFailure::TooLittle)?;
    if total < app.currency().smallest_card_charge() {
        return Err(StartFailure::TooLittle);
    }
    let step = app.currency().card_step();
    if total % step != 0 {
        return Err(StartFailure::Step(step));
    }
    Ok((purpose, amount, due_at))
}

fn may_be_paid(purchase: &Purchase, now: Timestamp) -> Result<(), StartFailure> {
    if purchase.payment.is_some() {
        return Err(StartFailure::AlreadyPaid);
    }
    Ok(purchase.may_be_paid(now).map_err(PayFailure::from)?)
}

/// Looks at the buyer's admission now, while the buyer shows it; the sale demands it again of the table.
async fn admitted(app: &App, read: &Reservation, request: &StartRequest<'_>) -> Result<(), StartFailure> {
    admission(app, read, request.queue_credentials).await.map_err(PayFailure::from)?;
    Ok(())
}
