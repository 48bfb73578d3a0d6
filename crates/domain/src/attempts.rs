//! Refused attempts against identity, authority or the gate: kept in a stream per person, so that a stranger's
//! attempt never moves a batch's version.

use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is recorded of attempts.
    pub enum Event {
        /// A command was refused.
        RefusedAttempt => "refused",
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
