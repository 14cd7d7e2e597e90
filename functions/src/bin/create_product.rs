//! The Lambda binary of `create_product`.

use functions::products::create_product;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("create_product", Function::Http(create_product::routes))
}
