//! What a batch is, what may happen to it, and why not. Pure: no I/O, no clock, no randomness, no async.
//!
//! The way of a command: [`world::needs`] says which streams it must know, [`world::World::load`] folds them,
//! [`decision::decide`] returns the entries to append or every reason why not.

pub mod attempts;
pub mod authority;
pub mod batch;
pub mod blob;
pub mod decision;
pub mod event;
pub mod forecast;
pub mod ids;
pub mod journal;
pub mod numbers;
pub mod order;
pub mod people;
pub mod quality_event;
pub mod quantity;
pub mod refusal;
pub mod site;
pub mod standard;
pub mod text;
pub mod time;
pub mod variants;
pub mod world;
