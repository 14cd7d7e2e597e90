//! F21: the table takes no more traffic of one item of a transaction, which cancels it. The SDK does not try again.

use super::disturbed::{Due, each_item_meets};
use super::scene::Scene;
use crate::support::recorder::Fault;

cells!(throttled_in_a_transaction: hold release pay cancel cancel_ticket refund reissue top_up credit spend
    confirm_card_payment pay_out order claim claim_admission manage_shop roles erase expire advance
    release_declined_payment free_queue_places record_sales);

/// Whichever item it is, the transaction is tried again.
async fn throttled_in_a_transaction(scene: &Scene) {
    each_item_meets(scene, Fault::Throttle, 1, Due::SuccessOrBusy).await;
    each_item_meets(scene, Fault::Throttle, 4, Due::SuccessOrBusy).await;
}
