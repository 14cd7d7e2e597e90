//! The Lambda binary of `pay_out`.

use functions::wallet::pay_out;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("pay_out", Function::Http(|| routes!(pay_out::pay_out)))
}
