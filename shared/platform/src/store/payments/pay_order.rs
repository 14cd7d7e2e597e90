//! Paying an order that was placed before: it leaves the unpaid orders of its owner.

use jiff::Timestamp;
use onsale_domain::id::{OrderId, UserId};
use onsale_domain::orders::order::Order;
use onsale_domain::orders::unpaid::Unpaid;
use onsale_domain::purchases::purchase::{Expire, PayError};

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::transaction::{FailedGuard, Transaction};
use crate::store::orders::{self, unpaid};
use crate::store::payments::pay::{PayFailure, PayRequest, Payable, Refusal};
use crate::store::purchases::StoredPurchase;
use crate::store::purchases::guard::Guard;

impl Payable for Order {
    /// All that its owner has not paid.
    type Companion = Unpaid;
    type Terms = Unpaid;

    async fn load(app: &App, user: UserId, id: OrderId) -> Result<Option<(Self, Unpaid)>, Failure> {
        orders::get_with_unpaid(app, user, id).await
    }

    fn total(&self) -> i64 {
        self.total()
    }

    fn payment_id(&self) -> String {
        self.payment_id()
    }

    async fn may_be_paid(
        &self,
        app: &App,
        request: &PayRequest<'_>,
        unpaid: &Unpaid,
        now: Timestamp,
    ) -> Result<Self::Terms, Refusal> {
        if self.purchase.expire(now) == Expire::Due {
            // An expired order is over for its owner at once, whenever the sweep comes.
            let current = orders::get_current(app, request.user, self.id).await?;
            let current = current.ok_or(Refusal::Final(PayFailure::NotFound))?;
            let refused = current.purchase.may_be_paid(now).err().unwrap_or(PayError::HoldExpired);
            return Err(Refusal::unless_paid(refused));
        }
        self.purchase.may_be_paid(now).map_err(Refusal::unless_paid)?;
        Ok(unpaid.clone())
    }

    fn sale_writes(&self, after: &Self, unpaid: &Self::Terms, _: Timestamp) -> Result<Transaction<Guard>, Failure> {
        let mut transaction = Transaction::new();
        transaction.add(Guard::Version, self.update(after, Some(EventKind::PaymentCompleted))?);
        transaction.add(Guard::Unpaid, unpaid::remove_order(unpaid, after));
        Ok(transaction)
    }

    /// Whatever failed is stale, and read again.
    async fn judge(&self, _: &App, _: &[FailedGuard<Guard>], _: Timestamp) -> Result<(), Refusal> {
        Ok(())
    }
}
