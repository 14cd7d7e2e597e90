//! The letters: which event leads to which, and what each says.
//!
//! A letter says what the table has when it is sent, not what the event remembers: a mail that comes late is right all
//! the same, and one that has been overtaken is left out.

use onsale_domain::accounts::link::Purpose;
use onsale_domain::id::{CardPaymentId, OrderId, ReservationId, UserId};
use onsale_domain::orders::order::Order;
use onsale_domain::purchases::purchase::{Payment, PurchaseState};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::wallet::cards::card_payment::{CardPaymentState, Purpose as CardPurpose};
use onsale_platform::app::App;
use onsale_platform::auth::{mailed_link, ticket_picture};
use onsale_platform::events::{CardData, Data, Event, EventKind, LinkData, OrderData, ReservationData};
use onsale_platform::failure::Failure;
use onsale_platform::store::accounts::links::{self, Link};
use onsale_platform::store::events::mail::letters::NotSent;
use onsale_platform::store::events::mail::recipient::{self, Recipient};
use onsale_platform::store::tickets::CodeFailure;
use onsale_platform::store::wallet::cards;
use onsale_platform::store::{concerts, orders, reservations, tickets};

use crate::events::response::{Draft, Writer};

/// A letter, with what its event says.
#[derive(Clone, Copy, Debug)]
pub enum Letter<'a> {
    /// A reservation is paid: these are the tickets.
    Tickets(&'a ReservationData),
    /// An order is paid.
    Order(&'a OrderData),
    /// A payment of a reservation was declined.
    ReservationDeclined(&'a ReservationData),
    /// A payment of an order was declined.
    OrderDeclined(&'a OrderData),
    /// A reservation is refunded, as a whole or a ticket of it.
    ReservationRefunded(&'a ReservationData),
    /// An order is refunded.
    OrderRefunded(&'a OrderData),
    /// A sale was undone, because the bank refused its charge.
    Undone(&'a CardData),
    /// A card was charged, and the money is in the wallet.
    Received(&'a CardData),
    /// A card took no refund, and the money is in the wallet.
    Returned(&'a CardData),
    /// Somebody is to prove an address.
    AddressProof(&'a LinkData),
    /// Somebody wants a new password.
    PasswordReset(&'a LinkData),
}

/// A letter that is to be sent, or why it is not.
pub type Written = Result<Draft, NotSent>;

impl<'a> Letter<'a> {
    /// The letter to which an event leads.
    pub fn of(event: &'a Event) -> Option<Self> {
        let letter = match (event.kind, &event.data) {
            (EventKind::PaymentCompleted, Data::Reservation(data)) => Self::Tickets(data),
            (EventKind::PaymentCompleted, Data::Order(data)) => Self::Order(data),
            (EventKind::PaymentDeclined, Data::Reservation(data)) => Self::ReservationDeclined(data),
            (EventKind::PaymentDeclined, Data::Order(data)) => Self::OrderDeclined(data),
            (EventKind::PaymentCancelled | EventKind::PaymentPartlyRefunded, Data::Reservation(data)) => {
                Self::ReservationRefunded(data)
            }
            (EventKind::PaymentCancelled, Data::Order(data)) => Self::OrderRefunded(data),
            (EventKind::CardPaymentReversed, Data::Card(data)) => Self::Undone(data),
            (EventKind::CardPaymentReceived, Data::Card(data)) => Self::Received(data),
            (EventKind::CardRefundReturned, Data::Card(data)) => Self::Returned(data),
            (EventKind::AddressProofRequested, Data::Link(data)) => Self::AddressProof(data),
            (EventKind::PasswordResetRequested, Data::Link(data)) => Self::PasswordReset(data),
            // Of another thing than its kind is of, which no code of ours writes.
            (
                EventKind::PaymentCompleted
                | EventKind::PaymentDeclined
                | EventKind::PaymentCancelled
                | EventKind::PaymentPartlyRefunded
                | EventKind::CardPaymentReversed
                | EventKind::CardPaymentReceived
                | EventKind::CardRefundReturned
                | EventKind::AddressProofRequested
                | EventKind::PasswordResetRequested,
                _,
            ) => return None,
            // What no buyer is told by mail.
            (
                EventKind::ReservationHeld
                | EventKind::ReservationExpired
                | EventKind::ReservationCancelled
                | EventKind::OrderPlaced
                | EventKind::OrderExpired
                | EventKind::OrderCancelled
                | EventKind::TokenFinished
                | EventKind::CardPaymentCommitted
                | EventKind::CardPaymentAbandoned
                | EventKind::CardPaymentReported
                | EventKind::CardRefundDue
                | EventKind::AdminActed,
                _,
            ) => return None,
        };
        Some(letter)
    }

    /// The person to whom it goes, as the account is now; or why there is none.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn recipient(self, app: &App) -> Result<Result<Recipient, NotSent>, Failure> {
        let user = match self {
            Self::Tickets(data) | Self::ReservationDeclined(data) | Self::ReservationRefunded(data) => data.user_id,
            Self::Order(data) | Self::OrderDeclined(data) | Self::OrderRefunded(data) => data.user_id,
            Self::Undone(data) | Self::Received(data) | Self::Returned(data) => data.user_id,
            Self::AddressProof(data) | Self::PasswordReset(data) => return reader_of_link(app, data).await,
        };
        Ok(recipient::get(app, UserId(user)).await?.ok_or(NotSent::NoAccount))
    }

    /// Its name, in the metrics of SES.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tickets(_) => "tickets",
            Self::Order(_) => "order",
            Self::ReservationDeclined(_) | Self::OrderDeclined(_) => "declined",
            Self::ReservationRefunded(_) | Self::OrderRefunded(_) => "refund",
            Self::Undone(_) => "undone",
            Self::Received(_) => "received",
            Self::Returned(_) => "returned",
            Self::AddressProof(_) => "address_proof",
            Self::PasswordReset(_) => "password_reset",
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn write(self, app: &App, writer: &Writer<'_>) -> Result<Written, Failure> {
        match self {
            Self::Tickets(data) => with_reservation(app, data, async |read| paid_seats(app, writer, read).await).await,
            Self::ReservationDeclined(data) => {
                with_reservation(app, data, async |read| {
                    if is_overtaken(&read.purchase.state, read.purchase.version, read.purchase.declines, data.version) {
                        return Ok(Err(NotSent::Overtaken));
                    }
                    let draft = declined(writer, read.purchase.state_at(app.now()), read.purchase.expires_at());
                    Ok(Ok(about_concert(app, writer, draft, read).await?))
                })
                .await
            }
            Self::ReservationRefunded(data) => {
                with_reservation(app, data, async |read| reservation_refund(app, writer, data, read).await).await
            }
            Self::Order(data) => with_order(app, data, async |read| Ok(order(writer, read))).await,
            Self::OrderDeclined(data) => {
                with_order(app, data, async |read| {
                    if is_overtaken(&read.purchase.state, read.purchase.version, read.purchase.declines, data.version) {
                        return Ok(Err(NotSent::Overtaken));
                    }
                    let draft = declined(writer, read.purchase.state_at(app.now()), read.purchase.expires_at());
                    Ok(Ok(draft.fact(writer.word("order"), &read.id.to_string())))
                })
                .await
            }
            Self::OrderRefunded(data) => {
                with_order(app, data, async |read| {
                    let Some(payment) = &read.purchase.payment else { return Ok(Err(NotSent::NoAccount)) };
                    let draft = refund(app, writer, read.user, payment, data.refunded, None).await?;
                    Ok(draft.map(|draft| draft.fact(writer.word("order"), &read.id.to_string())))
                })
                .await
            }
            Self::Undone(data) => Ok(Ok(undone(writer, data))),
            Self::Received(data) => received(app, writer, data).await,
            Self::Returned(data) => Ok(Ok(returned(writer, data))),
            Self::AddressProof(data) | Self::PasswordReset(data) => link(app, writer, data).await,
        }
    }
}

async fn with_reservation(
    app: &App,
    data: &ReservationData,
    write: impl AsyncFnOnce(&Reservation) -> Result<Written, Failure>,
) -> Result<Written, Failure> {
    match reservations::get(app, UserId(data.user_id), ReservationId(data.reservation_id)).await? {
        Some(read) => write(&read).await,
        None => Ok(Err(NotSent::NoAccount)),
    }
}

async fn with_order(
    app: &App,
    data: &OrderData,
    write: impl AsyncFnOnce(&Order) -> Result<Written, Failure>,
) -> Result<Written, Failure> {
    match orders::get(app, UserId(data.user_id), OrderId(data.order_id)).await? {
        Some(read) => write(&read).await,
        None => Ok(Err(NotSent::NoAccount)),
    }
}

/// Whether a purchase that was declined has been paid meanwhile, or declined again.
fn is_overtaken(state: &PurchaseState, version: u64, declines: u32, told: u64) -> bool {
    *state == PurchaseState::Paid || (version > told && declines > 1)
}

async fn paid_seats(app: &App, writer: &Writer<'_>, read: &Reservation) -> Result<Written, Failure> {
    let (PurchaseState::Paid, Some(payment)) = (read.purchase.state, &read.purchase.payment) else {
        return Ok(Err(NotSent::Overtaken));
    };
    let name = concert_name(app, writer, read).await?;
    let subject = writer.filled("tickets.subject", &[("concert", &name)]);
    let draft = writer.draft(subject, "tickets.heading", "tickets.lead", ("tickets.action", "/app/tickets"));
    let mut draft = about_date(writer, draft, &name, read)
        .fact(writer.word("reservation"), &read.id.to_string())
        .fact(writer.word("paid_at"), &writer.time(payment.paid_at));
    if payment.amount > 0 {
        draft = draft.fact(writer.word("paid_with"), paid_with(writer, payment));
    }
    for ticket in read.live_tickets() {
        draft = draft.line(&ticket.seat.to_string(), writer.money(ticket.price.get()));
    }
    for ticket in read.live_tickets() {
        let code = match tickets::sign(app, read, &ticket.seat).await {
            Ok(code) => code,
            Err(CodeFailure::Failure(failure)) => return Err(failure),
            // Of what is not sold there is none, and it was looked at above.
            Err(CodeFailure::NoTicket | CodeFailure::Refused(_)) => return Ok(Err(NotSent::Overtaken)),
        };
        draft = draft.code(&ticket.seat.to_string(), code.text(), ticket_picture::png(&code)?);
    }
    Ok(Ok(draft.total(writer.word("total"), writer.money(read.total()))))
}

fn order(writer: &Writer<'_>, read: &Order) -> Written {
    let (PurchaseState::Paid, Some(payment)) = (read.purchase.state, &read.purchase.payment) else {
        return Err(NotSent::Overtaken);
    };
    let action = ("order.action", format!("/app/orders/{}", read.id));
    let subject = writer.word("order.subject").to_owned();
    let mut draft = writer
        .draft(subject, "order.heading", "order.lead", (action.0, &action.1))
        .fact(writer.word("order"), &read.id.to_string())
        .fact(writer.word("paid_at"), &writer.time(payment.paid_at));
    if payment.amount > 0 {
        draft = draft.fact(writer.word("paid_with"), paid_with(writer, payment));
    }
    for line in &read.lines {
        let units = writer.filled("units", &[("count", &line.quantity().to_string()), ("what", &line.name)]);
        draft = draft.line(&units, writer.money(line.amount()));
    }
    if read.discount > 0 {
        draft = draft.line(writer.word("discount"), writer.exact_money(-read.discount));
    }
    Ok(draft.total(writer.word("total"), writer.money(read.total())))
}

fn declined(writer: &Writer<'_>, state: PurchaseState, until: jiff::Timestamp) -> Draft {
    let subject = writer.word("declined.subject").to_owned();
    let draft = writer.draft(subject, "declined.heading", "declined.lead", ("declined.action", "/app/tickets"));
    draft.paragraph(match state {
        PurchaseState::Open => writer.filled("declined.open", &[("until", &writer.time(until))]),
        PurchaseState::Paid | PurchaseState::Cancelled | PurchaseState::Expired | PurchaseState::Declined => {
            writer.word("declined.ended").to_owned()
        }
    })
}

async fn reservation_refund(
    app: &App,
    writer: &Writer<'_>,
    data: &ReservationData,
    read: &Reservation,
) -> Result<Written, Failure> {
    let Some(payment) = &read.purchase.payment else { return Ok(Err(NotSent::NoAccount)) };
    // The letter tells what its event says: by now, more may have been refunded, of which another letter tells.
    let kept = (data.refunded < payment.amount).then_some(data.ticket_ids.as_slice());
    let draft = match refund(app, writer, read.user, payment, data.refunded, kept).await? {
        Ok(draft) => draft,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(Ok(about_concert(app, writer, draft, read).await?.fact(writer.word("reservation"), &read.id.to_string())))
}

/// A refund of a payment, of which `refunded` was given back so far; tickets are `kept` if it is a part of it.
async fn refund(
    app: &App,
    writer: &Writer<'_>,
    user: UserId,
    payment: &Payment,
    refunded: i64,
    kept: Option<&[String]>,
) -> Result<Written, Failure> {
    if let Some(card) = payment.card {
        // The sale was undone because nothing was charged: that has a letter of its own.
        let card = cards::get(app, user, card).await?;
        if card.is_some_and(|card| card.state == CardPaymentState::Reversed) {
            return Ok(Err(NotSent::Overtaken));
        }
    }
    if payment.amount == 0 {
        let subject = writer.word("refund.free_subject").to_owned();
        let action = ("refund.tickets_action", "/app/tickets");
        return Ok(Ok(writer.draft(subject, "refund.free_subject", "refund.free_lead", action)));
    }
    let subject = writer.filled("refund.subject", &[("amount", &writer.exact_money(refunded))]);
    let (heading, lead) = match kept {
        None => ("refund.heading", "refund.lead"),
        Some(_) => ("refund.part_heading", "refund.part_lead"),
    };
    let (to, action) = match payment.card {
        Some(_) => ("refund.to_card", ("refund.tickets_action", "/app/tickets")),
        None => ("refund.to_wallet", ("refund.wallet_action", "/app/wallet")),
    };
    let mut draft = writer
        .draft(subject, heading, lead, action)
        .paragraph(writer.word(to).to_owned())
        .fact(writer.word("paid"), &writer.exact_money(payment.amount))
        .fact(writer.word("refunded"), &writer.exact_money(refunded));
    if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
        draft = draft.fact(writer.word("seats.left"), &kept.join(", "));
    }
    Ok(Ok(draft))
}

fn undone(writer: &Writer<'_>, data: &CardData) -> Draft {
    let subject = writer.word("undone.subject").to_owned();
    let draft = writer.draft(subject, "undone.heading", "undone.lead", ("refund.tickets_action", "/app/tickets"));
    about_card(writer, draft.paragraph(writer.word("undone.next").to_owned()), data)
}

async fn received(app: &App, writer: &Writer<'_>, data: &CardData) -> Result<Written, Failure> {
    let id = CardPaymentId(data.card_payment_id);
    let Some(payment) = cards::get(app, UserId(data.user_id), id).await? else { return Ok(Err(NotSent::NoAccount)) };
    let amount = writer.exact_money(payment.amount.get());
    let action = ("wallet.action", "/app/wallet");
    let draft = match payment.purpose {
        CardPurpose::TopUp => {
            let subject = writer.filled("topped_up.subject", &[("amount", &amount)]);
            writer.draft(subject, "topped_up.heading", "topped_up.lead", action)
        }
        CardPurpose::Reservation(_) | CardPurpose::Order(_) => {
            let subject = writer.word("too_late.subject").to_owned();
            let draft = writer.draft(subject, "too_late.heading", "too_late.lead", action);
            draft.paragraph(writer.word("too_late.next").to_owned())
        }
    };
    Ok(Ok(about_card(writer, draft, data)))
}

fn returned(writer: &Writer<'_>, data: &CardData) -> Draft {
    let subject = writer.word("returned.subject").to_owned();
    about_card(
        writer,
        writer.draft(subject, "returned.heading", "returned.lead", ("wallet.action", "/app/wallet")),
        data,
    )
}

fn about_card(writer: &Writer<'_>, draft: Draft, data: &CardData) -> Draft {
    let draft = match data.amount {
        Some(amount) => draft.fact(writer.word("amount"), &writer.exact_money(amount)),
        None => draft,
    };
    draft.fact(writer.word("card_payment"), &data.card_payment_id.to_string())
}

async fn about_concert(app: &App, writer: &Writer<'_>, draft: Draft, read: &Reservation) -> Result<Draft, Failure> {
    let name = concert_name(app, writer, read).await?;
    Ok(about_date(writer, draft, &name, read))
}

fn about_date(writer: &Writer<'_>, draft: Draft, name: &str, read: &Reservation) -> Draft {
    draft
        .fact(writer.word("concert"), name)
        .fact(writer.word("venue"), &read.venue)
        .fact(writer.word("starts"), &writer.time(read.starts_at))
}

async fn concert_name(app: &App, writer: &Writer<'_>, read: &Reservation) -> Result<String, Failure> {
    let concert = concerts::get(app, read.concert_id).await?;
    Ok(concert.map_or_else(|| writer.word("concert.gone").to_owned(), |concert| concert.name))
}

fn paid_with(writer: &Writer<'_>, payment: &Payment) -> &'static str {
    writer.word(if payment.card.is_some() { "paid_with.card" } else { "paid_with.wallet" })
}

/// The link that a letter brings, if it may still be followed.
async fn good_link(app: &App, data: &LinkData) -> Result<Option<Link>, Failure> {
    Ok(links::get(app, data.link_id).await?.filter(|link| link.is_good(app.now())))
}

/// The person who has the address of a link. If nobody has it, nothing is sent, and nobody is told.
async fn reader_of_link(app: &App, data: &LinkData) -> Result<Result<Recipient, NotSent>, Failure> {
    let Some(link) = good_link(app, data).await? else { return Ok(Err(NotSent::Overtaken)) };
    let found = recipient::of_address(app, &link.email).await?.ok_or(NotSent::NoAccount);
    Ok(found.map(|found| match found.language.is_empty() {
        true => Recipient { language: link.language, ..found },
        false => found,
    }))
}

/// A link, whose secret is made here and lies nowhere.
async fn link(app: &App, writer: &Writer<'_>, data: &LinkData) -> Result<Written, Failure> {
    let Some(link) = good_link(app, data).await? else { return Ok(Err(NotSent::Overtaken)) };
    let secret = mailed_link::sign(app, link.purpose, link.id).await?;
    let (subject, heading, lead, action, ignore, path) = match link.purpose {
        Purpose::ProveAddress => (
            "address_proof.subject",
            "address_proof.heading",
            "address_proof.lead",
            "address_proof.action",
            "address_proof.ignore",
            "/app/prove",
        ),
        Purpose::ResetPassword => (
            "password_reset.subject",
            "password_reset.heading",
            "password_reset.lead",
            "password_reset.action",
            "password_reset.ignore",
            "/app/reset",
        ),
    };
    let target = format!("{path}#{secret}");
    let draft = writer.draft(writer.word(subject).to_owned(), heading, lead, (action, &target));
    let until = writer.filled("link.until", &[("until", &writer.time(link.ends_at))]);
    Ok(Ok(draft.paragraph(until).paragraph(writer.word(ignore).to_owned())))
}
