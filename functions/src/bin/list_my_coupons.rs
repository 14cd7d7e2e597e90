//! The Lambda binary of `list_my_coupons`.

use functions::orders::list_my_coupons;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("list_my_coupons", Function::Http(|| routes!(list_my_coupons::list_my_coupons)))
}
