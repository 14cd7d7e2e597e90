//! The page that people use: documents that are rendered here, and the assets that they load.

mod response;

use onsale_platform::lambda::Function;

pub mod get_page;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // GET / · GET /app/{path+} · GET /assets/{path+}: the page.
    ("get_page", Function::Page(get_page::get_page)),
];
