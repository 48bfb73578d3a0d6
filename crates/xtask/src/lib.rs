//! What the chores and the stories both need of the machine: packages, and a PostgreSQL server of one's own.

pub mod packages;
pub mod postgres;
