//! Why something that a request needs was not done.

/// A dependency could not do what was asked: the table, a queue, a store of secrets. None of these says anything about
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
}
