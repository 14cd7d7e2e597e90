//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Permissions of a private file.
pub(crate) const FILE_MODE: u32 = 0o600;

/// Writes a file that only its owner may read, beside it first: a reader finds the old one or the new one, and never
/// half of one.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

/// Makes an empty file that only its owner may read, or empties the one that is there.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)
}

/// Takes permissions away that are not among `mode`.
pub(crate) fn keep_to_owner(path: &Path, mode: u32) -> io::Result<()> {
    let there = fs::symlink_metadata(path)?.permissions().mode() & 0o777;
    if there & !mode == 0 { Ok(()) } else { fs::set_permissions(path, Permissions::from_mode(there & mode)) }
}
