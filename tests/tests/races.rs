//! Two people at the same moment, of whom one takes away what the other relies on: on the embedded engine at one
//! server, on PostgreSQL at two that share a database. Each race is run until either has come first many times.
//! Whoever is refused is told why, whatever was acknowledged is in the history once, and nothing is released past
//! what stood before.

use serde_json::{Value, json};
use stories::racing::{
    Fair, Ledger, Race, history, on_every_server, rounds, taken_back, unfair_releases, written_twice,
};
use stories::{Answer, Asking, Centre, Course, Recipe, Step, engine};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const LATE: &str = "STERILITY-14D";
/// So that no history grows longer than a batch's is.
const ROUNDS_A_BATCH: usize = 25;

/// Runs a race on as many batches as it takes; each has a container for each round, and is confirmed.
fn for_containers(
    name: &str,
    sides: [&str; 2],
    mut round: impl FnMut(&mut Race, &mut Ledger, u64) -> Fair<usize>,
) {
    let (centre, _) = on_every_server();
    // A surveillance test whose failure an investigation may set aside, so that the batch can go on.
    let standard = centre.standard_changed(FRESH, |standard| {
        let tests = standard["tests"].as_array_mut().expect("tests").iter_mut();
        tests.filter(|test| test["code"] == LATE).for_each(|test| test["most_retests"] = json!(1));
    });
    let mut race = Race::begin();
    while race.run() < rounds() {
        let containers = ROUNDS_A_BATCH.min(rounds() - race.run());
        let course = Course::run(&centre, Recipe { containers, ..Recipe::of(standard) }, Step::Confirmed);
        let before = taken_back(&centre);
        let mut ledger = Ledger::of(&course);
        for container in course.containers() {
            match round(&mut race, &mut ledger, container) {
                Ok(first) => race.won(first),
                Err(unfair) => panic!("{name}, round {}: {unfair}", race.run()),
            }
            centre.minutes(1);
        }
        ledger.close();
        assert_eq!(taken_back(&centre), before, "the lock decided, and nobody wrote in vain");
    }
    race.end(name, sides);
}

/// The server beside the first, where there is one.
fn beside(centre: &Centre) -> usize {
    centre.servers() - 1
}

/// Somebody sets a hold beside while a container is released; which came first.
fn released_or_held(
    race: &mut Race,
    ledger: &mut Ledger,
    container: u64,
    block: impl Fn() -> Answer + Send,
    reason: &str,
) -> Fair<usize> {
    let course = ledger.course;
    let release = || course.release(&[container]);
    let [released, blocked] = race.start(release, block);
    let held = ledger.take(&blocked)?;
    if released.status != 200 {
        race.too_late(released, release, reason)?;
        return Ok(1);
    }
    let released = ledger.take(&released)?;
    if released > held {
        return Err(format!("version {released} releases over the hold of version {held}"));
    }
    Ok(0)
}

fn lift_all(ledger: &mut Ledger) -> Fair<()> {
    for hold in ledger.course.holds() {
        ledger.take(&ledger.course.lift(hold))?;
    }
    Ok(())
}

fn hold(course: &Course) -> Answer {
    let beside = course.centre.technician().at(beside(course.centre));
    beside.post(&course.path("holding"), json!({ "reason": "doubt" }))
}

fn release_against_hold(race: &mut Race, ledger: &mut Ledger, container: u64) -> Fair<usize> {
    let course = ledger.course;
    let first = released_or_held(race, ledger, container, || hold(course), "blocked/held")?;
    lift_all(ledger)?;
    Ok(first)
}

#[test]
fn a_release_never_gets_past_a_hold_that_is_set_at_the_same_moment() {
    for_containers("hold × release", ["release", "hold"], release_against_hold);
}

#[test]
fn a_release_never_gets_past_a_failing_result_that_comes_late_at_the_same_moment() {
    let sides = ["release", "failing result"];
    for_containers("late failing result × release", sides, |race, ledger, container| {
        let course = ledger.course;
        let mut growth = course.result_form(LATE);
        growth["values"] = json!(["growth"]);
        let analyst = course.centre.analyst().at(beside(course.centre));
        let enter = || analyst.post(&course.path("result"), growth.clone());
        let first = released_or_held(race, ledger, container, enter, "blocked/test_failed")?;
        let view = course.view();
        let result = view["results"].as_array().and_then(|all| all.last()).expect("a result");
        assert_eq!((&result["verdict"], &result["failure"]), (&json!("fail"), &json!("open")));
        let conclusion = json!({ "laboratory_cause": { "cause": "a broken seal", "retests": 1 } });
        let form = json!({ "result": result["no"], "conclusion": conclusion });
        let releaser = course.centre.releaser();
        ledger.take(&releaser.sign(&course.path("investigation"), form, "investigation_closure"))?;
        lift_all(ledger)?;
        Ok(first)
    });
}

#[test]
fn a_release_never_gets_past_a_quality_event_that_is_reported_at_the_same_moment() {
    for_containers("quality event × release", ["release", "quality event"], |race, ledger, container| {
        let course = ledger.course;
        let form = json!({ "title": "alarm", "description": "in the clean room", "batches": [course.batch] });
        let manager = course.centre.manager().at(beside(course.centre));
        let report = || manager.post("/quality_events", form.clone());
        let first = released_or_held(race, ledger, container, report, "blocked/quality_event_open")?;
        for (event, _) in course.quality_events().iter().filter(|(_, impact)| impact.is_null()) {
            ledger.take(&course.assess(event, "acceptable"))?;
        }
        lift_all(ledger)?;
        Ok(first)
    });
}

#[test]
fn a_container_that_is_released_twice_at_the_same_moment_is_released_once() {
    for_containers("double release", ["one", "other"], |race, ledger, container| {
        let course = ledger.course;
        let at = |server| {
            let form = json!({ "containers": [container], "decision": "release" });
            course.centre.releaser().at(server).sign(&course.path("deciding"), form, "disposition")
        };
        let [one, other] = race.start(|| at(0), || at(beside(course.centre)));
        let (first, released, late) = if one.status == 200 { (0, one, other) } else { (1, other, one) };
        ledger.take(&released)?;
        race.too_late(late, || at(0), "already_done")?;
        Ok(first)
    });
}

/// A signature, and what may be corrected under it.
#[derive(Clone, Copy)]
enum Signature {
    Confirmation,
    Verification,
    Release,
}

const CORRECTED_TEST: &str = "ENDOTOXIN";

fn corrected_result(course: &Course) -> Value {
    let view = course.view();
    let mut results = view["results"].as_array().expect("results").iter();
    results.find(|result| result["form"]["test"] == CORRECTED_TEST).expect("a result").clone()
}

/// Corrects something that a signature stands over to another value than ever before; again where somebody was faster.
fn correct(course: &Course, signature: Signature, change: usize) -> Answer {
    let centre = course.centre;
    let (who, entry, replacement) = match signature {
        Signature::Verification => {
            let result = corrected_result(course);
            let mut form = result["form"].clone();
            form["values"] = json!([format!("<0.{:04}", change + 1)]);
            (centre.analyst(), result["entry"].clone(), json!({ "testing": { "result": form } }))
        }
        Signature::Confirmation | Signature::Release => {
            let history = history(course, 0);
            let fed = history.iter().find(|entry| entry["kind"] == "batch.culture.medium_changed");
            let fed = fed.expect("it was fed");
            let mut form = fed["event"]["batch"]["culture"]["medium_changed"].clone();
            form["volume"] = json!(format!("200.{:04}", change + 1));
            (centre.technician(), fed["entry"].clone(), json!({ "culture": { "medium_change": form } }))
        }
    };
    let form = json!({ "entry": entry, "reason": "misread", "replacement": replacement });
    let who = who.at(beside(centre));
    until_current(|| who.post_seen(&course.path("correction"), form.clone()))
}

fn sign(course: &Course, signature: Signature, container: u64) -> Answer {
    until_current(|| match signature {
        Signature::Confirmation => confirm_manufacturing(course),
        Signature::Verification => course.verify(corrected_result(course)["no"].as_u64().expect("a number")),
        Signature::Release => course.release(&[container]),
    })
}

/// Asks until nobody else was faster.
fn until_current(ask: impl Fn() -> Answer) -> Answer {
    let answer = ask();
    if answer.status == 412 { ask() } else { answer }
}

fn confirm_manufacturing(course: &Course) -> Answer {
    let path = course.path("manufacturing_confirmation");
    course.centre.lead().sign(&path, json!({}), "manufacturing_confirmation")
}

#[test]
fn a_signature_over_what_is_corrected_at_the_same_moment_is_void_or_was_given_to_the_new_value() {
    for_containers("correction × signature", ["signature", "correction"], |race, ledger, container| {
        let course = ledger.course;
        let signatures = [Signature::Confirmation, Signature::Verification, Signature::Release];
        let signature = signatures[race.run() % signatures.len()];
        let unverified = |course: &Course| corrected_result(course)["verified_by"].is_null();
        match signature {
            Signature::Confirmation => {}
            Signature::Verification => drop(ledger.take(&correct(course, signature, 2 * race.run()))?),
            Signature::Release => {
                if unverified(course) {
                    ledger.take(&sign(course, Signature::Verification, container))?;
                }
                ledger.take(&confirm_manufacturing(course))?;
                let path = course.path("quality_confirmation");
                ledger.take(&course.centre.releaser().sign(&path, json!({}), "quality_confirmation"))?;
            }
        }
        let change = 2 * race.run() + 1;
        let [signed, corrected] =
            race.start(|| sign(course, signature, container), || correct(course, signature, change));
        let correction = ledger.take(&corrected)?;
        let corrected = corrected.entry("batch.disposition.corrected");
        if matches!(signature, Signature::Release) && signed.status != 200 {
            let again = || course.release(&[container]);
            race.too_late(signed, again, "blocked/manufacturing_unconfirmed")?;
            return Ok(1);
        }
        let first = usize::from(ledger.take(&signed)? > correction);
        let void = match signature {
            Signature::Confirmation => {
                let void = course.view()["manufacturing_confirmed_by"].is_null();
                let blocked =
                    course.blockers(container).iter().any(|code| code == "manufacturing_unconfirmed");
                assert_eq!(void, blocked);
                void
            }
            Signature::Verification => unverified(course),
            Signature::Release => course.container(container)["decision"]["voided_by"] == corrected.as_str(),
        };
        match (first, signature, void) {
            (0, _, true) | (1, Signature::Confirmation | Signature::Verification, false) => Ok(first),
            (0, _, false) => Err(format!("a signature stands over what version {correction} corrected")),
            _ => Err(format!("a signature given to what version {correction} wrote does not stand")),
        }
    });
}

/// Somebody feeds his batch and scans a vessel of the other one.
fn scan(who: Asking, batch: &Course, vessel: &Value) -> Answer {
    who.post(&batch.path("medium_change"), json!({ "vessels": [vessel], "volume": "200" }))
}

/// In each of two cultures a vessel of the other one is scanned; which scan came first.
fn scanned_crosswise(race: &mut Race, ledgers: &mut [Ledger; 2]) -> Fair<usize> {
    let [one, other] = ledgers.each_ref().map(|ledger| ledger.course);
    let centre = one.centre;
    let [ones, others] = [one, other].map(|course| course.in_culture().remove(0).1);
    let beside = centre.checker().at(beside(centre));
    for answer in race.start(|| scan(centre.technician(), one, &others), || scan(beside, other, &ones)) {
        if answer.status != 409 {
            return Err(format!("{} {}", answer.status, answer.text));
        }
        answer.refused(409).only(&["wrong_batch"]);
    }
    let mut orders = Vec::new();
    for ledger in ledgers {
        let left = ledger.left_behind()?;
        if left != ["batch.intake.mismatch", "batch.disposition.held", "batch.intake.mismatch"] {
            return Err(format!("two scans left behind {left:?}"));
        }
        let view = ledger.course.view();
        let mismatches = view["mismatches"].as_array().expect("mismatches").iter();
        let open: Vec<&Value> = mismatches.filter(|mismatch| mismatch["cleared"] == false).collect();
        orders.push(Vec::from_iter(open.iter().map(|open| open["mismatch"]["found"].clone())));
        for mismatch in open {
            let form = json!({ "mismatch": mismatch["entry"], "check": "compared afresh" });
            ledger.take(&centre.lead().post(&ledger.course.path("mismatch_clearance"), form))?;
        }
        lift_all(ledger)?;
    }
    match orders[0] == orders[1] {
        true => Ok(usize::from(orders[0][0] == ones)),
        false => Err(format!("the two batches saw the two scans in other orders: {orders:?}")),
    }
}

fn two_cultures(centre: &Centre, standard: Uuid) -> [Course<'_>; 2] {
    ["P-001", "P-002"]
        .map(|pseudonym| Course::run(centre, Recipe { pseudonym, ..Recipe::of(standard) }, Step::Seeded))
}

#[test]
fn two_mismatches_that_meet_two_batches_from_opposite_ends_hold_both_and_neither_waits_for_ever() {
    let (centre, _) = on_every_server();
    let standard = centre.standard(FRESH);
    let mut race = Race::begin();
    while race.run() < rounds() {
        let cultures = two_cultures(&centre, standard);
        let before = taken_back(&centre);
        let mut ledgers = cultures.each_ref().map(Ledger::of);
        for _ in 0..ROUNDS_A_BATCH.min(rounds() - race.run()) {
            match scanned_crosswise(&mut race, &mut ledgers) {
                Ok(first) => race.won(first),
                Err(unfair) => panic!("round {}: {unfair}", race.run()),
            }
            centre.minutes(1);
        }
        ledgers.into_iter().for_each(Ledger::close);
        assert_eq!(taken_back(&centre), before, "the lock decided, and nobody wrote in vain");
    }
    race.end("mismatch × mismatch", ["one", "other"]);
}

/// What decides between two who write one history.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Guard {
    /// The lock on the stream's head.
    Lock,
    /// The journal's own: one entry for each version, and each follows the one before.
    Index,
}

/// A centre with two servers, whose database's owner has left it only these guards.
fn centre_with(guards: &[Guard]) -> Centre {
    let (mut centre, _) = on_every_server();
    centre.is_tampered_with();
    centre.stop();
    let mut sql = String::new();
    if !guards.contains(&Guard::Lock) {
        // What the product calls to lock, with nothing behind it.
        for function in ["pg_advisory_xact_lock", "pg_advisory_xact_lock_shared"] {
            let body = "RETURNS void LANGUAGE plpgsql AS 'BEGIN END'";
            sql += &format!("ALTER FUNCTION pg_catalog.{function}(bigint) RENAME TO {function}_of_old;");
            sql += &format!("CREATE FUNCTION public.{function}(bigint) {body};");
        }
    }
    if !guards.contains(&Guard::Index) {
        sql += "ALTER TABLE journal DROP CONSTRAINT journal_stream_kind_stream_id_version_key;";
        sql += "DROP TRIGGER journal_chain ON journal;";
    }
    centre.database().batch_execute(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    centre.start();
    centre.start_another().expect("a second server");
    centre
}

/// What became of rounds of a race.
#[derive(Debug, Default)]
struct Became {
    fair: usize,
    unfair: Vec<String>,
    taken_back: i64,
    written_twice: i64,
}

/// Runs rounds of hold × release under these guards, until they are over or the batch's history is broken.
fn hold_against_release_under(guards: &[Guard]) -> Became {
    let centre = centre_with(guards);
    let recipe = Recipe { containers: ROUNDS_A_BATCH, ..Recipe::of(centre.standard(FRESH)) };
    let course = Course::run(&centre, recipe, Step::Confirmed);
    let before = taken_back(&centre);
    let (mut race, mut became) = (Race::begin(), Became::default());
    let mut ledger = Ledger::of(&course);
    for container in course.containers() {
        let round = release_against_hold(&mut race, &mut ledger, container);
        became.written_twice = written_twice(&centre);
        match round {
            Ok(first) => race.won(first),
            Err(unfair) => {
                became.unfair.push(unfair);
                if became.written_twice > 0 || lift_all(&mut ledger).is_err() {
                    break;
                }
            }
        }
        centre.minutes(1);
    }
    became.fair = race.run();
    became.taken_back = taken_back(&centre) - before;
    println!("hold × release under {guards:?}: {became:?}");
    became
}

/// The embedded engine has one writer, and no lock that could be taken away.
#[test]
fn the_lock_or_the_index_alone_keeps_a_release_from_passing_a_hold_and_without_both_it_comes_to_grief() {
    if !engine::is_postgres() {
        return;
    }
    let locked = hold_against_release_under(&[Guard::Lock]);
    assert_eq!((locked.fair, locked.taken_back, locked.written_twice), (ROUNDS_A_BATCH, 0, 0));
    let indexed = hold_against_release_under(&[Guard::Index]);
    assert_eq!((indexed.fair, indexed.written_twice), (ROUNDS_A_BATCH, 0));
    assert!(indexed.taken_back > 0, "nobody was overtaken, so the lock would not have been needed");
    let unguarded = hold_against_release_under(&[]);
    assert!(!unguarded.unfair.is_empty(), "neither guard was needed");
}

#[test]
fn without_the_lock_two_scans_of_the_same_two_batches_are_kept_by_the_index_but_written_in_vain() {
    if !engine::is_postgres() {
        return;
    }
    let centre = centre_with(&[Guard::Index]);
    let cultures = two_cultures(&centre, centre.standard(FRESH));
    let before = taken_back(&centre);
    let mut ledgers = cultures.each_ref().map(Ledger::of);
    let mut race = Race::begin();
    while taken_back(&centre) == before && race.run() < ROUNDS_A_BATCH {
        let first = scanned_crosswise(&mut race, &mut ledgers).unwrap_or_else(|unfair| panic!("{unfair}"));
        race.won(first);
        centre.minutes(1);
    }
    assert!(taken_back(&centre) > before, "nobody was overtaken, so the lock would not have been needed");
    ledgers.into_iter().for_each(Ledger::close);
}

#[test]
fn a_release_under_a_hold_and_a_second_release_are_found_in_a_history() {
    let held = json!({ "held": { "hold": 3 } });
    let lifted = json!({ "hold_lifted": { "hold": 3 } });
    let corrected = json!({ "corrected": {} });
    let released = json!({ "decided": { "containers": [1], "decision": "release" } });
    let found = |facts: &[&Value]| {
        let entry = |(index, fact): (usize, &&Value)| {
            let event = json!({ "batch": { "disposition": fact } });
            json!({ "version": index + 1, "event": event })
        };
        unfair_releases(&Vec::from_iter(facts.iter().enumerate().map(entry)))
    };
    assert_eq!(found(&[&held, &released]), [2]);
    assert_eq!(found(&[&released, &released]), [2]);
    assert_eq!(found(&[&held, &lifted, &released, &corrected, &released, &held]), [] as [u64; 0]);
}
