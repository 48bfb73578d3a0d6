//! The states that a mandated test can be in, each brought about by the forms people fill in; and the pieces that
//! their entries make of a batch, which compose to any combination of states without deciding every entry anew.

pub mod enumeration;
pub mod words;

use crate::centre::{Centre, Course, GOOD, Until, of, passing, q};
use baiyo_domain::authority::Role;
use baiyo_domain::batch::disposition::{
    Confirmed, Hold, HoldCause, Holding, ManufacturingConfirmation, QualityConfirmation,
};
use baiyo_domain::batch::results::{ControlOutcome, Controls};
use baiyo_domain::batch::testing::{ResultForm, Sampling, TestResult, TestSample};
use baiyo_domain::batch::{Batch, Event, Logged, Performed, Stamp, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::standard::{Anchor, Code, Criterion, Stage, Standard, Test, Validity};
use baiyo_domain::time::Time;
use rust_decimal::Decimal;

pub const STANDARD: &str = "adipose-msc-autologous-fresh";

/// The tests mandated of the batch itself: the six that are enumerated fully stand first.
pub const TESTS: [&str; 11] = [
    "STERILITY-PREHARVEST",
    "IDENTITY-POSITIVE",
    "APPEARANCE",
    "VIABILITY",
    "ENDOTOXIN",
    "STERILITY-RAPID",
    "STERILITY-RECEIPT",
    "MYCOPLASMA",
    "IDENTITY-NEGATIVE",
    "COUNT",
    "GRAM-STAIN",
];

/// Where a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing was sampled.
    Absent,
    /// Sampled; no result.
    Pending,
    /// A passing result that nobody verified.
    Unverified,
    /// A verified passing result, in date.
    Passed,
    /// A failing result, verified where it can be, and the hold it sets.
    Failed,
    /// A result that does not tell: a value that may lie on either side of the limit, a text nobody interpreted, a
    /// culture that is still incubating. Numbers and texts are verified, so that nothing but this blocks.
    Unclear,
    /// A failure set aside by an investigation that fixed one retest, its hold lifted; the retest is not done.
    OwesRetest,
    /// A verified value that would pass, had the run's positive control not failed.
    ControlsFailed,
    /// A verified passing value, corrected to another entry that nobody verified since.
    Corrected,
    /// As `OwesRetest`; then a second analyst's passing retest, verified.
    Superseded,
    /// As `Passed`, but its validity has run out.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [State; 11] = [
        State::Absent,
        State::Pending,
        State::Unverified,
        State::Passed,
        State::Failed,
        State::Unclear,
        State::OwesRetest,
        State::ControlsFailed,
        State::Corrected,
        State::Superseded,
        State::Expired,
    ];
}

/// Where the record's confirmations stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmations {
    Both,
    ManufacturingOnly,
    Neither,
}

/// What a decision stands in beside its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub held: bool,
    pub confirmations: Confirmations,
}

impl Setting {
    /// All six; the one in which a batch may be released stands first.
    pub fn all() -> [Setting; 6] {
        use Confirmations::*;
        let setting = |held, confirmations| Setting { held, confirmations };
        [
            setting(false, Both),
            setting(false, ManufacturingOnly),
            setting(false, Neither),
            setting(true, Both),
            setting(true, ManufacturingOnly),
            setting(true, Neither),
        ]
    }
}

/// The standard as filed, but for what keeps a state out of reach: here each test may be retested once, asks for
/// controls, and its result counts for so long that a batch can have it in date or out of date.
fn standard() -> Standard {
    let mut standard = Centre::read_standard(STANDARD);
    standard.process.medium_interval = q("5");
    for test in standard.tests.iter_mut().filter(|test| TESTS.contains(&test.code.as_str())) {
        let days = match test.stage {
            Stage::Receipt => "25",
            Stage::InProcess { within } if within.value() > 3.into() => "8.5",
            Stage::InProcess { .. } => "3.25",
            _ => "1",
        };
        let from = if test.code.as_str() == "ENDOTOXIN" { Anchor::Report } else { Anchor::Sampling };
        test.validity = Some(Validity { lasts: q(days), from });
        test.most_retests = test.most_retests.max(1);
        test.controls = true;
    }
    standard
}

/// A centre with one batch that lacks nothing but its mandated tests and the confirmations of its record.
#[derive(Clone)]
pub struct Scene {
    pub centre: Centre,
    pub batch: BatchId,
    /// A releaser who entered one of its results, of a test that is for information only.
    pub enterer: PersonId,
    filled_at: Time,
}

impl Scene {
    /// One container, filled 31 hours ago of the 48 it keeps. Both analysts have entered a result already, so that
    /// no state adds a duty.
    pub fn open() -> Self {
        let mut centre = Centre::open();
        centre.approve(STANDARD, standard());
        let course = Course {
            until: Until::Filled,
            unsampled: TESTS.to_vec(),
            containers: vec![("100000000", "40")],
            days_each: 8,
            ..Course::default()
        };
        let batch = centre.make(&course);
        let enterer = centre.hire("releaser.two", Role::Releaser);
        let filled_at = centre.state(batch).containers[&centre.first(batch)].filled_at;
        centre.hours(31);
        let test = centre.test(batch, "DOUBLING-TIME");
        let sample = centre.last_sample(batch, &test.code).unwrap();
        for person in [centre.staff.analyst, centre.staff.second_analyst, enterer] {
            centre.enter(person, batch, sample, &test, &["400"]).unwrap();
        }
        Self { centre, batch, enterer, filled_at }
    }

    /// The instant of the decision: an hour after the results, two before those in date run out.
    pub fn decided_at(&self) -> Time {
        self.filled_at.plus_hours(32)
    }

    /// The test at one place of the list.
    pub fn test(&self, place: usize) -> Test {
        self.centre.test(self.batch, TESTS[place])
    }

    /// Brings a test into a state, by the forms and the people that do it at the bench.
    pub fn bring(&mut self, place: usize, state: State) {
        let test = self.test(place);
        let staff = self.centre.staff;
        if state == State::Absent {
            return;
        }
        // Counted back from when its validity must end: 25 h after the fill is past, 34 h is not.
        let ends = self.filled_at.plus_hours(if state == State::Expired { 25 } else { 34 });
        let validity = test.validity.unwrap();
        let lasts = i64::try_from((validity.lasts.value() * Decimal::from(24)).trunc()).unwrap();
        let starts = ends.plus_hours(-lasts);
        let by_report = validity.from == Anchor::Report;
        let sample = self.sample(&test, if by_report { starts.plus_hours(-1) } else { starts });
        if state == State::Pending {
            return;
        }
        let value = match state {
            State::Failed | State::OwesRetest | State::Superseded => failing(&test),
            State::Unclear => unclear(&test),
            _ => Some(passing(&test)),
        };
        let Some(value) = value else { return };
        let mut form = self.form(sample, &test, &value);
        form.read_at = by_report.then_some(starts);
        if state == State::ControlsFailed {
            form.controls = Some(Controls { positive: ControlOutcome::Failed, ..GOOD });
        }
        let culture = matches!(test.criterion, Criterion::NoGrowth { .. });
        if culture && state == State::Unclear {
            form.inoculated_at = Some(self.centre.now);
        }
        let result = self.enter(staff.analyst, form.clone());
        match state {
            State::Unverified => return,
            State::Unclear if culture => return,
            State::Failed | State::OwesRetest | State::Superseded
                if matches!(test.criterion, Criterion::Text { .. }) =>
            {
                self.centre.interpret(self.batch, result, false).unwrap();
            }
            _ => {}
        }
        self.centre.verify(staff.releaser, self.batch, result).unwrap();
        if state == State::Corrected {
            let entry = self.centre.state(self.batch).results[&result].entry;
            let corrected = ResultForm { remark: Some(of("the report's second page")), ..form };
            self.centre.correct(staff.second_analyst, self.batch, entry, corrected).unwrap();
        } else if matches!(state, State::OwesRetest | State::Superseded) {
            self.set_aside(result);
        }
        if state == State::Superseded {
            let mut retest = self.form(sample, &test, &passing(&test));
            retest.read_at = by_report.then_some(starts);
            let retest = self.enter(staff.second_analyst, retest);
            self.centre.verify(staff.releaser, self.batch, retest).unwrap();
        }
    }

    fn sample(&mut self, test: &Test, at: Time) -> SampleNo {
        let state = self.centre.state(self.batch);
        let harvest = *state.harvests.keys().last().unwrap();
        let subjects = match test.stage {
            Stage::Receipt => vec![Subject::Tissue],
            Stage::InProcess { .. } => state.parents_of(Subject::Harvest(harvest)),
            Stage::Harvest => vec![Subject::Harvest(harvest)],
            _ => vec![Subject::Fill(*state.fills.keys().last().unwrap())],
        };
        let late = Performed { at: Some(at), late_reason: Some(of("paper form")), ..Performed::default() };
        let tests = vec![test.code.clone()];
        let not_applicable = Default::default();
        let form = Sampling { performed: late, subjects, tests, quantity: None, not_applicable };
        self.centre.batch(self.centre.staff.analyst, self.batch, form).unwrap();
        self.centre.last_sample(self.batch, &test.code).unwrap()
    }

    fn form(&self, sample: SampleNo, test: &Test, value: &str) -> ResultForm {
        let values = vec![value; usize::from(test.replicates.number)];
        self.centre.result_form(self.batch, sample, test, &values)
    }

    fn enter(&mut self, who: PersonId, form: ResultForm) -> ResultNo {
        self.centre.batch(who, self.batch, form).unwrap();
        *self.centre.state(self.batch).results.keys().last().unwrap()
    }

    fn set_aside(&mut self, result: ResultNo) {
        self.centre.investigate(self.batch, result, Some(1)).unwrap();
        let cause = HoldCause::Oos { result };
        let state = self.centre.state(self.batch);
        let hold = state.holds.iter().find(|(_, hold)| hold.cause == cause).unwrap();
        self.centre.lift(self.batch, *hold.0).unwrap();
    }

    /// Confirms and holds as the setting says.
    pub fn set(&mut self, setting: Setting) {
        let staff = self.centre.staff;
        if setting.confirmations != Confirmations::Neither {
            let form = ManufacturingConfirmation { remark: None };
            self.centre.batch(staff.lead, self.batch, form).unwrap();
        }
        if setting.confirmations == Confirmations::Both {
            let form = QualityConfirmation { remark: None };
            self.centre.batch(staff.releaser, self.batch, form).unwrap();
        }
        if setting.held {
            let form = Holding { containers: vec![], reason: of("a doubt") };
            self.centre.batch(staff.technician, self.batch, form).unwrap();
        }
    }

    /// The batch as it stands.
    pub fn state(&self) -> Batch {
        self.centre.state(self.batch)
    }
}

/// A value that fails.
fn failing(test: &Test) -> Option<String> {
    let value = match &test.criterion {
        Criterion::AtLeast(_) | Criterion::Between { .. } => "1",
        Criterion::AtMost(_) | Criterion::Below(_) => "9",
        Criterion::NoGrowth { .. } => "growth",
        Criterion::Negative => "positive",
        Criterion::Text { .. } => "flakes",
    };
    Some(value.into())
}

/// A value that does not tell; none where the criterion knows only two words.
fn unclear(test: &Test) -> Option<String> {
    match &test.criterion {
        Criterion::NoGrowth { .. } => Some("no growth".into()),
        Criterion::Negative => None,
        Criterion::Text { .. } => Some("slightly cloudy".into()),
        _ => Some(">0.1".into()),
    }
}

/// The entries that something added to a batch, numbered apart from those that others add, so that they can follow
/// the same beginning together.
#[derive(Clone)]
pub struct Sequence(pub Vec<(Stamp, Event)>);

impl Sequence {
    /// What `add` appends to the scene's batch. `place` numbers its entries, samples, results and holds: as many
    /// apart as no sequence reaches.
    pub fn of(scene: &Scene, place: u32, add: impl FnOnce(&mut Scene)) -> Self {
        let begun = scene.state().log.len();
        let mut scene = scene.clone();
        // Identifiers apart too, though the clones count from one number.
        for _ in 0..1_000 * place {
            scene.centre.id();
        }
        add(&mut scene);
        let added = scene.state().log.split_off(begun);
        let apart = |logged: Logged| {
            let mut event = serde_json::to_value(&*logged.event).unwrap();
            renumber(&mut event, 100 * (place + 1));
            let version = logged.stamp.version + 100 * (place + 1);
            (Stamp { version, ..logged.stamp }, serde_json::from_value(event).unwrap())
        };
        Self(added.into_iter().map(apart).collect())
    }
}

fn renumber(value: &mut serde_json::Value, by: u32) {
    let serde_json::Value::Object(fields) = value else { return };
    for (key, value) in fields {
        match value.as_u64() {
            Some(number) if ["sample", "result", "hold"].contains(&key.as_str()) => {
                *value = (number + u64::from(by)).into();
            }
            _ => renumber(value, by),
        }
    }
}

/// What a sequence makes of a batch. The test that composes pieces and folds the same entries shows that this is
/// all it makes.
#[derive(Clone)]
pub struct Piece {
    samples: Vec<(SampleNo, TestSample)>,
    results: Vec<(ResultNo, TestResult)>,
    holds: Vec<(HoldNo, Hold)>,
    manufacturing: Option<Confirmed>,
    quality: Option<Confirmed>,
    log: Vec<Logged>,
}

impl Piece {
    /// Folds the sequence onto its beginning and takes out what is new.
    pub fn of(begun: &[(Stamp, Event)], sequence: &Sequence, batch: BatchId) -> Self {
        let before = Batch::fold(batch, begun).unwrap();
        let mut after = Batch::fold(batch, &[begun, &sequence.0].concat()).unwrap();
        Self {
            samples: after.samples.into_iter().filter(|(no, _)| !before.samples.contains_key(no)).collect(),
            results: after.results.into_iter().filter(|(no, _)| !before.results.contains_key(no)).collect(),
            holds: after.holds.into_iter().filter(|(no, _)| !before.holds.contains_key(no)).collect(),
            manufacturing: after.manufacturing,
            quality: after.quality,
            log: after.log.split_off(begun.len()),
        }
    }

    /// Adds it to a batch.
    pub fn put(&self, batch: &mut Batch) {
        batch.samples.extend(self.samples.iter().cloned());
        batch.results.extend(self.results.iter().cloned());
        batch.holds.extend(self.holds.iter().cloned());
        batch.manufacturing = batch.manufacturing.or(self.manufacturing);
        batch.quality = batch.quality.or(self.quality);
        batch.log.extend(self.log.iter().cloned());
    }

    /// Takes it away again: the piece put last.
    pub fn take(&self, batch: &mut Batch) {
        self.samples.iter().for_each(|(no, _)| drop(batch.samples.remove(no)));
        self.results.iter().for_each(|(no, _)| drop(batch.results.remove(no)));
        self.holds.iter().for_each(|(no, _)| drop(batch.holds.remove(no)));
        batch.manufacturing = batch.manufacturing.filter(|_| self.manufacturing.is_none());
        batch.quality = batch.quality.filter(|_| self.quality.is_none());
        batch.log.truncate(batch.log.len() - self.log.len());
    }
}

/// The place of a test in the list.
pub fn place_of(code: &Code) -> Option<usize> {
    TESTS.iter().position(|test| *test == code.as_str())
}
