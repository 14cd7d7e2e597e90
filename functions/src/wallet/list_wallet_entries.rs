//! GET /wallet/entries

use axum::extract::State;
use jiff::Timestamp;
use onsale_domain::wallet::{Entry, EntryKind};
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Answer, PageIn, PageOut, Problem, QueryString, User};
use onsale_platform::store::wallet;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

/// The kinds of a ledger entry.
fn kinds() -> Object {
    one_of("Kind of the entry.", EntryKind::ALL.map(EntryKind::as_str))
}

/// An entry of the ledger.
#[derive(Serialize, ToSchema)]
pub struct EntryOut {
    /// Number of the entry, from 1 without gaps.
    seq: u64,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Amount in minor units; negative if money leaves the wallet.
    amount: i64,
    /// Balance after the entry, in minor units.
    balance_after: i64,
    /// Time of the entry.
    at: Timestamp,
    /// Id of the top-up, credit, spending or payment.
    #[serde(rename = "ref")]
    reference: String,
    /// Memo of the owner for `spend`, reason for `credit`; absent for other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
}

impl From<Entry> for EntryOut {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            kind: entry.kind.as_str(),
            amount: entry.amount,
            balance_after: entry.balance_after,
            at: entry.at,
            reference: entry.reference,
            memo: entry.memo,
        }
    }
}

/// Lists the ledger of the caller's wallet, newest first.
#[utoipa::path(get, path = "/wallet/entries", params(PageIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<EntryOut>, description = "A page of ledger entries")))]
pub async fn list_wallet_entries(
    State(app): State<App>,
    user: User,
    QueryString(wanted): QueryString<PageIn>,
) -> Result<Answer<PageOut<EntryOut>>, Problem> {
    let page = wallet::entries(&app, user.id, wanted.limit()?, wanted.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(page, EntryOut::from)))
}
