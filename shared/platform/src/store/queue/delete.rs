//! Deleting a queue in which nobody is.
//!
//! Its counter of numbers stays: should a queue of the same name be made again, nobody gets a number, and no event of an
//! end a name, that was somebody else's.

use onsale_domain::queue::{Queue, QueueId};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::item::number;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};
use crate::store::queue::{load, missed, numbers};

/// Why a queue was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteQueueFailure {
    /// Somebody is in it, or it guards a concert.
    #[error("the queue is in use")]
    InUse,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Deletes a queue; one that is gone already is fine.
///
/// # Errors
/// See [`DeleteQueueFailure`].
pub async fn delete(app: &App, id: &QueueId, action: &AdminAction) -> Result<(), DeleteQueueFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(queue) = load(app, id).await? else { return Ok(()) };
        let issued = numbers::counter(app, id).await?.issued;
        let waits = issued > queue.serving || !missed::list(app, id).await?.is_empty();
        if queue.concerts > 0 || queue.has_somebody_inside() || waits && !queue.settings.is_over(app.now()) {
            return Err(DeleteQueueFailure::InUse);
        }
        match deletion(app, id, &queue, issued, action)?.commit(app).await {
            Ok(()) => {
                app.caches().queues.forget(id);
                return Ok(());
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// The queue goes on condition that it is as it was read, and that nobody has joined since.
fn deletion(
    app: &App,
    id: &QueueId,
    queue: &Queue,
    issued: u64,
    action: &AdminAction,
) -> Result<Transaction<()>, Failure> {
    let mut transaction = Transaction::new();
    let gone = Write::delete(&keys::queue(id)).when("version = :read AND concerts = :none");
    transaction.add((), gone.value(":read", number(queue.version)).value(":none", number(0)));
    let counter = Write::check(&keys::issued(id));
    let nobody_joined = match issued {
        0 => counter.when("attribute_not_exists(pk)"),
        _ => counter.when("issued = :issued").value(":issued", number(issued)),
    };
    transaction.add((), nobody_joined);
    transaction.add((), action.write(app)?);
    Ok(transaction)
}
