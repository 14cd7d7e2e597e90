//! The Lambda binary of `audit_ledger`.

use functions::service::audit_ledger;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("audit_ledger", Function::Event(audit_ledger::handler))
}
