//! The Lambda binary of `rank_products`.

use functions::products::rank_products;
use onsale_platform::lambda::{self, Function, InvocationError};

fn main() -> Result<(), InvocationError> {
    lambda::run("rank_products", Function::Event(rank_products::handler))
}
