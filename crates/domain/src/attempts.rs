//! Refused attempts against identity, authority or the gate: kept in a stream per person, so that a stranger's
//! attempt never moves a batch's version. Passwords that were wrong stand in the stream of the person whose account it
//! is, whoever gave them.

use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is recorded of attempts.
    pub enum Event {
        /// A command was refused.
        RefusedAttempt => "refused",
        /// A password was wrong.
        WrongSecret => "wrong_secret",
    }
}

/// A refused command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusedAttempt {
    /// The action.
    pub action: String,
    /// The stream it was aimed at.
    pub stream: String,
    /// The codes of all reasons.
    pub reasons: Vec<String>,
}

/// A wrong password, a wrong code or a wrong PIN was given for this person's account, by himself or by anybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrongSecret {
    /// Where from.
    pub from: TriedFrom,
    /// Whether it was a code of his second factor, after a right password.
    #[serde(default)]
    pub code: bool,
    /// Whether it was a PIN, with his badge at a bench tablet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pin: bool,
}

/// Where a password was tried from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriedFrom {
    /// A browser or program from which this person had not signed in.
    UnknownBrowser,
    /// A browser from which he had.
    KnownBrowser,
    /// A session of his, where he would have signed.
    Session,
    /// A program that acts for him by a token.
    Program,
    /// The command line.
    CommandLine,
}
