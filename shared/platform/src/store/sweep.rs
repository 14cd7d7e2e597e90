//! Sweeps of the expiry index: one kind of thing, partition by partition, a page at a time.

use onsale_domain::seat::second;

use super::Failure;
use super::item::{Item, key_of};
use super::read::Query;
use super::seats::side_by_side;
use super::table::{self, Key};
use crate::app::App;

/// Where a sweep has come to.
#[derive(Clone, Debug, Default)]
pub struct Position {
    shard: u8,
    start: Option<Item>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Things closed.
    pub closed: usize,
    /// Things that could not be.
    pub failed: usize,
}

/// One step of a sweep: does `close` to one page, of at most `most`, of what of `kind` ended before now, and says
/// where to go on; `None` after the last page. `close` tells whether it was the one that closed. What cannot be closed
/// is logged, passed by, and met again by the next sweep.
pub(crate) async fn step<F>(
    app: &App,
    kind: &str,
    most: u16,
    position: Position,
    close: impl Fn(App, Key) -> F,
) -> Result<(Swept, Option<Position>), Failure>
where
    F: Future<Output = Result<bool, Failure>> + Send + 'static,
{
    let query = Query::expired(table::expiry_shard_at(kind, position.shard), second(app.now()));
    let (items, start) = query.page(app, i32::from(most), position.start).await?;
    let next = match start {
        Some(start) => Some(Position { start: Some(start), ..position }),
        None => {
            (position.shard + 1 < table::EXPIRY_SHARDS).then(|| Position { shard: position.shard + 1, start: None })
        }
    };
    let keys: Vec<Key> = items.iter().filter_map(key_of).collect();
    let closed = side_by_side(app, keys, |app, key| {
        let closing = close(app, key.clone());
        async move {
            Ok(closing.await.inspect_err(|failure| {
                tracing::error!(pk = key.pk, sk = key.sk, %failure, "what has lapsed could not be closed");
            }))
        }
    });
    let mut swept = Swept::default();
    for result in closed.await? {
        match result {
            Ok(closed) => swept.closed += usize::from(closed),
            Err(_) => swept.failed += 1,
        }
    }
    Ok((swept, next))
}
