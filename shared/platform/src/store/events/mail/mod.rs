//! What the table keeps of mail: each letter's state, the pace at which letters go out, and the addresses that none
//! goes to.

pub mod letters;
pub mod pace;
pub mod recipient;
pub mod suppressed;
