//! The file that survives a restart: one table of JSON objects.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::third_parties::payment_provider::kept::Change;

/// One row for each object. The number is that of its id.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (kind, number)
) WITHOUT ROWID";

/// An open file.
pub(crate) struct Storage {
    connection: Connection,
}

impl Storage {
    /// Opens a file, or creates it.
    pub fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        let connection = Connection::open(path)?;
        // A commit survives the end of this process, however it ends. Only a loss of power may take the last ones.
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// Gives each row to `take`.
    pub fn read<E: From<rusqlite::Error>>(&self, mut take: impl FnMut(&str, &str) -> Result<(), E>) -> Result<(), E> {
        let mut statement = self.connection.prepare("SELECT kind, json FROM objects ORDER BY kind, number")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, json): (String, String) = (row.get(0)?, row.get(1)?);
            take(&kind, &json)?;
        }
        Ok(())
    }

    /// Writes what has changed, all of it or nothing.
    pub fn save(&mut self, changes: &[Change]) -> Result<(), rusqlite::Error> {
        let transaction = self.connection.transaction()?;
        for Change { kind, number, json } in changes {
            // SQLite has no unsigned numbers; a counter never gets there.
            let number = i64::try_from(*number).unwrap_or(i64::MAX);
            match json {
                Some(json) => transaction
                    .prepare_cached("INSERT OR REPLACE INTO objects (kind, number, json) VALUES (?1, ?2, ?3)")?
                    .execute(params![kind, number, json])?,
                None => transaction
                    .prepare_cached("DELETE FROM objects WHERE kind = ?1 AND number = ?2")?
                    .execute(params![kind, number])?,
            };
        }
        transaction.commit()
    }
}
