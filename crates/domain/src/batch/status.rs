//! One word for where a batch and a container stand, as boards and lists show it.

use super::Batch;
use super::distribution::{Container, Custody, End};
use super::gate::{CheckState, Requirement, gate};
use super::intake::ReceiptDecision;
use crate::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Opened.
    Opened,
    /// Instructed.
    Instructed,
    /// Tissue was received.
    TissueReceived,
    /// Tissue was refused.
    TissueRefused,
    /// In culture.
    InCulture,
    /// Harvested.
    Harvested,
    /// Filled, and a mandated test is not met.
    UnderTest,
    /// Tests are met, a confirmation or another requirement is missing.
    AwaitingConfirmation,
    /// Everything is met: quality may decide.
    ReadyForDecision,
    /// Some containers are released.
    PartlyReleased,
    /// All containers are released.
    Released,
    /// Something is on its way.
    Shipped,
    /// Something is at the clinic.
    Received,
    /// Everything that left was given.
    Administered,
    /// Everything was rejected.
    Rejected,
    /// A hold is in force.
    OnHold,
    /// Discontinued.
    Discontinued,
    /// Closed.
    Closed,
}

impl BatchStatus {
    /// Those of a batch that somebody still works on: not given, rejected, discontinued or closed.
    pub const UNDER_WAY: [BatchStatus; 14] = [
        BatchStatus::Opened,
        BatchStatus::Instructed,
        BatchStatus::TissueReceived,
        BatchStatus::TissueRefused,
        BatchStatus::InCulture,
        BatchStatus::Harvested,
        BatchStatus::UnderTest,
        BatchStatus::AwaitingConfirmation,
        BatchStatus::ReadyForDecision,
        BatchStatus::PartlyReleased,
        BatchStatus::Released,
        BatchStatus::Shipped,
        BatchStatus::Received,
        BatchStatus::OnHold,
    ];

    /// Those of a batch of which vessels may still stand in an incubator: all but a closed one.
    pub const MAY_HOLD_VESSELS: [BatchStatus; 17] = {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = Self::UNDER_WAY;
        let [o, p, q] = [BatchStatus::Administered, BatchStatus::Rejected, BatchStatus::Discontinued];
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]
    };

    /// Its name in lists.
    pub fn name(self) -> &'static str {
        match self {
            BatchStatus::Opened => "opened",
            BatchStatus::Instructed => "instructed",
            BatchStatus::TissueReceived => "tissue_received",
            BatchStatus::TissueRefused => "tissue_refused",
            BatchStatus::InCulture => "in_culture",
            BatchStatus::Harvested => "harvested",
            BatchStatus::UnderTest => "under_test",
            BatchStatus::AwaitingConfirmation => "awaiting_confirmation",
            BatchStatus::ReadyForDecision => "ready_for_decision",
            BatchStatus::PartlyReleased => "partly_released",
            BatchStatus::Released => "released",
            BatchStatus::Shipped => "shipped",
            BatchStatus::Received => "received",
            BatchStatus::Administered => "administered",
            BatchStatus::Rejected => "rejected",
            BatchStatus::OnHold => "on_hold",
            BatchStatus::Discontinued => "discontinued",
            BatchStatus::Closed => "closed",
        }
    }
}

/// Where a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerStatus {
    /// At the centre, not decided on.
    InHouse,
    /// Released, at the centre.
    Released,
    /// Rejected.
    Rejected,
    /// Packed.
    Packed,
    /// On its way.
    Shipped,
    /// Received in good condition.
    Received,
    /// Received, not in good condition.
    ReceivedInDoubt,
    /// Stopped after it left.
    Stopped,
    /// Given.
    Infused,
    /// Back at the centre, not for use.
    Returned,
    /// Destroyed.
    Destroyed,
    /// Used as a bank.
    Drawn,
}

impl ContainerStatus {
    /// Its name in lists.
    pub fn name(self) -> &'static str {
        match self {
            ContainerStatus::InHouse => "in_house",
            ContainerStatus::Released => "released",
            ContainerStatus::Rejected => "rejected",
            ContainerStatus::Packed => "packed",
            ContainerStatus::Shipped => "shipped",
            ContainerStatus::Received => "received",
            ContainerStatus::ReceivedInDoubt => "received_in_doubt",
            ContainerStatus::Stopped => "stopped",
            ContainerStatus::Infused => "infused",
            ContainerStatus::Returned => "returned",
            ContainerStatus::Destroyed => "destroyed",
            ContainerStatus::Drawn => "drawn",
        }
    }
}

impl Container {
    /// Where it stands.
    pub fn status(&self) -> ContainerStatus {
        match self.custody {
            Custody::Infused => ContainerStatus::Infused,
            Custody::Returned => ContainerStatus::Returned,
            Custody::Destroyed => ContainerStatus::Destroyed,
            Custody::Drawn { .. } => ContainerStatus::Drawn,
            Custody::Shipped | Custody::Received { .. } if !self.stops.is_empty() => ContainerStatus::Stopped,
            Custody::Shipped => ContainerStatus::Shipped,
            Custody::Received { good: true } => ContainerStatus::Received,
            Custody::Received { good: false } => ContainerStatus::ReceivedInDoubt,
            Custody::InHouse | Custody::Packed if self.rejected() => ContainerStatus::Rejected,
            Custody::Packed => ContainerStatus::Packed,
            Custody::InHouse if self.released() => ContainerStatus::Released,
            Custody::InHouse => ContainerStatus::InHouse,
        }
    }
}

impl Batch {
    /// Where it stands at an instant.
    pub fn status(&self, now: Time) -> BatchStatus {
        match self.end {
            Some(End::Discontinued) => return BatchStatus::Discontinued,
            Some(End::Closed) => return BatchStatus::Closed,
            None => {}
        }
        let containers: Vec<ContainerStatus> = self.containers.values().map(Container::status).collect();
        let any = |wanted: &[ContainerStatus]| containers.iter().any(|status| wanted.contains(status));
        let held = self.holds.values().any(|hold| hold.lifted.is_none());
        if any(&[ContainerStatus::Shipped, ContainerStatus::Stopped]) {
            return BatchStatus::Shipped;
        }
        if any(&[ContainerStatus::Received, ContainerStatus::ReceivedInDoubt]) {
            return BatchStatus::Received;
        }
        // Final: a failure that stands holds it for ever, which says nothing more.
        if !containers.is_empty() && self.containers.values().all(Container::rejected) {
            return BatchStatus::Rejected;
        }
        if held {
            return BatchStatus::OnHold;
        }
        let here = [ContainerStatus::InHouse, ContainerStatus::Released, ContainerStatus::Packed];
        if any(&[ContainerStatus::Infused]) && !any(&here) {
            return BatchStatus::Administered;
        }
        if containers.is_empty() {
            return self.status_before_fill();
        }
        let released = self.containers.values().filter(|container| container.released()).count();
        let open =
            self.containers.values().filter(|c| !c.released() && c.status() == ContainerStatus::InHouse);
        let open = open.count();
        match (released, open) {
            (0, 0) => BatchStatus::Rejected,
            (_, 0) => BatchStatus::Released,
            (0, _) => self.status_before_decision(now),
            (_, _) => BatchStatus::PartlyReleased,
        }
    }

    fn status_before_fill(&self) -> BatchStatus {
        let refused = |tissue: &super::intake::Tissue| tissue.receipt.decision != ReceiptDecision::Accepted;
        if !self.harvests.is_empty() {
            BatchStatus::Harvested
        } else if self.processed_at.is_some() {
            BatchStatus::InCulture
        } else if self.tissue.as_ref().is_some_and(refused) {
            BatchStatus::TissueRefused
        } else if self.tissue.is_some() {
            BatchStatus::TissueReceived
        } else if self.instruction.is_some() {
            BatchStatus::Instructed
        } else {
            BatchStatus::Opened
        }
    }

    fn status_before_decision(&self, now: Time) -> BatchStatus {
        let answer = gate(self, now);
        let untested = answer.containers.values().flatten().any(|check| {
            let test = matches!(check.requirement, Requirement::Test(_) | Requirement::Failures);
            test && check.state() != CheckState::Met
        });
        let ready = answer.containers.keys().any(|no| answer.blockers(*no).is_empty());
        match (ready, untested) {
            (true, _) => BatchStatus::ReadyForDecision,
            (false, true) => BatchStatus::UnderTest,
            (false, false) => BatchStatus::AwaitingConfirmation,
        }
    }
}
