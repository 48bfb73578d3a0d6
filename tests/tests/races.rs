//! Two people at the same moment, of whom one takes away what the other relies on: on the embedded engine at one
//! server, on PostgreSQL at two that share a database. Each race is run until either has come first many times.
//! Whoever is refused is told why, whatever was acknowledged is in the history once, and nothing is released past
//! what stood before.

use serde_json::{Value, json};
use stories::racing::{Fair, Ledger, Race, history, on_every_server, rounds, taken_back};
use stories::{Answer, Asking, Centre, Course, Recipe, Step, engine};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const LATE: &str = "STERILITY-14D";
/// So that no history grows longer than a batch's is.
const ROUNDS_A_BATCH: usize = 50;

/// Runs a race on as many batches as it takes; each has a container for each round, and is confirmed.
fn for_containers(
    name: &str,
    sides: [&str; 2],
    mut round: impl FnMut(&mut Race, &mut Ledger, u64) -> Fair<usize>,
) {
    let (centre, last) = on_every_server();
    // A surveillance test whose failure an investigation may set aside, so that the batch can go on.
    let standard = centre.standard_changed(FRESH, |standard| {
        let tests = standard["tests"].as_array_mut().expect("tests").iter_mut();
        tests.filter(|test| test["code"] == LATE).for_each(|test| test["most_retests"] = json!(1));
    });
    let mut race = Race::new();
    while race.run() < rounds() {
        let containers = ROUNDS_A_BATCH.min(rounds() - race.run());
        let course = Course::run(&centre, Recipe { containers, ..Recipe::of(standard) }, Step::Confirmed);
        let before = taken_back(&centre);
        let mut ledger = Ledger::of(&course, last + 1);
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

fn release(who: Asking, course: &Course, container: u64) -> Answer {
    let form = json!({ "containers": [container], "decision": "release" });
    who.sign(&course.path("deciding"), form, "disposition")
}

/// Somebody sets a hold at the other server while a container is released; which came first, and the hold's number
/// where one was set.
fn released_or_held(
    race: &mut Race,
    ledger: &mut Ledger,
    container: u64,
    block: impl Fn() -> Answer + Send,
    reason: &str,
) -> Fair<usize> {
    let course = ledger.course;
    let releaser = course.centre.releaser();
    let [released, blocked] = race.start(|| release(releaser, course, container), block);
    let held = ledger.take(&blocked)?;
    if released.status != 200 {
        race.too_late(released, || release(releaser, course, container), reason)?;
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
        let releaser = course.centre.releaser();
        let at = |server| release(releaser.at(server), course, container);
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
        Signature::Release => release(course.centre.releaser(), course, container),
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
            let again = || release(course.centre.releaser(), course, container);
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

fn two_cultures(centre: &Centre) -> [Course<'_>; 2] {
    let standard = centre.standard(FRESH);
    ["P-001", "P-002"]
        .map(|pseudonym| Course::run(centre, Recipe { pseudonym, ..Recipe::of(standard) }, Step::Seeded))
}

#[test]
fn two_mismatches_that_meet_two_batches_from_opposite_ends_hold_both_and_neither_waits_for_ever() {
    let (centre, last) = on_every_server();
    let mut race = Race::new();
    while race.run() < rounds() {
        let cultures = two_cultures(&centre);
        let before = taken_back(&centre);
        let mut ledgers = cultures.each_ref().map(|course| Ledger::of(course, last + 1));
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
