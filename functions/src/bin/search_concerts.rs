//! The Lambda binary of `search_concerts`.

use functions::concerts::search_concerts;
use onsale_platform::lambda::{self, Function, InvocationError};
use utoipa_axum::routes;

fn main() -> Result<(), InvocationError> {
    lambda::run("search_concerts", Function::Http(|| routes!(search_concerts::search_concerts)))
}
