//! Rotation of a secret — makes the next signing key, on deployment and every 30 days; the last one goes on
//! to verify.
//!
//! Secrets Manager calls it four times for a rotation, a step each. An operator who gives no step gets all of them.

use onsale_platform::app::App;
use onsale_platform::lambda::{Answer, Failure};
use onsale_platform::signing::{self, Step};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// What Secrets Manager sends; all of it or nothing.
#[derive(Default, Deserialize)]
struct RotateKeysIn {
    #[serde(rename = "Step")]
    step: Option<String>,
    #[serde(rename = "ClientRequestToken")]
    id: Option<Uuid>,
}

async fn handle(app: &App, request: RotateKeysIn) -> Result<Value, Failure> {
    let id = request.id.unwrap_or_else(|| app.ids().uuid(app.now())).to_string();
    let one;
    let steps: &[Step] = match request.step {
        Some(name) => {
            one = [Step::parse(&name).ok_or("Step must be one of Secrets Manager's four")?];
            &one
        }
        None => &Step::ALL,
    };
    for step in steps {
        signing::rotate(app, *step, &id).await?;
    }
    Ok(json!({ "rotation": id }))
}

/// Its answer to an event.
pub fn answer(app: App, event: Value) -> Answer {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
