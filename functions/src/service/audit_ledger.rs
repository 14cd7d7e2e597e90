//! Every day at 04:17 — adds up the whole table from both sides of every movement, and tells each difference.
//!
//! It writes nothing. Whatever is not agreement is an error in the log, with ids and amounts only.

use onsale_domain::audit::{Account, Outcome};
use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::audit::{self, Limits, Report};
use onsale_platform::telemetry::metrics::{AUDIT_DIFFERENCES, AUDITS};
use serde_json::{Map, Value, json};

/// Differences that are logged one by one; of more, the number is.
const LOGGED_MAX: usize = 100;

async fn handle(app: &App) -> Result<Value, InvocationError> {
    let report = audit::run(app, &Limits::default()).await;
    for difference in report.verdict.confirmed.iter().take(LOGGED_MAX) {
        tracing::error!(%difference, "the books differ");
    }
    app.meter().count(&AUDITS, 1, &[report.verdict.outcome.as_str()]);
    // An audit without a verdict takes back no difference that was found before; an alarm misses its verdict.
    if report.verdict.outcome != Outcome::NoVerdict {
        app.meter().set(&AUDIT_DIFFERENCES, report.verdict.confirmed.len() as f64, &[]);
    }
    let answer = report_json(&report);
    if report.verdict.outcome != Outcome::Agree {
        let outcome = report.verdict.outcome.as_str();
        let (differences, moving) = (report.verdict.confirmed.len(), report.verdict.moving.len());
        let not_judged = report.not_judged.join("; ");
        tracing::error!(outcome, differences, moving, not_judged, "the audit found differences or reached no verdict");
    }
    Ok(answer)
}

/// The report as its answer: numbers, and no ids.
fn report_json(report: &Report) -> Value {
    let verdict = &report.verdict;
    let side = |sum: i128| i64::try_from(sum).map_or_else(|_| Value::from(sum.to_string()), Value::from);
    let account = |account: Account| {
        let sides = json!({
            "ledger": side(report.balance.ledger_side(account)),
            "counter": side(report.balance.counter_side(account)),
        });
        (account.as_str().to_owned(), sides)
    };
    let trial_balance: Map<String, Value> = Account::ALL.into_iter().map(account).collect();
    json!({
        "outcome": verdict.outcome.as_str(),
        "differences": verdict.confirmed.len(),
        "moving": verdict.moving.len(),
        "left_out": verdict.left_out,
        "not_judged": report.not_judged.len(),
        "passes": verdict.passes,
        "read": report.counts,
        "trial_balance": trial_balance,
    })
}

/// Handles an event of the schedule.
pub fn handler(app: App, _: Value) -> Invocation {
    Box::pin(async move { handle(&app).await })
}
