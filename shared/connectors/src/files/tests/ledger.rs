//! A ledger in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::DataType;
use domain::stored_file::StoredFile;
use transport::ErpError;

use crate::Ledger;

/// What is noted, by data type, size and content.
#[derive(Debug, Default)]
pub(super) struct Noted {
    files: Mutex<BTreeMap<(DataType, u64, String), StoredFile>>,
    looked_up: Mutex<u32>,
}

impl Noted {
    pub(super) fn files(&self) -> Vec<StoredFile> {
        self.files.lock().unwrap().values().cloned().collect()
    }

    /// How often a content was looked up, for which a file had to be summed up.
    pub(super) fn looked_up(&self) -> u32 {
        *self.looked_up.lock().unwrap()
    }
}

#[async_trait]
impl Ledger for Noted {
    async fn has_size(&self, data_type: DataType, size: u64) -> Result<bool, ErpError> {
        Ok(self.files.lock().unwrap().keys().any(|key| (key.0, key.1) == (data_type, size)))
    }

    async fn find(
        &self,
        data_type: DataType,
        size: u64,
        sha256: &str,
    ) -> Result<Option<StoredFile>, ErpError> {
        *self.looked_up.lock().unwrap() += 1;
        Ok(self.files.lock().unwrap().get(&(data_type, size, sha256.to_owned())).cloned())
    }

    async fn note(&self, data_type: DataType, file: &StoredFile) -> Result<(), ErpError> {
        let key = (data_type, file.size, file.sha256.clone());
        self.files.lock().unwrap().insert(key, file.clone());
        Ok(())
    }
}
