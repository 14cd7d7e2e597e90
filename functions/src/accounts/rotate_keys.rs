//! Rotation of a secret — makes the next signing key, on deployment and every 30 days; the last one goes on
//! to verify.
//!
//! Secrets Manager calls it four times for a rotation, a step each. An operator who sends `{}` gets all of them.

use onsale_platform::app::App;
use onsale_platform::auth::signing::{self, Step};
use onsale_platform::lambda::{Invocation, InvocationError};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// The event that Secrets Manager sends.
#[derive(Deserialize)]
struct RotateKeysIn {
    #[serde(rename = "Step")]
    step: String,
    #[serde(rename = "ClientRequestToken")]
    id: Uuid,
}

async fn handle(app: &App, event: Value) -> Result<Value, InvocationError> {
    if event == json!({}) {
        let id = app.ids().uuid(app.now()).to_string();
        for step in Step::ALL {
            signing::rotate(app, step, &id).await?;
        }
        return Ok(json!({ "rotation": id }));
    }
    let request: RotateKeysIn = serde_json::from_value(event)?;
    let step = Step::parse(&request.step).ok_or("Step must be one of Secrets Manager's four")?;
    signing::rotate(app, step, &request.id.to_string()).await?;
    Ok(json!({ "rotation": request.id }))
}

/// Handles an invocation.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, event).await })
}
