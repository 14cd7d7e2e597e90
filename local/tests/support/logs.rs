//! Reads every line that any test makes the product log, down to the level `debug`, and ends the run at the first that
//! holds a secret: a password, a token, an e-mail address or an idempotency key.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Marks that the secrets of tests carry. Access tokens are JWTs, whose header begins so; refresh tokens and tickets'
/// codes have a prefix; all addresses are of these domains; all passwords are these or made of them.
const MARKS: [&str; 9] = [
    "eyJ",
    "rt1.",
    "T1.",
    "@example.com",
    "@onsale.local",
    "correct horse",
    "correct-horse",
    "wrong horse",
    "onsale-admin-1",
];

const SECRET_BYTES_MIN: usize = 10;

static LINES: AtomicUsize = AtomicUsize::new(0);

/// What no line may hold, by its first bytes: thousands of keys are looked for in one walk through a line.
#[derive(Default)]
struct Keys {
    by_beginning: HashMap<Vec<u8>, HashSet<String>>,
    /// A bit for each two bytes that a key begins with: most places of a line are passed by without a look at the map.
    begun: Vec<u64>,
}

impl Keys {
    fn keep(&mut self, secret: &str) {
        self.begun.resize(1 << 10, 0);
        let pair = pair(secret.as_bytes());
        self.begun[pair / 64] |= 1 << (pair % 64);
        let beginning = secret.as_bytes()[..SECRET_BYTES_MIN].to_vec();
        self.by_beginning.entry(beginning).or_default().insert(secret.to_owned());
    }

    fn found_in(&self, line: &str) -> Option<String> {
        let bytes = line.as_bytes();
        if self.begun.is_empty() || bytes.len() < SECRET_BYTES_MIN {
            return None;
        }
        let mut place = 0;
        // A loop by hand: this is the hottest of the whole suite, and tests are built without optimisation.
        while place + SECRET_BYTES_MIN <= bytes.len() {
            let pair = (bytes[place] as usize) << 8 | bytes[place + 1] as usize;
            if self.begun[pair / 64] >> (pair % 64) & 1 == 1
                && let Some(keys) = self.by_beginning.get(&bytes[place..place + SECRET_BYTES_MIN])
                && let Some(key) = keys.iter().find(|key| line.contains(key.as_str()))
            {
                return Some(key.clone());
            }
            place += 1;
        }
        None
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn keys() -> &'static Mutex<Keys> {
    static KEYS: OnceLock<Mutex<Keys>> = OnceLock::new();
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

/// Until the guard is dropped, this thread reads from the level `info` on: for tests that make the same calls hundreds
/// of times, most of whose time goes into lines of the SDK that others have read.
pub fn briefly() -> tracing::subscriber::DefaultGuard {
    watch();
    let filter = EnvFilter::new("info,dynoxide=error");
    tracing::subscriber::set_default(
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(Reader).finish(),
    )
}

/// From now on no line may hold this: an idempotency key, password, address or token.
pub fn keep_secret(secret: &str) {
    // A short one is a word of every log; a marked one is found by its mark, and every line is searched for the others.
    if secret.len() < SECRET_BYTES_MIN || MARKS.iter().any(|mark| secret.contains(mark)) {
        return;
    }
    keys().lock().unwrap_or_else(PoisonError::into_inner).keep(secret);
}

/// How many lines have been read.
pub fn lines_read() -> usize {
    LINES.load(Ordering::SeqCst)
}

/// The secret that a line holds.
pub fn secret_in(line: &str) -> Option<String> {
    let mark = MARKS.into_iter().find(|mark| line.contains(mark)).map(str::to_owned);
    mark.or_else(|| keys().lock().unwrap_or_else(PoisonError::into_inner).found_in(line))
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
