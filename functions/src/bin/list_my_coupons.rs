//! The Lambda binary of `list_my_coupons`.

use functions::coupons::list_my_coupons;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("list_my_coupons", Function::Http(|| routes!(list_my_coupons::list_my_coupons)))
}
