//! The gate: each thing that can block a release blocks it alone, and two at once are both named. A blocker
//! without a way to bring it about here fails the suite.

mod centre;

use baiyo_domain::batch::Performed;
use baiyo_domain::batch::disposition::{
    Deciding, Decision, Holding, ManufacturingConfirmation, QualityConfirmation,
};
use baiyo_domain::batch::distribution::{AdministrationDecision, Destruction};
use baiyo_domain::batch::gate::{Blocker, Check, CheckState, Gate, Requirement, gate};
use baiyo_domain::batch::intake::BankDraw;
use baiyo_domain::batch::results::{ControlOutcome, Controls};
use baiyo_domain::ids::*;
use baiyo_domain::order::{Analyte, Cancellation, ConsentWithdrawal, Finding, PlanChange};
use baiyo_domain::quality_event::{Impact, Report};
use baiyo_domain::standard::{Anchor, Attribute, BenchRecord, DayRange, Stage, Standard, Step, Validity};
use baiyo_domain::time::Time;
use centre::{Centre, Course, Labels, Until, blocked_by, codes, of, q};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

const FRESH: &str = "adipose-msc-autologous-fresh";
const FROZEN: &str = "adipose-msc-autologous-frozen";
const PRODUCT: &str = "umbilical-cord-msc-product";

/// One way to bring a blocker about on an otherwise releasable batch.
struct Way {
    code: &'static str,
    /// What cannot but come with it.
    with: &'static [&'static str],
    base: Option<&'static str>,
    standard: Option<fn(&mut Standard)>,
    course: Option<fn(&mut Course)>,
    after: fn(&mut Centre, BatchId),
}

const NOTHING: fn(&mut Centre, BatchId) = |_, _| ();

const fn after(code: &'static str, with: &'static [&'static str], after: fn(&mut Centre, BatchId)) -> Way {
    Way { code, with, base: None, standard: None, course: None, after }
}

const fn course(code: &'static str, course: fn(&mut Course)) -> Way {
    Way { code, with: &[], base: None, standard: None, course: Some(course), after: NOTHING }
}

const fn standard(code: &'static str, standard: fn(&mut Standard)) -> Way {
    Way { code, with: &[], base: None, standard: Some(standard), course: None, after: NOTHING }
}

/// Every way. Those that settle what they open stand first, so that they do not settle what a later one opens.
fn ways() -> Vec<Way> {
    vec![
        Way { after: Centre::clear_holds, ..course("instruction_missing", |c| c.instruction = false) },
        Way { after: instruct_late, ..course("instruction_late", |c| c.instruction = false) },
        Way { after: Centre::clear_holds, ..standard("passage_exceeded", |s| s.process.max_passage = 0) },
        after("retest_pending", &[], owe_a_retest),
        course("donor_panel_missing", |c| c.panel.retain(|(analyte, _)| *analyte != Analyte::Syphilis)),
        course("donor_positive", |c| c.panel[0].1 = Finding::Positive),
        standard("donor_panel_expired", |s| validity(s, Stage::Donor, "5")),
        course("consent_missing", |c| c.consent = false),
        after("consent_withdrawn", &["held"], |centre, batch| {
            let form = ConsentWithdrawal { withdrawn_at: centre.now, remark: None };
            on_order(centre, batch, form.into());
        }),
        after("order_inactive", &[], |centre, batch| {
            on_order(centre, batch, Cancellation { reason: of("moved away") }.into());
        }),
        after("plan_inactive", &[], |centre, batch| {
            let plan = baiyo_domain::order::Plan {
                number: of("PB3190001"),
                class: baiyo_domain::order::PlanClass::Two,
            };
            on_order(centre, batch, PlanChange { plan, active: false, reason: of("ended") }.into());
        }),
        after("mismatch_open", &[], scan_another_order),
        course("part_unconfirmed", |c| c.parts_confirmed = false),
        course("check_missing", |c| c.unchecked = vec![Step::Harvest]),
        standard("bench_record_missing", |s| s.process.bench_records = vec![BenchRecord::LineClearance]),
        Way {
            with: &["quality_unconfirmed"],
            ..course("manufacturing_unconfirmed", |c| c.manufacturing = false)
        },
        course("quality_unconfirmed", |c| c.quality = false),
        after("held", &[], |centre, batch| {
            let form = Holding { containers: vec![], reason: of("a doubt") };
            centre.batch(centre.staff.technician, batch, form).unwrap();
        }),
        after("quality_event_open", &["held"], |centre, batch| {
            report_event(centre, batch);
        }),
        after("quality_event_unacceptable", &["held"], |centre, batch| {
            let event = report_event(centre, batch);
            centre.assess(batch, event, Impact::Unacceptable).unwrap();
        }),
        course("test_absent", |c| c.unsampled = vec!["COUNT"]),
        course("test_pending", |c| c.unreported = vec!["ENDOTOXIN"]),
        course("test_unverified", |c| c.unverified = vec!["VIABILITY"]),
        after("test_failed", &["held"], |centre, batch| {
            centre.result(batch, "IDENTITY-NEGATIVE", &["5"]);
        }),
        after("test_undecidable", &[], |centre, batch| {
            centre.result(batch, "IDENTITY-POSITIVE", &[">90"]);
        }),
        after("test_uninterpreted", &[], |centre, batch| {
            centre.result(batch, "APPEARANCE", &["slightly cloudy"]);
        }),
        after("test_controls_failed", &[], fail_controls),
        standard("test_expired", |s| validity(s, Stage::Harvest, "0.5")),
        standard("culture_days", |s| {
            s.process.culture_days = Some(DayRange { least: q("60"), most: q("70") })
        }),
        standard("doublings_exceeded", |s| s.process.max_doublings = q("3")),
        course("doublings_unknown", |c| c.harvest_live = "0"),
        standard("dose_outside", |s| s.dose.least_cells = q("150000000")),
        standard("concentration_exceeded", |s| s.dose.most_concentration = q("1000000")),
        course("labels_open", |c| c.labels = Labels::NotAtAll),
        course("labels_differ", |c| c.labels = Labels::OneLost),
        Way { base: Some(FROZEN), ..course("not_frozen", |c| c.freeze = false) },
        Way {
            base: Some(PRODUCT),
            ..after("parent_held", &[], |centre, batch| {
                let bank = bank_of(centre, batch);
                let form = Holding { containers: vec![], reason: of("a doubt") };
                centre.batch(centre.staff.technician, bank, form).unwrap();
            })
        },
        Way {
            base: Some(PRODUCT),
            ..after("parent_test_failed", &["parent_held"], |centre, batch| {
                let bank = bank_of(centre, batch);
                centre.result(bank, "IDENTITY-NEGATIVE", &["5"]);
            })
        },
        after("rejected", &[], |centre, batch| {
            let decision = Decision::Reject { reason: of("not wanted") };
            let form = Deciding { containers: vec![centre.first(batch)], decision };
            centre.batch(centre.staff.releaser, batch, form).unwrap();
        }),
        after("not_here", &[], destroy),
        after("expired", &[], |centre, batch| {
            centre.now = centre.state(batch).containers[&centre.first(batch)].expires_at;
        }),
    ]
}

/// Pairs that exclude each other.
const NEVER_TOGETHER: [(&str, &str); 4] = [
    ("instruction_missing", "instruction_late"),
    ("consent_missing", "consent_withdrawn"),
    ("doublings_exceeded", "doublings_unknown"),
    ("labels_open", "labels_differ"),
];

fn instruct_late(centre: &mut Centre, batch: BatchId) {
    centre.batch(centre.staff.lead, batch, centre::instruction()).unwrap();
    centre.clear_holds(batch);
}

fn on_order(centre: &mut Centre, batch: BatchId, form: baiyo_domain::order::Command) {
    let order = centre.state(batch).opened.order;
    centre.order(centre.staff.coordinator, order, form).unwrap();
}

fn validity(standard: &mut Standard, stage: Stage, days: &str) {
    let validity = Some(Validity { lasts: q(days), from: Anchor::Sampling });
    standard.tests.iter_mut().filter(|test| test.stage == stage).for_each(|test| test.validity = validity);
}

fn bank_of(centre: &Centre, batch: BatchId) -> BatchId {
    centre.state(batch).opened.bank.unwrap().batch
}

fn report_event(centre: &mut Centre, batch: BatchId) -> QualityEventId {
    let event = QualityEventId(centre.id());
    let form = Report { title: of("spill"), description: of("a spill"), batches: vec![batch] };
    centre.event(centre.staff.technician, event, form).unwrap();
    event
}

fn scan_another_order(centre: &mut Centre, batch: BatchId) {
    let container = centre.dose(batch, centre.first(batch));
    let order_label = centre.order_label(centre.state(batch).opened.order);
    let form = AdministrationDecision { container, order_label, may: true, reason: None };
    centre.batch(centre.staff.physician, batch, form).unwrap_err();
}

fn owe_a_retest(centre: &mut Centre, batch: BatchId) {
    let state = centre.state(batch);
    let of_culture = |stage| matches!(stage, Stage::InProcess { .. });
    let mut tests = state.standard().mandated();
    let test = tests.find(|t| t.attribute == Attribute::Mycoplasma && of_culture(t.stage)).unwrap();
    let result = centre.result(batch, test.code.as_str(), &["positive"]);
    centre.investigate(batch, result, Some(1)).unwrap();
    let hold = *centre.state(batch).holds.keys().last().unwrap();
    centre.lift(batch, hold).unwrap();
}

fn fail_controls(centre: &mut Centre, batch: BatchId) {
    let test = centre.test(batch, "STERILITY-PREHARVEST");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let mut form = centre.result_form(batch, sample, &test, &["no growth"]);
    form.controls = Some(Controls { positive: ControlOutcome::Failed, negative: ControlOutcome::AsExpected });
    centre.batch(centre.staff.analyst, batch, form).unwrap();
}

fn destroy(centre: &mut Centre, batch: BatchId) {
    let form = Destruction {
        performed: Performed { checked_by: Some(centre.staff.lead), ..Performed::default() },
        containers: vec![centre.dose(batch, centre.first(batch))],
        method: of("autoclave 121 °C"),
        quantity: q("40"),
        reason: of("dropped"),
    };
    let entry = centre.batch(centre.staff.technician, batch, form).unwrap()[0];
    let part = baiyo_domain::batch::disposition::PartConfirmation { entry };
    centre.batch(centre.staff.lead, batch, part).unwrap();
}

/// A batch that is releasable but for what these ways put into its standard and its course.
fn prepare(ways: &[&Way]) -> (Centre, BatchId) {
    let mut centre = Centre::open();
    let base = ways.iter().find_map(|way| way.base).unwrap_or(FRESH);
    let mut content = Centre::read_standard(base);
    let mut plan = Course::default();
    for way in ways {
        way.standard.iter().for_each(|change| change(&mut content));
        way.course.iter().for_each(|change| change(&mut plan));
    }
    if base == PRODUCT {
        let bank = centre.make(&Course::of("umbilical-cord-msc-bank").until(Until::Released));
        plan.bank = Some(BankDraw { batch: bank, container: centre.first(bank) });
        plan.passages = 1;
    }
    centre.approve(FRESH, content);
    let batch = centre.make(&plan);
    (centre, batch)
}

/// What was prepared: the ways that change the standard or the course, and the standard.
type Prepared = (Option<usize>, Option<usize>, Option<&'static str>);

fn names(blockers: &[Blocker]) -> BTreeSet<String> {
    let name = |blocker| serde_json::to_value(blocker).unwrap()["code"].as_str().unwrap().to_string();
    blockers.iter().map(name).collect()
}

/// What the refused release names; nothing may be released.
fn refused(centre: &mut Centre, batch: BatchId) -> BTreeSet<String> {
    let container = centre.first(batch);
    let refusal = centre.release_these(batch, &[container]).unwrap_err();
    assert!(!centre.state(batch).containers[&container].released());
    names(&blocked_by(&refusal))
}

#[test]
fn every_kind_of_blocker_has_a_way_here() {
    let schema = schemars::schema_for!(Blocker).to_value();
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    let kinds: BTreeSet<&str> =
        kinds.map(|kind| kind["properties"]["code"]["const"].as_str().unwrap()).collect();
    let covered: BTreeSet<&str> = ways().iter().map(|way| way.code).collect();
    assert_eq!(kinds, covered);
}

#[test]
fn a_batch_without_any_blocker_is_released_on_each_standard() {
    for base in [FRESH, FROZEN, PRODUCT] {
        let way = Way { base: Some(base), ..after("none", &[], NOTHING) };
        let (mut centre, batch) = prepare(&[&way]);
        centre.release(batch).unwrap();
        assert!(centre.state(batch).containers.values().all(|container| container.released()));
    }
}

#[test]
fn each_blocker_alone_blocks_a_release_and_is_named_alone() {
    for way in ways() {
        let (mut centre, batch) = prepare(&[&way]);
        (way.after)(&mut centre, batch);
        let expected: BTreeSet<String> =
            way.with.iter().chain([&way.code]).map(|code| code.to_string()).collect();
        assert_eq!(refused(&mut centre, batch), expected, "{}", way.code);
        for check in checks(&gate(&centre.state(batch), centre.now)) {
            let failed = check.blockers.iter().any(|(blocker, _)| is_final(blocker));
            let state = match check.blockers.as_slice() {
                [] => CheckState::Met,
                _ if failed => CheckState::Failed,
                _ => CheckState::Open,
            };
            assert_eq!(check.state(), state, "{check:?}");
        }
    }
}

/// What nobody can clear has failed; and of what somebody can clear, a failing result, which he can only set aside.
fn is_final(blocker: &Blocker) -> bool {
    blocker.cleared_by().is_empty() || matches!(blocker, Blocker::TestFailed { .. })
}

fn checks(gate: &Gate) -> impl Iterator<Item = &Check> {
    gate.batch.iter().chain(gate.containers.values().flatten())
}

#[test]
fn requirements_and_states_have_the_same_names_in_the_evidence_as_in_the_api() {
    let (centre, batch) = prepare(&[]);
    for check in checks(&gate(&centre.state(batch), centre.now)) {
        let name = match &check.requirement {
            Requirement::Test(code) => format!("test:{code}").into(),
            other => serde_json::to_value(other).unwrap(),
        };
        assert_eq!(name, check.requirement.key());
    }
    for state in [CheckState::Open, CheckState::Met, CheckState::Failed] {
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
    }
}

#[test]
fn what_several_vessels_wait_for_alike_is_named_once() {
    let mut centre = Centre::open();
    let code = "STERILITY-PREHARVEST";
    let batch = centre.make(&Course { unreported: vec![code], ..Course::default() });
    let test = of(code);
    let sample = centre.last_sample(batch, &test).unwrap();
    assert_eq!(centre.blockers(batch, centre.first(batch)), [Blocker::TestPending { test, sample }]);
}

#[test]
fn of_two_blockers_at_once_a_refusal_names_both_in_full() {
    let ways = ways();
    let mut prepared: BTreeMap<Prepared, (Centre, BatchId)> = BTreeMap::new();
    for (i, one) in ways.iter().enumerate() {
        for (j, other) in ways.iter().enumerate().skip(i + 1) {
            let bases: BTreeSet<&str> = [one.base, other.base].into_iter().flatten().collect();
            let from_bank = bases.contains(PRODUCT);
            let of_own_donor = |way: &Way| ["donor_panel_missing", "donor_positive"].contains(&way.code);
            if bases.len() > 1
                || NEVER_TOGETHER.contains(&(one.code, other.code))
                || from_bank && (of_own_donor(one) || of_own_donor(other))
            {
                continue;
            }
            let before = |index, way: &Way| (way.standard.is_some() || way.course.is_some()).then_some(index);
            let key = (before(i, one), before(j, other), bases.first().copied());
            let (mut centre, batch) = prepared.entry(key).or_insert_with(|| prepare(&[one, other])).clone();
            (one.after)(&mut centre, batch);
            (other.after)(&mut centre, batch);
            let named = refused(&mut centre, batch);
            let expected = [one, other].into_iter().flat_map(|way| way.with.iter().chain([&way.code]));
            let expected: BTreeSet<String> = expected.map(|code| code.to_string()).collect();
            assert_eq!(named, expected, "{} and {}", one.code, other.code);
        }
    }
}

#[test]
fn a_step_after_both_confirmations_waits_for_manufacturings_and_then_for_qualitys_anew() {
    let mut centre = Centre::open();
    let batch = centre.make(&Course { labels: Labels::NotAtAll, ..Course::default() });
    let container = centre.first(batch);
    assert_eq!(centre.blockers(batch, container), [Blocker::LabelsOpen]);
    let course = Course::default();
    let form = centre.reconciliation(&course, batch, FillNo(1));
    centre.bench(&course, batch, form);
    let (made, sound) = (Blocker::ManufacturingUnconfirmed, Blocker::QualityUnconfirmed);
    assert_eq!(centre.blockers(batch, container), [made, sound.clone()]);
    let quality = |centre: &mut Centre| {
        centre.batch(centre.staff.releaser, batch, QualityConfirmation { remark: None })
    };
    assert_eq!(codes(&quality(&mut centre).unwrap_err()), ["manufacturing_unconfirmed"]);
    centre.batch(centre.staff.lead, batch, ManufacturingConfirmation { remark: None }).unwrap();
    assert_eq!(centre.blockers(batch, container), [sound]);
    quality(&mut centre).unwrap();
    assert_eq!(centre.blockers(batch, container), []);
}

#[test]
fn a_batch_with_all_but_one_of_its_tests_done_is_not_releasable() {
    let (centre, batch) = prepare(&[]);
    let standard = centre.state(batch).standard().clone();
    for test in standard.mandated().filter(|test| test.stage != Stage::Donor) {
        let code: &'static str = test.code.as_str().to_string().leak();
        for leave_out in [
            |c: &mut Course, code| c.unsampled = vec![code],
            |c: &mut Course, code| c.unreported = vec![code],
            |c: &mut Course, code| c.unverified = vec![code],
        ] {
            let mut plan = Course::default();
            leave_out(&mut plan, code);
            let mut centre = Centre::open();
            let batch = centre.make(&plan);
            let named = refused(&mut centre, batch);
            assert_eq!(named.len(), 1, "{code}: {named:?}");
        }
    }
}

#[test]
fn by_time_alone_the_gates_answer_changes_only_at_the_instants_it_names() {
    let mut centre = Centre::open();
    let mut content = Centre::read_standard(FRESH);
    validity(&mut content, Stage::Donor, "60");
    validity(&mut content, Stage::Harvest, "2");
    validity(&mut content, Stage::Fill, "1.5");
    centre.approve(FRESH, content);
    let batch = centre.make(&Course::default());
    let state = centre.state(batch);
    let says = |at: Time| {
        let Gate { batch, containers, until } = gate(&state, at);
        ((batch, containers, state.status(at)), until)
    };
    let (mut at, mut answers) = (centre.now, Vec::new());
    loop {
        let (answer, until) = says(at);
        let Some(until) = until else { break };
        assert!(until > at);
        assert_eq!(says(until.plus(TimeDelta::microseconds(-1))), (answer.clone(), Some(until)));
        let halfway = at.plus(until.since(at) / 2);
        assert_eq!(says(halfway).0, answer, "between {at} and {until}");
        answers.push(answer);
        at = until;
    }
    answers.push(says(at).0);
    assert_eq!(says(at.plus_hours(24 * 365)).0, answers[answers.len() - 1], "for ever");
    answers.dedup();
    // The fill's tests, the harvest's and the container each end; the donor's panel last.
    assert!(answers.len() >= 4, "{} answers", answers.len());
}
