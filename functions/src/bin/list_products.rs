//! The Lambda binary of `list_products`.

use functions::products::list_products;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_products", Function::Http(list_products::routes))
}
