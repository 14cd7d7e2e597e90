//! The page.

mod get_page;
mod words;
