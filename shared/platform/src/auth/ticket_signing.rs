//! The keys that a process signs tickets' codes with: read from the secret, and published before they are used.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::app::App;
use crate::auth::ticket_key::TicketKeys;
use crate::failure::Failure;
use crate::store::tickets::keys;

/// How long a process signs with the keys that it has read before it looks whether there are others.
const KEYS_FOR: SignedDuration = SignedDuration::from_mins(5);

/// The keys that this function signs codes with. Their public halves are in the table.
///
/// # Errors
/// When the secret or the table cannot be read, or the secret is none of keys.
pub async fn load(app: &App) -> Result<Arc<TicketKeys>, Failure> {
    let now = app.now();
    if let Some(known) = app.ticket_keys().get(now, KEYS_FOR) {
        return Ok(known);
    }
    let source = app.config().ticket_key.as_ref();
    let source = source.ok_or_else(|| Failure::Internal("this function may not sign tickets' codes".to_owned()))?;
    let keys = Arc::new(TicketKeys::parse(&source.current(app).await?)?);
    keys::publish(app, &keys.public(now)).await?;
    app.ticket_keys().put(Arc::clone(&keys), now);
    Ok(keys)
}
