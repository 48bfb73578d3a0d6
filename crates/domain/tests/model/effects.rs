//! What an accepted step changes in the model.

use super::steps::Verdict;
use super::*;

const BOTH: Bags = [true, true];

impl Model {
    /// Takes in an accepted step; `entry` is what the product calls its record.
    pub fn apply(&mut self, who: Who, step: &Step, entry: Entry) {
        self.clock += 1;
        let at = self.clock;
        match *step {
            Step::Wait { .. } => {}
            Step::Enter { kind, value } => {
                let value = kind.plain(value);
                let failure = match kind.verdict(value) {
                    Verdict::Fail => Failure::Open,
                    _ => Failure::None,
                };
                let enterers = [who].into();
                self.results.push(Found { entry, kind, value, at, enterers, verified: false, failure });
                self.duties.insert((who, Duty::Enterer));
                if failure == Failure::Open {
                    self.fail(self.results.len() - 1);
                }
            }
            Step::Verify { result } => self.results[result].verified = true,
            Step::Investigate { result, retests } => {
                let set_aside = |retests| Failure::SetAside { retests, at };
                self.results[result].failure = retests.map_or(Failure::Confirmed, set_aside);
            }
            Step::Correct { result, value } => self.correct(who, result, value),
            Step::CorrectPacking { packing, checker } => {
                let before = self.obstacles();
                let corrected = &mut self.packings[packing];
                let (of, since, old) = (corrected.entry, corrected.at, corrected.checker);
                corrected.checker = checker;
                if let Some(old) = old {
                    self.parts.remove(&(of, old));
                }
                self.duties.insert((who, Duty::Maker));
                if let Some(checker) = checker {
                    // Whoever corrects speaks for himself at once.
                    self.parts.insert((of, checker), checker == who);
                    self.duties.insert((checker, Duty::Checker));
                }
                self.void_record(since);
                self.stop_where_worse(&before);
            }
            Step::CorrectReceipt { receipt, good } => {
                self.receipts[receipt].good = good;
                let since = self.receipts[receipt].at;
                for bag in self.bags.iter_mut().filter(|bag| bag.receipt == Some(receipt)) {
                    bag.custody = Custody::Received(good);
                }
                self.void_consents(since);
                if !good {
                    self.open_event();
                }
            }
            Step::Hold { bags } => self.hold(bags, Cause::Request),
            Step::Lift { hold } => self.holds[hold].lifted = true,
            Step::Report => self.open_event(),
            Step::Assess { event, impact } => {
                self.events[event] = Some(impact);
                let cause = Cause::Event(event);
                let held = self.holds.iter().any(|hold| hold.cause == cause && !hold.lifted);
                if impact == Impact::Unacceptable && !held {
                    self.hold(BOTH, cause);
                }
            }
            Step::Clear { mismatch } => self.mismatches[mismatch].2 = true,
            Step::ConfirmMade => self.made = Some(at),
            Step::ConfirmSound => self.sound = Some(at),
            Step::Decide { bags, release } => {
                let decision = if release { Decision::Released(at) } else { Decision::Rejected };
                self.each(bags, |bag| bag.decision = decision);
            }
            Step::Allocate { bags } => self.each(bags, |bag| bag.allocated = true),
            Step::Pack { bags, checker } => {
                self.each(bags, |bag| bag.custody = Custody::Packed);
                self.duties.insert((who, Duty::Maker));
                self.name_checker(entry, checker);
                self.packings.push(Packing { entry, by: who, checker, bags, at });
            }
            Step::ConfirmPart { entry } => {
                if let Some(confirmed) = self.parts.get_mut(&(entry, who)) {
                    *confirmed = true;
                }
                let awaited = |bag: &&mut Bag| bag.check == Check::Awaits(entry, who);
                self.bags.iter_mut().filter(awaited).for_each(|bag| bag.check = Check::Passed);
            }
            Step::ShippingCheck { bags } | Step::ReceivingCheck { bags } => {
                self.each(bags, |bag| bag.check = Check::Passed);
            }
            Step::Ship { bags } => {
                let uncleared =
                    |bag: &usize| self.bags[*bag].check != Check::Passed || self.may_not_leave(*bag, 0);
                let events = chosen(&bags).into_iter().filter(uncleared).count();
                self.each(bags, |bag| (bag.custody, bag.check) = (Custody::Shipped, Check::No));
                (0..events).for_each(|_| self.open_event());
            }
            Step::Receive { bags, good } => {
                // Not on its way, or accepted though the check would have refused it.
                let wrong =
                    |bag: &usize| self.bags[*bag].custody != Custody::Shipped || self.may_not_leave(*bag, 0);
                let events = chosen(&bags).into_iter().filter(wrong).count() + usize::from(!good);
                let receipt = Some(self.receipts.len());
                self.receipts.push(Receipt { entry, good, bags, at });
                self.each(bags, |bag| {
                    (bag.custody, bag.check, bag.receipt) = (Custody::Received(good), Check::No, receipt);
                });
                (0..events).for_each(|_| self.open_event());
            }
            Step::MayGive { bag, may } => self.bags[bag].consent = may.then_some(at),
            Step::Bedside { bag, second } => self.bags[bag].check = Check::Awaits(entry, second),
            Step::Infuse { bag } => {
                let given = &self.bags[bag];
                // It began a second before it was reported.
                let uncleared = given.check != Check::Passed
                    || given.consent.is_none()
                    || given.custody != Custody::Received(true)
                    || self.may_not_leave(bag, 1);
                (self.bags[bag].custody, self.bags[bag].receipt) = (Custody::Infused, None);
                self.bags[bag].check = Check::No;
                if uncleared {
                    self.open_event();
                }
            }
            Step::Return { bags } => self.each(bags, |bag| {
                (bag.custody, bag.check, bag.receipt) = (Custody::Returned, Check::No, None);
                bag.consent = None;
                if matches!(bag.decision, Decision::Released(_)) {
                    bag.decision = Decision::None;
                }
            }),
            Step::Destroy { bags, witness } => {
                self.each(bags, |bag| {
                    (bag.custody, bag.check, bag.receipt) = (Custody::Destroyed, Check::No, None)
                });
                self.name_checker(entry, witness);
            }
            Step::Withdraw { bags } => self.each(bags, |bag| bag.stopped = true),
            Step::Acknowledge { stop } => {
                self.acknowledged.insert(stop);
            }
        }
    }

    fn each(&mut self, bags: Bags, change: impl Fn(&mut Bag)) {
        chosen(&bags).into_iter().for_each(|bag| change(&mut self.bags[bag]));
    }

    fn name_checker(&mut self, entry: Entry, checker: Option<Who>) {
        if let Some(checker) = checker {
            self.parts.insert((entry, checker), false);
            self.duties.insert((checker, Duty::Checker));
        }
    }

    /// What is held after it left is stopped.
    fn hold(&mut self, covers: Bags, cause: Cause) {
        self.holds.push(Hold { covers, cause, lifted: false });
        for bag in chosen(&covers) {
            self.bags[bag].stopped |= self.is_away(bag);
        }
    }

    fn open_event(&mut self) {
        self.events.push(None);
        self.hold(BOTH, Cause::Event(self.events.len() - 1));
    }

    fn is_away(&self, bag: usize) -> bool {
        matches!(self.bags[bag].custody, Custody::Shipped | Custody::Received(_))
    }

    fn infused(&self) -> usize {
        self.bags.iter().filter(|bag| bag.custody == Custody::Infused).count()
    }

    /// A failure holds what comes from the fill, and each bag that was given is an event of its own.
    fn fail(&mut self, result: usize) {
        if self.results[result].kind.holds() {
            self.hold(BOTH, Cause::Failure(result));
            (0..self.infused()).for_each(|_| self.open_event());
        }
    }

    fn correct(&mut self, who: Who, result: usize, value: Value) {
        let before = self.obstacles();
        let found = &mut self.results[result];
        let (failed, since) = (found.fails(), found.at);
        found.value = found.kind.plain(value);
        found.verified = false;
        found.enterers.insert(who);
        let fails = found.verdict() == Verdict::Fail;
        if fails {
            // Another failing value than the one that was investigated is not settled by that.
            found.failure = Failure::Open;
        }
        self.duties.insert((who, Duty::Enterer));
        self.void_record(since);
        if fails && !failed {
            self.fail(result);
        }
        self.stop_where_worse(&before);
    }

    /// Confirmations and decisions made after the corrected fact rested on it. What has left goes on, unless stopped.
    fn void_record(&mut self, since: u32) {
        self.made = self.made.filter(|at| *at < since);
        self.sound = self.sound.filter(|at| *at < since);
        for bag in &mut self.bags {
            let here = matches!(bag.custody, Custody::InHouse | Custody::Packed);
            if here && matches!(bag.decision, Decision::Released(at) if at > since) {
                bag.decision = Decision::None;
            }
        }
        self.void_consents(since);
    }

    fn void_consents(&mut self, since: u32) {
        self.bags.iter_mut().for_each(|bag| bag.consent = bag.consent.filter(|at| *at < since));
    }

    /// A correction that would have blocked the release stops what has left, and reviews what was given.
    fn stop_where_worse(&mut self, before: &BTreeSet<Obstacle>) {
        if self.obstacles().is_subset(before) {
            return;
        }
        for bag in 0..2 {
            self.bags[bag].stopped |= self.is_away(bag);
        }
        (0..self.infused()).for_each(|_| self.open_event());
    }
}
