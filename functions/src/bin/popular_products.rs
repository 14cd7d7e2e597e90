//! The Lambda binary of `popular_products`.

use functions::products::popular_products;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("popular_products", Function::Http(popular_products::routes))
}
