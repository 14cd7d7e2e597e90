//! POST /card-payments/{card_payment_id}/confirmation

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathParams, Problem, User};
use onsale_platform::store::wallet::cards::carry_on::{Until, carry_on};
use uuid::Uuid;

use crate::payments::response::CardPaymentOut;

/// Carries a card payment on after its buyer has authorised it: what it pays for is sold, or nothing is charged.
///
/// It may be called as often as one likes. A state of `open` means that the card is not authorised yet.
#[utoipa::path(post, path = "/card-payments/{card_payment_id}/confirmation",
    params(("card_payment_id" = Uuid, Path, description = "Id of the card payment")),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = CardPaymentOut, description = "The card payment as it stands now"),
        (status = 404, description = "not-found"),
    ))]
pub async fn confirm_card_payment(
    State(app): State<App>,
    user: User,
    PathParams(card_payment_id): PathParams<Uuid>,
) -> Result<Answer<CardPaymentOut>, Problem> {
    let carried = carry_on(&app, user.id, card_payment_id.into(), Until::Decided).await?;
    let payment = carried.ok_or_else(|| Problem::new(Detail::NoCardPayment))?;
    Ok(Answer::ok((&payment).into()))
}
