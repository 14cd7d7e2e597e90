//! What an administrator does with queues before a sale: made, deleted, put in front of a concert that is to come.

use serde_json::{Value, json};

use crate::fixture;
use crate::requests::ApiCall;

/// The queue of a concert that is to come.
pub const COMING_QUEUE: &str = "autumn";

/// Something that an administrator wants before a sale. A concert is named by its id.
#[derive(Clone, Debug)]
pub enum Organise {
    /// The queue.
    PutQueue,
    /// No such queue any more.
    DeleteQueue,
    /// A concert, behind the queue or not.
    CreateConcert { queued: bool },
    /// A date of a concert, on sale in a day.
    CreateSchedule { concert: String },
    /// The queue in front of a concert, or none.
    SetQueue { concert: String, queued: bool },
    /// No such concert any more.
    DeleteConcert { concert: String },
}

impl Organise {
    /// The function for it.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::PutQueue => "put_queue",
            Self::DeleteQueue => "delete_queue",
            Self::CreateConcert { .. } => "create_concert",
            Self::CreateSchedule { .. } => "create_schedule",
            Self::SetQueue { .. } => "set_concert_queue",
            Self::DeleteConcert { .. } => "delete_concert",
        }
    }

    /// The call of the API for it.
    #[must_use]
    pub fn api_call(&self) -> ApiCall {
        let asked = |method, path: String, body| ApiCall { function: self.function(), method, path, body };
        let queue_of = |queued: bool| if queued { Value::from(COMING_QUEUE) } else { Value::Null };
        match self {
            Self::PutQueue => ApiCall { path: format!("/queues/{COMING_QUEUE}"), ..fixture::put_queue_call(1) },
            Self::DeleteQueue => asked("DELETE", format!("/queues/{COMING_QUEUE}"), None),
            Self::CreateConcert { queued } => {
                let body = json!({ "name": "Coming", "description": "", "queue_id": queue_of(*queued) });
                asked("POST", "/concerts".into(), Some(body))
            }
            Self::CreateSchedule { concert } => {
                let body = json!({
                    "place": "Hall", "starts_at": "2099-01-03T10:00:00Z", "sale_opens_at": "2099-01-01T10:00:00Z",
                    "sale_closes_at": "2099-01-02T10:00:00Z",
                });
                asked("POST", format!("/concerts/{concert}/schedules"), Some(body))
            }
            Self::SetQueue { concert, queued } => {
                asked("PUT", format!("/concerts/{concert}/queue"), Some(json!({ "queue_id": queue_of(*queued) })))
            }
            Self::DeleteConcert { concert } => asked("DELETE", format!("/concerts/{concert}"), None),
        }
    }
}
