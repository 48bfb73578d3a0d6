//! Whatever is done to a filled batch, by whomever: a small model of its own predicts what is accepted, what the gate
//! answers, what is released, where each bag is and whether it is stopped; and the product never says otherwise.

mod centre;
mod model;

use baiyo_domain::authority::Role;
use baiyo_domain::batch::disposition::{
    self, Deciding, Holding, Lifting, ManufacturingConfirmation, PartConfirmation, QualityConfirmation,
};
use baiyo_domain::batch::distribution::Clearance;
use baiyo_domain::batch::distribution::{
    self, AdministrationDecision, Allocation, BedsideCheck, Destruction, Infusion, Packing, Receipt,
    ReceivingCheck, ReturnReport, Shipment, ShippingCheck, StopAcknowledgement, Withdrawal,
};
use baiyo_domain::batch::gate::gate;
use baiyo_domain::batch::intake::MismatchClearance;
use baiyo_domain::batch::results::{ControlOutcome, Controls};
use baiyo_domain::batch::testing::{ResultForm, Verification};
use baiyo_domain::batch::{Batch, Performed};
use baiyo_domain::ids::*;
use baiyo_domain::quality_event::{self, Report};
use baiyo_domain::refusal::Refusal;
use baiyo_domain::standard::Test;
use centre::{Centre, Course, GOOD, Until, codes, of, q};
use model::{ALL, Bags, Check, Custody, Focus, Impact, Kind, Model, Step, Value, Who, chosen, moves};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use std::collections::BTreeMap;
use std::sync::Mutex;
use uuid::Uuid;

const KINDS: [(Kind, &str); 5] = [
    (Kind::Viability, "VIABILITY"),
    (Kind::Endotoxin, "ENDOTOXIN"),
    (Kind::Rapid, "STERILITY-RAPID"),
    (Kind::Fortnight, "STERILITY-14D"),
    (Kind::Doubling, "DOUBLING-TIME"),
];

/// A batch of the product and the model of it, side by side.
#[derive(Clone)]
struct Pair {
    centre: Centre,
    batch: BatchId,
    people: BTreeMap<Who, PersonId>,
    labels: Vec<Label>,
    order: OrderId,
    order_label: Label,
    tests: BTreeMap<Kind, (Test, SampleNo)>,
    /// The number of the first result that the model knows of.
    first_result: u16,
    model: Model,
    /// The batch as its stored history told it after the last step.
    state: Batch,
}

impl Pair {
    /// A filled batch of two bags, 21 hours on, with everything found that the model does not look at.
    fn filled() -> Self {
        let mut centre = Centre::open();
        let second_lead = centre.hire("lead.two", Role::ManufacturingLead);
        let second_releaser = centre.hire("releaser.two", Role::Releaser);
        let course = Course { unreported: KINDS.map(|(_, code)| code).to_vec(), ..Course::default() };
        let batch = centre.make(&course.until(Until::Tested));
        let state = centre.state(batch);
        let staff = centre.staff;
        let people = [
            staff.administrator,
            staff.manager,
            staff.technician,
            staff.lead,
            second_lead,
            staff.analyst,
            staff.second_analyst,
            staff.releaser,
            second_releaser,
            staff.coordinator,
            staff.physician,
        ];
        let test = |code: &str| {
            let test = centre.test(batch, code);
            let sample = centre.last_sample(batch, &test.code).unwrap();
            (test, sample)
        };
        let left = state.containers[&ContainerNo(1)].expires_at.since(centre.now).num_seconds();
        Self {
            people: ALL.into_iter().zip(people).collect(),
            labels: centre.doses(batch),
            order: state.opened.order,
            order_label: centre.order_label(state.opened.order),
            tests: KINDS.into_iter().map(|(kind, code)| (kind, test(code))).collect(),
            first_result: state.results.keys().last().unwrap().0 + 1,
            model: Model::filled(left),
            batch,
            centre,
            state,
        }
    }

    fn bag_no(&self, bag: usize) -> ContainerNo {
        bag_no(&self.state, bag)
    }

    fn scans(&self, bags: &Bags) -> Vec<Label> {
        chosen(bags).into_iter().map(|bag| self.labels[bag].clone()).collect()
    }

    fn checked_by(&self, checker: Option<Who>) -> Performed {
        let checked_by = checker.map(|who| self.people[&who]);
        Performed { checked_by, ..Performed::default() }
    }

    fn result(&self, kind: Kind, value: Value) -> ResultForm {
        let (test, sample) = &self.tests[&kind];
        let words = match (kind, kind.plain(value)) {
            (Kind::Viability, value) => by_value(value, ["90", "91", "70", ">80"]),
            (Kind::Endotoxin, value) => by_value(value, ["<0.05", "0.1", "0.9", "<0.6"]),
            (Kind::Doubling, value) => by_value(value, ["100", "101", "500", ">300"]),
            (Kind::Rapid | Kind::Fortnight, Value::Bad) => "growth",
            (Kind::Rapid | Kind::Fortnight, _) => "no growth",
        };
        let mut form = self.centre.result_form(self.batch, *sample, test, &[words]);
        // Where growth is read, what leaves it undecided is a failed control.
        if kind == Kind::Rapid && value == Value::Unclear {
            form.controls = Some(Controls { negative: ControlOutcome::Failed, ..GOOD });
        }
        form
    }

    fn packing(&self, bags: &Bags, checker: Option<Who>) -> Packing {
        let (containers, performed) = (self.scans(bags), self.checked_by(checker));
        Packing {
            performed,
            containers,
            package: of("BOX-1"),
            logger: Some(of("LOG-1")),
            not_applicable: Default::default(),
        }
    }

    fn receipt(&self, bags: &Bags, good: bool) -> Receipt {
        Receipt {
            performed: Performed::default(),
            containers: self.scans(bags),
            seal_intact: true,
            least_temperature: q("4"),
            most_temperature: q(if good { "7" } else { "19" }),
            transport: q("3"),
            appearance: of("as on the label"),
            accepted: true,
        }
    }

    /// Does the step in the product.
    fn run(&mut self, who: Who, step: &Step) -> Result<Vec<EntryId>, Refusal> {
        let person = self.people[&who];
        let numbers = |bags: &Bags| chosen(bags).into_iter().map(|bag| self.bag_no(bag)).collect::<Vec<_>>();
        let nothing = EntryId(Uuid::max());
        let result = |no: usize| ResultNo(self.first_result + u16::try_from(no).unwrap());
        let performed = Performed::default();
        let form: baiyo_domain::batch::Command = match *step {
            Step::Wait { hours } => {
                self.centre.hours(i64::from(hours));
                return Ok(Vec::new());
            }
            Step::Enter { kind, value } => self.result(kind, value).into(),
            Step::Verify { result: no } => Verification { result: result(no) }.into(),
            Step::Investigate { result: no, retests } => {
                use baiyo_domain::batch::testing::{Conclusion, Investigation};
                let cause = of("pipette out of calibration");
                let conclusion = match retests {
                    Some(retests) => Conclusion::LaboratoryCause { cause, retests },
                    None => Conclusion::Confirmed { cause },
                };
                Investigation { result: result(no), conclusion }.into()
            }
            Step::Correct { result, value } => {
                let found = self.model.results.get(result);
                let (entry, kind) = found.map_or((nothing, Kind::Rapid), |f| (entry_id(f.entry), f.kind));
                let form = self.result(kind, value);
                return self.centre.correct(person, self.batch, entry, form);
            }
            Step::CorrectPacking { packing, checker } => {
                let packing = self.model.packings.get(packing);
                let (entry, bags) =
                    packing.map_or((nothing, [true; 2]), |packing| (entry_id(packing.entry), packing.bags));
                let form = self.packing(&bags, checker);
                return self.centre.correct(person, self.batch, entry, form);
            }
            Step::CorrectReceipt { receipt, good } => {
                let receipt = self.model.receipts.get(receipt);
                let (entry, bags) =
                    receipt.map_or((nothing, [true; 2]), |receipt| (entry_id(receipt.entry), receipt.bags));
                let form = self.receipt(&bags, good);
                return self.centre.correct(person, self.batch, entry, form);
            }
            Step::Hold { bags } => {
                let containers = if bags == [true; 2] { Vec::new() } else { numbers(&bags) };
                Holding { containers, reason: of("a doubt") }.into()
            }
            Step::Lift { hold } => {
                Lifting { hold: HoldNo(u16::try_from(hold + 1).unwrap()), reason: of("settled") }.into()
            }
            Step::Report => {
                let (title, description) = (of("spill"), of("a spill"));
                let event = QualityEventId(self.centre.id());
                return self.centre.event(
                    person,
                    event,
                    Report { title, description, batches: vec![self.batch] },
                );
            }
            Step::Assess { event, impact } => {
                let event = self
                    .state
                    .quality_events
                    .keys()
                    .nth(event)
                    .copied()
                    .unwrap_or(QualityEventId(Uuid::max()));
                let impact = match impact {
                    Impact::Acceptable => quality_event::Impact::Acceptable,
                    Impact::Unacceptable => quality_event::Impact::Unacceptable,
                };
                let form =
                    quality_event::Assessment { batch: self.batch, impact, reasoning: of("looked at") };
                return self.centre.event(person, event, form);
            }
            Step::Clear { mismatch } => {
                let mismatch = self.state.mismatches.get(mismatch).map_or(nothing, |known| known.entry);
                MismatchClearance { mismatch, check: of("compared afresh") }.into()
            }
            Step::ConfirmMade => ManufacturingConfirmation { remark: None }.into(),
            Step::ConfirmSound => QualityConfirmation { remark: None }.into(),
            Step::Decide { bags, release } => {
                let reject = disposition::Decision::Reject { reason: of("leaks") };
                let decision = if release { disposition::Decision::Release } else { reject };
                Deciding { containers: numbers(&bags), decision }.into()
            }
            Step::Allocate { bags } => Allocation { containers: numbers(&bags), order: self.order }.into(),
            Step::Pack { bags, checker } => self.packing(&bags, checker).into(),
            Step::ConfirmPart { entry } => PartConfirmation { entry: entry_id(entry) }.into(),
            Step::ShippingCheck { bags } => {
                ShippingCheck { containers: self.scans(&bags), clinic: self.centre.clinic }.into()
            }
            Step::Ship { bags } => {
                Shipment { performed, containers: self.scans(&bags), carrier: of("Example carrier 1") }.into()
            }
            Step::ReceivingCheck { bags } => ReceivingCheck { containers: self.scans(&bags) }.into(),
            Step::Receive { bags, good } => self.receipt(&bags, good).into(),
            Step::MayGive { bag, may } => AdministrationDecision {
                container: self.labels[bag].clone(),
                order_label: self.order_label.clone(),
                may,
                reason: None,
            }
            .into(),
            Step::Bedside { bag, second } => BedsideCheck {
                container: self.labels[bag].clone(),
                wristband: self.order_label.clone(),
                spoken_identity_fits: true,
                second_person: self.people[&second],
            }
            .into(),
            Step::Infuse { bag } => Infusion {
                performed,
                container: self.labels[bag].clone(),
                started_at: self.centre.now,
                ended_at: self.centre.now,
                volume: q("40"),
                reactions: of("none"),
            }
            .into(),
            Step::Return { bags } => {
                ReturnReport { performed, containers: self.scans(&bags), reason: of("late") }.into()
            }
            Step::Destroy { bags, witness } => Destruction {
                performed: self.checked_by(witness),
                containers: self.scans(&bags),
                method: of("autoclave 121 °C"),
                quantity: q("40"),
                reason: of("no longer needed"),
            }
            .into(),
            Step::Withdraw { bags } => {
                Withdrawal { containers: numbers(&bags), reason: of("a doubt") }.into()
            }
            Step::Acknowledge { stop } => StopAcknowledgement { stop: entry_id(stop) }.into(),
        };
        self.centre.batch(person, self.batch, form)
    }

    /// Takes the step on both sides and says where they part.
    fn step(&mut self, who: Who, step: &Step) -> Result<bool, String> {
        self.model.pass(if let Step::Wait { hours } = step { i64::from(*hours) * 3600 } else { 1 });
        let expected = self.model.accepts(who, step);
        let answer = self.run(who, step);
        match &answer {
            Ok(_) if !expected => return Err("the product accepted what the model refuses".into()),
            Err(refusal) if expected => {
                return Err(format!("the product refused what the model accepts: {:?}", codes(refusal)));
            }
            Ok(entries) => {
                let entry = entries.first().map_or(0, |entry| entry.0.as_u128());
                self.model.apply(who, step, entry);
            }
            Err(_) => self.model.refused(who, step),
        }
        self.differences().map(|()| expected)
    }

    /// The stop messages so far.
    fn stops(&self) -> Vec<u128> {
        let stops = self.state.containers.values().flat_map(|container| &container.stops);
        stops.map(|stop| stop.entry.0.as_u128()).collect()
    }

    /// Compares what is so now, and the fold of what is stored with that of what was decided.
    fn differences(&mut self) -> Result<(), String> {
        self.state = self.centre.state(self.batch);
        let state = &self.state;
        let answer = gate(state, self.centre.now);
        for (bag, expected) in self.model.bags.iter().enumerate() {
            let no = bag_no(state, bag);
            let container = &state.containers[&no];
            let theirs = (container.released(), place(container.custody), !container.stops.is_empty());
            let ours = (self.model.is_released(bag), Some(expected.custody), expected.stopped);
            if theirs != ours {
                return Err(format!(
                    "bag {bag} is {theirs:?} instead of {ours:?} (released, where, stopped)"
                ));
            }
            let theirs = (
                container.may_be_administered(),
                matches!(container.clearance, Some(Clearance::Passed { .. })),
            );
            let ours = (expected.consent.is_some(), expected.check == Check::Passed);
            if theirs != ours {
                return Err(format!("bag {bag} is {theirs:?} instead of {ours:?} (may be given, checked)"));
            }
            let blockers = answer.blockers(no);
            if blockers.is_empty() == self.model.is_blocked(bag) {
                return Err(format!("the gate answers {blockers:?} on bag {bag}"));
            }
        }
        let theirs = (state.manufacturing.is_some(), state.quality.is_some());
        let ours = (self.model.made.is_some(), self.model.sound.is_some());
        if theirs != ours {
            return Err(format!("{theirs:?} instead of {ours:?} (confirmed for manufacturing, for quality)"));
        }
        let held = state.holds.values().filter(|hold| hold.lifted.is_none()).count();
        let theirs = (held, state.quality_events.len(), state.unconfirmed_parts().len());
        let held = self.model.holds.iter().filter(|hold| !hold.lifted).count();
        let ours = (held, self.model.events.len(), self.model.pending_parts().len());
        if theirs != ours {
            return Err(format!("{theirs:?} instead of {ours:?} holds, quality events and parts to confirm"));
        }
        match Batch::fold(self.batch, &self.centre.fresh[&self.batch]) {
            Ok(fresh) if fresh == *state => Ok(()),
            Ok(_) => Err("what is stored folds otherwise than what was decided".into()),
            Err(impossible) => Err(format!("what was decided cannot have happened: {impossible}")),
        }
    }
}

fn by_value(value: Value, words: [&str; 4]) -> &str {
    words[value as usize]
}

/// Numbers whose label cannot be typed on every keyboard are left out.
fn bag_no(state: &Batch, bag: usize) -> ContainerNo {
    *state.containers.keys().nth(bag).unwrap()
}

fn place(custody: distribution::Custody) -> Option<Custody> {
    Some(match custody {
        distribution::Custody::InHouse => Custody::InHouse,
        distribution::Custody::Packed => Custody::Packed,
        distribution::Custody::Shipped => Custody::Shipped,
        distribution::Custody::Received { good } => Custody::Received(good),
        distribution::Custody::Infused => Custody::Infused,
        distribution::Custody::Returned => Custody::Returned,
        distribution::Custody::Destroyed => Custody::Destroyed,
        distribution::Custody::Drawn { .. } => return None,
    })
}

fn entry_id(entry: u128) -> EntryId {
    EntryId(Uuid::from_u128(entry))
}

/// Where sequences begin: just filled, released, and at the clinic; each reached by the model's own next steps.
fn beginnings() -> [Pair; 3] {
    let mut filled = Pair::filled();
    filled.differences().unwrap();
    let onto = |from: &Pair, there: &dyn Fn(&Model, usize) -> bool| {
        let mut pair = from.clone();
        for bag in 0..2 {
            while !there(&pair.model, bag) {
                let (who, step) = pair.model.onward(bag);
                assert_eq!(pair.step(who, &step), Ok(true), "{who:?}: {step:?}");
            }
        }
        pair
    };
    let released = onto(&filled, &Model::is_released);
    let arrived = onto(&released, &|model, bag| model.bags[bag].custody == Custody::Received(true));
    [filled, released, arrived]
}

thread_local! {
    static BEGINNINGS: [Pair; 3] = beginnings();
}

/// How often each step was accepted and refused, so that it shows if some are never reached.
static TALLY: Mutex<BTreeMap<String, [u32; 2]>> = Mutex::new(BTreeMap::new());

fn count(step: &Step, accepted: bool) {
    let name = format!("{step:?}").split_whitespace().next().unwrap_or_default().to_string();
    TALLY.lock().unwrap().entry(name).or_default()[usize::from(!accepted)] += 1;
}

/// As many as run at once; each has its own share of the cases.
const THREADS: u32 = 2;

fn cases() -> u32 {
    if std::env::var("BAIYO_PROOF").is_ok_and(|proof| proof == "full") { 10_000 } else { 500 }
}

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/against_a_model.txt");

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases() / THREADS,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(SEEDS))),
        ..ProptestConfig::default()
    })]

    fn sequences(
        beginning in 0usize..3,
        focus in prop::sample::select(vec![Focus::Everything, Focus::Findings, Focus::TheWay]),
        moves in prop::collection::vec(moves(), 1..=40),
        swaps in prop::collection::vec((any::<u16>(), any::<u16>()), 0..4),
        cut in any::<u16>(),
    ) {
        let mut pair = BEGINNINGS.with(|all| all[beginning].clone());
        let mut taken = Vec::new();
        for next in moves {
            let (who, step) = next.aim(&pair.model, &|| pair.stops(), focus);
            taken.push(format!("{who:?}: {step:?}"));
            match pair.step(who, &step) {
                Ok(accepted) => count(&step, accepted),
                Err(why) => prop_assert!(false, "{why}\nafter {taken:#?}"),
            }
        }
        // What was decided, out of order, torn off or with a piece missing: folded or impossible, and never a panic.
        let mut history = pair.centre.fresh[&pair.batch].clone();
        for (a, b) in swaps {
            let len = history.len();
            history.swap(usize::from(a) % len, usize::from(b) % len);
        }
        let place = usize::from(cut) % history.len();
        if cut % 2 == 0 { history.truncate(place) } else { drop(history.remove(place)) }
        if let Ok(batch) = Batch::fold(pair.batch, &history) {
            let _ = gate(&batch, pair.centre.now);
            let _ = (batch.status(pair.centre.now), batch.unconfirmed_parts(), batch.covers());
            let _ = batch.standing_for_child(Some(ContainerNo(1)), pair.centre.now);
        }
    }
}

#[test]
fn the_product_never_answers_otherwise_than_the_model() {
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..THREADS).map(|_| scope.spawn(sequences)).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
    let tally = TALLY.lock().unwrap();
    let [accepted, refused] = [0, 1].map(|which| tally.values().map(|counts| counts[which]).sum::<u32>());
    println!("{} cases, {accepted} steps accepted, {refused} refused", cases());
    // The control: sequences that never reach a step say nothing about it.
    assert_eq!(tally.len(), 29);
    for (step, [accepted, refused]) in tally.iter() {
        println!("{step}: {accepted} accepted, {refused} refused");
        // These are refused to the wrong people at most, which is rare enough to be missed.
        let hardly_refused = ["Wait", "Hold", "Report"].contains(&step.as_str());
        assert!(
            *accepted > 0 && (*refused > 0 || hardly_refused),
            "{step} was never accepted or never refused"
        );
    }
}
