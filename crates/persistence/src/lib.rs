//! The journal, the evidence, the read models and the accounts in a database: an embedded SQLite file, or PostgreSQL.
//! One write path, [`Store::execute`], and each query written once.

pub mod access;
pub mod accounts;
pub mod blobs;
pub mod clock;
pub mod copy;
pub mod disclosure;
pub mod engine;
mod erasing;
pub mod error;
pub mod evidence;
pub mod execute;
pub mod experience;
pub mod extract;
pub mod founding;
pub mod happenings;
pub mod hints;
pub mod journal;
mod keyset;
pub mod keystore;
pub mod pool;
pub mod progress;
pub mod queue;
pub mod reading;
pub mod rebuild;
mod remembered;
pub mod schema;
pub mod sealing;
pub mod sql_types;
pub mod store;
pub mod verify;
pub mod writer;

pub use engine::Conn;
pub use error::StoreError;
pub use execute::{Answer, ExecuteError, PersonalRow, Request};
pub use store::Store;
