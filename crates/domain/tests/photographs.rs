//! Photographs of a culture: what they show and name, and what a standard asks of them.

mod centre;

use baiyo_domain::batch::correction::Correction;
use baiyo_domain::batch::culture::{Observation, Passage, Photograph, Picture, VesselDiscard};
use baiyo_domain::batch::gate::{Blocker, gate};
use baiyo_domain::batch::{self, Performed};
use baiyo_domain::blob::{Blob, MediaType};
use baiyo_domain::ids::*;
use baiyo_domain::journal::Hash;
use baiyo_domain::quality_event::{DepartureKind, Opening};
use baiyo_domain::standard::{BenchRecord, Standard};
use baiyo_domain::time::Time;
use centre::{Centre, Course, Until, codes, count, of, q, vessels};

const FRESH: &str = "adipose-msc-autologous-fresh";
const FILE: Blob = Blob { media_type: MediaType::Png, size: 70 };

/// A batch in culture, of a standard that asks for photographs or does not, and a file that was handed in.
fn in_culture(asked: bool) -> (Centre, BatchId, Hash) {
    let mut centre = Centre::open();
    let mut standard: Standard = Centre::read_standard(FRESH);
    standard.process.bench_records = if asked { vec![BenchRecord::Photograph] } else { vec![] };
    centre.approve(FRESH, standard);
    let batch = centre.make(&Course::default().until(Until::Isolated));
    let file = Hash::of(b"a picture");
    centre.blobs.insert(file, FILE);
    (centre, batch, file)
}

fn of_vessels(vessels: Vec<Label>, blob: Hash) -> Photograph {
    let picture = Picture::Taken { blob };
    Photograph { performed: Performed::default(), vessels, picture, magnification: None, note: None }
}

fn seen(vessels: Vec<Label>) -> Observation {
    let performed = Performed::default();
    Observation { performed, vessels, confluence: q("60"), morphology: of("spindle"), turbid: false }
}

fn at(time: Time) -> Performed {
    Performed { at: Some(time), late_reason: Some(of("the camera was away")), ..Performed::default() }
}

fn lacking(centre: &Centre, batch: BatchId) -> Vec<EntryId> {
    let state = centre.state(batch);
    let blocked = gate(&state, centre.now).batch.into_iter().flat_map(|check| check.blockers);
    let missing = blocked.filter_map(|(blocker, _)| match blocker {
        Blocker::BenchRecordMissing { entry, record: BenchRecord::Photograph } => Some(entry),
        _ => None,
    });
    let missing: Vec<EntryId> = missing.collect();
    let noted: Vec<EntryId> = state.unrecorded.iter().map(|(entry, _)| *entry).collect();
    assert_eq!(missing, noted, "the gate asks for what the batch lacks");
    missing
}

#[test]
fn a_photograph_keeps_what_it_shows_and_what_its_file_is() {
    let (mut centre, batch, file) = in_culture(false);
    let labels = centre.in_culture(batch);
    let form = Photograph {
        magnification: Some(of("10×")),
        note: Some(of("spindle-shaped")),
        ..of_vessels(labels[..1].to_vec(), file)
    };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let state = centre.state(batch);
    let no = VesselNo(labels[0].sub().unwrap());
    let shot = state.photographs_of(no).next().unwrap();
    assert_eq!((shot.file, shot.vessels.len()), (Some((file, FILE)), 1));
    assert_eq!(shot.entry, state.log.last().unwrap().stamp.entry);
    assert!(state.names_blob(file) && !state.names_blob(Hash::of(b"another")));
    assert_eq!(state.quality_events.len(), 0);
}

#[test]
fn a_file_that_was_not_handed_in_is_no_picture() {
    let (mut centre, batch, _) = in_culture(false);
    let blob = Hash::of(b"nowhere");
    let form = of_vessels(centre.in_culture(batch), blob);
    let refusal = centre.batch(centre.staff.technician, batch, form).unwrap_err();
    assert_eq!(codes(&refusal), ["no_such_blob"]);
    assert_eq!(refusal.reasons[0].pointer().as_deref(), Some("/picture/taken/blob"));
    assert!(!centre.state(batch).names_blob(blob));
}

#[test]
fn another_batchs_vessel_in_a_photograph_is_a_mismatch_and_holds_both() {
    let (mut centre, batch, file) = in_culture(false);
    let other = centre.make(&Course::default().until(Until::Isolated));
    let form = of_vessels(centre.in_culture(other), file);
    let refusal = centre.batch(centre.staff.technician, batch, form).unwrap_err();
    assert_eq!(codes(&refusal), ["wrong_batch"]);
    assert!([batch, other].iter().all(|batch| centre.state(*batch).holds.len() == 1));
}

#[test]
fn a_standard_that_asks_for_photographs_waits_for_one_of_each_vessel_observed() {
    let (mut centre, batch, file) = in_culture(true);
    let labels = centre.in_culture(batch);
    assert!(labels.len() > 1, "one of several can be left out");
    assert_eq!(lacking(&centre, batch), [], "an isolation needs none");
    centre.batch(centre.staff.technician, batch, seen(labels.clone())).unwrap();
    let observed = centre.state(batch).log.last().unwrap().stamp.entry;
    assert_eq!(lacking(&centre, batch), [observed]);
    centre.batch(centre.staff.technician, batch, of_vessels(labels[..1].to_vec(), file)).unwrap();
    assert_eq!(lacking(&centre, batch), [observed], "of one vessel is not of all");
    centre.batch(centre.staff.technician, batch, of_vessels(labels[1..].to_vec(), file)).unwrap();
    assert_eq!(lacking(&centre, batch), [observed], "the same file is no picture of others");
    let another = Hash::of(b"another picture");
    centre.blobs.insert(another, FILE);
    centre.batch(centre.staff.technician, batch, of_vessels(labels[1..].to_vec(), another)).unwrap();
    assert_eq!(lacking(&centre, batch), []);
    centre.hours(23);
    centre.batch(centre.staff.technician, batch, seen(labels.clone())).unwrap();
    assert_eq!(lacking(&centre, batch), [], "yesterday's counts");
    centre.hours(2);
    centre.batch(centre.staff.technician, batch, seen(labels)).unwrap();
    assert_eq!(lacking(&centre, batch).len(), 1, "that of the day before yesterday does not");
}

#[test]
fn a_passage_waits_for_a_photograph_of_what_was_detached_even_if_it_is_recorded_late() {
    let (mut centre, batch, file) = in_culture(true);
    let from = centre.in_culture(batch);
    let taken = centre.now;
    let passage = Passage {
        performed: Performed::default(),
        from: from.clone(),
        enzyme: q("5"),
        count: count("24000000"),
        other_denominator: None,
        into: vessels(2),
        discarded_cells: None,
        not_applicable: Default::default(),
    };
    centre.batch(centre.staff.technician, batch, passage).unwrap();
    let passaged =
        centre.state(batch).log.iter().rev().find(|l| l.event.name() == "culture.passaged").unwrap().stamp;
    assert_eq!(lacking(&centre, batch), [passaged.entry]);
    centre.hours(3);
    let emptied = Hash::of(b"an empty flask");
    centre.blobs.insert(emptied, FILE);
    centre.batch(centre.staff.technician, batch, of_vessels(from.clone(), emptied)).unwrap();
    assert_eq!(lacking(&centre, batch), [passaged.entry], "one of an emptied vessel shows no cells");
    centre.hours(27);
    let late = Photograph { performed: at(taken), ..of_vessels(from.clone(), file) };
    centre.batch(centre.staff.technician, batch, late).unwrap();
    assert_eq!(lacking(&centre, batch), [], "they are not in culture any more, and were photographed");
    let before_it_was = Photograph { performed: at(taken.plus_hours(-2000)), ..of_vessels(from, file) };
    let refusal = centre.batch(centre.staff.technician, batch, before_it_was).unwrap_err();
    assert!(codes(&refusal).iter().all(|code| code == "before_its_cause"));
}

#[test]
fn a_photograph_not_taken_says_why_and_opens_a_quality_event() {
    let (mut centre, batch, _) = in_culture(true);
    let labels = centre.in_culture(batch);
    centre.batch(centre.staff.technician, batch, seen(labels.clone())).unwrap();
    let picture = Picture::NotTaken { reason: of("the camera is broken") };
    let form = Photograph { picture, ..of_vessels(labels, Hash::ZERO) };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    assert_eq!(lacking(&centre, batch), [], "it is recorded that there is none");
    let state = centre.state(batch);
    let (event, impact) = state.quality_events.first_key_value().unwrap();
    assert_eq!(*impact, None);
    let Opening::Departure(departure) = centre.quality_event(*event).opening else { panic!("a departure") };
    assert_eq!(
        (departure.kind, departure.found.as_str()),
        (DepartureKind::NotPhotographed, "the camera is broken")
    );
    assert_eq!(state.photographs.last().unwrap().file, None);
}

#[test]
fn a_corrected_photograph_counts_as_corrected_and_the_old_file_stays_part_of_the_record() {
    let (mut centre, batch, file) = in_culture(true);
    let labels = centre.in_culture(batch);
    centre.batch(centre.staff.technician, batch, seen(labels.clone())).unwrap();
    centre.batch(centre.staff.technician, batch, of_vessels(labels.clone(), file)).unwrap();
    let entry = centre.state(batch).log.last().unwrap().stamp.entry;
    let right = Hash::of(b"the right picture");
    let correct = |replacement: Photograph| {
        let replacement = batch::Command::from(replacement);
        Correction { entry, reason: of("the wrong file"), replacement }
    };
    let form = correct(of_vessels(labels[..1].to_vec(), right));
    let refusal = centre.batch(centre.staff.technician, batch, form.clone()).unwrap_err();
    assert_eq!(codes(&refusal), ["no_such_blob"]);
    centre.blobs.insert(right, FILE);
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let state = centre.state(batch);
    assert_eq!(state.photographs.iter().map(|shot| shot.file).collect::<Vec<_>>(), [Some((right, FILE))]);
    assert!(state.names_blob(right) && state.names_blob(file));
    assert_eq!(lacking(&centre, batch).len(), 1, "it shows one vessel now");
}

#[test]
fn a_discarded_vessel_may_still_get_its_photograph_and_a_vessel_nobody_knows_does_not() {
    let (mut centre, batch, file) = in_culture(false);
    let labels = centre.in_culture(batch);
    let performed = Performed { checked_by: Some(centre.staff.lead), ..Performed::default() };
    let form = VesselDiscard { performed, vessels: labels[..1].to_vec(), reason: of("cracked") };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    centre.batch(centre.staff.technician, batch, of_vessels(labels[..1].to_vec(), file)).unwrap();
    let ended = baiyo_domain::batch::distribution::Discontinuation { reason: of("contaminated") };
    centre.batch(centre.staff.lead, batch, ended).unwrap();
    centre.batch(centre.staff.technician, batch, of_vessels(labels[1..].to_vec(), file)).unwrap();
    let twice = of_vessels(vec![labels[1].clone(), labels[1].clone()], file);
    let refusal = centre.batch(centre.staff.technician, batch, twice).unwrap_err();
    assert_eq!(codes(&refusal), ["twice"]);
    let unknown = centre.state(batch).opened.label.part(LabelKind::Vessel, 90).unwrap();
    let refusal = centre.batch(centre.staff.technician, batch, of_vessels(vec![unknown], file)).unwrap_err();
    assert_eq!(codes(&refusal), ["unknown_label"]);
}
