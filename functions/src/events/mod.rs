//! How a committed change drives the rest: from the table's stream to queues, from queues to consumers.

mod letter;
mod response;

use onsale_platform::lambda::Function;

pub mod allow_mail;
pub mod deliver_webhooks;
pub mod record_mail_report;
pub mod record_sales;
pub mod relay_changes;
pub mod release_declined_payment;
pub mod send_mail;

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
    // Queue mail: sends buyers what they should know.
    ("send_mail", Function::Event(send_mail::handler)),
    // Queue mail_reports: keeps addresses at which mail bounces from getting more.
    ("record_mail_report", Function::Event(record_mail_report::handler)),
    // Invoked by operators: lets mail go to an address again.
    ("allow_mail", Function::Event(allow_mail::handler)),
];
