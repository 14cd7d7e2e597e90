//! The database file under the table's engine.
//!
//! The engine keeps stream records for ever, and looks through all of them at every write to find the next
//! sequence number. So the file gets an index for that question, and records older than a day are removed, as
//! `DynamoDB` does.

use std::path::Path;
use std::time::Duration;

use dynoxide::Database;
use rusqlite::Connection;

use crate::aws::engine::EngineError;

/// How long a stream keeps its records, as on AWS.
const STREAM_KEPT_SECONDS: u32 = 24 * 60 * 60;
/// Records removed in one go; the engine waits for a go to end.
const TRIM_BATCH: u32 = 1_000;
/// How long to wait for the engine to be done with its own write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What SQLite takes for a file of its own, which it removes as it opens it. https://www.sqlite.org/inmemorydb.html
const UNNAMED: &str = "";

/// Opens the database file at `path`, new or from an earlier run.
///
/// # Errors
/// When it cannot be read or written.
pub fn open_file(path: &Path) -> Result<Database, EngineError> {
    let name = path.to_string_lossy();
    // The engine makes its tables; only then can they get an index.
    drop(Database::new(&name)?);
    let connection = connect(path)?;
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS onsale_stream_order
            ON _stream_records (table_name, CAST(sequence_number AS INTEGER));",
    )?;
    drop(connection);
    trim(path)?;
    Ok(Database::new(&name)?)
}

/// Opens a database that ends with the process: a file without a name, which SQLite neither logs nor flushes. One in
/// memory would be slower by the pages that SQLite looks through after each rebalance, and larger by its free ones. It
/// starts as a copy of an empty file, to have the same index.
///
/// # Errors
/// When no temporary file can be written.
pub fn open_unnamed() -> Result<Database, EngineError> {
    let directory = tempfile::tempdir()?;
    let empty = directory.path().join("empty.sqlite");
    drop(open_file(&empty)?);
    let database = Database::new(UNNAMED)?;
    database.restore_from(&empty.to_string_lossy())?;
    Ok(database)
}

/// Removes the stream records that `DynamoDB` would have removed. May run while the engine works.
///
/// # Errors
/// When the file cannot be written.
pub fn trim(path: &Path) -> Result<usize, EngineError> {
    let connection = connect(path)?;
    let mut removed = 0;
    loop {
        let batch = connection.execute(
            "DELETE FROM _stream_records WHERE id IN
                (SELECT id FROM _stream_records WHERE created_at < unixepoch() - ?1 ORDER BY id LIMIT ?2)",
            (STREAM_KEPT_SECONDS, TRIM_BATCH),
        )?;
        removed += batch;
        if batch == 0 {
            return Ok(removed);
        }
    }
}

fn connect(path: &Path) -> Result<Connection, EngineError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query_plan(connection: &Connection, query: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    /// The two questions the engine asks of its stream records, word for word.
    #[test]
    fn the_engine_finds_its_stream_records_by_the_index() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.sqlite");
        drop(open_file(&path).unwrap());
        let connection = connect(&path).unwrap();
        for query in [
            "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'T'",
            "SELECT event_name FROM _stream_records WHERE table_name = 'T' AND shard_id = 's' \
             AND CAST(sequence_number AS INTEGER) > 5 ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 9",
        ] {
            let plan = query_plan(&connection, query);
            assert!(plan.contains("onsale_stream_order") && !plan.contains("TEMP B-TREE"), "{plan}");
        }
    }

    #[test]
    fn records_older_than_a_day_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("table.sqlite");
        drop(open_file(&path).unwrap());
        let connection = connect(&path).unwrap();
        for age_seconds in [0, 86_300, 86_500, 200_000] {
            connection
                .execute(
                    "INSERT INTO _stream_records
                        (table_name, event_name, keys_json, sequence_number, shard_id, created_at)
                        VALUES ('T', 'INSERT', '{}', ?1, 's', unixepoch() - ?1)",
                    [age_seconds],
                )
                .unwrap();
        }
        assert_eq!(trim(&path).unwrap(), 2);
    }
}
