//! Mails as Amazon SES sends them: one call each, and what its answers mean.
//!
//! `SendEmail` takes no token by which it would know a repeated request. So the SDK tries none again, and whoever calls
//! marks what is being sent before, and what was sent after (`store/events/mail/`).

use aws_sdk_sesv2::error::{BuildError, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{
    Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding, Body, Content, Destination,
    EmailContent, Message, MessageTag,
};

use crate::app::App;

/// The name that mails come from, beside their address.
const SENDER: &str = "Onsale";
/// The tag of a mail that says which letter it is, in SES's own metrics.
const LETTER_TAG: &str = "letter";
/// The character set of subjects and bodies, which SES encodes for the way.
const CHARSET: &str = "UTF-8";
/// The words by which SES says that sender or receiver are not verified: an operator's business, not the letter's.
const NOT_VERIFIED: &str = "not verified";

/// A mail, ready to be sent. Not `Debug`: it has an address and a name.
pub struct Mail {
    /// The address that it goes to.
    pub to: String,
    /// The letter's name, for SES's metrics.
    pub letter: &'static str,
    /// Its subject, one line.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The pictures that its HTML shows.
    pub pictures: Vec<Picture>,
}

/// A picture that comes with a mail, so that it is there without a network and without asking anybody.
pub struct Picture {
    /// The name by which the HTML shows it: `cid:<name>`.
    pub content_id: String,
    /// The name under which somebody may keep it.
    pub file_name: String,
    /// Its bytes, as PNG.
    pub png: Vec<u8>,
}

/// The outcome of sending a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SES has it, under this id.
    Sent(String),
    /// SES will never send it: its address or its content is refused.
    Refused(&'static str),
    /// Not now: too fast, over the quota, sending is paused, or something is set up wrong. It was not sent.
    Later(String),
    /// No answer: it may have been sent.
    Unknown,
}

/// Sends a mail, once.
pub async fn send(app: &App, mail: &Mail) -> Outcome {
    let (Some(client), Some(settings)) = (app.ses(), &app.config().mail) else {
        return Outcome::Later("mail is off".to_owned());
    };
    let (message, letter) = match (message(mail), MessageTag::builder().name(LETTER_TAG).value(mail.letter).build()) {
        (Ok(message), Ok(letter)) => (message, letter),
        (Err(problem), _) | (_, Err(problem)) => return Outcome::Later(problem.to_string()),
    };
    let request = client
        .send_email()
        .from_email_address(format!("{SENDER} <{}>", settings.from.as_str()))
        .set_reply_to_addresses(settings.reply_to.as_ref().map(|address| vec![address.as_str().to_owned()]))
        .destination(Destination::builder().to_addresses(&mail.to).build())
        .content(EmailContent::builder().simple(message).build())
        .set_configuration_set_name(settings.configuration_set.clone())
        .email_tags(letter);
    match request.send().await {
        Ok(answer) => Outcome::Sent(answer.message_id.unwrap_or_default()),
        Err(error) => outcome(&error),
    }
}

fn message(mail: &Mail) -> Result<Message, BuildError> {
    let content = |text: &str| Content::builder().data(text).charset(CHARSET).build();
    let body = Body::builder().text(content(&mail.text)?).html(content(&mail.html)?).build();
    let pictures: Result<Vec<Attachment>, BuildError> = mail.pictures.iter().map(attachment).collect();
    let pictures = Some(pictures?).filter(|pictures| !pictures.is_empty());
    Ok(Message::builder().subject(content(&mail.subject)?).body(body).set_attachments(pictures).build())
}

fn attachment(picture: &Picture) -> Result<Attachment, BuildError> {
    Attachment::builder()
        .raw_content(Blob::new(picture.png.clone()))
        .content_type("image/png")
        .content_disposition(AttachmentContentDisposition::Inline)
        .content_transfer_encoding(AttachmentContentTransferEncoding::Base64)
        .content_id(&picture.content_id)
        .file_name(&picture.file_name)
        .build()
}

/// The meaning of an error. Only a refusal that names the mail's own address or content is final; what an operator can
/// put right, or what passes, is tried again.
fn outcome(error: &SdkError<SendEmailError>) -> Outcome {
    if error.raw_response().is_some_and(|response| response.status().is_server_error()) {
        return Outcome::Unknown;
    }
    let Some(refusal) = error.as_service_error() else {
        return match error {
            SdkError::ConstructionFailure(_) => Outcome::Later("the request could not be made".to_owned()),
            _ => Outcome::Unknown,
        };
    };
    let code = refusal.meta().code().unwrap_or_default();
    let unverified = refusal.meta().message().is_some_and(|message| message.contains(NOT_VERIFIED));
    match refusal {
        SendEmailError::MessageRejected(_) if !unverified => Outcome::Refused("message-rejected"),
        SendEmailError::BadRequestException(_) if !unverified => Outcome::Refused("bad-request"),
        // Not the message, which may name the address.
        _ if unverified => Outcome::Later(format!("SES answered {code}: an identity is not verified")),
        _ => Outcome::Later(format!("SES answered {code}")),
    }
}
