//! What stories in a browser need: a browser, people who sit at a device in front of it, and the table of screens.
//!
//! A story opens a `stories::Centre`, starts a [`Browser`], and lets people sign in through the real page. What they
//! do is counted, and whatever goes wrong on a page unnoticed (an error in the console, a breach of the content
//! policy, a request that failed or went to another host) fails the story when the person leaves.

#![allow(clippy::missing_panics_doc, reason = "a story that goes wrong panics; that is how it says so")]

mod browser;
mod device;
mod person;
mod place;
mod screens;

pub use baiyo::words::{Language, Ui};
pub use browser::Browser;
pub use device::{Device, Scripts, Theme};
pub use person::{Breach, Extent, Looked, Open, Person, Target, Weight};
pub use place::{Demonstration, Place, by_person};
pub use screens::{SCREENS, Screen, Who};
