//! Testing: samples of what is in the batch, sent out and reported back; results as entered, verified by a
//! second person, interpreted where words need it, and investigated where they fail.

use super::disposition::{HoldCause, HoldScope};
use super::not_applicable::{OfResult, OfSampling, OfSending};
use super::results::{Controls, Judgement, Verdict, judge};
use super::{Batch, Command as BatchCommand, Event as BatchEvent, Performed, Stamp, Subject};
use crate::decision::{Appends, Context};
use crate::ids::{EntryId, LabelKind, PersonId, ResultNo, SampleNo};
use crate::journal::Hash;
use crate::refusal::{Impossible, Reason, Refusal};
use crate::standard::{Code, Purpose, Stage};
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked in testing.
    pub enum Command in BatchCommand::Testing {
        /// Take a test sample.
        Sampling => "sampling",
        /// Send it to an outside laboratory.
        Sending => "sending",
        /// Enter a result.
        ResultForm => "result",
        /// Verify a result as a second person.
        Verification => "verification",
        /// Interpret a result in words.
        Interpretation => "interpretation",
        /// Conclude the investigation of a failure.
        Investigation => "investigation",
    }
}

variants! {
    /// What is recorded in testing.
    pub enum Event in BatchEvent::Testing {
        /// A test sample was taken.
        Sampled => "sampled",
        /// It was sent to an outside laboratory.
        Sending => "sent",
        /// A result was entered.
        ResultEntered => "result_entered",
        /// A result was verified.
        Verification => "result_verified",
        /// A result was interpreted.
        Interpretation => "result_interpreted",
        /// An investigation was concluded.
        Investigation => "investigation_concluded",
    }
}

/// Take a test sample (検体).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// What was sampled; several vessels may be pooled into one sample.
    #[schemars(length(min = 1, max = 60))]
    pub subjects: Vec<Subject>,
    /// The tests it is for, by their codes in the standard.
    #[schemars(length(min = 1, max = 20))]
    pub tests: Vec<Code>,
    /// How much, with its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Short>,
    /// Which of these fields do not apply, and why.
    #[serde(default, skip_serializing_if = "OfSampling::is_empty")]
    pub not_applicable: OfSampling,
}

/// A test sample was taken; it has this number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sampled {
    /// What was done.
    pub form: Sampling,
    /// The sample's number.
    pub sample: SampleNo,
}

/// Send a sample to an outside laboratory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The sample.
    pub sample: SampleNo,
    /// The laboratory.
    pub laboratory: Short,
    /// The carrier and its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Short>,
    /// Which of these fields do not apply, and why.
    #[serde(default, skip_serializing_if = "OfSending::is_empty")]
    pub not_applicable: OfSending,
}

/// Enter a result as it was read or reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultForm {
    /// The sample.
    pub sample: SampleNo,
    /// The test, by its code.
    pub test: Code,
    /// The values exactly as read, one for each replicate: digits, `<0.05`, `>85`, `no growth`, `growth`,
    /// `negative`, `positive`, or a text such as `46,XY`.
    #[schemars(length(min = 1, max = 20))]
    pub values: Vec<Short>,
    /// The unit, as the standard names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Short>,
    /// The method, as the standard names it.
    pub method: Short,
    /// The instrument, by identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Short>,
    /// The kit's lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kit_lot: Option<Short>,
    /// The run's controls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Controls>,
    /// Who tested, if not the person who enters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyst: Option<PersonId>,
    /// When a culture was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inoculated_at: Option<Time>,
    /// When it was read, if not now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Time>,
    /// The number of an outside laboratory's report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Short>,
    /// A remark, e.g. where the value comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
    /// Which of these fields do not apply, and why.
    #[serde(default, skip_serializing_if = "OfResult::is_empty")]
    pub not_applicable: OfResult,
}

/// A result was entered; it has this number and was judged so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResultEntered {
    /// What was entered.
    pub form: ResultForm,
    /// The result's number.
    pub result: ResultNo,
    /// The verdict and how it was made.
    pub judgement: Judgement,
}

/// Verify a result against its raw data, as a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// The result.
    pub result: ResultNo,
}

/// Interpret a result in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interpretation {
    /// The result.
    pub result: ResultNo,
    /// Whether it passes.
    pub passes: bool,
    /// Why.
    pub reasoning: Note,
}

/// Conclude the investigation of a failing result (OOS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Investigation {
    /// The result.
    pub result: ResultNo,
    /// What was concluded.
    pub conclusion: Conclusion,
}

/// What an investigation concluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Conclusion {
    /// An assignable laboratory cause: the result is set aside, and this many retests by a second analyst
    /// must all pass.
    LaboratoryCause {
        /// The cause.
        cause: Note,
        /// How many retests, fixed now; at least 1 unless the entry itself was corrected.
        #[schemars(range(max = 10))]
        retests: u8,
    },
    /// The failure stands.
    Confirmed {
        /// What was found.
        cause: Note,
    },
}

/// A test sample as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSample {
    /// Its entry.
    pub entry: EntryId,
    /// When it was taken.
    pub at: Time,
    /// What was sampled, for which tests.
    pub form: Sampling,
    /// The outside laboratory it went to.
    pub sent_to: Option<Short>,
}

/// A result as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Its number.
    pub no: ResultNo,
    /// Its entry, and the hash of its newest form.
    pub entry: EntryId,
    /// The hash a verification covers.
    pub hash: Hash,
    /// What was entered.
    pub form: ResultForm,
    /// How it was judged.
    pub judgement: Judgement,
    /// When it was reported.
    pub reported_at: Time,
    /// Everybody who entered or produced it, corrections included.
    pub enterers: Vec<PersonId>,
    /// Who verified it, if it stands verified.
    pub verified_by: Option<PersonId>,
    /// How it was interpreted, if it stands interpreted.
    pub interpreted: Option<bool>,
    /// Whether and how it failed; survives every correction.
    pub oos: Option<Oos>,
}

/// Where a failure stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oos {
    /// Not investigated yet.
    Open,
    /// Set aside for a laboratory cause; this many retests must pass.
    SetAside {
        /// Retests fixed in advance.
        retests: u8,
        /// The version of the entry that fixed them.
        since: u32,
    },
    /// It stands.
    Confirmed,
}

impl TestResult {
    /// Whether it counts as a failure now.
    pub fn fails(&self) -> bool {
        match (&self.oos, self.effective()) {
            (Some(Oos::SetAside { .. }), _) => false,
            (Some(Oos::Open | Oos::Confirmed), _) | (None, Verdict::Fail) => true,
            (None, _) => false,
        }
    }

    /// The verdict with a signed interpretation taken in.
    pub fn effective(&self) -> Verdict {
        match (self.judgement.verdict, self.interpreted) {
            (Verdict::AwaitsInterpretation, Some(true)) => Verdict::Pass,
            (Verdict::AwaitsInterpretation, Some(false)) => Verdict::Fail,
            (verdict, _) => verdict,
        }
    }
}

pub(super) fn performed(event: &Event) -> Option<&Performed> {
    match event {
        Event::Sampled(fact) => Some(&fact.form.performed),
        Event::Sending(form) => Some(&form.performed),
        _ => None,
    }
}

/// Decides a form in testing.
///
/// # Errors
/// Every reason why not.
pub fn decide(batch: &Batch, command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let mut appends = Appends::new();
    let mut reasons = Vec::new();
    match command {
        Command::Sampling(form) => {
            reasons.extend(form.performed.faults(ctx.now, ctx.actor.person));
            reasons.extend(sampling_faults(batch, form));
            refuse(reasons)?;
            let last = batch.samples.keys().next_back().map_or(0, |no| no.0);
            let sample = SampleNo(batch.opened.label.next_part(LabelKind::Sample, last.saturating_add(1)));
            appends.batch(batch.id, Sampled { form: (**form).clone(), sample });
        }
        Command::Sending(form) => {
            reasons.extend(form.performed.faults(ctx.now, ctx.actor.person));
            if !batch.samples.contains_key(&form.sample) {
                reasons.push(Reason::NotFound);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Sending(form.clone()));
        }
        Command::ResultForm(form) => {
            let judgement = judged(batch, form, ctx.now)?;
            let result =
                ResultNo(batch.results.keys().next_back().map_or(1, |last| last.0.saturating_add(1)));
            let failed = judgement.verdict == Verdict::Fail;
            appends.batch(batch.id, ResultEntered { form: (**form).clone(), result, judgement });
            if failed {
                fail(batch, result, form, &mut appends, ctx);
            }
        }
        Command::Verification(form) => {
            let result = batch.result(form.result)?;
            if result.verified_by.is_some() {
                reasons.push(Reason::AlreadyDone);
            }
            if result.judgement.verdict == Verdict::Incubating {
                reasons.push(Reason::StillIncubating);
            }
            if result.enterers.contains(&ctx.actor.person) {
                reasons.push(Reason::EntererIsVerifier);
            }
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::Verification(form.clone()), vec![result.hash]);
        }
        Command::Interpretation(form) => {
            let result = batch.result(form.result)?;
            if result.judgement.verdict != Verdict::AwaitsInterpretation || result.interpreted.is_some() {
                reasons.push(Reason::NothingToInterpret);
            }
            if result.enterers.contains(&ctx.actor.person) {
                reasons.push(Reason::EntererIsVerifier);
            }
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::Interpretation(form.clone()), vec![result.hash]);
            if !form.passes {
                fail(batch, form.result, &result.form, &mut appends, ctx);
            }
        }
        Command::Investigation(form) => {
            let result = batch.result(form.result)?;
            if result.oos != Some(Oos::Open) {
                reasons.push(Reason::NothingToInvestigate);
            }
            if result.enterers.contains(&ctx.actor.person) {
                reasons.push(Reason::EntererIsVerifier);
            }
            if let Conclusion::LaboratoryCause { retests, .. } = form.conclusion {
                let most = batch.standard().test(&result.form.test).map_or(0, |test| test.most_retests);
                // A corrected entry that now passes is its own retest; anything else needs one at least.
                let least =
                    u8::from(result.judgement.verdict == Verdict::Fail || result.interpreted == Some(false));
                if retests > most || retests < least {
                    reasons.push(Reason::RetestNumber { least, most });
                }
            }
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::Investigation(form.clone()), vec![result.hash]);
        }
    }
    Ok(appends)
}

/// A result's verdict under the pinned standard.
///
/// # Errors
/// Every reason why the form cannot stand: unknown sample or test, another unit or method, wrong values.
pub(super) fn judged(batch: &Batch, form: &ResultForm, now: Time) -> Result<Judgement, Refusal> {
    let mut reasons = Vec::new();
    let (sample, test) = match (batch.samples.get(&form.sample), batch.standard().test(&form.test)) {
        (Some(sample), Some(test)) if sample.form.tests.contains(&form.test) => (sample, test),
        _ => return Err(Reason::NoSuchSampleOrTest.into()),
    };
    if form.unit != test.unit {
        reasons.push(Reason::WrongUnit { expected: test.unit.as_ref().map(ToString::to_string) });
    }
    if form.method != test.method {
        reasons.push(Reason::WrongMethod { expected: test.method.to_string() });
    }
    let read_at = form.read_at.unwrap_or(now);
    for (at, field) in [(form.read_at, "/read_at"), (form.inoculated_at, "/inoculated_at")] {
        if at.is_some_and(|at| at > now) {
            reasons.push(Reason::InTheFuture { field });
        }
    }
    if read_at < sample.at || form.inoculated_at.is_some_and(|at| at < sample.at || at > read_at) {
        reasons.push(Reason::BeforeItsCause);
    }
    let incubated =
        form.inoculated_at.map(|from| Decimal::from(read_at.since(from).num_minutes()) / Decimal::from(60));
    match judge(test, &form.values, form.controls, incubated) {
        Ok(judgement) if reasons.is_empty() => Ok(judgement),
        Ok(_) => Err(reasons.into()),
        Err(more) => {
            reasons.extend(more);
            Err(reasons.into())
        }
    }
}

/// A failure acts at once: it holds what descends from the sample, stops what has left, and opens a quality
/// event for what was administered. Tests for information only hold nothing.
pub(super) fn fail(batch: &Batch, result: ResultNo, form: &ResultForm, appends: &mut Appends, ctx: &Context) {
    let Some(sample) = batch.samples.get(&form.sample) else { return };
    if batch.standard().test(&form.test).is_some_and(|test| test.purpose == Purpose::Information) {
        return;
    }
    let from = batch.origin(sample);
    appends.hold(batch, HoldScope::From { subjects: from.clone() }, HoldCause::Oos { result });
    batch.stop_descendants(&from, super::distribution::StopCause::Oos { result }, appends, ctx);
}

pub(super) fn sampling_faults(batch: &Batch, form: &Sampling) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if form.subjects.is_empty() {
        reasons.push(Reason::NoSuchSubject { index: 0 });
    }
    for (index, subject) in form.subjects.iter().enumerate() {
        if !batch.has(*subject) || matches!(subject, Subject::Parent { .. }) {
            reasons.push(Reason::NoSuchSubject { index });
        }
    }
    // A sample copied from paper says when it was taken; it cannot be older than what it was taken from.
    let older = |at: Time| form.subjects.iter().any(|subject| batch.began(*subject).is_some_and(|b| at < b));
    if form.performed.at.is_some_and(older) {
        reasons.push(Reason::BeforeItsCause);
    }
    for (index, code) in form.tests.iter().enumerate() {
        let Some(test) = batch.standard().test(code) else {
            reasons.push(Reason::NoSuchTest { index });
            continue;
        };
        let fits = |subject: &Subject| match test.stage {
            Stage::Donor | Stage::Bank => false,
            Stage::Receipt => matches!(subject, Subject::Tissue),
            Stage::InProcess { .. } => matches!(subject, Subject::Vessel(_)),
            Stage::Harvest => matches!(subject, Subject::Harvest(_)),
            Stage::Fill => matches!(subject, Subject::Fill(_) | Subject::Container(_)),
            Stage::Thaw => matches!(subject, Subject::Container(_)),
        };
        if !form.subjects.iter().all(fits) {
            reasons.push(Reason::NotSampledThere { test: code.clone() });
        }
    }
    reasons
}

fn refuse(reasons: Vec<Reason>) -> Result<(), Refusal> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons.into()) }
}

impl Batch {
    fn result(&self, no: ResultNo) -> Result<&TestResult, Refusal> {
        self.results.get(&no).ok_or_else(|| Reason::NotFound.into())
    }

    /// Since when there is something to sample.
    fn began(&self, subject: Subject) -> Option<Time> {
        match subject {
            Subject::Tissue => self.tissue.as_ref().map(|tissue| tissue.at),
            Subject::Parent { .. } => None,
            Subject::Vessel(no) => self.vessels.get(&no).map(|vessel| vessel.seeded_at),
            Subject::Harvest(no) => self.harvests.get(&no).map(|harvest| harvest.at),
            Subject::Fill(no) => self.fills.get(&no).map(|fill| fill.at),
            Subject::Container(no) => self.containers.get(&no).map(|container| container.filled_at),
        }
    }

    /// What a sample speaks for: a container sampled before it was thawed speaks for its whole fill, and still
    /// does after it was thawed; one sampled after its thaw for itself alone.
    pub(super) fn origin(&self, sample: &TestSample) -> Vec<Subject> {
        let origin = |subject: &Subject| match subject {
            Subject::Container(no) => match self.containers.get(no) {
                Some(container) if container.thawed_at.is_none_or(|thawed| sample.at < thawed) => {
                    Subject::Fill(container.fill)
                }
                _ => *subject,
            },
            other => *other,
        };
        sample.form.subjects.iter().map(origin).collect()
    }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, event: &Event) -> Result<(), Impossible> {
    let missing = Impossible::new("a result is handled after it was entered");
    match event {
        Event::Sampled(fact) => {
            let sample = TestSample {
                entry: at.entry,
                at: fact.form.performed.at(at),
                form: fact.form.clone(),
                sent_to: None,
            };
            let subjects = &fact.form.subjects;
            if subjects.is_empty() || !subjects.iter().all(|subject| batch.has(*subject)) {
                return Err(Impossible::new("what is sampled exists"));
            }
            match batch.samples.insert(fact.sample, sample) {
                None => Ok(()),
                Some(_) => Err(Impossible::new("a sample is taken once")),
            }
        }
        Event::Sending(form) => {
            let sample = batch.samples.get_mut(&form.sample);
            sample.ok_or(Impossible::new("a sample is sent after it was taken"))?.sent_to =
                Some(form.laboratory.clone());
            Ok(())
        }
        Event::ResultEntered(fact) => {
            if !batch.samples.contains_key(&fact.form.sample) {
                return Err(Impossible::new("a sample is tested after it was taken"));
            }
            let mut enterers = vec![at.recorder];
            enterers.extend(fact.form.analyst);
            let result = TestResult {
                no: fact.result,
                entry: at.entry,
                hash: at.hash,
                form: fact.form.clone(),
                judgement: fact.judgement.clone(),
                reported_at: fact.form.read_at.unwrap_or(at.recorded_at),
                enterers,
                verified_by: None,
                interpreted: None,
                oos: (fact.judgement.verdict == Verdict::Fail).then_some(Oos::Open),
            };
            match batch.results.insert(fact.result, result) {
                None => Ok(()),
                Some(_) => Err(Impossible::new("a result is entered once")),
            }
        }
        Event::Verification(form) => {
            batch.results.get_mut(&form.result).ok_or(missing)?.verified_by = Some(at.performer);
            Ok(())
        }
        Event::Interpretation(form) => {
            let result = batch.results.get_mut(&form.result).ok_or(missing)?;
            result.interpreted = Some(form.passes);
            if !form.passes {
                result.oos.get_or_insert(Oos::Open);
            }
            Ok(())
        }
        Event::Investigation(form) => {
            let result = batch.results.get_mut(&form.result).ok_or(missing)?;
            result.oos = Some(match form.conclusion {
                Conclusion::LaboratoryCause { retests, .. } => Oos::SetAside { retests, since: at.version },
                Conclusion::Confirmed { .. } => Oos::Confirmed,
            });
            Ok(())
        }
    }
}
