//! POST /card-reports

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::wallet::cards::card_refund::parse_reference;
use onsale_platform::app::App;
use onsale_platform::card_provider::report::{self, Report};
use onsale_platform::card_provider::signature;
use onsale_platform::events::{self, EventQueue};
use onsale_platform::failure::Failure;
use onsale_platform::http::{Detail, NoContent, Problem, RawBody};

/// Takes a signed report of the payment provider.
///
/// A report is a hint: it only says which card payment to look at. What it says of the payment is not believed.
#[utoipa::path(post, path = "/card-reports", extensions(("x-access" = json!("public"))),
    responses(
        (status = 204, description = "Taken, or about nothing of ours"),
        (status = 401, description = "report-invalid"),
        (status = 413, description = "body-too-large"),
    ))]
pub async fn receive_card_report(
    State(app): State<App>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<NoContent, Problem> {
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(refused) = signature::verify(&app, signature, &body).await? {
        tracing::warn!(%refused, "a report of the payment provider is refused");
        return Err(Problem::new(Detail::ReportInvalid));
    }
    let Some(Report { user, card_payment, refund, .. }) = report::read(&body) else {
        return Ok(NoContent::default());
    };
    let refund = refund.as_deref().and_then(parse_reference).map(|(_, number)| number);
    let event = report::event(&app, user, card_payment, refund);
    let message = serde_json::to_string(&event).map_err(|problem| Failure::Internal(problem.to_string()))?;
    events::send(&app, EventQueue::Cards, &[message]).await.map_err(|problem| problem.failure)?;
    Ok(NoContent::default())
}
