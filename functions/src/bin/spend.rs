//! The Lambda binary of `spend`.

use functions::wallet::spend;
use onsale_platform::lambda::{self, Failure, Function};
use utoipa_axum::routes;

fn main() -> Result<(), Failure> {
    lambda::run("spend", Function::Http(|| routes!(spend::spend)))
}
