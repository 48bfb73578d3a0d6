//! Formats of the outside world: how records leave Baiyo so that others can read and check them. Pure: no I/O but
//! the writer that is handed in, no clock, no database.

pub mod csv;
pub mod export;
