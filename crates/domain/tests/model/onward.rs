//! The step that brings a bag nearer to its patient, and who takes it. Random steps alone never get one there.

use super::steps::Verdict;
use super::*;

impl Model {
    /// What a centre would do next about this bag.
    pub fn onward(&self, bag: usize) -> (Who, Step) {
        self.settle().or_else(|| self.test()).unwrap_or_else(|| self.hand_over(bag))
    }

    /// Somebody of quality who neither made, checked nor entered anything, if there is one left.
    fn releaser(&self) -> Who {
        if self.has_duty(Who::Releaser) { Who::SecondReleaser } else { Who::Releaser }
    }

    /// Mismatches, quality events, failures, missing second people and holds.
    fn settle(&self) -> Option<(Who, Step)> {
        if let Some(mismatch) = self.mismatches.iter().position(|(_, _, cleared)| !cleared) {
            return Some((Who::Technician, Step::Clear { mismatch }));
        }
        if let Some(event) = self.events.iter().position(|impact| *impact != Some(Impact::Acceptable)) {
            return Some((Who::Releaser, Step::Assess { event, impact: Impact::Acceptable }));
        }
        if let Some(result) = self.results.iter().position(|found| found.failure == Failure::Open) {
            let found = &self.results[result];
            let retests = u8::from(found.verdict() == Verdict::Fail);
            let retests = Some(retests).filter(|retests| *retests <= found.kind.most_retests());
            let who = [Who::Releaser, Who::SecondReleaser].into_iter().find(|w| !found.enterers.contains(w));
            return Some((who?, Step::Investigate { result, retests }));
        }
        if let Some(packing) = self.packings.iter().position(|packing| packing.checker.is_none()) {
            let by = if self.packings[packing].by == Who::Lead { Who::Technician } else { Who::Lead };
            return Some((by, Step::CorrectPacking { packing, checker: Some(by) }));
        }
        if let Some((entry, who)) = self.pending_parts().first() {
            return Some((*who, Step::ConfirmPart { entry: *entry }));
        }
        let who = self.releaser();
        let lift = |hold| (who, Step::Lift { hold });
        (0..self.holds.len()).map(lift).find(|(who, step)| self.accepts(*who, step))
    }

    /// The results that are still missing, and their verification.
    fn test(&self) -> Option<(Who, Step)> {
        let kind = self.unmet()?;
        let newest = self.results.iter().rposition(|found| found.kind == kind && found.counts());
        let waiting = newest.filter(|no| !self.results[*no].verified);
        if let Some(result) = waiting.filter(|no| self.results[*no].verdict() == Verdict::Pass) {
            let others = [Who::SecondReleaser, Who::Releaser, Who::SecondAnalyst, Who::Analyst];
            let who = others.into_iter().find(|who| !self.results[result].enterers.contains(who));
            return Some((who?, Step::Verify { result }));
        }
        let tried = self.results.iter().filter(|found| found.kind == kind);
        let analyst = |found: &Found| found.enterers.contains(&Who::Analyst);
        let who = if tried.clone().any(analyst) { Who::SecondAnalyst } else { Who::Analyst };
        // A failure that stands is not tested away.
        let stands = tried.clone().any(|found| found.failure == Failure::Confirmed);
        (!stands).then_some((who, Step::Enter { kind, value: Value::Good }))
    }

    fn hand_over(&self, bag: usize) -> (Who, Step) {
        let mut bags = [false; 2];
        bags[bag] = true;
        let the = &self.bags[bag];
        let cleared = the.check == Check::Passed;
        let lead = if self.is_maker(Who::Lead) { Who::SecondLead } else { Who::Lead };
        match (the.custody, the.decision) {
            (Custody::InHouse | Custody::Packed, Decision::None) if self.made.is_none() => {
                (lead, Step::ConfirmMade)
            }
            (Custody::InHouse | Custody::Packed, Decision::None) if self.sound <= self.made => {
                (self.releaser(), Step::ConfirmSound)
            }
            (Custody::InHouse | Custody::Packed, Decision::None) => {
                (self.releaser(), Step::Decide { bags, release: !self.is_blocked(bag) })
            }
            (Custody::InHouse, Decision::Released(_)) if !the.allocated => (lead, Step::Allocate { bags }),
            (Custody::InHouse, Decision::Released(_)) => {
                (Who::Technician, Step::Pack { bags, checker: Some(Who::Lead) })
            }
            (Custody::Packed, Decision::Released(_)) if !cleared => {
                (Who::Technician, Step::ShippingCheck { bags })
            }
            (Custody::Packed, Decision::Released(_)) => (Who::Technician, Step::Ship { bags }),
            (Custody::Shipped, _) if !cleared && !the.stopped => {
                (Who::Coordinator, Step::ReceivingCheck { bags })
            }
            (Custody::Shipped, _) => (Who::Coordinator, Step::Receive { bags, good: true }),
            (Custody::Received(true), Decision::Released(_)) if !the.stopped => match the.consent {
                None => (Who::Physician, Step::MayGive { bag, may: true }),
                Some(_) if !cleared => (Who::Physician, Step::Bedside { bag, second: Who::Coordinator }),
                Some(_) => (Who::Physician, Step::Infuse { bag }),
            },
            (Custody::Received(_), _) => (Who::Coordinator, Step::Return { bags }),
            (Custody::InHouse | Custody::Packed | Custody::Returned, _) => {
                (Who::Technician, Step::Destroy { bags, witness: Some(Who::Lead) })
            }
            (Custody::Infused | Custody::Destroyed, _) => {
                (Who::Analyst, Step::Enter { kind: Kind::Fortnight, value: Value::Good })
            }
        }
    }
}
