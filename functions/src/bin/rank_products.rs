//! The Lambda binary of `rank_products`.

use functions::products::rank_products;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("rank_products", Function::Event(rank_products::answer))
}
