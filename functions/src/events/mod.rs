//! How a committed change drives the rest: from the table's stream to queues, from queues to consumers.

use onsale_platform::lambda::Function;

pub mod deliver_webhooks;
pub mod record_sales;
pub mod relay_changes;
pub mod release_declined_payment;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // Table stream: turns changes into events on the queues that want them.
    ("relay_changes", Function::Event(relay_changes::handler)),
    // Queue payments: releases what a declined payment held.
    ("release_declined_payment", Function::Event(release_declined_payment::handler)),
    // Queue sales: counts what was sold, by product and day.
    ("record_sales", Function::Event(record_sales::handler)),
    // Queue data_platform: posts events to the data platform.
    ("deliver_webhooks", Function::Event(deliver_webhooks::handler)),
];
