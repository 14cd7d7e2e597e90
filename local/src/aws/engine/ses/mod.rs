//! Amazon SES: the one call that the product makes of it, answered in this process. What is sent lies in a mailbox that
//! people and tests look into; it goes nowhere.
//!
//! `winterbaume` has an SES, too. It keeps neither the HTML of a mail nor its configuration set, refuses nothing that
//! SES refuses, and tells of no bounce, so all that matters here would have to be added to it.

mod mailbox;
mod page;

use std::future::{self, Future};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::Router;
use onsale_domain::accounts::account::Email;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::memory::lock;
use serde_json::{Value, json};

pub use crate::aws::engine::ses::mailbox::{MAILS_MAX, Mail, Mailbox, Picture};

use crate::aws::engine::connector::{Answer, Connector, Engine};
use crate::aws::engine::sqs::Sqs;
use crate::aws::iam::{Principal, address_of};
use crate::intercept::Slot;

/// The path of `SendEmail` in SES's API.
const SEND_PATH: &str = "/v2/email/outbound-emails";
/// The domain of SES's simulator, at whose addresses mail meets a fate of its own.
const SIMULATOR: &str = "simulator.amazonses.com";
/// Most bytes of a mail, as SES takes them.
const MAIL_BYTES_MAX: usize = 40 * 1024 * 1024;

/// The queue to which an event rule of the template leads what SES reports.
#[derive(Clone)]
pub struct Reports {
    /// The queues' engine.
    pub sqs: Sqs,
    /// The queue's URL.
    pub queue_url: String,
}

/// A refusal of SES, by which every mail is answered while it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Such as `TooManyRequestsException`.
    pub code: &'static str,
    /// The text of the refusal.
    pub message: &'static str,
}

/// SES. Cheap to clone: clones are the same one.
#[derive(Clone)]
pub struct Ses {
    mailbox: Arc<Mutex<Mailbox>>,
    refusal: Arc<Mutex<Option<Refusal>>>,
    clock: Clock,
    reports: Option<Reports>,
}

impl Ses {
    /// SES with what an earlier run left in its mailbox. It reports bounces and complaints if it is told where to.
    #[must_use]
    pub fn new(mailbox: Mailbox, clock: Clock, reports: Option<Reports>) -> Self {
        Self { mailbox: Arc::new(Mutex::new(mailbox)), refusal: Arc::default(), clock, reports }
    }

    /// The mails that were sent.
    pub fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        lock(&self.mailbox)
    }

    /// Answers every mail with this from now on; `None` ends that.
    pub fn refuse(&self, refusal: Option<Refusal>) {
        *lock(&self.refusal) = refusal;
    }

    /// The hook for the SDK's client; of `caller`, if a function calls.
    #[must_use]
    pub fn http_client(&self, slot: Slot, caller: Option<Principal>) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(Arc::new(self.clone()), slot, caller))
    }

    /// The mailbox for people, for a port of its own.
    pub fn router(&self) -> Router {
        page::router(self.clone())
    }

    async fn send(&self, body: Vec<u8>) -> Answer {
        if let Some(refusal) = *lock(&self.refusal) {
            return refused(refusal.code, refusal.message);
        }
        if body.len() > MAIL_BYTES_MAX {
            return refused("MessageRejected", "Message length is more than 41943040 bytes long");
        }
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mail = match read(&request) {
            Ok(mail) => Mail { sent_at: self.clock.now(), id: message_id(&self.clock), ..mail },
            Err(problem) => return refused("BadRequestException", problem),
        };
        let reports = self.reports.iter().flat_map(|reports| {
            let told = mail.to.iter().filter(|_| mail.configuration_set.is_some());
            told.filter_map(|address| report(&mail, address)).map(move |report| (reports, report))
        });
        for (reports, report) in reports.collect::<Vec<_>>() {
            let message = json!({ "QueueUrl": reports.queue_url, "MessageBody": report.to_string() });
            if let Err(problem) = reports.sqs.call("SendMessage", &message).await {
                tracing::error!(%problem, "a bounce or complaint could not be reported");
            }
        }
        let answer = json!({ "MessageId": mail.id });
        if let Err(problem) = self.mailbox().put(mail) {
            tracing::error!(%problem, "a mail could not be kept");
        }
        Answer { status: 200, body: answer.to_string() }
    }
}

impl Engine for Ses {
    const SERVICE: &'static str = "ses";
    const THROTTLED: &'static str = "TooManyRequestsException";

    fn operation(request: &HttpRequest) -> String {
        let path = request.uri().split("localhost").nth(1).unwrap_or_default();
        let is_send = request.method() == "POST" && path.split('?').next() == Some(SEND_PATH);
        if is_send { "SendEmail".to_owned() } else { format!("{} {path}", request.method()) }
    }

    fn execute(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        if operation != "SendEmail" {
            let answer = refused("UnknownOperationException", "the local stack has SendEmail alone");
            return Box::pin(future::ready(answer));
        }
        let (ses, body) = (self.clone(), body.to_vec());
        Box::pin(async move { ses.send(body).await })
    }
}

fn refused(code: &str, message: &str) -> Answer {
    Answer { status: 400, body: json!({ "__type": code, "message": message }).to_string() }
}

fn message_id(clock: &Clock) -> String {
    format!("{}-000000", Ids::Random.uuid(clock.now()))
}

/// The mail of a request, if SES would take it.
fn read(request: &Value) -> Result<Mail, &'static str> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let texts = |value: &Value| value.as_array().into_iter().flatten().filter_map(text).collect::<Vec<String>>();
    let content = &request["Content"]["Simple"];
    let part = |value: &Value| if value["Charset"] == "UTF-8" { text(&value["Data"]) } else { None };
    let mail = Mail {
        id: String::new(),
        sent_at: jiff::Timestamp::UNIX_EPOCH,
        from: text(&request["FromEmailAddress"]).ok_or("FromEmailAddress is missing")?,
        to: texts(&request["Destination"]["ToAddresses"]),
        reply_to: texts(&request["ReplyToAddresses"]),
        subject: part(&content["Subject"]).ok_or("the subject must be UTF-8 text")?,
        text: part(&content["Body"]["Text"]).ok_or("the text must be UTF-8 text")?,
        html: part(&content["Body"]["Html"]).ok_or("the HTML must be UTF-8 text")?,
        configuration_set: text(&request["ConfigurationSetName"]),
        letter: text(&request["EmailTags"][0]["Value"]),
        pictures: pictures(content).ok_or("an attachment must be an inline picture with a name")?,
    };
    if mail.subject.contains(['\r', '\n']) {
        return Err("the subject has a line break");
    }
    let addresses = [&mail.from].into_iter().chain(&mail.to).chain(&mail.reply_to);
    if mail.to.is_empty() || addresses.map(|header| address_of(header)).any(|address| Email::parse(address).is_err()) {
        return Err("Illegal address");
    }
    Ok(mail)
}

/// The pictures of a mail, which are its only attachments; none if one is something else.
fn pictures(content: &Value) -> Option<Vec<Picture>> {
    let attachments = content["Attachments"].as_array().into_iter().flatten();
    let picture = |attachment: &Value| {
        let text = |name: &str| attachment[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let is_inline = attachment["ContentDisposition"] == "INLINE";
        let content_type = text("ContentType").filter(|kind| is_inline && kind == "image/png")?;
        let (content_id, file_name) = (text("ContentId")?, text("FileName")?);
        Some(Picture { content_id, file_name, content_type, content: text("RawContent")? })
    };
    attachments.map(picture).collect()
}

/// The event that EventBridge gets of a mail to an address of the simulator, in the form of SES's documentation.
fn report(mail: &Mail, address: &str) -> Option<Value> {
    let (local, domain) = address.split_once('@')?;
    if domain != SIMULATOR {
        return None;
    }
    let (kind, of_kind) = match local.split('+').next().unwrap_or_default() {
        "bounce" => ("Email Bounced", bounce(address, "General", &mail.sent_at.to_string())),
        "suppressionlist" => ("Email Bounced", bounce(address, "OnAccountSuppressionList", &mail.sent_at.to_string())),
        "complaint" => {
            let complaint = json!({
                "complainedRecipients": [{ "emailAddress": address }],
                "timestamp": mail.sent_at.to_string(),
                "feedbackId": mail.id,
                "complaintFeedbackType": "abuse",
            });
            ("Email Complaint Received", json!({ "eventType": "Complaint", "complaint": complaint }))
        }
        _ => return None,
    };
    let mut detail = of_kind;
    detail["mail"] = json!({
        "timestamp": mail.sent_at.to_string(),
        "source": address_of(&mail.from),
        "messageId": mail.id,
        "destination": mail.to,
        "tags": { "ses:configuration-set": [mail.configuration_set] },
    });
    Some(json!({
        "version": "0",
        "id": mail.id,
        "detail-type": kind,
        "source": "aws.ses",
        "account": crate::aws::cloudformation::ACCOUNT,
        "time": mail.sent_at.to_string(),
        "region": crate::aws::cloudformation::REGION,
        "resources": [],
        "detail": detail,
    }))
}

fn bounce(address: &str, subtype: &str, at: &str) -> Value {
    let bounce = json!({
        "bounceType": "Permanent",
        "bounceSubType": subtype,
        "bouncedRecipients": [{ "emailAddress": address, "action": "failed", "status": "5.1.1" }],
        "timestamp": at,
    });
    json!({ "eventType": "Bounce", "bounce": bounce })
}
