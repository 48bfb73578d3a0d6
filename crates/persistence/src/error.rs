//! What can be wrong with a centre's records, in sentences for whoever runs them.

use crate::keystore::KeyStoreError;
use crate::remembered::Unread;

/// Why a store cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's address names an engine that there is not.
    #[error(
        "DATABASE_URL: {0} names no engine that Baiyo knows: leave it out for the embedded database in the data folder, \
         or write postgres://…"
    )]
    Engine(String),
    /// The database's address cannot be used.
    #[error("{0}")]
    Address(String),
    /// The folder cannot be used.
    #[error("the data folder {folder}: {reason}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        reason: String,
    },
    /// Another process has the folder.
    #[error("the data folder {0} is in use by another baiyo; stop it first")]
    InUse(String),
    /// The database.
    #[error("the database: {0}")]
    Database(String),
    /// The database was lost before it said whether something was kept.
    #[error("the database was lost before it said whether this was kept: {0}")]
    Unknown(String),
    /// A database of another form.
    #[error(
        "the database was made by a version from before the first release, and its form was changed since: it cannot be \
         taken over; begin in an empty place"
    )]
    Unreleased,
    /// A database that a newer version migrated.
    #[error(
        "the database was migrated by a newer version of Baiyo: this one ({program}) does not know its step {step}; run the \
         newer version, or restore a backup from before it"
    )]
    Newer {
        /// This program's version.
        program: &'static str,
        /// The newest step that it does not know.
        step: String,
    },
    /// Whoever watched long work stopped it.
    #[error("stopped before it was done: everything is as it was")]
    Stopped,
    /// The key store.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// Stored data that cannot have come about.
    #[error("the journal: {0}")]
    Impossible(#[from] baiyo_domain::refusal::Impossible),
}

impl From<Unread> for StoreError {
    fn from(error: Unread) -> Self {
        match error {
            Unread::Database(error) => error.into(),
            Unread::Impossible(why) => why.into(),
        }
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.to_string())
    }
}
