//! The Lambda binary of `get_product`.

use functions::products::get_product;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("get_product", Function::Http(get_product::routes))
}
