//! A patient's name is erased by two people once everything has been kept as long as it must be; then nothing brings it
//! back, and the record stays whole.

use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::progress::unwatched;
use baiyo_persistence::store::Location;
use baiyo_persistence::verify::Note;
use baiyo_persistence::{Conn, copy, rebuild};
use diesel::sql_types::BigInt;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use stories::{Centre, Course, Recipe, Step, engine};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const NAME: &str = "佐藤 花子";

fn copied(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp");
    assert!(done.success());
}

fn key_of(centre: &Centre, patient: Uuid) -> PathBuf {
    centre.folder().join(format!("keys/patients/{patient}.key"))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn rows(conn: &mut Conn, table: &str) -> i64 {
    diesel::sql_query(format!("SELECT count(*) AS number FROM {table}"))
        .get_result::<Count>(conn)
        .unwrap()
        .number
}

/// Proposes and confirms, at once.
fn erase(centre: &Centre, order: Uuid) {
    let path = |form| format!("/orders/{order}/{form}");
    let form = json!({ "reason": "kept long enough" });
    centre.manager().sign(&path("erasure_proposal"), form, "erasure_proposal").ok();
    let form = json!({ "remark": "dates compared" });
    centre.releaser().sign(&path("erasure_confirmation"), form, "erasure_confirmation").ok();
}

/// Lets everything be kept long enough.
fn years_pass(centre: &Centre, years: i64) {
    centre.hold_tokens();
    centre.days(366 * years);
}

#[test]
fn two_people_erase_a_name_after_retention_and_no_one_else_and_not_before() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let first = Course::run(&centre, Recipe::of(standard), Step::Closed);
    let patient = first.patient();
    let mut second =
        Course::run(&centre, Recipe { patient: Some(patient), ..Recipe::of(standard) }, Step::Opened);
    let path = |form| format!("/orders/{}/{form}", first.order);
    let manager = centre.manager();
    let propose = || {
        let form = json!({ "reason": "kept long enough" });
        manager.sign(&path("erasure_proposal"), form, "erasure_proposal")
    };
    let confirm = |who: &stories::Asking| {
        who.sign(&path("erasure_confirmation"), json!({ "remark": "seen" }), "erasure_confirmation")
    };
    let withdraw =
        |who: &stories::Asking| who.post(&path("erasure_withdrawal"), json!({ "reason": "asked for" }));
    let releaser = centre.releaser();

    // Ten years from the newest entry of whatever is about this patient's cells, the second course as well.
    confirm(&releaser).refused(409).only(&["erasure_not_proposed"]);
    propose().refused(409).only(&["batch_under_way", "record_kept"]);
    centre.hold_tokens();
    years_pass(&centre, 11);
    let running = propose().refused(409);
    running.only(&["batch_under_way"]);
    assert_eq!(running.reasons[0]["arguments"]["batch"], second.batch.to_string());
    second.centre.lead().post(&second.path("discontinuation"), json!({ "reason": "never begun" })).ok();
    second.to(Step::Opened);
    let kept = propose().refused(409);
    kept.only(&["record_kept"]);
    let until: baiyo_domain::time::Time =
        serde_json::from_value(kept.reasons[0]["arguments"]["until"].clone()).expect("an instant");
    let years = until.since(centre.now()).num_days();
    assert!((3651..=3653).contains(&years), "ten years of the calendar: {years} days");

    // To the instant.
    centre.set_clock(until.plus(chrono::TimeDelta::microseconds(-1)));
    propose().refused(409).only(&["record_kept"]);
    centre.set_clock(until);
    for other in [centre.releaser(), centre.coordinator(), centre.administrator(), centre.inspector()] {
        other.post(&path("erasure_proposal"), json!({ "reason": "x" })).refused(403);
    }
    propose().ok();
    propose().refused(409).only(&["already_done"]);
    let other_order = format!("/orders/{}/erasure_proposal", second.order);
    let again = json!({ "reason": "again" });
    manager.sign(&other_order, again, "erasure_proposal").refused(409).only(&["already_done"]);
    assert!(
        centre
            .coordinator()
            .get(&format!("//orders/{}", second.order))
            .text
            .contains("Erasure of the name is proposed")
    );

    // Withdrawn it cannot be confirmed; it can be proposed anew, and then withdrawn by nobody else.
    for other in [centre.releaser(), centre.coordinator(), centre.administrator()] {
        withdraw(&other).refused(403);
    }
    withdraw(&manager).ok();
    withdraw(&manager).refused(409).only(&["erasure_not_proposed"]);
    confirm(&releaser).refused(409).only(&["erasure_not_proposed"]);
    let page = centre.coordinator().get(&format!("//orders/{}", second.order)).text;
    assert!(!page.contains("Erasure of the name is proposed"));
    propose().ok();
    // Each signs: a form alone, or one signed for something else, is not taken.
    let unsigned = json!({ "remark": "seen" });
    releaser.post(&path("erasure_confirmation"), unsigned.clone()).refused(422);
    let otherwise = releaser.sign(&path("erasure_confirmation"), unsigned, "erasure_proposal");
    otherwise.refused(409).only(&["wrong_meaning"]);

    // Nobody is both: also not somebody who has both roles.
    centre
        .administrator()
        .sign(&format!("/people/{}/role_grant", manager.id()), json!({ "role": "releaser" }), "role_grant")
        .ok();
    confirm(&manager).refused(409).only(&["second_person_needed"]);
    centre.coordinator().get(&format!("/orders/{}/recipient", first.order)).ok();
    confirm(&releaser).ok();
    confirm(&releaser).refused(409).only(&["already_done"]);
    withdraw(&manager).refused(409).only(&["already_done"]);

    // Both stand in the history of each of his orders, in words and without the name.
    for order in [first.order, second.order] {
        let history = centre.inspector().get(&format!("/orders/{order}/history")).ok();
        let kinds: Vec<&str> =
            history["items"].as_array().unwrap().iter().filter_map(|e| e["kind"].as_str()).collect();
        assert!(kinds.ends_with(&["order.erasure_proposed", "order.personal_data_erased"]), "{kinds:?}");
        centre.coordinator().get(&format!("/orders/{order}/recipient")).refused(404);
        let page = centre.coordinator().get(&format!("//orders/{order}"));
        assert!(page.status == 200 && page.text.contains("Name erased") && !page.text.contains(NAME));
    }
    for path in [format!("//batches/{}/documents", first.batch), "//clinic".into(), "//record/orders".into()]
    {
        let page = centre.coordinator().get(&path);
        assert!(page.status == 200 && !page.text.contains(NAME), "{path}");
    }
    centre.inspector().get(&first.path("export")).ok();

    // Nothing more is ordered or made for him.
    let again = json!({
        "purpose": "therapy", "patient": patient, "pseudonym": "P-001", "plan": { "number": "PB1", "class": "two" }
    });
    centre.coordinator().post("/orders", again).refused(404);
    let opening = json!({ "order": first.order, "standard": standard });
    centre.lead().post("/batches", opening).refused(409).names("name_erased");
}

#[test]
fn what_was_erased_does_not_come_back_with_a_crash_or_a_backup_and_the_record_stays_whole() {
    let place = tempfile::tempdir().unwrap();
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let other = Course::run(
        &centre,
        Recipe {
            person: ("鈴木 一郎", "1950-01-02"),
            pseudonym: "P-002",
            ..Recipe::of(course.recipe.standard)
        },
        Step::Ordered,
    );
    let (order, patient) = (course.order, course.patient());
    let (kept, kept_patient) = (other.order, other.patient());
    drop((course, other));
    years_pass(&centre, 31);
    let mut owner = centre.database();
    let stored: Vec<(i64, i64)> =
        vec![(rows(&mut owner, "personal_data"), rows(&mut owner, "personal_index"))];
    assert_eq!(stored, [(2, 2)]);
    owner
        .batch_execute(if owner.is_postgres() {
            "CREATE TABLE away AS SELECT * FROM personal_data"
        } else {
            "CREATE TEMP TABLE away AS SELECT * FROM personal_data"
        })
        .unwrap();
    copied(&centre.folder().join("keys"), &place.path().join("keys"));
    erase(&centre, order);
    assert_eq!((rows(&mut owner, "personal_data"), rows(&mut owner, "personal_index")), (1, 1));
    assert!(!key_of(&centre, patient).exists() && key_of(&centre, kept_patient).exists());

    // As after a crash between the entry and the key, and after a key store's backup was put back.
    centre.stop();
    copied(
        &place.path().join("keys/patients").join(format!("{patient}.key")),
        &centre.folder().join("keys/patients"),
    );
    owner.batch_execute("INSERT INTO personal_data SELECT * FROM away WHERE patient NOT IN (SELECT patient FROM personal_data)").unwrap();
    let findings: Vec<String> = centre.verify(&[]).findings.iter().map(ToString::to_string).collect();
    let left = format!("it erased the name of patient {patient}");
    assert!(findings.len() == 1 && findings[0].contains(&left), "{findings:#?}");
    centre.start();
    assert!(!key_of(&centre, patient).exists(), "destroyed again at the start");
    assert_eq!(rows(&mut owner, "personal_data"), 1);
    // Where only the row came back, as with a database's backup, no key opens it; the next start takes it away.
    owner.batch_execute("INSERT INTO personal_data SELECT * FROM away WHERE patient NOT IN (SELECT patient FROM personal_data)").unwrap();
    centre.coordinator().get(&format!("/orders/{order}/recipient")).refused(404);
    let page = centre.coordinator().get(&format!("//orders/{order}"));
    assert!(page.text.contains("Name erased") && !page.text.contains(NAME));
    centre.stop();
    centre.start();
    assert_eq!(rows(&mut owner, "personal_data"), 1);
    if owner.is_postgres() {
        owner.batch_execute("DROP TABLE away").unwrap();
    }
    drop(owner);
    assert_eq!(
        centre.coordinator().get(&format!("/orders/{kept}/recipient")).ok()["name"],
        json!("鈴木 一郎")
    );

    // Sound, counted, and the same after rebuilding and copying.
    let rebuilt = rebuild::rebuild(centre.store(), &mut unwatched).unwrap();
    assert!(rebuilt.agrees(), "{rebuilt:?}");
    centre.stop();
    let report = centre.verify(&[]);
    assert_eq!((report.findings.len(), report.erased), (0, 1), "{:?}", report.findings);
    if !engine::is_postgres() {
        let to = Location::embedded(&place.path().join("new"));
        let copied = copy::copy(centre.location(), &to, &mut |_, _| ()).unwrap();
        assert_eq!((copied.findings.len(), copied.erased), (0, 1));
        assert!(!to.folder.join(format!("keys/patients/{patient}.key")).exists());
    }
    centre.start();
    let history: Value = centre.inspector().get(&format!("/orders/{order}/history")).ok();
    assert!(history["items"].as_array().unwrap().len() >= 3);
}

#[test]
fn a_key_that_could_not_be_destroyed_at_once_is_destroyed_while_the_server_runs() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let (order, patient) = (course.order, course.patient());
    drop(course);
    years_pass(&centre, 31);
    // As where the file cannot be written just then.
    let (key, aside) = (key_of(&centre, patient), centre.folder().join("aside.key"));
    std::fs::rename(&key, &aside).unwrap();
    std::fs::create_dir(&key).unwrap();
    erase(&centre, order);
    std::fs::remove_dir(&key).unwrap();
    std::fs::rename(&aside, &key).unwrap();
    centre.store().finish_new_erasures().unwrap();
    assert!(!key.exists());
}

#[test]
fn a_name_whose_key_is_lost_is_told_as_a_fault_and_not_as_erased() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let (order, patient) = (course.order, course.patient());
    drop(course);
    let (key, aside) = (key_of(&centre, patient), centre.folder().join("aside.key"));
    std::fs::rename(&key, &aside).unwrap();
    let recipient = format!("/orders/{order}/recipient");
    centre.coordinator().get(&recipient).refused(404).only(&["name_unreadable"]);
    for (language, told) in
        [("en", "The name cannot be read"), ("ja", "氏名は消去されていませんが、読み取れません")]
    {
        for path in [format!("//orders/{order}"), "//clinic".into()] {
            let page = centre.coordinator().call("GET", &path).header("accept-language", language).send();
            assert_eq!(page.status, 200, "{path}");
            assert!(page.text.contains(told) && !page.text.contains(NAME), "{path} {language}");
            assert!(!page.text.contains("Name erased") && !page.text.contains("氏名消去済"), "{path}");
        }
    }
    centre.stop();
    let findings: Vec<String> = centre.verify(&[]).findings.iter().map(ToString::to_string).collect();
    assert!(findings.len() == 1 && findings[0].contains(&format!("the key of patient {patient} is lost")));
    std::fs::rename(&aside, &key).unwrap();
    let report = centre.verify(&[]);
    assert!(report.is_sound() && !report.notes.contains(&Note::NoPatientKeys), "{:?}", report.notes);
    // Where no key can be seen, as beside a copy of the database alone, none is told as lost.
    let (keys, away) = (centre.folder().join("keys/patients"), centre.folder().join("away"));
    std::fs::rename(&keys, &away).unwrap();
    let report = centre.verify(&[]);
    assert!(report.is_sound() && report.notes.contains(&Note::NoPatientKeys), "{:?}", report.findings);
    std::fs::rename(&away, &keys).unwrap();
    centre.start();
    assert_eq!(centre.coordinator().get(&recipient).ok()["name"], json!(NAME));
}
