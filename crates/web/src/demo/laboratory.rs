//! The laboratory of the demonstration: samples, results as laboratories report them, and their verification.

use super::DemoError;
use super::bench::{Bench, Done, missing};
use super::dice::{self, Dice};
use super::people::short;
use baiyo_domain::batch::not_applicable::OfResult;
use baiyo_domain::batch::results::{ControlOutcome, Controls};
use baiyo_domain::batch::testing::{ResultForm, Sampling, Verification};
use baiyo_domain::batch::{Batch, Performed, Subject};
use baiyo_domain::ids::{ResultNo, SampleNo};
use baiyo_domain::standard::{Code, Criterion, Stage, Test};
use baiyo_domain::text::Short;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

impl Bench<'_> {
    /// An analyst takes one sample for all tests of a stage.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn sample(&self, wanted: impl Fn(&Test) -> bool, subjects: Vec<Subject>) -> Done {
        let state = self.state()?;
        let tests: Vec<Code> =
            state.standard().tests.iter().filter(|test| wanted(test)).map(|test| test.code.clone()).collect();
        let quantity = Some(short("2 mL")?);
        let form = Sampling {
            performed: Performed::default(),
            subjects,
            tests,
            quantity,
            not_applicable: Default::default(),
        };
        self.record(self.case.analyst, form)
    }

    /// The test of the batch's standard and its newest sample.
    ///
    /// # Errors
    /// There is none.
    pub fn sampled(&self, code: &str) -> Result<(Test, SampleNo, Batch), DemoError> {
        let state = self.state()?;
        let known = state.standard().tests.iter().find(|test| test.code.as_str() == code).cloned();
        let test = known.ok_or_else(|| missing(code))?;
        let sample = state.samples.iter().rfind(|(_, sample)| sample.form.tests.contains(&test.code));
        let no = sample.map(|(no, _)| *no).ok_or_else(|| missing(&format!("sample for {code}")))?;
        Ok((test, no, state))
    }

    /// The form of a result on the newest sample of a test.
    ///
    /// # Errors
    /// There is no sample.
    pub fn result_form(&self, code: &str, values: &[String]) -> Result<ResultForm, DemoError> {
        const GOOD: Controls =
            Controls { positive: ControlOutcome::AsExpected, negative: ControlOutcome::AsExpected };
        let (test, sample, state) = self.sampled(code)?;
        let culture = matches!(test.criterion, Criterion::NoGrowth { .. });
        let taken = state.samples.get(&sample).map(|sample| sample.at);
        let no_kit = (!test.controls).then(|| short("読取りのみ / read without a kit")).transpose()?;
        Ok(ResultForm {
            sample,
            test: test.code.clone(),
            values: values.iter().map(|value| short(value)).collect::<Result<Vec<Short>, _>>()?,
            unit: test.unit.clone(),
            method: test.method.clone(),
            instrument: Some(short(&format!("{}-1", test.code))?),
            kit_lot: test
                .controls
                .then(|| short(&format!("KIT-{:03}", 200 + self.case.number / 8)))
                .transpose()?,
            controls: test.controls.then_some(GOOD),
            analyst: None,
            inoculated_at: taken.filter(|_| culture),
            read_at: None,
            report: None,
            remark: None,
            not_applicable: OfResult { kit_lot: no_kit, ..OfResult::default() },
        })
    }

    /// Somebody enters a result.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn enter(&self, who: &str, code: &str, values: &[&str]) -> Done {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        self.record(who, self.result_form(code, &values)?)
    }

    /// The analyst enters a result that passes.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn pass(&self, code: &str, dice: &mut Dice) -> Done {
        let (test, sample, state) = self.sampled(code)?;
        let values = passing(&test, sample, &state, dice);
        self.record(self.case.analyst, self.result_form(code, &values)?)
    }

    /// The number of a test's newest result.
    ///
    /// # Errors
    /// There is none.
    pub fn newest(&self, code: &str) -> Result<ResultNo, DemoError> {
        let state = self.state()?;
        let newest = state.results.iter().rfind(|(_, result)| result.form.test.as_str() == code);
        newest.map(|(no, _)| *no).ok_or_else(|| missing(&format!("result of {code}")))
    }

    /// Somebody verifies a test's newest result.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn verify(&self, who: &str, code: &str) -> Done {
        self.sign(who, Verification { result: self.newest(code)? })
    }
}

/// Values that pass, as laboratories report them.
fn passing(test: &Test, sample: SampleNo, state: &Batch, dice: &mut Dice) -> Vec<String> {
    let mut percent = |range| vec![dice.within(range).round_dp(1).to_string()];
    match (test.code.as_str(), &test.criterion) {
        ("VIABILITY", _) => percent(dice::VIABILITY),
        ("VIABILITY-THAW", _) => percent(dice::THAWED_VIABILITY),
        ("IDENTITY-POSITIVE", _) => percent(dice::POSITIVE_MARKERS),
        ("IDENTITY-NEGATIVE", _) => percent(dice::NEGATIVE_MARKERS),
        ("ENDOTOXIN", _) => vec![dice.one_of(&dice::ENDOTOXIN).unwrap_or("<0.05").into()],
        ("COUNT", _) => {
            let filled =
                state.containers.values().next_back().map(|container| container.new.viable_cells.value());
            let mut reading = || {
                let off = Decimal::ONE + dice.within((-200, 200)) / Decimal::ONE_HUNDRED;
                (filled.unwrap_or_default() * off / Decimal::from(100_000)).round() * Decimal::from(100_000)
            };
            (0..test.replicates.number).map(|_| reading().to_i64().unwrap_or(0).to_string()).collect()
        }
        ("DOUBLING-TIME", _) => {
            let subjects =
                state.samples.get(&sample).map(|sample| sample.form.subjects.clone()).unwrap_or_default();
            let vessels = subjects.into_iter().flat_map(|subject| state.parents_of(subject));
            let grown = vessels.filter_map(|subject| match subject {
                Subject::Vessel(no) => state.vessels.get(&no)?.growth.as_ref()?.doubling_time,
                _ => None,
            });
            grown.take(1).map(|hours| hours.to_string()).collect()
        }
        (_, Criterion::Text { accepted }) => accepted.last().map(ToString::to_string).into_iter().collect(),
        (_, Criterion::NoGrowth { .. }) => vec!["no growth".into()],
        (_, Criterion::Negative) => vec!["negative".into()],
        (_, Criterion::AtLeast(limit) | Criterion::AtMost(limit) | Criterion::Below(limit)) => {
            vec![limit.to_string()]
        }
        (_, Criterion::Between { least, .. }) => vec![least.to_string()],
    }
}

/// Whether a test is of this stage.
pub fn of(stage: Stage) -> impl Fn(&Test) -> bool {
    move |test| test.stage == stage
}
