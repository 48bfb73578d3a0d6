//! What the stories need: a centre behind the real server, people who ask it over HTTP, and the course of a whole
//! batch, stoppable at any step.
//!
//! A story opens a [`Centre`] of its own, in a folder of its own, with a clock it can move. Everything it does, it
//! does over HTTP, as a named person with a role. When the centre is dropped, the server is stopped and the whole
//! record must verify, rebuild and agree with its evidence.

#![allow(clippy::missing_panics_doc, reason = "a story that goes wrong panics; that is how it says so")]

mod asking;
mod authenticator;
mod bedside;
mod browsing;
mod centre;
mod course;
pub mod disk;
pub mod doors;
pub mod engine;
mod forging;
mod founded;
pub mod ledger;
mod planting;
mod program;
pub mod racing;
mod serving;
mod steps;
pub mod tour;

pub use asking::{Answer, Asking, Call, Refused, Sent, Use, api, template_of};
pub use authenticator::Authenticator;
pub use browsing::Browser;
pub use centre::Centre;
pub use course::{Course, Recipe, Step, passing_values};
pub use forging::Forger;
pub use founded::{Member, PASSWORD_OF_SETUP};
pub use planting::{Planting, free_texts};
pub use program::{Ran, baiyo, baiyo_unread, python, workspace};
pub use serving::{Serving, unhurried};
pub use steps::count;
