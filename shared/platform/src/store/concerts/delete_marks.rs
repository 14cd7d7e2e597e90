//! The mark of a deletion, on a concert or on a schedule: its id, its stage, and until when a process
//! works on it.
//!
//! A deletion that is too large for one request goes on in the next one, or in the sweep's, under the same id. One at a
//! process at a time works on it: taking it over moves `expires_at`, on condition of the value that was read.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::time::EpochSecond;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::item::{Item, number, text, unreadable};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::transaction::Write;

/// Kind of deletions on the expiry index.
pub const DELETION_KIND: &str = "deletion";
/// How long a deletion is left to the process that works on it; then the sweep, or another request, takes it over.
const AT_IT_SECONDS: u32 = 300;

const ACCEPTED: &str = "accepted";
const REFUSED: &str = "refused";

/// The stage of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It may yet commit or abort. Its request works on it, or has died.
    Begun,
    /// The same, and its request has answered that it goes on.
    Accepted,
    /// It has aborted: its leases are being released.
    Aborted,
    /// It can no longer be undone.
    Committed,
}

/// A deletion as it is noted on what it deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionMark {
    /// Its id, which its leases have.
    pub deletion: Uuid,
    /// Its stage.
    pub stage: Stage,
    /// Of a concert: sort key of the last date in the list that is wholly leased.
    pub leased_to: Option<String>,
    /// The action for the log: the process that commits it may be another one. None of a date that goes with its
    /// concert.
    action: Option<AdminAction>,
    /// Until when a process works on it, epoch seconds; 0 for a date that goes with its concert.
    worked_on_until: EpochSecond,
}

impl DeletionMark {
    /// The mark on an item, if it has one.
    pub fn from_item(item: &Item) -> Result<Option<Self>, Failure> {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
        let Some(deletion) = text("deletion") else { return Ok(None) };
        let stage = match text("stage").map(String::as_str) {
            _ if item.contains_key("certain") => Stage::Committed,
            None => Stage::Begun,
            Some(ACCEPTED) => Stage::Accepted,
            Some(REFUSED) => Stage::Aborted,
            Some(_) => return Err(unreadable("the stage of a deletion")),
        };
        let until = item.get("expires_at").and_then(|value| value.as_n().ok()?.parse().ok());
        Ok(Some(Self {
            deletion: deletion.parse().map_err(unreadable)?,
            stage,
            leased_to: text("shut_to").cloned(),
            action: text("asked_by").map(|kept| AdminAction::from_text(kept)).transpose()?,
            worked_on_until: until.map(EpochSecond).unwrap_or_default(),
        }))
    }

    /// One that has just begun.
    pub fn new(app: &App, action: AdminAction) -> Self {
        let until = EpochSecond::begun(app.now()).plus(AT_IT_SECONDS);
        let deletion = app.ids().uuid(app.now());
        Self { deletion, stage: Stage::Begun, leased_to: None, action: Some(action), worked_on_until: until }
    }

    /// Whether no process works on it any more.
    pub fn is_abandoned(&self, now: Timestamp) -> bool {
        self.worked_on_until < EpochSecond::begun(now)
    }

    /// Puts it on a concert or a schedule that has none, and on the expiry index, by which the sweep finds it.
    pub fn put(&self, key: &Key, id: Uuid) -> Result<Write, Failure> {
        let write = self
            .put_beside(key)
            .set("expiry_shard", text(keys::expiry_shard(DELETION_KIND, id)))
            .set("expires_at", number(self.worked_on_until));
        Ok(match &self.action {
            Some(action) => write.set("asked_by", text(action.to_text()?)),
            None => write,
        })
    }

    /// Puts it on what the sweep finds by another item: a listing copy, or a date that goes with its concert.
    pub fn put_beside(&self, key: &Key) -> Write {
        self.when_mine(Write::update(key).set_to("deletion", ":mine").when(UNMARKED))
    }

    /// Takes it over from the process that worked on it; `false` when another one was faster.
    pub async fn claim(&self, app: &App, key: &Key) -> Result<bool, Failure> {
        let write = Write::update(key)
            .set("expires_at", number(EpochSecond::begun(app.now()).plus(AT_IT_SECONDS)))
            .when("deletion = :mine AND expires_at = :seen")
            .value(":seen", number(self.worked_on_until));
        self.when_mine(write).apply(app).await
    }

    /// Leaves it to the next request, or to the sweep.
    pub async fn release(&self, app: &App, key: &Key, leased_to: Option<&str>) -> Result<bool, Failure> {
        let left = self.set_stage(app, key, ACCEPTED);
        let left = leased_to.into_iter().fold(left, |left, leased_to| left.set("shut_to", text(leased_to)));
        left.apply(app).await
    }

    /// Aborts it, before anything of it is undone. The process that works on it undoes it; but as many may undo it at
    /// once, the sweep need not wait.
    pub async fn abort(&self, app: &App, key: &Key) -> Result<bool, Failure> {
        self.set_stage(app, key, REFUSED).apply(app).await
    }

    /// Sets its stage, with no process working on it from now on.
    fn set_stage(&self, app: &App, key: &Key, stage: &str) -> Write {
        let until = number(EpochSecond::begun(app.now()).previous());
        self.when_mine(Write::update(key).set("stage", text(stage)).set("expires_at", until).when(MAY_BE_UNDONE))
    }

    /// Takes it away again.
    pub fn remove(&self, key: &Key) -> Write {
        let attributes = ["deletion", "stage", "shut_to", "asked_by", "expiry_shard", "expires_at"];
        self.when_mine(attributes.into_iter().fold(Write::update(key), Write::remove).when(MAY_BE_UNDONE))
    }

    /// Commits it: it can no longer be undone. Committing again changes nothing.
    pub fn commit(&self, key: &Key) -> Write {
        self.when_mine(Write::update(key).set("certain", AttributeValue::Bool(true)).when(MAY_BE_UNDONE))
    }

    /// The entry in the log, for the transaction that commits it.
    pub fn log_entry(&self, app: &App) -> Result<Option<Write>, Failure> {
        self.action.as_ref().map(|action| action.write(app)).transpose()
    }

    fn when_mine(&self, write: Write) -> Write {
        write.value(":mine", text(self.deletion.to_string()))
    }
}

/// The condition under which whoever has begun a deletion may change its mark.
const MAY_BE_UNDONE: &str = "deletion = :mine AND attribute_not_exists(certain)";

/// The condition under which something may be marked. Of a mark whose answer was lost the second try is a success.
const UNMARKED: &str = "attribute_exists(pk) AND (attribute_not_exists(deletion) OR deletion = :mine)";
