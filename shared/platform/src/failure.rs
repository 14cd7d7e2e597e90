//! Why something that a request needs was not done.

/// A dependency could not do what was asked: the table, a queue, a store of secrets. Only the last says anything about
/// the request.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Throttled, or contended for longer than a request may take. Nothing was written.
    #[error("a service that this needs is busy")]
    Busy,
    /// A call was not answered; it may have been carried out or not. The same request again converges.
    #[error("a service that this needs did not answer")]
    Unknown,
    /// Something that must not happen: a wrong call, an item that cannot be read. The text is for the log.
    #[error("{0}")]
    Internal(String),
    /// The account was erased, perhaps a moment ago: nothing is done for it any more. Nothing was written. Its access
    /// tokens live a few minutes longer, so every write of an account may come to this.
    #[error("the account was erased")]
    Erased,
}
