//! Password hashes: argon2id, as OWASP asks (19 MiB, 2 passes, 1 lane).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use onsale_domain::accounts::account::Password;
use onsale_domain::accounts::guessable::{KOREAN_WORDS, OwnWords, keystrokes};

use crate::app::App;
use crate::failure::Failure;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// Hashes a password with a new salt; PHC format. Takes tens of milliseconds of a core, on a thread of its own.
///
/// # Errors
/// When the hash cannot be computed, for want of memory.
pub async fn hash(app: &App, password: Password) -> Result<String, Failure> {
    let salt = app.ids().bytes();
    off_thread(move || Ok(hash_with(&password, &salt[..16])?.to_string())).await
}

/// Fewest guesses a password must withstand, as a power of ten: fewer are tried online within days.
const GUESSES_LOG10_MIN: f64 = 6.0;

/// Characters that are judged of a password: the time of judging grows faster than they do. What begins with so many
/// characters that are easily guessed is refused however it goes on.
const JUDGED_CHARACTERS_MAX: usize = 24;

/// Whether a password is among the first that anybody would try: made of its owner's name or address, a common word,
/// a pattern. Common words and patterns are judged by zxcvbn, which is also given Korean words as they are typed on
/// two-set keys; a password of Hangul is judged by its keys as well. On a thread of its own.
///
/// # Errors
/// When the judge fails.
pub async fn is_easily_guessed(password: Password, own: OwnWords) -> Result<bool, Failure> {
    off_thread(move || {
        let password = std::str::from_utf8(password.as_bytes()).map_err(|error| error.to_string())?;
        if own.make_up(password) {
            return Ok(true);
        }
        let korean: Vec<String> = KOREAN_WORDS.iter().map(|word| keystrokes(word)).collect();
        let known: Vec<&str> = own.iter().chain(korean.iter().map(String::as_str)).collect();
        let is_weak = |spelling: &str| {
            let judged: String = spelling.chars().take(JUDGED_CHARACTERS_MAX).collect();
            zxcvbn::zxcvbn(&judged, &known).guesses_log10() < GUESSES_LOG10_MIN
        };
        let keys = keystrokes(password);
        Ok(is_weak(password) || keys != password && is_weak(&keys))
    })
    .await
}

/// Whether a hash was made with less than what is asked for today, and should be made anew.
#[must_use]
pub fn is_outdated(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return true };
    let Ok(parameters) = Params::try_from(&hash) else { return true };
    (parameters.m_cost(), parameters.t_cost()) < (MEMORY_KIB, PASSES)
        || parameters.m_cost() < MEMORY_KIB
        || parameters.t_cost() < PASSES
}

/// Whether `password` is the one that was hashed. Without a hash (there is no such user) it costs the same time
/// and says no.
///
/// # Errors
/// When the hash cannot be computed or read.
pub async fn verify(password: Password, hash: Option<String>) -> Result<bool, Failure> {
    off_thread(move || match hash {
        Some(hash) => {
            let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
            match argon2()?.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.to_string()),
            }
        }
        None => hash_with(&password, &[0; 16]).map(|_| false),
    })
    .await
}

fn argon2() -> Result<Argon2<'static>, String> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn hash_with(password: &Password, salt: &[u8]) -> Result<PasswordHash, String> {
    argon2()?.hash_password_with_salt(password.as_bytes(), salt).map_err(|error| error.to_string())
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| error.to_string()).and_then(|result| result).map_err(Failure::Internal)
}
