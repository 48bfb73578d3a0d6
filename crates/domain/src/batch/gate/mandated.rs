//! The gate's answer for one mandated test: everything that must have been sampled was, at the right time, and
//! what was found passes, verified and in date.

use super::super::filling::after_hours;
use super::*;

/// A mandated test for one container.
pub(super) fn test_check(batch: &Batch, test: &Test, container: &Container, asked: &Asked) -> Check {
    let check = Check::new(Requirement::Test(test.code.clone()));
    let fill = Subject::Fill(container.fill);
    let harvests: Vec<HarvestNo> =
        batch.fills.get(&container.fill).map(|f| f.harvests.clone()).unwrap_or_default();
    let unit = |subject: Subject, fits: &dyn Fn(&TestSample) -> bool| unit(batch, test, subject, fits, asked);
    let found: Vec<Unit> = match test.stage {
        Stage::Donor => Vec::new(),
        Stage::Receipt => {
            let own = unit(Subject::Tissue, &|sample| sample.form.subjects.contains(&Subject::Tissue));
            // Cells pooled in come from another tissue, tested in its own batch.
            let ancestry = batch.ancestry(Subject::Container(container.no));
            let pooled = batch.parents.iter().filter(|(id, parent)| {
                parent.container.is_none() && ancestry.contains(&Subject::Parent { batch: **id })
            });
            let pooled = pooled.map(|(id, parent)| bank_unit(test, *id, &parent.met, asked));
            std::iter::once(own).chain(pooled).collect()
        }
        Stage::Bank => {
            batch.parents.iter().map(|(id, parent)| bank_unit(test, *id, &parent.met, asked)).collect()
        }
        Stage::InProcess { within } => harvests
            .iter()
            .filter_map(|no| batch.harvests.get(no))
            .flat_map(|harvest| harvest.vessels.iter().map(move |vessel| (harvest.at, *vessel)))
            .map(|(harvested_at, vessel)| {
                let ancestry = batch.ancestry(Subject::Vessel(vessel));
                let earliest = plus_days(harvested_at, -within.value());
                unit(Subject::Vessel(vessel), &|sample| {
                    sample.at >= earliest
                        && sample.at <= harvested_at
                        && sample.form.subjects.iter().any(|subject| ancestry.contains(subject))
                })
            })
            .collect(),
        Stage::Harvest => harvests
            .iter()
            .map(|no| {
                unit(Subject::Harvest(*no), &|sample| sample.form.subjects.contains(&Subject::Harvest(*no)))
            })
            .collect(),
        Stage::Fill => vec![unit(fill, &|sample| {
            sample.at >= container.filled_at && batch.origin(sample).contains(&fill)
        })],
        Stage::Thaw => match container.thawed_at {
            None => Vec::new(),
            Some(thawed) => {
                let subject = Subject::Container(container.no);
                vec![unit(subject, &|sample| sample.at >= thawed && sample.form.subjects.contains(&subject))]
            }
        },
    };
    // Nothing to sample is no pass: only a container that was not thawed yet has no thaw test to meet.
    if found.is_empty() && test.stage != Stage::Thaw {
        return check.block(Blocker::TestAbsent { test: test.code.clone(), subject: fill });
    }
    found.into_iter().fold(check, |mut check, unit| {
        match unit {
            Ok(until) => check.valid_until = earlier(check.valid_until, until),
            Err(blocker) if check.blockers.contains(&blocker) => {}
            Err(blocker) => check.blockers.push(blocker),
        }
        check
    })
}

type Unit = Result<Option<Time>, (Blocker, Option<Time>)>;

/// One thing that must have been sampled for a test: met by its best sample; spoilt by any that fails or still
/// owes the retests of its investigation, however well another sample did.
fn unit(
    batch: &Batch,
    test: &Test,
    subject: Subject,
    fits: &dyn Fn(&TestSample) -> bool,
    asked: &Asked,
) -> Unit {
    let samples = batch.samples.iter().filter(|(_, s)| s.form.tests.contains(&test.code) && fits(s));
    let standings: Vec<Unit> =
        samples.map(|(no, sample)| standing(batch, test, *no, sample, asked)).collect();
    let failed = |unit: &&Unit| matches!(unit, Err((Blocker::TestFailed { .. }, _)));
    let owing = |unit: &&Unit| matches!(unit, Err((Blocker::RetestPending { .. }, _)));
    let absent = Blocker::TestAbsent { test: test.code.clone(), subject };
    standings
        .iter()
        .find(failed)
        .or_else(|| standings.iter().find(owing))
        .or_else(|| standings.iter().rev().find(|unit| unit.is_ok()))
        .or_else(|| standings.last())
        .cloned()
        .unwrap_or(Err((absent, None)))
}

fn standing(batch: &Batch, test: &Test, no: SampleNo, sample: &TestSample, asked: &Asked) -> Unit {
    let code = || test.code.clone();
    let of_sample = |result: &&TestResult| result.form.sample == no && result.form.test == test.code;
    let results: Vec<&TestResult> = batch.results.values().filter(of_sample).collect();
    if let Some(failing) = results.iter().find(|result| result.fails()) {
        return Err((Blocker::TestFailed { test: code(), result: failing.no }, None));
    }
    let expected = Some(after_hours(sample.at, test.turnaround.value()));
    let stays = |result: &&&TestResult| {
        !matches!(result.oos, Some(Oos::SetAside { retests, .. }) if retests > 0)
            && result.effective() != Verdict::Incubating
    };
    for original in &results {
        let Some(Oos::SetAside { retests, since }) = original.oos else { continue };
        let passed = results.iter().filter(stays).filter(|retest| {
            let later = batch.logged(retest.entry).is_some_and(|logged| logged.stamp.version > since);
            let second_analyst = !retest.enterers.iter().any(|person| original.enterers.contains(person));
            later && second_analyst && retest.effective() == Verdict::Pass && retest.verified_by.is_some()
        });
        let missing = retests.saturating_sub(u8::try_from(passed.count()).unwrap_or(u8::MAX));
        if missing > 0 {
            return Err((Blocker::RetestPending { test: code(), result: original.no, missing }, None));
        }
    }
    let Some(newest) = results.iter().rev().find(stays) else {
        return Err((Blocker::TestPending { test: code(), sample: no }, expected));
    };
    let blocker = match newest.effective() {
        Verdict::Pass if newest.verified_by.is_none() => {
            Blocker::TestUnverified { test: code(), result: newest.no }
        }
        Verdict::Pass => return in_validity(test, sample.at, newest.reported_at, asked),
        Verdict::Fail => Blocker::TestFailed { test: code(), result: newest.no },
        Verdict::Undecidable => Blocker::TestUndecidable { test: code(), result: newest.no },
        Verdict::AwaitsInterpretation => Blocker::TestUninterpreted { test: code(), result: newest.no },
        Verdict::ControlsFailed => Blocker::TestControlsFailed { test: code(), result: newest.no },
        Verdict::Incubating => Blocker::TestPending { test: code(), sample: no },
    };
    Err((blocker, None))
}

fn in_validity(test: &Test, sampled_at: Time, reported_at: Time, asked: &Asked) -> Unit {
    let Some(Validity { lasts, from }) = test.validity else { return Ok(None) };
    let start = match from {
        Anchor::Sampling => sampled_at,
        Anchor::Report => reported_at,
    };
    let until = plus_days(start, lasts.value());
    if asked.is_over(until) {
        Err((Blocker::TestExpired { test: test.code.clone(), since: until }, None))
    } else {
        Ok(Some(until))
    }
}

fn bank_unit(test: &Test, bank: BatchId, met: &[MetTest], asked: &Asked) -> Unit {
    match met.iter().find(|met| met.code == test.code) {
        Some(met) => in_validity(test, met.sampled_at, met.reported_at, asked),
        None => {
            let subject = Subject::Parent { batch: bank };
            Err((Blocker::TestAbsent { test: test.code.clone(), subject }, None))
        }
    }
}

/// The mandated tests of the tissue that are met: what a batch must know that cells of this one are pooled into.
pub(in crate::batch) fn receipt_tests(batch: &Batch, now: Time) -> Vec<Code> {
    let asked = &Asked::at(now);
    let of_tissue = batch.standard().mandated().filter(|test| test.stage == Stage::Receipt);
    let tissue = |sample: &TestSample| sample.form.subjects.contains(&Subject::Tissue);
    let met = of_tissue.filter(|test| unit(batch, test, Subject::Tissue, &tissue, asked).is_ok());
    met.map(|test| test.code.clone()).collect()
}
