//! Every 10 minutes — counts anew what sold best in the last 1, 3 and 7 days.
//!
//! Run twice, or late, it counts what there is to count then; a list is never replaced by an earlier one.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::products::sales;
use serde_json::{Map, Value};

async fn handle(app: &App) -> Result<Value, InvocationError> {
    let lists = sales::rank(app).await?;
    let counted: Map<String, Value> =
        lists.into_iter().map(|(days, products)| (format!("days_{days}"), products.into())).collect();
    Ok(counted.into())
}

/// Handles an event of the schedule.
pub fn handler(app: App, _: Value) -> Invocation {
    Box::pin(async move { handle(&app).await })
}
