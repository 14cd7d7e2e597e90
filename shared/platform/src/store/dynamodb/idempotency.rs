//! Work that is done once under an idempotency key, however often it is asked for.

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::rejected::{FailedGuard, Rejected};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::Transaction;

/// The outcome of a request with an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once<T> {
    /// Done now.
    New(T),
    /// Done before by the same request, one with the same idempotency key; nothing was done now.
    Replayed(T),
    /// There before, by another request.
    Existing(T),
}

impl<T> Once<T> {
    /// The outcome of work found done: new if it is `ours`, by an earlier try of this request without an answer.
    pub(crate) fn from_existing(done: T, ours: bool) -> Self {
        if ours { Self::New(done) } else { Self::Replayed(done) }
    }

    /// The same, if what is found was done by a request with this fingerprint; `of` says what it is of what is found.
    ///
    /// # Errors
    /// When it was done by another request with the same key.
    pub(crate) fn replay(
        done: T,
        of: impl FnOnce(&T) -> &str,
        fingerprint: &str,
        ours: bool,
    ) -> Result<Self, KeyReused> {
        if of(&done) == fingerprint { Ok(Self::from_existing(done, ours)) } else { Err(KeyReused) }
    }

    /// The same of something else.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Once<U> {
        match self {
            Self::New(done) => Once::New(make(done)),
            Self::Replayed(done) => Once::Replayed(make(done)),
            Self::Existing(done) => Once::Existing(make(done)),
        }
    }

    /// The result of the work, new or not.
    pub fn get(&self) -> &T {
        let (Self::New(done) | Self::Replayed(done) | Self::Existing(done)) = self;
        done
    }
}

impl<T> Once<Option<T>> {
    /// The same of what there may be; none, if there is none.
    pub fn transpose(self) -> Option<Once<T>> {
        Some(match self {
            Self::New(done) => Once::New(done?),
            Self::Replayed(done) => Once::Replayed(done?),
            Self::Existing(done) => Once::Existing(done?),
        })
    }
}

/// The idempotency key was used for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used for another request")]
pub struct KeyReused;

/// Why something was not created that needs nothing else to be there.
#[derive(Debug, thiserror::Error)]
pub enum CreateFailure {
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Creates `new` by a transaction, once however often it is asked for: what lies under its id is there already if it
/// has the same fingerprint, and is another request's otherwise.
///
/// `transaction` makes each try, `load` reads what lies there, and `refused` says what the failed conditions mean when
/// nothing does; of none that it names another try is made.
///
/// # Errors
/// [`KeyReused`], what `refused` names, or the table's failure.
pub(crate) async fn create_once<T, G, E, F>(
    app: &App,
    new: &T,
    fingerprint: impl Fn(&T) -> &str,
    transaction: impl Fn() -> Result<Transaction<G>, Failure>,
    load: impl Fn() -> F,
    refused: impl Fn(&[FailedGuard<G>]) -> Option<E>,
) -> Result<Once<T>, E>
where
    T: Clone,
    G: Copy,
    E: From<KeyReused> + From<Failure>,
    F: Future<Output = Result<Option<T>, Failure>>,
{
    let mut attempts = Attempts::new(app);
    loop {
        let rejected = match transaction()?.commit(app).await {
            Ok(()) => return Ok(Once::New(new.clone())),
            Err(rejected) => rejected,
        };
        if matches!(rejected, Rejected::Guards(_) | Rejected::Failure(Failure::Unknown)) {
            if let Some(there) = load().await? {
                let ours = attempts.may_have_done(&rejected);
                return Ok(Once::replay(there, &fingerprint, fingerprint(new), ours)?);
            }
            if let Rejected::Guards(failed) = &rejected
                && let Some(refusal) = refused(failed)
            {
                return Err(refusal);
            }
        }
        attempts.wait_after(&rejected).await?;
    }
}
