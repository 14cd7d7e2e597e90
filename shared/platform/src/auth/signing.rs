//! The private half: where the secret lies that tokens are signed from, and how it is replaced.
//!
//! **Only functions whose settings name a source can read it**, and what they read never leaves this file but as a
//! signature. Verifiers know public halves from the table.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;

use crate::app::App;
use crate::auth::signing_key::SigningKey;
use crate::config::SecretSource;
use crate::failure::Failure;
use crate::store::accounts::verifying_keys;

/// How long a process signs with a key before it looks whether there is a newer one.
const SIGNING_KEY_FOR: SignedDuration = SignedDuration::from_mins(60);
/// How long a key verifies after the rotation that made it the last but one: far longer than any process signs with
/// what it has read, and than any token lives.
const RETIRED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The signing key in force. Its public half is in the table before it is first used.
pub(crate) async fn signing_key(app: &App) -> Result<Arc<SigningKey>, Failure> {
    let now = app.now();
    if let Some(known) = app.signing_key().get(now, SIGNING_KEY_FOR) {
        return Ok(known);
    }
    let secret = source(app)?.current(app).await?;
    let key = Arc::new(SigningKey::new(&secret)?);
    verifying_keys::publish(app, &key.verifying_key()).await?;
    app.signing_key().put(Arc::clone(&key), now);
    Ok(key)
}

/// A step of a rotation, by Secrets Manager's names. Each may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the next secret.
    Create,
    /// Publish its public half.
    Set,
    /// Make sure that what it signs can be verified.
    Test,
    /// Sign with it from now on.
    Finish,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Create, Self::Set, Self::Test, Self::Finish];

    /// The step of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "createSecret" => Some(Self::Create),
            "setSecret" => Some(Self::Set),
            "testSecret" => Some(Self::Test),
            "finishSecret" => Some(Self::Finish),
            _ => None,
        }
    }
}

/// Takes one step of the rotation `id` (a UUID). Verifiers can know the next key from the second step on; it signs
/// from the fourth.
///
/// # Errors
/// When the secret or the table cannot be read or written, or the new key does not verify.
pub async fn rotate(app: &App, step: Step, id: &str) -> Result<(), Failure> {
    let source = source(app)?;
    let pending = source.read(app, Stage::Pending(id)).await?;
    match (step, pending) {
        (Step::Create, None) if verifying_keys::list(app).await?.len() >= verifying_keys::KEYS_MAX => {
            Err(internal("too many keys verify already; wait a day for old ones to end"))
        }
        (Step::Create, None) => {
            let secret: String = app.ids().bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            source.put_pending(app, id, &secret).await
        }
        (Step::Create, Some(_)) => Ok(()),
        (_, None) => Err(internal("this rotation has no secret")),
        (Step::Set, Some(secret)) => verifying_keys::publish(app, &SigningKey::new(&secret)?.verifying_key()).await,
        (Step::Test, Some(secret)) => test_key(app, &SigningKey::new(&secret)?).await,
        (Step::Finish, Some(secret)) => {
            let next = SigningKey::new(&secret)?.kid;
            let last = source.read(app, Stage::Current).await?.map(|secret| SigningKey::new(&secret)).transpose()?;
            source.promote(app, id).await?;
            app.signing_key().forget();
            let end = (app.now() + RETIRED_AFTER).as_second();
            let last = last.map(|last| last.kid).filter(|last| *last != next);
            // Repeated after its success the last key is not known any more; then none is retired twice.
            let Some(last) = last else { return Ok(()) };
            for key in verifying_keys::list(app).await?.into_iter().filter(|key| key.kid != next && key.kid != last) {
                verifying_keys::retire(app, &key.kid, end).await?;
            }
            Ok(())
        }
    }
}

async fn test_key(app: &App, next: &SigningKey) -> Result<(), Failure> {
    let published = verifying_keys::list(app).await?.into_iter().find(|key| key.kid == next.kid);
    let public = published.and_then(|key| URL_SAFE_NO_PAD.decode(key.public).ok());
    let public = public.ok_or_else(|| internal("the new key is not published"))?;
    let message = app.ids().bytes();
    UnparsedPublicKey::new(&ED25519, public)
        .verify(&message, next.sign(&message).as_ref())
        .map_err(|_| internal("the new key does not verify"))
}

/// The stages of Secrets Manager for the version in force and the one that a rotation has made.
const LIVE_STAGES: [&str; 2] = ["AWSCURRENT", "AWSPENDING"];

/// A version of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage<'a> {
    /// The one to sign with.
    Current,
    /// The one that a rotation has made, or has already made the current one.
    Pending(&'a str),
}

impl SecretSource {
    /// The secret in force.
    pub(crate) async fn current(&self, app: &App) -> Result<String, Failure> {
        self.read(app, Stage::Current).await?.ok_or_else(|| internal("there is no secret"))
    }

    async fn read(&self, app: &App, stage: Stage<'_>) -> Result<Option<String>, Failure> {
        match self {
            Self::File(path) => match stage {
                Stage::Current => read_file(path),
                Stage::Pending(id) => match read_file(&path.with_extension(id))? {
                    Some(pending) => Ok(Some(pending)),
                    None if read_file(&path.with_extension("rotation"))?.as_deref() == Some(id) => read_file(path),
                    None => Ok(None),
                },
            },
            Self::Secret(arn) => {
                let secrets = app.secrets().ok_or_else(|| internal("no client"))?;
                let request = secrets.get_secret_value().secret_id(arn);
                let request = match stage {
                    Stage::Current => request.version_stage("AWSCURRENT"),
                    Stage::Pending(id) => request.version_id(id),
                };
                match request.send().await {
                    // A version that is neither is of a rotation that was given up, or that others have followed.
                    Ok(answer)
                        if !answer.version_stages().iter().any(|stage| LIVE_STAGES.contains(&stage.as_str())) =>
                    {
                        Ok(None)
                    }
                    Ok(answer) => Ok(answer.secret_string),
                    Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
                    Err(error) => Err(internal(error)),
                }
            }
        }
    }

    /// Stores a new secret beside the current one.
    async fn put_pending(&self, app: &App, id: &str, secret: &str) -> Result<(), Failure> {
        match self {
            Self::File(path) => {
                // Only its owner may read it, from the first byte on.
                let mut options = std::fs::OpenOptions::new();
                let beside = path.with_extension("new");
                let file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside);
                file.and_then(|mut file| file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()))
                    .and_then(|()| std::fs::rename(&beside, path.with_extension(id)))
                    .map_err(internal)
            }
            Self::Secret(arn) => {
                let secrets = app.secrets().ok_or_else(|| internal("no client"))?;
                let request = secrets.put_secret_value().secret_id(arn).client_request_token(id);
                let request = request.secret_string(secret).version_stages("AWSPENDING");
                request.send().await.map(|_| ()).map_err(internal)
            }
        }
    }

    /// Makes the pending secret the current one.
    async fn promote(&self, app: &App, id: &str) -> Result<(), Failure> {
        match self {
            Self::File(path) => {
                if path.with_extension(id).exists() {
                    std::fs::write(path.with_extension("rotation"), id).map_err(internal)?;
                    std::fs::rename(path.with_extension(id), path).map_err(internal)?;
                }
                Ok(())
            }
            Self::Secret(arn) => {
                let secrets = app.secrets().ok_or_else(|| internal("no client"))?;
                let current = secrets.get_secret_value().secret_id(arn).version_stage("AWSCURRENT").send().await;
                let current = current.map_err(internal)?.version_id;
                if current.as_deref() == Some(id) {
                    return Ok(());
                }
                let request = secrets.update_secret_version_stage().secret_id(arn).version_stage("AWSCURRENT");
                let request = request.move_to_version_id(id).set_remove_from_version_id(current);
                request.send().await.map(|_| ()).map_err(internal)
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(internal(error)),
    }
}

fn source(app: &App) -> Result<&SecretSource, Failure> {
    app.config().signing_key.as_ref().ok_or_else(|| internal("this function may not sign"))
}

fn internal(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("secret: {problem}"))
}
