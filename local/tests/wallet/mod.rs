//! Wallets and their ledgers.

mod create_wallet;
mod credit_wallet;
mod get_wallet;
mod list_wallet_entries;
mod pay_out;
mod spend;
mod top_up;
