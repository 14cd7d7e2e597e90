//! The Lambda binary of `export_my_data`.

use functions::accounts::export_my_data;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("export_my_data", Function::Http(|| routes!(export_my_data::export_my_data)))
}
