//! The data directory, which exists even when the data is memory: a signing key is a file.
//!
//! Its files are for its owner alone, for it has keys, password hashes and everybody's purchases.

pub(crate) mod private_file;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use onsale_platform::ids::Ids;
use tempfile::TempDir;

use crate::aws::event_sources::checkpoint::Checkpoint;
use crate::aws::lambda::sandbox::SecretFile;
use crate::data_directory::private_file::{FILE_MODE, create, keep_to_owner, replace};
use crate::third_parties::payment_provider::Settings;

/// The file of the secret that events are signed with: 64 characters, which are base64 of 48 bytes.
const EVENTS_SECRET_FILE: &str = "data-platform-secret";
/// The file of the payment provider's secret key.
const CARD_KEY_FILE: &str = "card-key";
/// The file of the secrets by which the payment provider signs what it reports.
const CARD_REPORT_SECRETS_FILE: &str = "card-report-secrets";
/// The file of the secret by which mailed links are signed.
const LINK_KEY_FILE: &str = "link-key";
/// The file of the secret from which tickets' codes are signed.
const TICKET_KEY_FILE: &str = "ticket-key";
/// The file of the mails that were sent.
const MAILBOX_FILE: &str = "mailbox.sqlite";
/// The file of the local stack's payment provider.
const PAYMENT_PROVIDER_FILE: &str = "payment-provider.sqlite";
/// The database; `SQLite` makes its other files beside it, with the same permissions.
const TABLE_FILE: &str = "table.sqlite";
/// The file by whose lock a running stack has the directory to itself.
const LOCK_FILE: &str = "lock";
/// Permissions of the directory: its owner's only.
const DIRECTORY_MODE: u32 = 0o700;
/// The beginnings of the names of our files. A directory with anything else in it is not the stack's alone.
const OURS: [&str; 14] = [
    TABLE_FILE,
    LOCK_FILE,
    EVENTS_SECRET_FILE,
    "signing-key",
    "checkpoint.",
    "dead-letters.",
    "demo.",
    "dynamodb-address",
    CARD_KEY_FILE,
    CARD_REPORT_SECRETS_FILE,
    PAYMENT_PROVIDER_FILE,
    MAILBOX_FILE,
    LINK_KEY_FILE,
    TICKET_KEY_FILE,
];

/// The payment provider's key for browsers.
pub(crate) const PUBLISHABLE_KEY: &str = "pk_local";

/// Where the data lives.
#[derive(Clone, Debug)]
pub enum Data {
    /// In this directory, which is made if it is not there; it survives restarts.
    Directory(PathBuf),
    /// Nowhere: gone with the stack.
    Memory,
}

/// The data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It cannot be read or written.
    #[error("data directory {0}: {1}")]
    Unusable(PathBuf, io::Error),
    /// Another stack uses it.
    #[error("data directory {0} is in use by another running stack")]
    InUse(PathBuf),
}

/// The directory, held as long as the stack lives.
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: Option<File>,
    temporary: Option<TempDir>,
}

impl DataDirectory {
    /// Makes the directory, or takes the one of an earlier run, and lets nobody else read it from then on.
    ///
    /// # Errors
    /// When it cannot be used, or another stack uses it.
    pub(crate) fn open(data: &Data) -> Result<Self, DirectoryError> {
        let Data::Directory(path) = data else {
            let directory = tempfile::tempdir().map_err(|problem| DirectoryError::Unusable("/tmp".into(), problem))?;
            return Ok(Self { path: directory.path().to_owned(), _lock: None, temporary: Some(directory) });
        };
        let failed = |problem| DirectoryError::Unusable(path.clone(), problem);
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path).map_err(failed)?;
        let lock = create(&path.join(LOCK_FILE)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DirectoryError::InUse(path.clone())),
            Err(TryLockError::Error(problem)) => return Err(failed(problem)),
        }
        restrict_permissions(path).map_err(failed)?;
        Ok(Self { path: path.clone(), _lock: Some(lock), temporary: None })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database's file, which is there; none if the data is memory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn table(&self) -> Result<Option<PathBuf>, DirectoryError> {
        if self.temporary.is_some() {
            return Ok(None);
        }
        let path = self.path.join(TABLE_FILE);
        self.make_empty(&path)?;
        Ok(Some(path))
    }

    /// An empty file is an empty database: so it is there with its permissions before anything is in it.
    fn make_empty(&self, path: &Path) -> Result<(), DirectoryError> {
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).mode(FILE_MODE).open(path);
        file.map(drop).map_err(|problem| self.directory_error(problem))
    }

    /// The checkpoint that an earlier run left of the stream and the queues.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub(crate) fn checkpoint(&self) -> Result<Checkpoint, DirectoryError> {
        Checkpoint::open(&self.path).map_err(|problem| self.directory_error(problem))
    }

    /// The file of the secret that events are signed with.
    pub(crate) fn events_secret(&self) -> PathBuf {
        self.path.join(EVENTS_SECRET_FILE)
    }

    /// The keys of the payment provider that this stack has, and where it keeps what it knows.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(crate) fn payment_provider(&self) -> Result<(Settings, PathBuf), DirectoryError> {
        let read = |name: &str| {
            let path = self.secret_file(name, &Ids::Random)?;
            fs::read_to_string(path).map_err(|problem| self.directory_error(problem))
        };
        let settings = Settings {
            prefix: "local".to_owned(),
            secret_key: read(CARD_KEY_FILE)?,
            publishable_key: PUBLISHABLE_KEY.to_owned(),
            signing_secrets: read(CARD_REPORT_SECRETS_FILE)?.split_whitespace().map(str::to_owned).collect(),
        };
        let path = self.path.join(PAYMENT_PROVIDER_FILE);
        self.make_empty(&path)?;
        Ok((settings, path))
    }

    /// The file of the mails that were sent, which is there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn mailbox(&self) -> Result<PathBuf, DirectoryError> {
        let path = self.path.join(MAILBOX_FILE);
        self.make_empty(&path)?;
        Ok(path)
    }

    /// The files of secrets. Made on the first start.
    ///
    /// # Errors
    /// When one cannot be written.
    pub(crate) fn secrets(&self, ids: &Ids) -> Result<Vec<SecretFile>, DirectoryError> {
        Ok(vec![
            ("SIGNING_KEY_SECRET", "SIGNING_KEY_FILE", self.secret_file("signing-key", ids)?),
            ("DATA_PLATFORM_SECRET", "DATA_PLATFORM_SECRET_FILE", self.secret_file(EVENTS_SECRET_FILE, &Ids::Random)?),
            ("LINK_KEY_SECRET", "LINK_KEY_FILE", self.secret_file(LINK_KEY_FILE, &Ids::Random)?),
            ("TICKET_KEY_SECRET", "TICKET_KEY_FILE", self.secret_file(TICKET_KEY_FILE, ids)?),
            ("CARD_KEY_SECRET", "CARD_KEY_FILE", self.secret_file(CARD_KEY_FILE, &Ids::Random)?),
            (
                "CARD_REPORT_SECRETS_SECRET",
                "CARD_REPORT_SECRETS_FILE",
                self.secret_file(CARD_REPORT_SECRETS_FILE, &Ids::Random)?,
            ),
        ])
    }

    fn secret_file(&self, name: &str, ids: &Ids) -> Result<PathBuf, DirectoryError> {
        let path = self.path.join(name);
        if !path.exists() {
            let secret: String = ids.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            replace(&path, secret.as_bytes()).map_err(|problem| self.directory_error(problem))?;
        }
        Ok(path)
    }

    pub(crate) fn directory_error(&self, problem: io::Error) -> DirectoryError {
        DirectoryError::Unusable(self.path.clone(), problem)
    }
}

/// Takes permissions away that an earlier version, or whoever made the directory, left to others. A directory with
/// other files in it keeps its own permissions: it may be a home, or /tmp.
fn restrict_permissions(path: &Path) -> io::Result<()> {
    let mut is_ours = true;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if OURS.iter().any(|name| entry.file_name().to_string_lossy().starts_with(name)) {
            keep_to_owner(&entry.path(), FILE_MODE)?;
        } else {
            is_ours = false;
        }
    }
    if is_ours {
        match keep_to_owner(path, DIRECTORY_MODE) {
            // A volume may belong to somebody else; its files are ours.
            Err(problem) if problem.kind() == io::ErrorKind::PermissionDenied => {
                tracing::warn!(directory = %path.display(), "other users can list the files of the data directory");
            }
            other => other?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_directory_with_other_files_keeps_its_permissions_and_ours_are_closed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        for (name, of) in [("table.sqlite-wal", 0o644), ("letter.txt", 0o644)] {
            fs::write(path.join(name), "").unwrap();
            fs::set_permissions(path.join(name), Permissions::from_mode(of)).unwrap();
        }
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        drop(DataDirectory::open(&Data::Directory(path.to_owned())).unwrap());
        assert_eq!((mode(path), mode(&path.join("letter.txt"))), (0o755, 0o644));
        assert_eq!((mode(&path.join("table.sqlite-wal")), mode(&path.join(LOCK_FILE))), (0o600, 0o600));
    }
}
