//! Stand-ins for the services of others that the product calls: the data platform and the payment provider.

pub mod payment_provider;
pub mod webhook_receiver;
