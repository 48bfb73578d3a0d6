//! A small model of a filled batch, written from the design and from nothing in the product: two bags, what was found,
//! held, signed and decided, and who may do what. It predicts the product's answers; it shares no code with it.

mod effects;
mod moves;
mod onward;
mod people;
mod steps;

pub use moves::{Focus, moves};
pub use people::{ALL, Who};
pub use steps::{Bags, Custody, Impact, Kind, Step, Value, chosen};

use std::collections::{BTreeMap, BTreeSet};
use steps::{KINDS, Verdict};

/// How an entry is referred to later. The model never looks inside.
pub type Entry = u128;

/// What somebody did for the batch; whoever has one of these neither lifts nor releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    Maker,
    Checker,
    Enterer,
}

/// A check before a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    No,
    Awaits(Entry, Who),
    Passed,
}

/// A decision in force; the moment it was made, so that a correction of something older voids it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    None,
    Released(u32),
    Rejected,
}

#[derive(Clone, Debug)]
pub struct Bag {
    pub custody: Custody,
    pub decision: Decision,
    pub stopped: bool,
    pub check: Check,
    allocated: bool,
    /// The physician's consent in force, and when he gave it.
    pub consent: Option<u32>,
    /// The receipt it arrived with, while it is there.
    receipt: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Found {
    pub entry: Entry,
    pub kind: Kind,
    pub value: Value,
    at: u32,
    enterers: BTreeSet<Who>,
    pub verified: bool,
    pub failure: Failure,
}

/// Where a failure stands. It outlives every correction of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    None,
    Open,
    Confirmed,
    SetAside { retests: u8, at: u32 },
}

#[derive(Clone, Debug)]
pub struct Hold {
    pub covers: Bags,
    pub cause: Cause,
    pub lifted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Request,
    Failure(usize),
    Event(usize),
}

#[derive(Clone, Debug)]
pub struct Packing {
    pub entry: Entry,
    pub by: Who,
    pub checker: Option<Who>,
    pub bags: Bags,
    at: u32,
}

#[derive(Clone, Debug)]
pub struct Receipt {
    pub entry: Entry,
    pub good: bool,
    pub bags: Bags,
    at: u32,
}

/// What may stand between a bag and its patient because of what was found or not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    Failed(usize),
    Undecided(usize),
    Pending(Kind),
    Retests(usize, usize),
    Unchecked(usize),
}

/// The batch.
#[derive(Clone, Debug)]
pub struct Model {
    pub bags: [Bag; 2],
    pub results: Vec<Found>,
    pub holds: Vec<Hold>,
    pub events: Vec<Option<Impact>>,
    /// Identifiers that differed: the check that met them, who made it, and whether that was cleared.
    pub mismatches: Vec<(&'static str, Who, bool)>,
    pub packings: Vec<Packing>,
    pub receipts: Vec<Receipt>,
    /// Named people, the entry they are named in, and whether they confirmed.
    pub parts: BTreeMap<(Entry, Who), bool>,
    duties: BTreeSet<(Who, Duty)>,
    pub made: Option<u32>,
    pub sound: Option<u32>,
    pub acknowledged: BTreeSet<Entry>,
    /// One tick for each accepted step.
    clock: u32,
    seconds_left: i64,
}

impl Model {
    /// A batch just filled: nothing of the kinds below found yet, the technician made it, the lead checked, the analyst
    /// entered what else there is.
    pub fn filled(seconds_left: i64) -> Self {
        let bag = Bag {
            custody: Custody::InHouse,
            decision: Decision::None,
            stopped: false,
            check: Check::No,
            allocated: false,
            consent: None,
            receipt: None,
        };
        let duties =
            [(Who::Technician, Duty::Maker), (Who::Lead, Duty::Checker), (Who::Analyst, Duty::Enterer)];
        Self {
            bags: [bag.clone(), bag],
            results: Vec::new(),
            holds: Vec::new(),
            events: Vec::new(),
            mismatches: Vec::new(),
            packings: Vec::new(),
            receipts: Vec::new(),
            parts: BTreeMap::new(),
            duties: duties.into(),
            made: None,
            sound: None,
            acknowledged: BTreeSet::new(),
            clock: 0,
            seconds_left,
        }
    }

    /// Time passes, whatever comes of a step.
    pub fn pass(&mut self, seconds: i64) {
        self.seconds_left -= seconds;
    }

    pub fn is_released(&self, bag: usize) -> bool {
        matches!(self.bags[bag].decision, Decision::Released(_))
    }

    pub fn has_duty(&self, who: Who) -> bool {
        self.duties.iter().any(|(person, _)| *person == who)
    }

    pub fn is_maker(&self, who: Who) -> bool {
        self.duties.contains(&(who, Duty::Maker))
    }

    /// Everybody who has yet to confirm his own part, with the entry.
    pub fn pending_parts(&self) -> Vec<(Entry, Who)> {
        let bedside = self.bags.iter().filter_map(|bag| match bag.check {
            Check::Awaits(entry, who) => Some((entry, who)),
            Check::No | Check::Passed => None,
        });
        self.parts.iter().filter(|(_, done)| !**done).map(|(part, _)| *part).chain(bedside).collect()
    }

    /// What the results of one kind come to; nothing where they are as they must be.
    fn obstacle(&self, kind: Kind) -> Option<Obstacle> {
        let of_kind = || self.results.iter().enumerate().filter(|(_, found)| found.kind == kind);
        if let Some((no, _)) = of_kind().find(|(_, found)| found.fails()) {
            return Some(Obstacle::Failed(no));
        }
        for (no, original) in of_kind() {
            let Failure::SetAside { retests, at } = original.failure else { continue };
            let counts = |retest: &&Found| {
                retest.counts()
                    && retest.at > at
                    && retest.verified
                    && retest.verdict() == Verdict::Pass
                    && retest.enterers.is_disjoint(&original.enterers)
            };
            let passed = of_kind().map(|(_, found)| found).filter(counts).count();
            if passed < usize::from(retests) {
                return Some(Obstacle::Retests(no, usize::from(retests) - passed));
            }
        }
        match of_kind().rfind(|(_, found)| found.counts()) {
            None => Some(Obstacle::Pending(kind)),
            Some((_, found)) if found.verdict() == Verdict::Pass => None,
            Some((no, _)) => Some(Obstacle::Undecided(no)),
        }
    }

    fn unverified(&self, kind: Kind) -> bool {
        let newest = self.results.iter().rfind(|found| found.kind == kind && found.counts());
        newest.is_some_and(|found| !found.verified)
    }

    /// Why a correction could stop what has left: what was found, and what nobody checked. That a value waits for its
    /// verification again, or a record for its confirmation, stops nothing.
    fn obstacles(&self) -> BTreeSet<Obstacle> {
        let tests =
            KINDS.into_iter().filter(|kind| kind.is_mandated()).filter_map(|kind| self.obstacle(kind));
        let failures =
            self.results.iter().enumerate().filter(|(_, found)| found.fails() && found.kind.holds());
        let unchecked = self.packings.iter().enumerate().filter(|(_, packing)| packing.checker.is_none());
        tests
            .chain(failures.map(|(no, _)| Obstacle::Failed(no)))
            .chain(unchecked.map(|(no, _)| Obstacle::Unchecked(no)))
            .collect()
    }

    /// The first of the mandated kinds that is not met.
    pub fn unmet(&self) -> Option<Kind> {
        let unmet = |kind: &Kind| self.obstacle(*kind).is_some() || self.unverified(*kind);
        KINDS.into_iter().filter(|kind| kind.is_mandated()).find(unmet)
    }

    /// Whether a bag may not go on towards its patient for what is known of it, its release apart. `ago` is how long
    /// before now the question is asked of.
    fn is_barred(&self, bag: usize, ago: i64) -> bool {
        self.holds.iter().any(|hold| !hold.lifted && hold.covers[bag])
            || self.events.iter().any(|impact| !matches!(impact, Some(Impact::Acceptable)))
            || self.mismatches.iter().any(|(_, _, cleared)| !cleared)
            || self.unmet().is_some()
            || self.results.iter().any(|found| found.fails() && found.kind.holds())
            || self.seconds_left + ago <= 0
    }

    /// Whether the record lacks a second person or his word.
    fn is_record_open(&self) -> bool {
        self.parts.values().any(|confirmed| !confirmed)
            || self.packings.iter().any(|packing| packing.checker.is_none())
    }

    /// What the gate answers: whether anything blocks this bag's release.
    pub fn is_blocked(&self, bag: usize) -> bool {
        let both = self.made.zip(self.sound).is_some_and(|(made, sound)| sound > made);
        self.is_barred(bag, 0)
            || self.is_record_open()
            || !both
            || !matches!(self.bags[bag].custody, Custody::InHouse | Custody::Packed)
            || self.bags[bag].decision == Decision::Rejected
    }

    /// Whether the checks on the way to the patient refuse a bag.
    fn may_not_leave(&self, bag: usize, ago: i64) -> bool {
        !self.is_released(bag) || self.bags[bag].stopped || self.is_barred(bag, ago)
    }

    /// Whether the product must accept the step.
    pub fn accepts(&self, who: Who, step: &Step) -> bool {
        let all = |bags: &Bags, fits: &dyn Fn(usize) -> bool| chosen(bags).into_iter().all(fits);
        let at = |bag: usize| self.bags[bag].custody;
        who.may(step)
            && match *step {
                Step::Enter { .. } | Step::Hold { .. } | Step::Report | Step::Wait { .. } => true,
                Step::Verify { result } => self.results.get(result).is_some_and(|found| {
                    !found.verified
                        && found.verdict() != Verdict::Incubating
                        && !found.enterers.contains(&who)
                }),
                Step::Investigate { result, retests } => self.results.get(result).is_some_and(|found| {
                    // A value that was corrected and passes now is its own retest.
                    let least = u8::from(found.verdict() == Verdict::Fail);
                    let fits = |number| (least..=found.kind.most_retests()).contains(&number);
                    found.failure == Failure::Open
                        && !found.enterers.contains(&who)
                        && retests.is_none_or(fits)
                }),
                Step::Correct { result, value } => {
                    self.results.get(result).is_some_and(|found| found.value != found.kind.plain(value))
                }
                Step::CorrectPacking { packing, checker } => self
                    .packings
                    .get(packing)
                    .is_some_and(|packing| packing.checker != checker && checker != Some(packing.by)),
                Step::CorrectReceipt { receipt, good } => {
                    self.receipts.get(receipt).is_some_and(|receipt| receipt.good != good)
                }
                Step::Lift { hold } => self.holds.get(hold).is_some_and(|hold| {
                    let settled = match hold.cause {
                        Cause::Request => true,
                        Cause::Failure(no) => matches!(self.results[no].failure, Failure::SetAside { .. }),
                        Cause::Event(no) => matches!(self.events[no], Some(Impact::Acceptable)),
                    };
                    !hold.lifted && settled && !self.has_duty(who)
                }),
                Step::Assess { event, .. } => event < self.events.len(),
                Step::Clear { mismatch } => self.mismatches.get(mismatch).is_some_and(|(_, _, done)| !done),
                Step::ConfirmMade => !self.is_maker(who),
                Step::ConfirmSound => {
                    let other = |(person, duty): &(Who, Duty)| *person == who && *duty != Duty::Enterer;
                    self.made.is_some() && !self.duties.iter().any(other)
                }
                Step::Decide { ref bags, release } => {
                    let open = |bag: usize| match (at(bag), self.bags[bag].decision) {
                        (_, Decision::Rejected) => false,
                        (_, Decision::Released(_)) if release => false,
                        (Custody::InHouse | Custody::Packed, _) => !release || !self.is_blocked(bag),
                        (Custody::Returned, _) => !release,
                        _ => false,
                    };
                    !self.has_duty(who) && all(bags, &open)
                }
                Step::Allocate { ref bags } => all(bags, &|bag| at(bag) == Custody::InHouse),
                Step::Pack { ref bags, checker } => {
                    checker != Some(who) && all(bags, &|bag| at(bag) == Custody::InHouse)
                }
                // What has come up since the first person looked at the bedside stops the second.
                Step::ConfirmPart { entry } => {
                    self.pending_parts().contains(&(entry, who))
                        && (0..2).all(|bag| {
                            self.bags[bag].check != Check::Awaits(entry, who)
                                || !self.may_not_leave(bag, 0)
                                    && self.bags[bag].consent.is_some()
                                    && at(bag) == Custody::Received(true)
                        })
                }
                Step::ShippingCheck { ref bags } => {
                    !self.is_record_open()
                        && all(bags, &|bag| {
                            let bag_now = &self.bags[bag];
                            !self.may_not_leave(bag, 0)
                                && bag_now.custody == Custody::Packed
                                && bag_now.allocated
                        })
                }
                Step::Ship { ref bags } => {
                    all(bags, &|bag| matches!(at(bag), Custody::InHouse | Custody::Packed))
                }
                Step::ReceivingCheck { ref bags } => all(bags, &|bag| {
                    !self.may_not_leave(bag, 0) && at(bag) == Custody::Shipped && self.bags[bag].allocated
                }),
                Step::Receive { ref bags, .. } => all(bags, &|bag| {
                    !matches!(at(bag), Custody::Received(_) | Custody::Infused | Custody::Destroyed)
                }),
                Step::MayGive { bag, may } => {
                    let allowed = self.bags[bag].allocated && !self.may_not_leave(bag, 0);
                    !may || allowed && at(bag) == Custody::Received(true)
                }
                Step::Bedside { bag, second } => {
                    self.bags[bag].allocated
                        && !self.may_not_leave(bag, 0)
                        && self.bags[bag].consent.is_some()
                        && at(bag) == Custody::Received(true)
                        && second != who
                        && second.is_of_clinic()
                }
                Step::Infuse { bag } => at(bag) != Custody::Infused,
                Step::Return { ref bags } => {
                    all(bags, &|bag| matches!(at(bag), Custody::Shipped | Custody::Received(_)))
                }
                Step::Destroy { ref bags, witness } => {
                    witness.is_some_and(|witness| witness != who)
                        && all(bags, &|bag| !matches!(at(bag), Custody::Infused | Custody::Destroyed))
                }
                Step::Withdraw { ref bags } => {
                    all(bags, &|bag| matches!(at(bag), Custody::Shipped | Custody::Received(_)))
                }
                Step::Acknowledge { stop } => {
                    self.bags.iter().any(|bag| bag.stopped) && !self.acknowledged.contains(&stop)
                }
            }
    }

    /// What a refused step leaves behind: identifiers that differed are kept until somebody has cleared them, once for
    /// whoever met them. A bag that was allocated to nobody fits nobody's wristband.
    pub fn refused(&mut self, who: Who, step: &Step) {
        let (check, bag) = match *step {
            Step::MayGive { bag, may: true } => ("administration", bag),
            Step::Bedside { bag, .. } => ("bedside", bag),
            _ => return,
        };
        if who.may(step) && !self.bags[bag].allocated && !self.mismatches.contains(&(check, who, false)) {
            self.mismatches.push((check, who, false));
        }
    }
}

impl Found {
    pub fn verdict(&self) -> Verdict {
        self.kind.verdict(self.value)
    }

    pub fn fails(&self) -> bool {
        matches!(self.failure, Failure::Open | Failure::Confirmed)
    }

    /// Whether it can be the answer of its test: not one that retests replace, nor one that is not over yet.
    fn counts(&self) -> bool {
        let replaced = matches!(self.failure, Failure::SetAside { retests: 1.., .. });
        !replaced && self.verdict() != Verdict::Incubating
    }
}
