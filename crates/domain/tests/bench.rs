//! The bench: what is due for a batch and until when, and what is recorded beside the steps in which cells are open.

mod centre;

use baiyo_domain::batch::correction::Correction;
use baiyo_domain::batch::culture::{Counting, LabelCheck, MediumChange};
use baiyo_domain::batch::due::{Work, due};
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::performed::BenchRecords;
use baiyo_domain::batch::{self, Batch, Performed};
use baiyo_domain::ids::*;
use baiyo_domain::order::Purpose;
use baiyo_domain::standard::{BenchRecord, Standard};
use centre::{Centre, Course, Until, codes, count, of, q};

const FRESH: &str = "adipose-msc-autologous-fresh";

fn in_culture() -> (Centre, BatchId) {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Isolated));
    (centre, batch)
}

fn asking(records: &[BenchRecord]) -> (Centre, BatchId) {
    let mut centre = Centre::open();
    let mut standard: Standard = Centre::read_standard(FRESH);
    standard.process.bench_records = records.to_vec();
    centre.approve(FRESH, standard);
    let batch = centre.make(&Course::default().until(Until::Isolated));
    (centre, batch)
}

fn medium(centre: &Centre, batch: BatchId, bench: Option<BenchRecords>) -> MediumChange {
    let performed = Performed { bench, ..Performed::default() };
    MediumChange { performed, vessels: centre.in_culture(batch), volume: q("20") }
}

fn works(batch: &Batch) -> Vec<Work> {
    due(batch).into_iter().map(|due| due.work).collect()
}

#[test]
fn a_vessel_waits_for_its_label_and_for_fresh_medium_by_the_standards_longest_interval() {
    let (mut centre, batch) = in_culture();
    let vessels: Vec<VesselNo> = centre.state(batch).vessels.keys().copied().collect();
    let first = vessels[0];
    assert!(vessels.iter().all(|no| works(&centre.state(batch)).contains(&Work::LabelCheck(*no))));
    let medium_due = |centre: &Centre| {
        due(&centre.state(batch)).into_iter().find(|due| due.work == Work::Medium(first)).unwrap().by
    };
    let seeded = centre.state(batch).vessels[&first].seeded_at;
    assert_eq!(medium_due(&centre), seeded.plus_hours(4 * 24));
    let checked = LabelCheck { performed: Performed::default(), vessels: centre.in_culture(batch) };
    centre.batch(centre.staff.technician, batch, checked).unwrap();
    let form = medium(&centre, batch, None);
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let changed = centre.state(batch).vessels[&first].medium_at;
    assert!(changed > seeded);
    assert_eq!(medium_due(&centre), changed.plus_hours(4 * 24));
    assert!(!works(&centre.state(batch)).iter().any(|work| matches!(work, Work::LabelCheck(_))));
}

#[test]
fn each_stage_is_due_after_the_one_before_and_nothing_once_the_batch_has_ended() {
    let stage = |until| {
        let mut centre = Centre::open();
        let batch = centre.make(&Course::default().until(until));
        works(&centre.state(batch))
    };
    assert_eq!(stage(Until::Opened), [Work::Tissue], "the course signs the instruction as it opens");
    assert!(stage(Until::Isolated).iter().any(|work| matches!(work, Work::Medium(_))));
    let released = stage(Until::Released);
    assert!(!released.iter().any(|work| matches!(work, Work::Medium(_) | Work::Fill(_) | Work::Labels(_))));
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Isolated));
    let form = batch::distribution::Discontinuation { reason: of("the patient recovered") };
    centre.batch(centre.staff.lead, batch, form).unwrap();
    assert_eq!(works(&centre.state(batch)), []);
}

#[test]
fn a_count_is_kept_with_its_vessels_and_may_be_corrected() {
    let (mut centre, batch) = in_culture();
    let vessels = centre.in_culture(batch);
    let counted = |count| Counting { performed: Performed::default(), vessels: vessels[..1].to_vec(), count };
    centre.batch(centre.staff.technician, batch, counted(count("24000000"))).unwrap();
    let state = centre.state(batch);
    let kept = state.vessels.values().next().unwrap().counted.clone().unwrap();
    assert_eq!((kept.count, kept.at), (count("24000000"), state.log.last().unwrap().stamp.occurred_at));
    let entry = state.log.last().unwrap().stamp.entry;
    let replacement = batch::Command::from(counted(count("21000000")));
    let correction = Correction { entry, reason: of("a digit was misread"), replacement };
    centre.batch(centre.staff.technician, batch, correction).unwrap();
    let corrected = centre.state(batch).vessels.values().next().unwrap().counted.clone().unwrap();
    assert_eq!(corrected.count, count("21000000"));
}

#[test]
fn what_the_standard_asks_for_beside_an_open_step_blocks_until_the_entry_is_corrected() {
    let (mut centre, batch) = asking(&[BenchRecord::LineClearance, BenchRecord::MinutesOutside]);
    let known = centre.state(batch).unrecorded.len();
    assert_eq!(known, 2, "the isolation said neither");
    let said = BenchRecords { line_clearance: Some(true), ..BenchRecords::default() };
    let form = medium(&centre, batch, Some(said.clone()));
    centre.batch(centre.staff.technician, batch, form.clone()).unwrap();
    let state = centre.state(batch);
    let entry = state.log.last().unwrap().stamp.entry;
    assert_eq!(state.unrecorded[known..], [(entry, BenchRecord::MinutesOutside)]);
    let gate = batch::gate::gate(&state, centre.now);
    let missing = Blocker::BenchRecordMissing { entry, record: BenchRecord::MinutesOutside };
    assert!(gate.batch.iter().flat_map(|check| &check.blockers).any(|(blocker, _)| *blocker == missing));
    let said = BenchRecords { minutes_outside: Some(q("12")), ..said };
    let replacement =
        MediumChange { performed: Performed { bench: Some(said), ..form.performed.clone() }, ..form };
    let correction = Correction { entry, reason: of("left out"), replacement: replacement.into() };
    centre.batch(centre.staff.technician, batch, correction).unwrap();
    assert_eq!(centre.state(batch).unrecorded.len(), known);
}

#[test]
fn a_line_that_was_not_cleared_is_recorded_and_opens_a_quality_event() {
    let (mut centre, batch) = in_culture();
    let said = BenchRecords {
        line_clearance: Some(false),
        health_and_gowning: Some(false),
        ..BenchRecords::default()
    };
    let form = medium(&centre, batch, Some(said));
    centre.batch(centre.staff.technician, batch, form).unwrap();
    assert_eq!(centre.state(batch).quality_events.len(), 2);
    let said = BenchRecords { line_clearance: Some(true), ..BenchRecords::default() };
    let form = medium(&centre, batch, Some(said));
    centre.batch(centre.staff.technician, batch, form).unwrap();
    assert_eq!(centre.state(batch).quality_events.len(), 2, "what is in order opens none");
}

#[test]
fn another_patients_serum_is_a_mismatch_and_ones_own_is_not() {
    let (mut centre, batch) = in_culture();
    let stranger = centre.place_order(&Course::default(), Purpose::Therapy);
    let serum = |label| Some(BenchRecords { serum: Some(label), ..BenchRecords::default() });
    let wrong = medium(&centre, batch, serum(centre.order_label(stranger)));
    let own = medium(&centre, batch, serum(centre.order_label(centre.state(batch).opened.order)));
    let refusal = centre.batch(centre.staff.technician, batch, wrong).unwrap_err();
    assert_eq!(codes(&refusal), ["identifiers_differ"]);
    assert_eq!(centre.state(batch).mismatches.len(), 1);
    centre.batch(centre.staff.technician, batch, own).unwrap();
    assert_eq!(centre.state(batch).mismatches.len(), 1);
}
