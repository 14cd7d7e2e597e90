//! A user's place in a waiting queue, from the number taken to its end.

use jiff::Timestamp;

use crate::id::UserId;
use crate::queue::QueueId;
use crate::queue::settings::{JoinError, Settings};
use crate::time::EpochSecond;

/// Where a place stands. There is no way back but a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// It waits for its number.
    Waiting,
    /// It was called and claimed; its owner may buy until it ends.
    Admitted,
    /// A payment was made with it.
    Used,
    /// Its time passed, or nobody claimed it when it was called, and called again.
    Expired,
    /// Its owner gave it up.
    Left,
}

impl EntryState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Admitted, Self::Used, Self::Expired, Self::Left];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Admitted => "admitted",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Left => "left",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it is over.
    #[must_use]
    pub fn has_ended(self) -> bool {
        match self {
            Self::Waiting | Self::Admitted => false,
            Self::Used | Self::Expired | Self::Left => true,
        }
    }
}

/// A place in a queue as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueEntry {
    /// The user it is of.
    pub user: UserId,
    /// In which queue.
    pub queue: QueueId,
    /// Its number; a user has at most one that has not ended, and never the same again.
    pub number: u64,
    /// Where it stands, whatever the clock says.
    pub state: EntryState,
    /// When the number was taken.
    pub issued_at: Timestamp,
    /// When its holder came back and found the call missed: it is called once more.
    pub missed_at: Option<Timestamp>,
    /// When it was claimed.
    pub admitted_at: Option<Timestamp>,
    /// First second in which an admission is over.
    pub expires_at: Option<EpochSecond>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How many holds were made with it.
    pub holds: u64,
}

impl QueueEntry {
    /// Where it stands for somebody who looks at `now`: an admission whose time has passed is over, swept or not.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> EntryState {
        let lapsed = self.expires_at.is_some_and(|end| EpochSecond::begun(now) >= end);
        if self.state == EntryState::Admitted && lapsed { EntryState::Expired } else { self.state }
    }

    /// Whether its owner may have another place at `now`, once it has ended.
    ///
    /// # Errors
    /// When it was given up before it could have been claimed and closed, had it been called at once.
    pub fn may_be_replaced(&self, settings: &Settings, now: Timestamp) -> Result<(), JoinError> {
        let from = self.issued_at + settings.claim_window();
        if self.state == EntryState::Left && now < from {
            Err(JoinError::TooSoon(now.duration_until(from)))
        } else {
            Ok(())
        }
    }
}

/// An admission, as its holder can prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// To which queue's sale.
    pub queue: QueueId,
    /// By which number.
    pub number: u64,
    /// First second in which it is over.
    pub expires_at: EpochSecond,
}

/// Why a queue's guard lets somebody not pass, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueTokenError {
    /// There is none.
    #[error("the header Queue-Token is needed; joining the waiting queue gives one")]
    Required,
    /// Forged, somebody else's, or of another queue.
    #[error("the Queue-Token is not one of yours for this queue")]
    Invalid,
    /// Its number was not called yet, or not claimed.
    #[error("the Queue-Token is not admitted yet; ask for it again when its number is called")]
    NotAdmitted,
    /// Used, expired or left.
    #[error("the Queue-Token has ended; join the queue again")]
    Ended,
}
