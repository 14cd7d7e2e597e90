//! The Lambda binary of `record_sales`.

use functions::events::record_sales;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("record_sales", Function::Event(record_sales::answer))
}
