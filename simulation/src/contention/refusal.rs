//! Why the table refuses a call, and which calls it lets pass unseen.

use std::cell::Cell;

tokio::task_local! {
    /// Why the table last refused a call of the function that runs in this task.
    pub static REFUSED_FOR: Cell<Option<Cause>>;
    /// Set while a call of a function is not a part of what is measured: it takes no time and meets nobody.
    pub static UNMEASURED: ();
}

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Another transaction was at work on the item.
    Conflict,
    /// A transaction that reads met a write.
    ReadConflict,
    /// A partition carried no more.
    Partition,
    /// The table carried no more.
    Table,
    /// An index carried no more, and held the table back.
    Index,
}

impl Cause {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict of transactions",
            Self::ReadConflict => "conflict of a reading transaction",
            Self::Partition => "partition throttled",
            Self::Table => "table throttled",
            Self::Index => "index throttled",
        }
    }
}
