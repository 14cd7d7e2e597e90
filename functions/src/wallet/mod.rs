//! A user's money.

mod response;

use onsale_platform::lambda::Function;

pub mod create_wallet;
pub mod get_wallet;
pub mod list_wallet_entries;
pub mod spend;
pub mod top_up;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /wallet: makes the caller's wallet.
    ("create_wallet", Function::Http(create_wallet::routes)),
    // GET /wallet: what is in it.
    ("get_wallet", Function::Http(get_wallet::routes)),
    // POST /wallet/charges: puts money in.
    ("top_up", Function::Http(top_up::routes)),
    // POST /wallet/payments: takes money out for something else.
    ("spend", Function::Http(spend::routes)),
    // GET /wallet/entries: every movement, newest first.
    ("list_wallet_entries", Function::Http(list_wallet_entries::routes)),
];
