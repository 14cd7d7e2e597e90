//! Buyers with accounts, and the mails that they get.

use std::sync::Arc;

use local::aws::engine::ses::Mail;
use local::intercept::{After, Before, Call, Intercept};
use local::stack::Options;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Person, World};

/// The address that mail comes from in tests.
pub const FROM: &str = "tickets@shop.example";
/// Where its links lead.
pub const PAGE: &str = "https://tickets.example";

/// Lets mail be sent.
pub fn sends_mail(options: &mut Options) {
    options.mail_from = Some(FROM.to_owned());
    options.variables.insert("PUBLIC_URL".into(), PAGE.into());
}

impl World {
    /// A world in which mail is sent.
    pub async fn mailing() -> Self {
        Self::with_options(sends_mail).await
    }

    /// Gives a person an account, as signing up does.
    pub fn put_account(&self, person: &Person, name: &str, address: &str, language: Option<&str>) {
        let text = |text: &str| json!({ "S": text });
        let number = |number: i64| json!({ "N": number.to_string() });
        let mut item = json!({
            "pk": text(&format!("USER#{}", person.id)),
            "sk": text("PROFILE"),
            "id": text(&person.id.to_string()),
            "email": text(address),
            "name": text(name),
            "password_hash": text("none"),
            "created_at": number(self.clock.now().as_millisecond()),
            "version": number(1),
        });
        if let Some(language) = language {
            item["language"] = text(language);
        }
        let request = json!({ "TableName": self.stack.template().table.name, "Item": item });
        self.stack.dynamodb().call("PutItem", &request).expect("written");
    }

    /// Lets the account of a person be found by its address, as signing up does.
    pub fn claim_address(&self, person: &Person, address: &str) {
        let text = |text: &str| json!({ "S": text });
        let item = json!({
            "pk": text(&format!("EMAIL#{address}")), "sk": text("EMAIL"), "user": text(&person.id.to_string()),
        });
        let request = json!({ "TableName": self.stack.template().table.name, "Item": item });
        self.stack.dynamodb().call("PutItem", &request).expect("written");
    }

    /// Somebody with an account and so much money.
    pub async fn buyer(&self, address: &str, balance: i64) -> Person {
        let person = self.user_with(balance).await;
        self.put_account(&person, "Mina", address, None);
        person
    }

    /// The mails that were sent, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        let mut mails: Vec<Mail> = self.stack.ses().mailbox().newest_first().cloned().collect();
        mails.reverse();
        mails
    }

    /// The letters that were sent, oldest first.
    pub fn letters(&self) -> Vec<String> {
        self.mails().into_iter().map(|mail| mail.letter.expect("a letter")).collect()
    }

    /// Takes an account away.
    pub fn remove_account(&self, person: &Person) {
        let key = json!({ "pk": { "S": format!("USER#{}", person.id) }, "sk": { "S": "PROFILE" } });
        let request = json!({ "TableName": self.stack.template().table.name, "Key": key });
        self.stack.dynamodb().call("DeleteItem", &request).expect("deleted");
    }

    /// The states of all letters that were ever marked, with the reasons of those that were not sent; in order.
    pub fn letter_states(&self) -> Vec<String> {
        let marks = self.items().into_values().filter(|item| item["sk"]["S"] == "send_mail");
        let mut states: Vec<String> = marks
            .map(|item| match item["reason"]["S"].as_str() {
                Some(reason) => reason.to_owned(),
                None => item["state"]["S"].as_str().expect("a state").to_owned(),
            })
            .collect();
        states.sort();
        states
    }
}

/// Loses so many of the next calls of SES, or their answers.
pub struct LoseMails {
    left: AtomicUsize,
    answers: bool,
}

impl LoseMails {
    /// The next calls do not arrive.
    pub fn requests(times: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(times), answers: false })
    }

    /// The next calls act, and their answers get lost.
    pub fn answers(times: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(times), answers: true })
    }

    fn hits(&self, call: &Call<'_>) -> bool {
        let take = |left: usize| left.checked_sub(1);
        call.service == "ses" && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
    }
}

impl Intercept for LoseMails {
    fn before(&self, call: &Call<'_>) -> Before {
        if !self.answers && self.hits(call) { Before::LoseRequest } else { Before::Proceed }
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        if self.answers && self.hits(call) { After::LoseAnswer } else { After::Deliver }
    }
}
