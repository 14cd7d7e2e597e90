//! The state of the stream and the queues in the data directory; messages are otherwise in memory only.
//!
//! The checkpoint is a low-water mark: every message of a record up to it was consumed, or lies in a queue that
//! nobody reads and is kept here. After a restart the stream is read again behind the mark; consumers take an
//! event once, so reading one again does no harm.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aws::engine::ParkedMessage;
use crate::data_directory::private_file;

/// The two files.
#[derive(Debug)]
pub struct Checkpoint {
    directory: PathBuf,
    mark: Mark,
    messages: Vec<ParkedMessage>,
}

/// The last sequence number that is done with; none before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    sequence_number: Option<String>,
}

impl Checkpoint {
    /// Reads what an earlier run left in `directory`.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let directory = directory.to_owned();
        let mark = read_json(&directory.join(MARK))?;
        let messages = read_json(&directory.join(LETTERS))?;
        Ok(Self { directory, mark, messages })
    }

    /// The sequence number behind which the stream is read.
    #[must_use]
    pub fn sequence_number(&self) -> Option<&str> {
        self.mark.sequence_number.as_deref()
    }

    /// The messages of queues that nobody reads.
    #[must_use]
    pub fn parked_messages(&self) -> &[ParkedMessage] {
        &self.messages
    }

    /// Saves `messages`, then moves the mark to `sequence_number` if there is one. In this order: a mark may not
    /// say that a message is kept which is not.
    ///
    /// # Errors
    /// When a file cannot be written; what was there stays.
    pub fn save(&mut self, messages: Vec<ParkedMessage>, sequence_number: Option<String>) -> io::Result<()> {
        if messages != self.messages {
            private_file::replace(&self.directory.join(LETTERS), &serde_json::to_vec(&messages)?)?;
            self.messages = messages;
        }
        let mark = Mark { sequence_number };
        if mark.sequence_number.is_some() && mark != self.mark {
            private_file::replace(&self.directory.join(MARK), &serde_json::to_vec(&mark)?)?;
            self.mark = mark;
        }
        Ok(())
    }
}

const MARK: &str = "checkpoint.json";
const LETTERS: &str = "dead-letters.json";

fn read_json<T: DeserializeOwned + Default>(path: &Path) -> io::Result<T> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_there_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let mut checkpoint = Checkpoint::open(directory.path()).unwrap();
        assert_eq!((checkpoint.sequence_number(), checkpoint.parked_messages()), (None, &[][..]));
        let letter = ParkedMessage { queue: "dead".into(), body: "{}".into() };
        checkpoint.save(vec![letter.clone()], Some("7".into())).unwrap();
        checkpoint.save(vec![letter.clone()], None).unwrap();
        let again = Checkpoint::open(directory.path()).unwrap();
        assert_eq!((again.sequence_number(), again.parked_messages()), (Some("7"), &[letter][..]));
    }
}
