//! Mail: what buyers are told, that it is told once, and to whom nothing is told.

mod faults;
mod letters;
mod mailbox;
mod pace;
