//! A letter as it is written: words of one language, filled in, as text and as HTML.

use askama::Template;
use jiff::Timestamp;
use onsale_domain::money::Currency;
use onsale_platform::app::App;
use onsale_platform::events::mail::{Mail, Picture};
use onsale_platform::http::{Language, format_money};
use onsale_platform::store::events::mail::recipient::Recipient;

include!(concat!(env!("OUT_DIR"), "/mail_words.rs"));

/// A label and what it is about: a fact, a line of a purchase, a link.
pub struct Labelled {
    label: String,
    value: String,
}

/// A ticket's code, as a text and as a picture.
pub struct TicketCode {
    seat: String,
    text: String,
    content_id: String,
    png: Vec<u8>,
}

/// Writes in the language of a letter's recipient.
pub struct Writer<'a> {
    language: Language,
    currency: Currency,
    page_url: &'a str,
    recipient: &'a Recipient,
    has_answers: bool,
}

/// A letter as it is being written.
pub struct Draft {
    subject: String,
    heading: &'static str,
    paragraphs: Vec<String>,
    facts: Vec<Labelled>,
    lines: Vec<Labelled>,
    total: Option<Labelled>,
    codes: Vec<TicketCode>,
    action: Labelled,
}

/// The text of a letter.
#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    greeting: &'a str,
    footer: &'a str,
    heading: &'a str,
    paragraphs: &'a [String],
    facts: &'a [Labelled],
    lines: &'a [Labelled],
    total: Option<&'a Labelled>,
    codes_lead: &'a str,
    codes: &'a [TicketCode],
    action: &'a Labelled,
}

/// The same as HTML.
#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    language: &'a str,
    subject: &'a str,
    preview: &'a str,
    greeting: &'a str,
    footer: &'a str,
    heading: &'a str,
    paragraphs: &'a [String],
    facts: &'a [Labelled],
    lines: &'a [Labelled],
    total: Option<&'a Labelled>,
    codes_lead: &'a str,
    codes: &'a [TicketCode],
    action: &'a Labelled,
}

/// Names and words on one line: a break in a subject would begin another header.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|sign| if sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}') { ' ' } else { sign })
        .collect()
}

impl<'a> Writer<'a> {
    /// Writes to `recipient`; none while mail is off.
    pub fn new(app: &'a App, recipient: &'a Recipient) -> Option<Self> {
        let settings = app.config().mail.as_ref()?;
        let language = Language::parse(&recipient.language).unwrap_or(Language::ALL[0]);
        let (page_url, has_answers) = (settings.page_url.as_str(), settings.reply_to.is_some());
        Some(Self { language, currency: app.currency(), page_url, recipient, has_answers })
    }

    /// A word in the recipient's language.
    pub fn word(&self, key: &str) -> &'static str {
        let found = WORDS.binary_search_by_key(&key, |(key, _)| key);
        debug_assert!(found.is_ok(), "mail/words.json has no {key}");
        found.map_or("", |place| WORDS[place].1[usize::from(self.language == Language::Korean)])
    }

    /// The same with its gaps filled in. What is filled in is looked at no more: it may have braces of its own.
    pub fn filled(&self, key: &str, values: &[(&str, &str)]) -> String {
        let (mut filled, mut rest) = (String::new(), self.word(key));
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}').unwrap_or((behind, ""));
            filled.push_str(before);
            filled.push_str(
                &values.iter().find(|(known, _)| *known == name).map_or(String::new(), |(_, value)| one_line(value)),
            );
            rest = behind;
        }
        filled + rest
    }

    /// An amount as its reader knows it.
    pub fn money(&self, amount: i64) -> String {
        if amount == 0 { self.word("free").to_owned() } else { self.exact_money(amount) }
    }

    /// The same, of nothing as well.
    pub fn exact_money(&self, amount: i64) -> String {
        format_money(amount, self.currency, self.language)
    }

    /// A time as its reader knows it.
    pub fn time(&self, at: Timestamp) -> String {
        let format = match self.language {
            Language::English => "%-d %b %Y, %H:%M UTC",
            Language::Korean => "%Y년 %-m월 %-d일 %H:%M UTC",
        };
        at.strftime(format).to_string()
    }

    /// Begins a letter with this subject, whose heading, first paragraph and link have words of these keys.
    pub fn draft(&self, subject: String, heading: &str, lead: &str, action: (&str, &str)) -> Draft {
        let action =
            Labelled { label: self.word(action.0).to_owned(), value: format!("{}{}", self.page_url, action.1) };
        Draft {
            subject,
            heading: self.word(heading),
            paragraphs: vec![self.word(lead).to_owned()],
            facts: Vec::new(),
            lines: Vec::new(),
            total: None,
            codes: Vec::new(),
            action,
        }
    }

    /// The letter as a mail to its recipient.
    pub fn mail(&self, letter: &'static str, draft: &Draft) -> Mail {
        let greeting = self.filled("greeting", &[("name", &self.recipient.name)]);
        let mut footer = self.word("footer").to_owned();
        if !self.has_answers {
            footer = format!("{footer} {}", self.word("no_answers"));
        }
        let Draft { heading, paragraphs, facts, lines, total, codes, action, .. } = draft;
        let codes_lead = self.word("codes");
        let subject = one_line(&draft.subject);
        let total = total.as_ref();
        let text = Text {
            greeting: &greeting,
            footer: &footer,
            heading,
            paragraphs,
            facts,
            lines,
            total,
            codes_lead,
            codes,
            action,
        };
        let html = Html {
            language: self.language.tag(),
            subject: &subject,
            preview: paragraphs.first().map_or("", String::as_str),
            greeting: &greeting,
            footer: &footer,
            heading,
            paragraphs,
            facts,
            lines,
            total,
            codes_lead,
            codes,
            action,
        };
        // Nothing in a template can fail but a text that cannot be written.
        let (text, html) = (text.render().unwrap_or_default(), html.render().unwrap_or_default());
        let picture = |code: &TicketCode| Picture {
            content_id: code.content_id.clone(),
            file_name: format!("{}.png", code.content_id),
            png: code.png.clone(),
        };
        let pictures = codes.iter().map(picture).collect();
        Mail { to: self.recipient.address.clone(), letter, subject, text, html, pictures }
    }
}

impl Draft {
    /// With one more paragraph.
    pub fn paragraph(mut self, text: String) -> Self {
        self.paragraphs.push(text);
        self
    }

    /// With one more fact.
    pub fn fact(mut self, label: &str, value: &str) -> Self {
        self.facts.push(Labelled { label: label.to_owned(), value: one_line(value) });
        self
    }

    /// With one more line of a purchase.
    pub fn line(mut self, label: &str, value: String) -> Self {
        self.lines.push(Labelled { label: one_line(label), value });
        self
    }

    /// With the sum of its lines.
    pub fn total(self, label: &str, value: String) -> Self {
        Self { total: Some(Labelled { label: label.to_owned(), value }), ..self }
    }

    /// With the code of one more ticket.
    pub fn code(mut self, seat: &str, text: String, png: Vec<u8>) -> Self {
        // A seat may have letters that no name of a picture has.
        let content_id = format!("ticket-{}", self.codes.len() + 1);
        self.codes.push(TicketCode { seat: seat.to_owned(), text, content_id, png });
        self
    }
}
