//! From what was read to a verdict: pass, fail or undecidable, with every replicate present, censored values
//! never averaged, and failed controls that spoil a pass but never hide a failure. Formula `verdict/1`.

use crate::quantity::{Number, mean, variation};
use crate::refusal::Reason;
use crate::standard::{Criterion, ReplicateRule, Test};
use crate::text::Short;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a result comes to under its test's criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The criterion is met.
    Pass,
    /// The criterion is not met (OOS).
    Fail,
    /// The values do not tell, e.g. `>85` against at least 90, or replicates that scatter too much.
    Undecidable,
    /// A text outside the accepted variants: somebody of quality must interpret it by signature.
    AwaitsInterpretation,
    /// It would pass, but a control failed or is missing.
    ControlsFailed,
    /// No growth so far: not a result.
    Incubating,
}

/// A verdict with the values it was derived from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The version of the rules that made it.
    pub formula: String,
    /// The mean, where the standard judges the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Number>,
    /// The coefficient of variation in %, with two or more exact values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Number>,
}

/// The run's controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Controls {
    /// The positive control.
    pub positive: ControlOutcome,
    /// The negative control.
    pub negative: ControlOutcome,
}

/// How a control came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlOutcome {
    /// As it should.
    AsExpected,
    /// Not as it should.
    Failed,
}

/// The rules' version.
pub const VERDICT_FORMULA: &str = "verdict/1";

/// Judges values under a test. `incubated_hours` is the time from inoculation to reading, where known.
///
/// # Errors
/// Values that are not of the form the criterion reads, or not as many as the standard asks for.
pub fn judge(
    test: &Test,
    values: &[Short],
    controls: Option<Controls>,
    incubated_hours: Option<Decimal>,
) -> Result<Judgement, Vec<Reason>> {
    let mut reasons = Vec::new();
    let mut read = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match read_value(&test.criterion, value.as_str()) {
            Some(reading) => read.push(reading),
            None => reasons.push(Reason::ValueForm { index, criterion: test.criterion.clone() }),
        }
    }
    let growth_seen = read.iter().any(|reading| matches!(reading, Reading::Verdict(Verdict::Fail)));
    if values.len() != usize::from(test.replicates.number) && !growth_seen {
        reasons.push(Reason::ReplicatesMissing { wanted: test.replicates.number, given: values.len() });
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let exact: Option<Vec<Decimal>> = read.iter().map(Reading::exact).collect();
    let scatter = exact.as_deref().and_then(variation);
    let too_wide =
        scatter.zip(test.replicates.max_variation).is_some_and(|(found, most)| found > most.value());
    let mut averaged = None;
    // Words such as `growth` have no mean: one of them that fails is a failure.
    let numbers = read.iter().all(|reading| matches!(reading, Reading::Between { .. }));
    let verdict = match test.replicates.rule {
        ReplicateRule::Mean if read.len() > 1 && numbers => match exact.as_deref().and_then(mean) {
            Some(value) => {
                averaged = Some(Number(value.normalize()));
                meets(&test.criterion, &Reading::Between { low: value, high: Some(value), open: false })
            }
            None => Verdict::Undecidable,
        },
        // The worst of all is what each of them must reach.
        ReplicateRule::Each | ReplicateRule::Worst | ReplicateRule::Mean => read
            .iter()
            .map(|reading| meets(&test.criterion, reading))
            .max_by_key(|v| severity(*v))
            .unwrap_or(Verdict::Undecidable),
    };
    let verdict = match (verdict, &test.criterion) {
        (Verdict::Pass, Criterion::NoGrowth { incubation })
            if incubated_hours.is_none_or(|hours| hours < incubation.value()) =>
        {
            Verdict::Incubating
        }
        (Verdict::Pass, _) if too_wide => Verdict::Undecidable,
        (verdict, _) => verdict,
    };
    let controls_good = controls.is_some_and(|c| {
        c.positive == ControlOutcome::AsExpected && c.negative == ControlOutcome::AsExpected
    });
    let controls_bad = (test.controls || controls.is_some()) && !controls_good;
    let verdict = match verdict {
        Verdict::Pass | Verdict::AwaitsInterpretation if controls_bad => Verdict::ControlsFailed,
        verdict => verdict,
    };
    Ok(Judgement { verdict, formula: VERDICT_FORMULA.into(), mean: averaged, variation: scatter.map(Number) })
}

fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Incubating => 1,
        Verdict::ControlsFailed => 2,
        Verdict::AwaitsInterpretation => 3,
        Verdict::Undecidable => 4,
        Verdict::Fail => 5,
    }
}

/// A value as the criterion reads it: a range of numbers it may stand for, or a verdict by its word.
enum Reading {
    /// `low ≤ value ≤ high`; `open` where the ends themselves are excluded, `high` left out where unbounded.
    Between {
        low: Decimal,
        high: Option<Decimal>,
        open: bool,
    },
    Verdict(Verdict),
}

impl Reading {
    fn exact(&self) -> Option<Decimal> {
        match self {
            Reading::Between { low, high: Some(high), open: false } if low == high => Some(*low),
            _ => None,
        }
    }
}

fn read_value(criterion: &Criterion, text: &str) -> Option<Reading> {
    match criterion {
        Criterion::AtLeast(_) | Criterion::AtMost(_) | Criterion::Below(_) | Criterion::Between { .. } => {
            // A minus sign is a slip, unless the criterion itself reaches below zero.
            let number = |digits: &str| {
                let value = digits.trim().parse::<Number>().ok()?.0;
                (!value.is_sign_negative() || reaches_below_zero(criterion)).then_some(value)
            };
            if let Some(digits) = text.strip_prefix('<') {
                let high = number(digits)?;
                Some(Reading::Between { low: Decimal::MIN, high: Some(high), open: true })
            } else if let Some(digits) = text.strip_prefix('>') {
                Some(Reading::Between { low: number(digits)?, high: None, open: true })
            } else {
                let value = number(text)?;
                Some(Reading::Between { low: value, high: Some(value), open: false })
            }
        }
        Criterion::NoGrowth { .. } => match text {
            "no growth" => Some(Reading::Verdict(Verdict::Pass)),
            "growth" => Some(Reading::Verdict(Verdict::Fail)),
            _ => None,
        },
        Criterion::Negative => match text {
            "negative" => Some(Reading::Verdict(Verdict::Pass)),
            "positive" => Some(Reading::Verdict(Verdict::Fail)),
            _ => None,
        },
        Criterion::Text { accepted } => {
            Some(Reading::Verdict(if accepted.iter().any(|a| a.as_str() == text) {
                Verdict::Pass
            } else {
                Verdict::AwaitsInterpretation
            }))
        }
    }
}

fn reaches_below_zero(criterion: &Criterion) -> bool {
    let limits = match criterion {
        Criterion::AtLeast(limit) | Criterion::AtMost(limit) | Criterion::Below(limit) => [*limit, *limit],
        Criterion::Between { least, most } => [*least, *most],
        Criterion::NoGrowth { .. } | Criterion::Negative | Criterion::Text { .. } => return false,
    };
    limits.iter().any(|limit| limit.0.is_sign_negative())
}

fn meets(criterion: &Criterion, reading: &Reading) -> Verdict {
    let (low, high, open) = match reading {
        Reading::Verdict(verdict) => return *verdict,
        Reading::Between { low, high, open } => (*low, *high, *open),
    };
    let at_least = |limit: Decimal| {
        if low >= limit {
            Verdict::Pass
        } else if high.is_some_and(|high| high < limit || open && high <= limit) {
            Verdict::Fail
        } else {
            Verdict::Undecidable
        }
    };
    let at_most = |limit: Decimal, strict: bool| {
        let below =
            |high: Decimal| if strict { high < limit || open && high <= limit } else { high <= limit };
        let above = if strict { low >= limit } else { low > limit || open && low >= limit };
        if high.is_some_and(below) {
            Verdict::Pass
        } else if above {
            Verdict::Fail
        } else {
            Verdict::Undecidable
        }
    };
    match criterion {
        Criterion::AtLeast(limit) => at_least(limit.0),
        Criterion::AtMost(limit) => at_most(limit.0, false),
        Criterion::Below(limit) => at_most(limit.0, true),
        Criterion::Between { least, most } => {
            let both = [at_least(least.0), at_most(most.0, false)];
            both.into_iter().max_by_key(|verdict| severity(*verdict)).unwrap_or(Verdict::Undecidable)
        }
        Criterion::NoGrowth { .. } | Criterion::Negative | Criterion::Text { .. } => Verdict::Undecidable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::{Attribute, Purpose, Replicates, Stage, Title};

    fn short(text: &str) -> Short {
        text.to_string().try_into().unwrap()
    }

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    fn test(criterion: Criterion) -> Test {
        Test {
            code: "T1".to_string().try_into().unwrap(),
            title: Title { en: short("a test"), ja: short("試験") },
            attribute: Attribute::Other,
            purpose: Purpose::Mandated,
            stage: Stage::Fill,
            method: short("a method"),
            unit: None,
            criterion,
            turnaround: number("1").try_into().unwrap(),
            validity: None,
            replicates: Replicates::default(),
            controls: false,
            most_retests: 0,
        }
    }

    #[track_caller]
    fn verdict(criterion: Criterion, value: &str) -> Verdict {
        judge(&test(criterion), &[short(value)], None, None).unwrap().verdict
    }

    #[test]
    fn censored_values_pass_fail_or_stay_undecidable() {
        use Verdict::*;
        let below = || Criterion::Below(number("0.5"));
        let least = || Criterion::AtLeast(number("90"));
        let most = || Criterion::AtMost(number("2"));
        let between = || Criterion::Between { least: number("4"), most: number("6") };
        for (criterion, value, expected) in [
            (below(), "<0.05", Pass),
            (below(), "<0.5", Pass),
            (below(), "0.073", Pass),
            (below(), "0.5", Fail),
            (below(), "<0.6", Undecidable),
            (below(), ">0.4", Undecidable),
            (below(), ">0.5", Fail),
            (least(), "90", Pass),
            (least(), "89", Fail),
            (least(), ">85", Undecidable),
            (least(), ">90", Pass),
            (least(), "<90", Fail),
            (least(), "<91", Undecidable),
            (most(), "2.0", Pass),
            (most(), "<2", Pass),
            (most(), ">2", Fail),
            (most(), ">1.9", Undecidable),
            (between(), "5", Pass),
            (between(), "<4", Fail),
            (between(), ">6", Fail),
            (between(), "<6", Undecidable),
            (Criterion::Negative, "positive", Fail),
            (Criterion::Text { accepted: vec![short("46,XY")] }, "46,XY", Pass),
            (Criterion::Text { accepted: vec![short("46,XY")] }, "46,XY,16qh+", AwaitsInterpretation),
        ] {
            let shown = format!("{criterion:?} {value}");
            assert_eq!(verdict(criterion, value), expected, "{shown}");
        }
    }

    #[test]
    fn no_growth_so_far_is_never_a_result_and_growth_fails_at_any_reading() {
        let criterion = || Criterion::NoGrowth { incubation: number("168").try_into().unwrap() };
        let read = |value, hours: Option<i64>| {
            judge(&test(criterion()), &[short(value)], None, hours.map(Decimal::from)).unwrap().verdict
        };
        assert_eq!(read("no growth", None), Verdict::Incubating);
        assert_eq!(read("no growth", Some(167)), Verdict::Incubating);
        assert_eq!(read("no growth", Some(168)), Verdict::Pass);
        assert_eq!(read("growth", None), Verdict::Fail);
        assert_eq!(read("growth", Some(1)), Verdict::Fail);
    }

    #[test]
    fn failed_or_missing_controls_spoil_a_pass_and_never_hide_a_failure() {
        let mut spec = test(Criterion::Negative);
        spec.controls = true;
        let bad = Controls { positive: ControlOutcome::Failed, negative: ControlOutcome::AsExpected };
        let good = Controls { positive: ControlOutcome::AsExpected, negative: ControlOutcome::AsExpected };
        let verdict = |value, controls| judge(&spec, &[short(value)], controls, None).unwrap().verdict;
        assert_eq!(verdict("negative", Some(good)), Verdict::Pass);
        assert_eq!(verdict("negative", Some(bad)), Verdict::ControlsFailed);
        assert_eq!(verdict("negative", None), Verdict::ControlsFailed);
        assert_eq!(verdict("positive", Some(bad)), Verdict::Fail);
        assert_eq!(verdict("positive", None), Verdict::Fail);
    }

    #[test]
    fn replicates_are_all_present_and_judged_as_the_standard_says() {
        let mut spec = test(Criterion::AtLeast(number("90")));
        spec.replicates = Replicates {
            number: 2,
            rule: ReplicateRule::Mean,
            max_variation: Some(number("20").try_into().unwrap()),
        };
        let judged = |spec: &Test, values: &[&str]| {
            judge(spec, &values.iter().map(|v| short(v)).collect::<Vec<_>>(), None, None)
        };
        assert_eq!(judged(&spec, &["89", "93"]).unwrap().verdict, Verdict::Pass);
        assert_eq!(judged(&spec, &[">95", "99"]).unwrap().verdict, Verdict::Undecidable);
        assert_eq!(judged(&spec, &["60", "140"]).unwrap().verdict, Verdict::Undecidable);
        assert!(matches!(judged(&spec, &["95"]).unwrap_err()[..], [Reason::ReplicatesMissing { .. }]));
        spec.replicates.rule = ReplicateRule::Each;
        assert_eq!(judged(&spec, &["89", "93"]).unwrap().verdict, Verdict::Fail);
    }

    #[test]
    fn growth_in_one_of_several_readings_fails_under_every_rule() {
        let mut spec = test(Criterion::NoGrowth { incubation: number("168").try_into().unwrap() });
        for rule in [ReplicateRule::Each, ReplicateRule::Worst, ReplicateRule::Mean] {
            spec.replicates = Replicates { number: 2, rule, max_variation: None };
            let judged = |values: &[&str], hours: i64| {
                let values: Vec<Short> = values.iter().map(|value| short(value)).collect();
                judge(&spec, &values, None, Some(Decimal::from(hours))).unwrap().verdict
            };
            assert_eq!(judged(&["no growth", "growth"], 168), Verdict::Fail, "{rule:?}");
            assert_eq!(judged(&["growth"], 10), Verdict::Fail, "{rule:?}");
            assert_eq!(judged(&["no growth", "no growth"], 168), Verdict::Pass, "{rule:?}");
            assert_eq!(judged(&["no growth", "no growth"], 100), Verdict::Incubating, "{rule:?}");
        }
    }

    #[test]
    fn a_minus_sign_is_a_slip_unless_the_criterion_reaches_below_zero() {
        let judged = |criterion, value| judge(&test(criterion), &[short(value)], None, None);
        assert!(judged(Criterion::Below(number("0.5")), "-0.1").is_err());
        assert!(judged(Criterion::Below(number("0.5")), "<-0.1").is_err());
        assert!(judged(Criterion::AtMost(number("-150")), "-160").is_ok());
    }

    #[test]
    fn values_of_another_form_are_refused_by_their_place() {
        for value in ["９７", "97%", "1e2", "about 97", "≥97"] {
            let refused = judge(&test(Criterion::AtLeast(number("90"))), &[short(value)], None, None);
            assert!(matches!(refused.unwrap_err()[..], [Reason::ValueForm { index: 0, .. }]), "{value}");
        }
        let refused = judge(&test(Criterion::Negative), &[short("neg")], None, None);
        assert!(matches!(refused.unwrap_err()[..], [Reason::ValueForm { index: 0, .. }]));
    }
}
