//! The Lambda binary of `update_product`.

use functions::products::update_product;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("update_product", Function::Http(update_product::routes))
}
