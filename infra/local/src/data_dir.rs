//! The directory that holds what outlives the process, and the lock that keeps it to one process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// A data directory in use by this process alone. Dropping it, or dying, gives it free.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is not there, open to its owner only, and takes its lock.
    pub(crate) fn claim(path: &Path) -> anyhow::Result<Self> {
        let named = || format!("the data directory {} (CAUSEWAY_DATA_DIR)", path.display());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot make {}", named()))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .with_context(|| format!("cannot write to {}", named()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                bail!("{} is in use by another Causeway: stop that one, or choose another directory", named())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", named())),
        }
    }

    /// The file `name` in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_belongs_to_one_process_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let first = DataDir::claim(&path).unwrap();
        let refusal = DataDir::claim(&path).unwrap_err().to_string();
        assert!(
            refusal.contains("in use by another Causeway") && refusal.contains("CAUSEWAY_DATA_DIR"),
            "{refusal}"
        );
        drop(first);
        DataDir::claim(&path).unwrap();
    }

    #[test]
    fn what_cannot_be_a_directory_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refusal = DataDir::claim(file.path()).unwrap_err().to_string();
        assert!(refusal.contains(&file.path().display().to_string()), "{refusal}");
    }
}
