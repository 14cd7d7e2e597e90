//! The mailbox for people: a list of mails, newest first, and each mail with its headers, its text and its HTML.
//!
//! Nothing of a mail runs or loads here: its HTML is shown in a frame of its own, without scripts, forms and pictures
//! from elsewhere.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::aws::engine::ses::{MAILS_MAX, Mail, Picture, Ses};

/// The policy of the pages; their one style sheet is a file.
const POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
/// The policy of a mail's HTML in its frame: the styles that it has, and nothing else. Links open a window of their own.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                           form-action 'none'; frame-ancestors 'self'; \
                           sandbox allow-popups allow-popups-to-escape-sandbox";
const STYLE: &str = ":root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.3; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { width: 100%; border-collapse: collapse; } th, td { padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; border-top: 1px solid #8884; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; } pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid #8886; border-radius: 8px; }
iframe { width: 100%; height: 46rem; border: 1px solid #8886; border-radius: 8px; }
";

pub(crate) fn router(ses: Ses) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/mails", get(list_json).delete(clear))
        .route("/mails/{id}", get(show))
        .route("/mails/{id}/html", get(show_html))
        .route("/style.css", get(style))
        .with_state(ses)
}

async fn list(State(ses): State<Ses>) -> Response {
    let mailbox = ses.mailbox();
    let mut rows = String::new();
    for mail in mailbox.newest_first() {
        // Writing to a text cannot fail.
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td><a href=\"/mails/{}\">{}</a></td><td>{}</td></tr>",
            mail.sent_at,
            escape(&mail.id),
            escape(&mail.subject),
            escape(&mail.to.join(", ")),
        );
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=\"3\">No mail yet. Buy something, and look again.</td></tr>\n");
    }
    let body = format!(
        "<h1>Mailbox</h1>\n<p>Every mail that this stack sent, newest first, at most {MAILS_MAX}. None of them went \
         anywhere.</p>\n<table>\n<tr><th scope=\"col\">Sent</th><th scope=\"col\">Subject</th><th scope=\"col\">To\
         </th></tr>\n{rows}</table>\n"
    );
    document("Mailbox", &body)
}

async fn list_json(State(ses): State<Ses>) -> Json<Value> {
    let mailbox = ses.mailbox();
    Json(json!({ "items": mailbox.newest_first().collect::<Vec<&Mail>>() }))
}

async fn clear(State(ses): State<Ses>) -> Response {
    let cleared = ses.mailbox().clear();
    match cleared {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
    }
}

async fn show(State(ses): State<Ses>, Path(id): Path<String>) -> Response {
    let Some(mail) = ses.mailbox().get(&id).cloned() else { return missing() };
    let mut headers = String::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(headers, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escape(value));
        }
    };
    add("From", &mail.from);
    add("To", &mail.to.join(", "));
    add("Reply-To", &mail.reply_to.join(", "));
    add("Subject", &mail.subject);
    add("Date", &mail.sent_at.to_string());
    add("Message-ID", &mail.id);
    add("Configuration set", mail.configuration_set.as_deref().unwrap_or_default());
    add("Letter", mail.letter.as_deref().unwrap_or_default());
    let body = format!(
        "<p><a href=\"/\">Mailbox</a></p>\n<h1>{}</h1>\n<table>\n{headers}</table>\n<h2>HTML</h2>\n\
         <iframe sandbox=\"allow-popups allow-popups-to-escape-sandbox\" title=\"The mail as HTML\" \
         src=\"/mails/{}/html\"></iframe>\n<h2>Text</h2>\n<pre>{}</pre>\n",
        escape(&mail.subject),
        escape(&mail.id),
        escape(&mail.text),
    );
    document(&mail.subject, &body)
}

async fn show_html(State(ses): State<Ses>, Path(id): Path<String>) -> Response {
    let Some(mail) = ses.mailbox().get(&id).cloned() else { return missing() };
    // A link would open within the frame, which no other site lets itself be shown in.
    let mut html = mail.html.replacen("<head>", "<head>\n<base target=\"_blank\">", 1);
    for Picture { content_id, content_type, content, .. } in &mail.pictures {
        html = html.replace(&format!("\"cid:{content_id}\""), &format!("\"data:{content_type};base64,{content}\""));
    }
    answer("text/html; charset=utf-8", MAIL_POLICY, html)
}

async fn style() -> Response {
    answer("text/css; charset=utf-8", POLICY, STYLE.to_owned())
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "message": "there is no such mail" }))).into_response()
}

fn document(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n<body>\n{body}</body>\n</html>\n",
        escape(title),
    );
    answer("text/html; charset=utf-8", POLICY, html)
}

fn answer(content_type: &'static str, policy: &'static str, body: String) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
