//! Why the table, Lambda or the gateway refuses, and which calls the table lets pass unseen.

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

/// Why there was no answer of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unserved {
    /// The function, or all without a reservation, ran as many calls as they may.
    Concurrency,
    /// They made as many calls a second as they may.
    Calls,
    /// The function got as many new processes as it may.
    Growth,
    /// It took longer than its time-out.
    TimedOut,
    /// It failed.
    Failed,
}

/// Why an answer was 429 or 5xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The rate of the route, at the gateway.
    Route,
    /// The gateway's quota.
    Gateway,
    /// The authorizer had no execution: the gateway answers 500.
    Authorizer(Unserved),
    /// Lambda's quotas, or a function that gave no answer.
    Function(Unserved),
    /// The table refused the function's last try.
    Table(Cause),
    /// The function said so by itself.
    Product,
}

impl Why {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Route => "rate of the route",
            Self::Gateway => "gateway's quota",
            Self::Authorizer(Unserved::Concurrency) => "authorizer: concurrency",
            Self::Authorizer(Unserved::Calls) => "authorizer: calls a second",
            Self::Authorizer(_) => "authorizer: new processes",
            Self::Function(Unserved::Concurrency) => "concurrency",
            Self::Function(Unserved::Calls) => "calls a second",
            Self::Function(Unserved::Growth) => "new processes",
            Self::Function(Unserved::TimedOut) => "timed out",
            Self::Function(Unserved::Failed) => "failed",
            Self::Table(cause) => cause.as_str(),
            Self::Product => "the product's own",
        }
    }
    /// Whether it is a quota of the gateway or of Lambda.
    #[must_use]
    pub const fn is_quota(self) -> bool {
        match self {
            Self::Route | Self::Gateway | Self::Authorizer(_) => true,
            Self::Function(unserved) => !matches!(unserved, Unserved::TimedOut | Unserved::Failed),
            Self::Table(_) | Self::Product => false,
        }
    }
}
