//! A clock that stands, goes back three days, or runs four hundred days ahead: facts are recorded in their order all
//! the same, nothing is signed behind what is recorded, and what has expired stays so when the clock is put right. Told
//! with the clock that is given to the store, and with the machine's own falsified under the product's binary.

use baiyo_domain::time::Time;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::schema::journal;
use baiyo_persistence::sql_types::Id;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use stories::{Answer, Centre, Course, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const BEHIND: &str = "clock_behind";

/// A batch whose containers could be released now.
fn confirmed(centre: &Centre) -> Uuid {
    Course::run(centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed).batch
}

fn release(centre: &Centre, batch: Uuid, container: u64) -> Answer {
    let form = json!({ "containers": [container], "decision": "release" });
    centre.releaser().sign(&format!("/batches/{batch}/deciding"), form, "disposition")
}

fn hold(centre: &Centre, batch: Uuid) {
    let form = json!({ "reason": "what does the clock say?" });
    centre.technician().post(&format!("/batches/{batch}/holding"), form).ok();
}

fn lift(centre: &Centre, batch: Uuid, hold: u64) -> Answer {
    let form = json!({ "hold": hold, "reason": "its cause is settled" });
    centre.releaser().sign(&format!("/batches/{batch}/lifting"), form, "hold_lift")
}

/// An entry in a stream of its own.
fn order(centre: &Centre) {
    let form = json!({
        "purpose": "therapy", "personal": { "name": "名無し", "birth_date": "1980-01-01" }, "pseudonym": "N-1",
        "plan": { "number": "PB3190001", "class": "two" },
    });
    centre.coordinator().post("/orders", form).made();
}

/// When each entry was recorded, in the order of the journal: no time goes back, neither in a stream nor across.
fn times(centre: &Centre) -> Vec<Time> {
    let rows = journal::table.order(journal::seq);
    let rows =
        rows.select((journal::stream_kind, journal::stream_id, journal::version, journal::recorded_at));
    let rows: Vec<(String, Id, i32, i64)> = rows.load(&mut centre.database()).expect("the journal");
    let mut versions = BTreeMap::new();
    for (kind, stream, version, _) in &rows {
        let before = versions.insert((kind, stream), *version).unwrap_or(0);
        assert_eq!(before + 1, *version, "versions follow each other");
    }
    let times: Vec<Time> = rows.iter().map(|row| Time::from_micros(row.3).expect("a time")).collect();
    assert!(times.is_sorted(), "no entry is recorded before an earlier one");
    times
}

fn stands_and_goes_back(centre: &Centre, batch: Uuid) {
    let right = centre.now();
    let before = times(centre).len();
    (0..3).for_each(|_| hold(centre, batch));
    order(centre);
    assert_eq!(times(centre)[before..], [right; 4], "a clock that stands gives one time to all");

    centre.set_clock(right.plus_hours(-24 * 3));
    hold(centre, batch);
    order(centre);
    assert_eq!(times(centre)[before + 4..], [right; 2], "never before what is recorded");
    lift(centre, batch, 1).refused(409).only(&[BEHIND]);

    // A little behind is no more than two clocks that differ.
    centre.set_clock(right.plus(TimeDelta::seconds(-6)));
    lift(centre, batch, 1).refused(409).only(&[BEHIND]);
    centre.set_clock(right.plus(TimeDelta::seconds(-5)));
    lift(centre, batch, 1).ok();
    centre.set_clock(right);
    (2..=4).for_each(|number| drop(lift(centre, batch, number).ok()));
    centre.set_clock(right.plus_hours(-24 * 3));
    release(centre, batch, 1).refused(409).only(&[BEHIND]);
    centre.set_clock(right);
    release(centre, batch, 1).ok();
}

/// Four hundred days ahead, and back again.
fn runs_ahead(centre: &Centre, batch: Uuid) -> Time {
    let right = centre.now();
    let ahead = right.plus_hours(24 * 400);
    centre.set_clock(ahead);
    release(centre, batch, 2).refused(409).names("blocked/expired");
    hold(centre, batch);
    hold(centre, batch);
    assert_eq!(times(centre).last(), Some(&ahead));
    lift(centre, batch, 5).ok();

    centre.set_clock(right);
    never_again(centre, batch);
    lift(centre, batch, 6).refused(409).only(&[BEHIND]);
    order(centre);
    assert_eq!(times(centre).last(), Some(&ahead));
    ahead
}

fn never_again(centre: &Centre, batch: Uuid) {
    release(centre, batch, 2).refused(409).names("blocked/expired");
    let gate = centre.releaser().get(&format!("/batches/{batch}/gate")).ok();
    assert!(gate["containers"][1].to_string().contains("expired"), "{gate}");
}

fn story(mut centre: Centre, start: fn(&mut Centre)) {
    let batch = confirmed(&centre);
    stands_and_goes_back(&centre, batch);
    let ahead = runs_ahead(&centre, batch);
    // What a server does not remember, the journal does.
    centre.stop();
    start(&mut centre);
    never_again(&centre, batch);
    centre.set_clock(ahead);
    lift(&centre, batch, 6).ok();
    release(&centre, batch, 2).refused(409).names("blocked/expired");
}

#[test]
fn a_wrong_clock_reorders_nothing_signs_nothing_behind_and_releases_nothing_expired() {
    story(Centre::open(), Centre::start);
}

#[test]
fn a_machine_with_a_wrong_clock_does_neither() {
    let mut centre = Centre::open();
    centre.stop();
    centre.start_on_false_clock();
    story(centre, Centre::start_on_false_clock);
}
