//! A key kept in a file that only its owner may read, made on first start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::SecretsError;

/// Reads the key in `path`; where there is none yet, keeps there what `make` returns. Two processes that start at once
/// end up with the same key, and a crash leaves either a whole key or none.
///
/// # Errors
/// When the file cannot be read or made, when others may read it, or when `make` fails.
pub fn load_or_make(
    path: &Path,
    make: impl FnOnce() -> Result<Vec<u8>, SecretsError>,
) -> Result<Vec<u8>, SecretsError> {
    let at_fault = |error: io::Error| failed(path, error.to_string());
    if !path.try_exists().map_err(at_fault)? {
        place(path, &make()?).map_err(at_fault)?;
    }
    let mode = fs::metadata(path).map_err(at_fault)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(failed(
            path,
            format!("others may read it (mode {:o}): run chmod 600 on it", mode & 0o777),
        ));
    }
    fs::read(path).map_err(at_fault)
}

/// The error for a key file that is no good.
#[must_use]
pub fn failed(path: &Path, reason: impl Into<String>) -> SecretsError {
    SecretsError::KeyFile { path: path.to_owned(), reason: reason.into() }
}

/// Writes beside `path`, then links into place: a link, unlike a rename, never replaces a key another process made.
fn place(path: &Path, key: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let written = write_synced(&draft, key).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    fs::remove_file(&draft)?;
    written?;
    match path.parent() {
        Some(directory) if directory != Path::new("") => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn write_synced(draft: &Path, key: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
    file.write_all(key)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.key");
        let first = load_or_make(&path, || Ok(vec![1; 32])).unwrap();
        let second = load_or_make(&path, || panic!("there is a key already")).unwrap();
        assert_eq!(first, second);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_key_that_another_process_made_first_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.key");
        let key = load_or_make(&path, || {
            place(&path, b"theirs").unwrap();
            Ok(b"ours".to_vec())
        });
        assert_eq!(key.unwrap(), b"theirs");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.key");
        fs::write(&path, [1; 32]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = load_or_make(&path, || Ok(vec![])).unwrap_err().to_string();
        assert!(
            error.contains("secret.key") && error.contains("644") && error.contains("chmod 600"),
            "{error}"
        );
    }
}
