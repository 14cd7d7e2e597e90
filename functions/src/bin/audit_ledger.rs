//! The Lambda binary of `audit_ledger`.

use functions::service::audit_ledger;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("audit_ledger", Function::Event(audit_ledger::answer))
}
