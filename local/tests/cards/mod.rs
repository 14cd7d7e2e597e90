//! Card payments as a whole: what they cost, which faults they bear, and how they agree with the provider.

mod capacity;
mod faults;
mod reconcile;
mod refunds;
mod start_meanwhile;
