//! The requests of a buyer who pays by card, and of the payment provider that reports it.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::client::{Client, ClientError};
use crate::stack::Stack;

/// A card that the stack's payment provider takes.
const CARD: &str = "4242424242424242";

/// Pays a held reservation by card, and has everything told; gives the functions that are called, and how often.
pub(super) async fn pay(
    stack: &Stack,
    buyer: &Client,
    reservation: &Value,
) -> Result<Vec<(&'static str, f64)>, ClientError> {
    let begun = buyer.post("/card-payments", json!({ "reservation_id": reservation })).await?;
    let (id, secret) = (begun["card_payment_id"].as_str(), begun["client_secret"].as_str());
    let (id, secret) = id.zip(secret).ok_or("a card payment without id or secret")?;
    let authorised = stack.payment_provider().authorise(secret, CARD);
    if authorised.status != 200 {
        return Err(format!("the card was not taken: {}", authorised.body).into());
    }
    let mut reports = report(stack).await?;
    let confirmation = format!("/card-payments/{id}/confirmation");
    buyer.send(Method::POST, &confirmation, Some(json!({})), StatusCode::OK).await?;
    stack.drain_events().await?;
    reports += report(stack).await?;
    stack.drain_events().await?;
    Ok(vec![("start_card_payment", 1.0), ("confirm_card_payment", 1.0), ("receive_card_report", reports)])
}

/// Delivers what the provider has to report; how many reports that were.
async fn report(stack: &Stack) -> Result<f64, ClientError> {
    let now = stack.app().now();
    let due = stack.payment_provider().provider().due_deliveries(now);
    for delivery in &due {
        let request = Request::post("/card-reports")
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("stripe-signature", &delivery.signature)
            .body(Body::from(delivery.body.clone()))?;
        let taken = stack.gateway().oneshot(request).await?.status().is_success();
        stack.payment_provider().provider().delivered(&delivery.event_id, taken, now);
        if !taken {
            return Err("a report of the payment provider is refused".into());
        }
    }
    Ok(due.len() as f64)
}
