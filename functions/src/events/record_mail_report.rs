//! Queue `mail_reports` — keeps addresses at which mail bounced for good, or whose owners complained, from getting more.
//!
//! A report twice or late says the same. One that SES could not deliver comes again: SES has a suppression list of its
//! own, and reports the next mail to such an address as bounced.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, Retry, queue_notices};
use onsale_platform::store::events::mail::suppressed::{self, Reason};
use onsale_platform::telemetry::metrics::MAIL_FEEDBACK;
use serde::Deserialize;
use serde_json::Value;

/// An event of SES's, as EventBridge hands it on.
#[derive(Deserialize)]
struct Report {
    detail: Detail,
}

/// The details of a bounce or a complaint.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    email_address: String,
}

/// A bounce that will be one every time; others pass, such as that of a full mailbox.
const FOR_GOOD: &str = "Permanent";

async fn handle(app: &App, report: Report) -> Result<(), Retry> {
    match report.detail {
        Detail { bounce: Some(bounce), .. } if bounce.bounce_type == FOR_GOOD => {
            suppress(app, &bounce.bounced_recipients, Reason::Bounced).await
        }
        Detail { bounce: Some(bounce), .. } => {
            app.meter().count(&MAIL_FEEDBACK, bounce.bounced_recipients.len() as u64, &["bounced_once"]);
            Ok(())
        }
        Detail { complaint: Some(complaint), .. } => {
            suppress(app, &complaint.complained_recipients, Reason::Complained).await
        }
        Detail { bounce: None, complaint: None } => Err(Retry("it is neither a bounce nor a complaint".to_owned())),
    }
}

async fn suppress(app: &App, addresses: &[Address], reason: Reason) -> Result<(), Retry> {
    for address in addresses {
        suppressed::add(app, &address.email_address, reason).await?;
        app.meter().count(&MAIL_FEEDBACK, 1, &[reason.as_str()]);
    }
    tracing::info!(addresses = addresses.len(), reason = reason.as_str(), "addresses get no more mail");
    Ok(())
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_notices(app, batch, handle))
}
