//! Who works at the model's centre and clinic, and what each of them may do.

use super::Step;

/// Everybody, by his work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Administrator,
    Manager,
    Technician,
    Lead,
    SecondLead,
    Analyst,
    SecondAnalyst,
    Releaser,
    SecondReleaser,
    Coordinator,
    Physician,
}

use Who::*;

pub const ALL: [Who; 11] = [
    Administrator,
    Manager,
    Technician,
    Lead,
    SecondLead,
    Analyst,
    SecondAnalyst,
    Releaser,
    SecondReleaser,
    Coordinator,
    Physician,
];

impl Who {
    pub fn is_of_clinic(self) -> bool {
        matches!(self, Coordinator | Physician)
    }

    fn makes(self) -> bool {
        matches!(self, Technician | Lead | SecondLead)
    }

    fn leads(self) -> bool {
        matches!(self, Lead | SecondLead)
    }

    fn decides(self) -> bool {
        matches!(self, Releaser | SecondReleaser)
    }

    fn tests(self) -> bool {
        self.decides() || matches!(self, Analyst | SecondAnalyst)
    }

    /// Whether his work includes the step. An administrator's includes none of them.
    pub fn may(self, step: &Step) -> bool {
        match step {
            Step::Wait { .. } => true,
            Step::Enter { .. } | Step::Verify { .. } | Step::Correct { .. } => self.tests(),
            Step::Investigate { .. }
            | Step::Lift { .. }
            | Step::Assess { .. }
            | Step::ConfirmSound
            | Step::Decide { .. } => self.decides(),
            Step::Hold { .. } | Step::Report => self.makes() || self.tests() || self == Manager,
            Step::Clear { .. } => self.makes() || self.tests(),
            Step::ConfirmMade => self.leads(),
            Step::Allocate { .. } => self.leads() || self.decides(),
            Step::Pack { .. }
            | Step::CorrectPacking { .. }
            | Step::ShippingCheck { .. }
            | Step::Ship { .. } => self.makes(),
            Step::ConfirmPart { .. } => self.makes() || self.tests() || self.is_of_clinic(),
            Step::ReceivingCheck { .. }
            | Step::Receive { .. }
            | Step::CorrectReceipt { .. }
            | Step::Bedside { .. }
            | Step::Infuse { .. }
            | Step::Acknowledge { .. } => self.is_of_clinic(),
            Step::MayGive { .. } => self == Physician,
            Step::Return { .. } | Step::Destroy { .. } => self.makes() || self.is_of_clinic(),
            Step::Withdraw { .. } => self.decides() || self == Manager,
        }
    }
}
