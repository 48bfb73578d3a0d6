//! Whoever owns the database's file can write what he likes with a consistent chain and evidence. He cannot sign, and
//! so nothing goes on that rests on it, and `verify` names the entry.

use baiyo_domain::journal::StreamKind;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use stories::{Centre, Course, Forger, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A release in the releaser's name, with its evidence.
fn forge_release(forger: &mut Forger, course: &Course, key: Uuid) -> Uuid {
    let releaser = course.centre.releaser().id();
    let containers = course.containers();
    let event = json!({ "batch": { "disposition": { "decided": { "containers": containers, "decision": "release" } } } });
    let entry = forger.append((StreamKind::Batch, course.batch), releaser, key, event);
    for container in containers {
        forger.released(course.batch, container, releaser, entry);
    }
    entry
}

/// The whole way refuses the cells at each hand-over; facts are taken, and open quality events.
fn nothing_goes_on(course: &Course) {
    let first = course.containers()[0];
    course.allocate();
    course.pack();
    course.shipping_check().refused(409).names("signature_invalid");
    course.report_shipment();
    course.receiving_check().refused(409).names("signature_invalid");
    course.coordinator().post(&course.path("receipt"), course.arrival()).ok();
    course.administration(first, true).refused(409).names("signature_invalid");
    course.bedside_check(first).refused(409).names("signature_invalid");
    let departures = course.quality_events().into_iter().map(|(event, _)| {
        let read = course.centre.releaser().get(&format!("/quality_events/{event}")).ok();
        read["opening"]["departure"]["kind"].clone()
    });
    assert!(departures.collect::<Vec<Value>>().contains(&json!("shipped_uncleared")));
}

/// What `verify` says of an entry.
fn named(centre: &mut Centre, entry: Uuid) -> String {
    centre.stop();
    let report = centre.verify(&[]);
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let named = findings.iter().filter(|finding| finding.contains(&entry.to_string())).cloned();
    let named: Vec<String> = named.collect();
    assert!(!named.is_empty(), "verify does not name {entry}: {findings:#?}");
    named.join("\n")
}

#[test]
fn a_forged_verification_is_found_before_anything_is_released_on_it() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let recipe = Recipe { unreported: vec!["APPEARANCE"], ..Recipe::of(centre.standard(FRESH)) };
    let mut course = Course::run(&centre, recipe, Step::Tested);
    let result = course.enter("APPEARANCE", json!({}));
    course.to(Step::Confirmed);
    assert_eq!(course.blockers(course.containers()[0]), ["test_unverified"]);

    centre.inspector().get(&course.path("export")).ok();
    let mut forger = Forger::of(&centre);
    let releaser = centre.releaser().id();
    let key = forger.key_of(releaser);
    let event = json!({ "batch": { "testing": { "result_verified": { "result": result } } } });
    let entry = forger.append((StreamKind::Batch, course.batch), releaser, key, event);
    for container in course.containers() {
        forger.met(course.batch, container, "test:APPEARANCE", entry);
    }
    course.confirm();
    assert_eq!(course.blockers(course.containers()[0]), [] as [&str; 0], "the record looks right");
    course.release(&course.containers()).refused(409).only(&["signature_invalid"]);
    assert!(named(&mut centre, entry).contains("does not verify"));
}

#[test]
fn a_forged_release_is_refused_at_every_hand_over() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    centre.inspector().get(&course.path("export")).ok();
    let mut forger = Forger::of(&centre);
    let key = forger.key_of(centre.releaser().id());
    let entry = forge_release(&mut forger, &course, key);
    assert_eq!(course.status(), "released", "the record looks right");
    nothing_goes_on(&course);
    assert!(named(&mut centre, entry).contains("does not verify"));
}

#[test]
fn a_release_signed_with_a_key_that_nobody_registered_rightly_is_refused_at_every_hand_over() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    centre.inspector().get(&course.path("export")).ok();
    let mut forger = Forger::of(&centre);
    // A key of his own for the releaser, registered in the administrator's name.
    let (administrator, releaser) = (centre.administrator().id(), centre.releaser().id());
    let key = Uuid::now_v7();
    let registered = json!({
        "key": key, "public_key": STANDARD.encode(forger.public_key()), "identity_check": "passport seen",
        "second_checker": centre.manager().id(),
    });
    let of_administrator = forger.key_of(administrator);
    let event = json!({ "person": { "key_registered": registered } });
    let registration = forger.append((StreamKind::Person, releaser), administrator, of_administrator, event);
    let entry = forge_release(&mut forger, &course, key);
    nothing_goes_on(&course);
    assert!(named(&mut centre, registration).contains("does not verify"));
    assert!(named(&mut centre, entry).contains("does not chain to the first administrator"));
}

#[test]
fn a_verification_forged_after_the_physicians_decision_stops_the_cells_at_the_bedside() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Decided);
    let first = course.containers()[0];
    // The fourteen-day culture of the fill, long before it is over.
    let result = course.enter("STERILITY-14D", json!({ "values": ["no growth"] }));
    let mut forger = Forger::of(&centre);
    let releaser = centre.releaser().id();
    let key = forger.key_of(releaser);
    let event = json!({ "batch": { "testing": { "result_verified": { "result": result } } } });
    let entry = forger.append((StreamKind::Batch, course.batch), releaser, key, event);
    course.bedside_check(first).refused(409).only(&["signature_invalid"]);
    course.administration(first, true).refused(409).only(&["signature_invalid"]);
    // What happens all the same is recorded, and opens a quality event.
    assert_eq!(course.quality_events().len(), 0);
    course.report_infusion(first);
    assert_eq!(course.quality_events().len(), 1);
    drop(course);
    assert!(named(&mut centre, entry).contains("does not verify"));
}

/// A proposal or confirmation to erase a name, in a person's name.
fn forge_erasure(forger: &mut Forger, centre: &Centre, order: Uuid, person: Uuid, fact: Value) -> Uuid {
    let key = forger.key_of(person);
    forger.append_at(Some(centre.now()), (StreamKind::Order, order), person, key, json!({ "order": fact }))
}

#[test]
fn a_forged_erasure_destroys_no_key_at_any_start_and_is_named() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let standard = centre.standard(FRESH);
    let courses = [("佐藤 花子", "P-001"), ("鈴木 一郎", "P-002")].map(|(name, pseudonym)| {
        let recipe = Recipe { person: (name, "1950-01-02"), pseudonym, ..Recipe::of(standard) };
        let course = Course::run(&centre, recipe, Step::Ordered);
        (course.order, course.patient())
    });
    centre.hold_tokens();
    centre.days(366 * 31);
    centre.inspector().get("/checkpoint").ok();
    let (manager, releaser) = (centre.manager().id(), centre.releaser().id());
    let proposed = json!({ "erasure_proposed": { "by": manager, "reason": "kept long enough" } });
    let mut forger = Forger::of(&centre);
    // Of one patient both, of the other the confirmation of what the manager did propose.
    let form = json!({ "reason": "kept long enough" });
    let path = format!("/orders/{}/erasure_proposal", courses[1].0);
    centre.manager().sign(&path, form, "erasure_proposal").ok();
    let proposal = forge_erasure(&mut forger, &centre, courses[0].0, manager, proposed);
    let [first, second] = courses.map(|(order, patient)| {
        let erased = json!({ "patient": patient, "proposed_by": manager, "remark": "compared" });
        let erased = json!({ "personal_data_erased": erased });
        forge_erasure(&mut forger, &centre, order, releaser, erased)
    });
    let forged = [proposal, first, second];
    for _ in 0..2 {
        centre.stop();
        centre.start();
        for (order, patient) in courses {
            assert!(centre.folder().join(format!("keys/patients/{patient}.key")).exists(), "{patient}");
            centre.coordinator().get(&format!("/orders/{order}/recipient")).ok();
        }
    }
    let said = forged.map(|entry| named(&mut centre, entry));
    assert!(said.iter().all(|said| said.contains("does not verify")), "{said:#?}");
    let unfounded = said.map(|said| said.contains("no two people signed"));
    assert_eq!(unfounded, [false, true, true]);
}

#[test]
fn a_forged_erasure_is_told_as_a_fault_and_a_broken_history_hides_nothing_but_itself() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let standard = centre.standard(FRESH);
    let [forged, sound] = [("佐藤 花子", "P-001"), ("鈴木 一郎", "P-002")].map(|(name, pseudonym)| {
        let recipe = Recipe { person: (name, "1950-01-02"), pseudonym, ..Recipe::of(standard) };
        let course = Course::run(&centre, recipe, Step::Ordered);
        (course.order, course.patient())
    });
    // The first patient has one order more, whose history will be broken.
    let again = json!({
        "purpose": "therapy", "pseudonym": "P-001", "patient": forged.1,
        "plan": { "number": "PB3190001", "class": "two" },
    });
    let broken = centre.coordinator().post("/orders", again).made();
    let label =
        centre.coordinator().get(&format!("/orders/{broken}")).ok()["label"].as_str().unwrap().to_string();
    centre.inspector().get("/checkpoint").ok();
    let (manager, releaser) = (centre.manager().id(), centre.releaser().id());
    let mut forger = Forger::of(&centre);
    let erased = json!({ "patient": forged.1, "proposed_by": manager, "remark": "compared" });
    forge_erasure(&mut forger, &centre, forged.0, releaser, json!({ "personal_data_erased": erased }));
    for reason in ["once", "and again, which cannot have happened"] {
        let proposed = json!({ "erasure_proposed": { "by": manager, "reason": reason } });
        forge_erasure(&mut forger, &centre, broken, manager, proposed);
    }
    // Whoever owns the folder takes the key away as well.
    let keys = centre.folder().join("keys/patients");
    std::fs::remove_file(keys.join(format!("{}.key", forged.1))).unwrap();

    for _ in 0..2 {
        let recipient = |order: Uuid| centre.coordinator().get(&format!("/orders/{order}/recipient"));
        recipient(forged.0).refused(404).only(&["name_unreadable"]);
        assert_eq!(recipient(sound.0).ok()["name"], "鈴木 一郎");
        let board = centre.coordinator().get("//clinic");
        assert_eq!(board.status, 200, "{}", board.text);
        for seen in ["鈴木 一郎", "The name cannot be read", "These cannot be shown", &label] {
            assert!(board.text.contains(seen), "{seen}: {}", board.text);
        }
        let form = centre.coordinator().get("//record/orders");
        assert!(form.status == 200 && form.text.contains("鈴木 一郎"), "{}", form.text);
        let order = format!("//orders/{}", forged.0);
        for page in [board.text, centre.coordinator().get(&order).text, centre.releaser().get(&order).text] {
            assert!(page.contains("P-001") && !page.contains("Name erased"), "{page}");
        }
        centre.stop();
        centre.start();
    }
    // What does not stand is found once, and not again at each view.
    centre.stop();
    centre.start_apart_in(&[]);
    let view = || {
        centre.coordinator().get(&format!("/orders/{}/recipient", forged.0)).refused(404);
        centre.log().matches("erases nobody").count()
    };
    let (first, second, third) = (view(), view(), view());
    assert!(first > 0 && (first, first) == (second, third), "{first}, {second}, {third}");
}

#[test]
fn nobody_confirms_a_forged_proposal_and_whoever_may_withdraws_it() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let (order, patient) = (course.order, course.patient());
    centre.hold_tokens();
    centre.days(366 * 31);
    centre.inspector().get("/checkpoint").ok();
    let mut forger = Forger::of(&centre);
    let manager = centre.manager();
    let proposed = json!({ "erasure_proposed": { "by": manager.id(), "reason": "kept long enough" } });
    let entry = forge_erasure(&mut forger, &centre, order, manager.id(), proposed);
    let path = |form| format!("/orders/{order}/{form}");
    let confirm = || {
        let form = json!({ "remark": "compared" });
        centre.releaser().sign(&path("erasure_confirmation"), form, "erasure_confirmation")
    };
    let refused = confirm().refused(409);
    refused.only(&["signature_invalid"]);
    assert_eq!(refused.reasons[0]["arguments"]["entry"], entry.to_string());
    manager.post(&path("erasure_withdrawal"), json!({ "reason": "not mine" })).ok();
    confirm().refused(409).only(&["erasure_not_proposed"]);
    let form = json!({ "reason": "kept long enough" });
    manager.sign(&path("erasure_proposal"), form, "erasure_proposal").ok();
    confirm().ok();
    let key = centre.folder().join(format!("keys/patients/{patient}.key"));
    assert!(!key.exists());
    // What two people signed stands, though somebody forged beside it.
    assert!(named(&mut centre, entry).contains("does not verify"));
    let report = centre.verify(&[]);
    assert!(!report.findings.iter().any(|finding| finding.to_string().contains("no two people signed")));
}

#[test]
fn what_is_taken_away_after_the_guards_were_dropped_is_found() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    centre.inspector().get("/checkpoint").ok();
    course.to(Step::Instructed);
    drop(course);
    centre.stop();
    let kept = std::fs::read_to_string(centre.folder().join("checkpoints/latest.txt")).unwrap();
    assert!(centre.verify(std::slice::from_ref(&kept)).is_sound());

    let mut conn = centre.database();
    let mut sql = |sql: &str| baiyo_persistence::engine::Run::execute(diesel::sql_query(sql), &mut conn);
    let last = "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)";
    assert!(sql(last).is_err(), "the guards refuse it");
    if stories::engine::is_postgres() {
        sql("DROP TRIGGER journal_no_delete ON journal").unwrap();
        sql("SET session_replication_role = replica").unwrap();
    } else {
        sql("DROP TRIGGER journal_no_delete").unwrap();
        sql("PRAGMA foreign_keys = OFF").unwrap();
    }
    assert_eq!(sql(last), Ok(1));
    drop(conn);
    let findings: Vec<String> = centre.verify(&[kept]).findings.iter().map(ToString::to_string).collect();
    assert!(findings.iter().any(|finding| finding.contains("it was deleted")), "{findings:#?}");
    assert!(
        findings.iter().any(|finding| finding.contains("lacks the trigger journal_no_delete")),
        "{findings:#?}"
    );
}
