//! Every operation under every fault: one test for each cell of `docs/reports/fault-matrix.md`, which says what is due.
//!
//! A fault is a file, and in it one function that does it to one case of an operation. Time stands still unless it is
//! waited for, so a minute of retries costs nothing; a scene is made once and put back for every test.

/// Names a test for each operation, or for those that are named, which does `$fault` to each of its cases.
macro_rules! cells {
    ($fault:ident) => {
        cells!($fault: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
            confirm_card_payment pay_out order claim join claim_admission leave manage_shop roles sessions erase expire
            advance relay release_declined_payment free_queue_places record_sales settle_card_payments sweep_card_payments);
    };
    ($fault:ident: $($operation:ident)+) => {
        $(
            #[test]
            fn $operation() {
                crate::fault_matrix::each_case(stringify!($operation), $fault);
            }
        )+
    };
}

mod act;
mod case;
mod disturbed;
mod effects;
mod prepare;
mod scene;
mod table;
mod trouble;

mod f01_throttled;
mod f02_conflict;
mod f03_answer_lost;
mod f04_request_lost;
mod f05_killed_before_commit;
mod f06_killed_after_commit;
mod f07_deadline_near;
mod f08_same_key_at_once;
mod f09_same_key_a_day_later;
mod f10_same_key_other_body;
mod f11_twice_late_out_of_order;
mod f12_poison;
mod f13_clocks;
mod f14_sweeps_off;
mod f15_sweeps_at_once;
mod f16_crowd;
mod f17_outage;
mod f18_stream_again;
mod f19_hostile_input;
mod f20_old_and_new;
mod f21_throttled_in_a_transaction;
mod f22_half_committed;
mod hand_over;

use case::OPERATIONS;
use scene::Scene;

/// Does `fault` to each case of an operation.
fn each_case(operation: &str, fault: impl AsyncFn(&Scene)) {
    let (_, cases) = OPERATIONS.iter().find(|(name, _)| *name == operation).expect("an operation");
    for case in *cases {
        // What a test prints is shown when it fails.
        println!("{case:?}");
        Scene::with(*case, &fault);
    }
}
