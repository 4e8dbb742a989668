//! Records to try the store with, and a folder for it.

pub(super) use frontdesk_store::contract::conversation::{ann, at, begin, end, key};
use frontdesk_store::{Result, StoreError};

pub(super) fn folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| StoreError::Failed {
        detail: error.to_string(),
    })
}
