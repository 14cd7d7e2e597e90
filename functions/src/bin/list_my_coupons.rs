//! The Lambda binary of `list_my_coupons`.

use functions::coupons::list_my_coupons;
use onsale_platform::lambda::{self, Failure, Function};

fn main() -> Result<(), Failure> {
    lambda::run("list_my_coupons", Function::Http(list_my_coupons::routes))
}
