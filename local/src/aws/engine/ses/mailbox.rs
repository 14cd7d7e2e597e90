//! The mails that were sent: the newest of them, in a file if the stack keeps its data.

use std::collections::VecDeque;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// Most mails that are kept; after that the oldest goes for each new one.
pub const MAILS_MAX: usize = 500;
/// One row for each mail, in the order in which they were sent.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS mails (number INTEGER PRIMARY KEY AUTOINCREMENT, json TEXT NOT NULL)";

/// A mail as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The id that SES gave it.
    pub id: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The sender: a name and an address.
    pub from: String,
    /// The addresses that it goes to.
    pub to: Vec<String>,
    /// The addresses that answers go to, if not to where it comes from.
    pub reply_to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The configuration set that it was sent with.
    pub configuration_set: Option<String>,
    /// The kind of letter that it is, by its tag.
    pub letter: Option<String>,
    /// The pictures that its HTML shows.
    #[serde(default)]
    pub pictures: Vec<Picture>,
}

/// A picture that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The name by which the HTML shows it.
    pub content_id: String,
    /// The name under which it may be kept.
    pub file_name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes in base64.
    pub content: String,
}

/// The mails that were sent, oldest first.
#[derive(Default)]
pub struct Mailbox {
    mails: VecDeque<Mail>,
    sent: u64,
    file: Option<Connection>,
    most: Option<usize>,
}

impl Mailbox {
    /// The mailbox of an earlier run, which this one continues.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let file = Connection::open(path)?;
        file.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        file.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000")?;
        file.execute_batch(SCHEMA)?;
        let mut statement = file.prepare("SELECT json FROM mails ORDER BY number")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let texts = rows.collect::<Result<Vec<String>, _>>()?;
        drop(statement);
        // One that an earlier version wrote and this one cannot read is left out.
        let mails: VecDeque<Mail> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        Ok(Self { sent: mails.len() as u64, mails, file: Some(file), most: None })
    }

    /// The same which keeps so many mails, for a test that sends more.
    pub fn keep(&mut self, most: usize) {
        self.most = Some(most);
    }

    /// Keeps a mail.
    ///
    /// # Errors
    /// When the file cannot be written; then it is kept until the stack ends.
    pub fn put(&mut self, mail: Mail) -> Result<(), rusqlite::Error> {
        let most = self.most.unwrap_or(MAILS_MAX);
        let json = serde_json::to_string(&mail).unwrap_or_default();
        self.mails.push_back(mail);
        self.sent += 1;
        while self.mails.len() > most {
            self.mails.pop_front();
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let transaction = file.transaction()?;
        transaction.execute("INSERT INTO mails (json) VALUES (?1)", params![json])?;
        let kept = i64::try_from(most).unwrap_or(i64::MAX);
        transaction.execute("DELETE FROM mails WHERE number <= (SELECT max(number) FROM mails) - ?1", params![kept])?;
        transaction.commit()
    }

    /// Forgets all mails.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn clear(&mut self) -> Result<(), rusqlite::Error> {
        self.mails.clear();
        self.file.as_ref().map_or(Ok(()), |file| file.execute("DELETE FROM mails", []).map(drop))
    }

    /// How many mails were sent, also those that are kept no more.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The mails, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Mail> {
        self.mails.iter().rev()
    }

    /// The mail of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Mail> {
        self.mails.iter().find(|mail| mail.id == id)
    }
}
