//! A container as the batch knows it: what it holds, where it is, and what was decided on it.

use super::StopCause;
use crate::batch::Stamp;
use crate::batch::disposition::Decision;
use crate::batch::filling::NewContainer;
use crate::ids::{BatchId, ClinicId, ContainerNo, EntryId, FillNo, OrderId, PatientId, PersonId};
use crate::text::Short;
use crate::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

/// Where a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// At the centre.
    InHouse,
    /// Packed at the centre.
    Packed,
    /// On its way.
    Shipped,
    /// At the clinic.
    Received {
        /// Whether it was accepted in good condition.
        good: bool,
    },
    /// Given.
    Infused,
    /// Back at the centre, not for use.
    Returned,
    /// Destroyed.
    Destroyed,
    /// Used up as a bank by another batch.
    Drawn {
        /// Which.
        by: BatchId,
    },
}

/// A decision on a container, with what voided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its entry.
    pub entry: EntryId,
    /// Its place in the stream.
    pub version: u32,
    /// What was decided.
    pub decision: Decision,
    /// Who decided.
    pub by: PersonId,
    /// The entry that voided it.
    pub voided_by: Option<EntryId>,
}

/// A physician's decision on a container, with what voided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Administration {
    /// Its entry.
    pub entry: EntryId,
    /// Its place in the stream.
    pub version: u32,
    /// Whether it may be administered.
    pub may: bool,
    /// The entry that voided it.
    pub voided_by: Option<EntryId>,
}

/// The check before the next hand-over, passed since the last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// Passed, since this instant.
    Passed {
        /// The check.
        check: EntryId,
        /// When everybody it takes had said so.
        at: Time,
    },
    /// Passed by one of two people; the other has yet to confirm it by his own sign-in.
    AwaitsSecond {
        /// The check.
        check: EntryId,
        /// Who must confirm.
        second: PersonId,
    },
}

/// A stop message to a clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its entry.
    pub entry: EntryId,
    /// The clinic.
    pub clinic: ClinicId,
    /// Why.
    pub cause: StopCause,
    /// When it was acknowledged, and by whom.
    pub acknowledged: Option<(Time, PersonId)>,
}

/// A container as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its number.
    pub no: ContainerNo,
    /// Its fill.
    pub fill: FillNo,
    /// What it is and holds.
    pub new: NewContainer,
    /// When it was filled.
    pub filled_at: Time,
    /// Its expiry, to the minute.
    pub expires_at: Time,
    /// When it was frozen.
    pub frozen_at: Option<Time>,
    /// When it was thawed.
    pub thawed_at: Option<Time>,
    /// Where it is kept.
    pub place: Option<Short>,
    /// Where it is.
    pub custody: Custody,
    /// What was decided.
    pub decided: Option<Decided>,
    /// Whom it is for.
    pub allocated: Option<(OrderId, PatientId, ClinicId)>,
    /// The check before shipping, receipt or infusion, where it was passed since the last step.
    pub clearance: Option<Clearance>,
    /// The physician's decision.
    pub administration: Option<Administration>,
    /// Stop messages.
    pub stops: Vec<Stop>,
}

impl Container {
    pub(in crate::batch) fn new(
        no: ContainerNo,
        fill: FillNo,
        new: NewContainer,
        filled_at: Time,
        expires_at: Time,
    ) -> Self {
        Self {
            no,
            fill,
            new,
            filled_at,
            expires_at,
            frozen_at: None,
            thawed_at: None,
            place: None,
            custody: Custody::InHouse,
            decided: None,
            allocated: None,
            clearance: None,
            administration: None,
            stops: Vec::new(),
        }
    }

    /// Whether the check before a hand-over was passed, by everybody it takes, when the hand-over began. Who reports it
    /// names the minute.
    pub fn was_cleared(&self, begun: Time) -> bool {
        match self.clearance {
            Some(Clearance::Passed { at, .. }) => at.minute() <= begun,
            Some(Clearance::AwaitsSecond { .. }) | None => false,
        }
    }

    /// Whether it is at the centre and could leave it.
    pub fn is_here(&self) -> bool {
        matches!(self.custody, Custody::InHouse | Custody::Packed)
    }

    /// Whether it is here and still to be decided on.
    pub fn is_undecided(&self) -> bool {
        self.is_here() && !self.released() && !self.rejected()
    }

    /// Whether a release is in force.
    pub fn released(&self) -> bool {
        self.decided.as_ref().is_some_and(|d| d.decision == Decision::Release && d.voided_by.is_none())
    }

    /// Whether it was rejected; that is final, whatever is corrected later.
    pub fn rejected(&self) -> bool {
        self.decided.as_ref().is_some_and(|d| matches!(d.decision, Decision::Reject { .. }))
    }

    /// Whether a physician's consent to its administration is in force.
    pub fn may_be_administered(&self) -> bool {
        self.administration.is_some_and(|a| a.may && a.voided_by.is_none())
    }

    pub(in crate::batch) fn decide(&mut self, at: &Stamp, decision: Decision) {
        self.decided = Some(Decided {
            entry: at.entry,
            version: at.version,
            decision,
            by: at.performer,
            voided_by: None,
        });
    }

    pub(in crate::batch) fn void_decision(&mut self, by: EntryId) {
        self.void_decision_since(0, by);
    }

    pub(in crate::batch) fn void_decision_since(&mut self, version: u32, by: EntryId) {
        if let Some(decided) = self.decided.as_mut().filter(|decided| decided.version > version) {
            decided.voided_by.get_or_insert(by);
        }
    }

    pub(in crate::batch) fn void_administration_since(&mut self, version: u32, by: EntryId) {
        if let Some(administration) = self.administration.as_mut().filter(|a| a.version > version) {
            administration.voided_by.get_or_insert(by);
        }
    }
}
