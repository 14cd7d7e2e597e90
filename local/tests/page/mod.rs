//! The page.

mod words;
