//! The Lambda binary of `record_mail_report`.

use functions::events::record_mail_report;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("record_mail_report", Function::Event(record_mail_report::handler))
}
