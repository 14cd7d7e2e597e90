//! A user's money.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod create_wallet;
pub mod credit_wallet;
pub mod get_wallet;
pub mod list_wallet_entries;
pub mod pay_out;
pub mod spend;
pub mod top_up;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /wallet: makes the caller's wallet.
    ("create_wallet", Function::Http(|| routes!(create_wallet::create_wallet))),
    // GET /wallet: what is in it.
    ("get_wallet", Function::Http(|| routes!(get_wallet::get_wallet))),
    // POST /wallet/charges: puts money in.
    ("top_up", Function::Http(|| routes!(top_up::top_up))),
    // POST /users/{user_id}/credits: puts money in, by an administrator.
    ("credit_wallet", Function::Http(|| routes!(credit_wallet::credit_wallet))),
    // POST /wallet/payments: takes money out for something else.
    ("spend", Function::Http(|| routes!(spend::spend))),
    // POST /wallet/payouts: sends money back to the cards by which it came in.
    ("pay_out", Function::Http(|| routes!(pay_out::pay_out))),
    // GET /wallet/entries: every movement, newest first.
    ("list_wallet_entries", Function::Http(|| routes!(list_wallet_entries::list_wallet_entries))),
];
