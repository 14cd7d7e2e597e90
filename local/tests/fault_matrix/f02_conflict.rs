//! F2: a transaction, or a single write, meets another transaction, of whose fate nothing is known.

use super::disturbed::{Due, ENDLESS, each_write_meets};
use super::scene::Scene;
use crate::support::recorder::Fault;

cells!(conflict: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
    confirm_card_payment pay_out order claim join claim_admission leave manage_shop roles sessions erase expire advance
    release_declined_payment free_queue_places record_sales settle_card_payments sweep_card_payments);

/// A few are waited out; endless ones end in 503, with nothing written.
async fn conflict(scene: &Scene) {
    each_write_meets(scene, Fault::Conflict, 1, Due::SuccessOrBusy).await;
    each_write_meets(scene, Fault::Conflict, 6, Due::SuccessOrBusy).await;
    each_write_meets(scene, Fault::Conflict, ENDLESS, Due::Busy).await;
}
