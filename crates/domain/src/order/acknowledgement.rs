//! A date that moved and is acknowledged: the clinic saw that cells are foretold for later than it booked, and keeps what
//! it booked. A forecast is never recorded; what a person saw of it is.

use super::{Order, Window};
use crate::ids::BatchId;
use crate::text::Note;
use crate::time::Time;
use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A forecast moves with each count; what moves by less than this is the same date to whoever plans by days.
const SAME_DATE: TimeDelta = TimeDelta::days(1);

/// No forecast looks further ahead: what is seen of later was not seen.
pub(super) const FURTHEST: TimeDelta = TimeDelta::days(366);

/// Acknowledge that cells are foretold for another date than was booked, and keep the booking. It says what was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForecastAcknowledgement {
    /// The batch whose cells are foretold.
    pub batch: BatchId,
    /// The batch's version from which they were foretold.
    #[schemars(range(min = 1))]
    pub version: u32,
    /// When the infusion is wanted: the booking that is kept.
    pub booked: Window,
    /// What was acknowledged before for the same booking, if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Foretold>,
    /// When cells are foretold to be ready now.
    pub foretold: Foretold,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// When cells were foretold to be ready, as somebody saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Foretold {
    /// As likely earlier as later.
    pub at: Time,
    /// Hardly before.
    pub from: Time,
    /// Hardly after; left out where no end could be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

impl Foretold {
    pub(super) fn is_in_order(&self) -> bool {
        self.from <= self.at && self.until.is_none_or(|until| self.at <= until)
    }
}

impl Order {
    /// What was acknowledged last of a batch's cells, for what is booked now: another booking needs its own.
    pub fn acknowledged(&self, batch: BatchId) -> Option<&ForecastAcknowledgement> {
        let newest = self.acknowledged.get(&batch);
        newest.filter(|newest| Some(newest.booked) == self.standing.window)
    }

    /// Whether it was acknowledged that a batch's cells come as late as this: it is not once they are foretold for a day
    /// or more later than was seen.
    pub fn has_acknowledged(&self, batch: BatchId, ready: Time) -> bool {
        self.acknowledged(batch).is_some_and(|seen| ready.since(seen.foretold.at) < SAME_DATE)
    }
}
