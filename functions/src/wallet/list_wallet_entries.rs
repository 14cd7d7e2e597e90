//! GET /wallet/entries

use axum::extract::State;
use jiff::Timestamp;
use onsale_domain::wallet::{Entry, EntryKind};
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, User, page_limit};
use onsale_platform::store::wallet;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Object;
use utoipa::{IntoParams, ToSchema};

/// The page to read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListWalletEntriesIn {
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// The reasons of a movement.
fn kinds() -> Object {
    one_of(EntryKind::ALL.map(EntryKind::as_str))
}

/// One movement.
#[derive(Serialize, ToSchema)]
pub struct EntryOut {
    /// Its number, gap-free from 1.
    seq: u64,
    /// `charge`, `spend`, `payment` or `refund`.
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Minor units; negative takes money out.
    amount: i64,
    balance_after: i64,
    at: Timestamp,
    /// The reason for it: the id of the charge, of the spend, or of the payment.
    #[serde(rename = "ref")]
    reference: String,
    /// The purpose, in its owner's words; only of a spend.
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

/// Every movement of the caller's money, newest first.
#[utoipa::path(get, path = "/wallet/entries", params(ListWalletEntriesIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<EntryOut>)))]
pub async fn list_wallet_entries(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListWalletEntriesIn>,
) -> Result<Answer<PageOut<EntryOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = wallet::entries(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, EntryOut::from)))
}
