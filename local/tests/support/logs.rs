//! Reads every line that any test makes the product log, down to the level `debug`, and ends the run at the first that
//! holds a secret: a password, a token, an e-mail address or an idempotency key.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What every secret of a test has in it. Access tokens are JWTs, whose header begins so; refresh tokens have a prefix;
/// all addresses are of these domains; all passwords are these or made of them.
const MARKS: [&str; 8] =
    ["eyJ", "rt1.", "@example.com", "@onsale.local", "correct horse", "correct-horse", "wrong horse", "onsale-admin-1"];

const SECRET_BYTES_MIN: usize = 10;

static LINES: AtomicUsize = AtomicUsize::new(0);

/// What no line may hold, by its first bytes: thousands of keys are looked for in one walk through a line.
fn keys() -> &'static Mutex<HashMap<Vec<u8>, HashSet<String>>> {
    static KEYS: OnceLock<Mutex<HashMap<Vec<u8>, HashSet<String>>>> = OnceLock::new();
    KEYS.get_or_init(Mutex::default)
}

/// Starts reading, once per run.
pub fn watch() {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        let filter = EnvFilter::new("debug,dynoxide=error");
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(Reader).init();
    });
}

/// From now on no line may hold this: an idempotency key, password, address or token.
pub fn keep_secret(secret: &str) {
    // A short one is a word of every log; a marked one is found by its mark, and every line is searched for the others.
    if secret.len() < SECRET_BYTES_MIN || MARKS.iter().any(|mark| secret.contains(mark)) {
        return;
    }
    let beginning = secret.as_bytes()[..SECRET_BYTES_MIN].to_vec();
    let mut keys = keys().lock().unwrap_or_else(PoisonError::into_inner);
    keys.entry(beginning).or_default().insert(secret.to_owned());
}

/// How many lines have been read.
pub fn lines_read() -> usize {
    LINES.load(Ordering::SeqCst)
}

/// The secret that a line holds.
pub fn secret_in(line: &str) -> Option<String> {
    let mark = MARKS.into_iter().find(|mark| line.contains(mark)).map(str::to_owned);
    mark.or_else(|| {
        let keys = keys().lock().unwrap_or_else(PoisonError::into_inner);
        let begun = line.as_bytes().windows(SECRET_BYTES_MIN).filter_map(|beginning| keys.get(beginning)).flatten();
        begun.into_iter().find(|key| line.contains(key.as_str())).cloned()
    })
}

struct Reader;

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.fetch_add(1, Ordering::SeqCst);
        let line = String::from_utf8_lossy(bytes);
        if let Some(secret) = secret_in(&line) {
            eprintln!("a log line holds the secret {secret:?}: {line}");
            std::process::abort();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Reader {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
