//! The journal, the evidence, the read models and the accounts in a database. One write path, [`Store::execute`];
//! SQLite today, with types and SQL that a second engine can share.

pub mod accounts;
pub mod clock;
pub mod evidence;
pub mod execute;
pub mod extract;
pub mod founding;
pub mod journal;
pub mod keystore;
pub mod reading;
pub mod rebuild;
pub mod schema;
pub mod sealing;
pub mod sql_types;
pub mod store;
pub mod verify;
pub mod writer;

pub use execute::{Answer, ExecuteError, PersonalRow, Request};
pub use store::{Store, StoreError};

/// A connection to the embedded database.
pub type Conn = diesel::SqliteConnection;
