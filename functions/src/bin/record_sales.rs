//! The Lambda binary of `record_sales`.

use functions::events::record_sales;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("record_sales", Function::Event(record_sales::handler))
}
