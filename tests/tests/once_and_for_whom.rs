//! What is sent twice happens once, and a clinic sees only its own.

use baiyo_domain::authority::Role;
use baiyo_domain::journal::Hash;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::schema::idempotency;
use serde_json::{Value, json};
use stories::ledger::{self, Due};
use stories::{Answer, Centre, Course, Recipe, Step, engine};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn entries(course: &Course) -> usize {
    course.centre.inspector().get(&course.path("history")).ok()["items"].as_array().unwrap().len()
}

#[test]
fn the_same_key_makes_one_entry_and_gives_the_same_answer() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let send = |who: stories::Asking, key: &str, reason: &str| -> Answer {
        let call = who.call("POST", &course.path("holding")).header("idempotency-key", key);
        call.json(&json!({ "reason": reason })).send()
    };
    let before = entries(&course);
    let first = send(centre.technician(), "key-00000001", "doubt").ok();
    centre.minutes(10);
    let second = send(centre.technician(), "key-00000001", "doubt");
    assert_eq!(second.header("etag").map(String::from), Some(format!("\"{}\"", first["version"])));
    assert_eq!(second.ok(), first);
    assert_eq!(entries(&course), before + 1);

    send(centre.technician(), "key-00000001", "another doubt").refused(422).only(&["key_reused"]);
    send(centre.technician(), "short", "doubt").refused(422).only(&["idempotency_key"]);
    // Keys are a person's own.
    let other = send(centre.checker(), "key-00000001", "doubt").ok();
    assert_ne!(other["command"], first["command"]);
    assert_eq!(entries(&course), before + 2);
}

#[test]
fn a_creation_and_a_signing_sent_twice_happen_once_whatever_changed_between() {
    let centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let open = || {
        let call = centre.lead().call("POST", "/batches").header("idempotency-key", "open-00000001");
        call.json(&course.opening()).send()
    };
    let (first, second) = (open().made(), open().made());
    assert_eq!(first, second);
    course.batch = first;
    let order = centre.lead().get(&format!("/orders/{}", course.order)).ok();
    assert_eq!(order["batches"], json!([first]));

    // The version named is the one of the first time: it was acted on, and is not asked for again.
    let version = centre.lead().version_of(&course.path("instruction"));
    let instruct = |password: &str| {
        let signature = json!({ "password": password, "meaning": "instruction" });
        let form = json!({ "instructions": "as the standard says", "signature": signature });
        let call = centre.lead().call("POST", &course.path("instruction")).header("if-match", &version);
        call.header("idempotency-key", "sign-00000001").json(&form).send()
    };
    let password = &centre.lead().account().password;
    let first = instruct(password).ok();
    assert_eq!(instruct(password).ok(), first);
    // A repetition is no way around the password.
    instruct("not the password").refused(401).only(&["wrong_password"]);
    assert_eq!(entries(&course), 2);
}

#[test]
fn an_order_sent_twice_or_refused_leaves_no_patients_key_behind_and_no_hash_of_his_name() {
    let centre = Centre::open();
    let plan = json!({ "number": "PB0000001", "class": "two" });
    let form = json!({
        "purpose": "therapy", "pseudonym": "P-7", "plan": plan,
        "personal": { "name": "ABE Jun", "birth_date": "1970-01-31" },
    });
    let place = |form: &Value| {
        let call = centre.coordinator().call("POST", "/orders").header("idempotency-key", "order-00000001");
        call.json(form).send()
    };
    let keys = || std::fs::read_dir(centre.folder().join("keys").join("patients")).unwrap().count();
    let before = keys();
    let first = place(&form).made();
    assert_eq!((place(&form).made(), place(&form).made()), (first, first));
    let mut other = form.clone();
    other["personal"]["name"] = json!("ABE June");
    place(&other).refused(422).only(&["key_reused"]);
    assert_eq!(keys(), before + 1, "one patient, one key");
    centre.coordinator().get(&format!("/orders/{first}/recipient")).ok();

    // What is kept to know the request again gives the name away to nobody who has only the database.
    let plain = Hash::of(format!("POST /api/v1/orders\n{form}").as_bytes());
    let row: Vec<u8> = idempotency::table
        .filter(idempotency::key.eq("order-00000001"))
        .select(idempotency::fingerprint)
        .first(&mut centre.database())
        .unwrap();
    assert_ne!(row, plain.0, "an unkeyed hash can be tried for every name and day");
}

#[test]
fn what_was_refused_is_not_remembered_as_done() {
    let centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Instructed);
    let isolate = || {
        let count = stories::count("20");
        let form =
            json!({ "method": "collagenase", "digestion": "45", "count": count, "into": course.vessels(2) });
        let call = centre.technician().call("POST", &course.path("isolation"));
        call.header("idempotency-key", "isolate-0001").json(&form).send()
    };
    isolate().refused(409).only(&["no_tissue"]);
    course.to(Step::Received);
    let isolate = || {
        let count = stories::count("20");
        let form =
            json!({ "method": "collagenase", "digestion": "45", "count": count, "into": course.vessels(2) });
        let call = centre.technician().call("POST", &course.path("isolation"));
        call.header("idempotency-key", "isolate-0001").json(&form).send()
    };
    assert_eq!(isolate().ok(), isolate().ok());
    assert_eq!(course.in_culture().len(), 2);
}

#[test]
fn a_clients_ledger_shows_what_happened_twice_what_is_half_there_and_what_was_lost() {
    let mut centre = Centre::open();
    let mut clients = ledger::clients(&centre, 1);
    let mut conn = centre.database();
    let before = ledger::entries(&mut conn);
    for _ in 0..9 {
        assert_eq!(clients[0].send(&centre), Due::Unsent);
    }
    let found = |conn: &mut _| ledger::faults(&clients, before, conn).unwrap().join("\n");
    assert_eq!(found(&mut conn), "");
    assert_eq!(ledger::half_applied(&mut conn).unwrap(), None);

    let form = json!({ "purpose": "therapy", "personal": { "name": "名無し", "birth_date": "1980-01-01" },
        "pseudonym": "again", "plan": { "number": "PB3190001", "class": "two" } });
    centre.coordinator().post("/orders", form).made();
    assert_eq!(found(&mut conn), "1 entries more than were promised");

    centre.is_tampered_with();
    conn.batch_execute("DELETE FROM order_row").unwrap();
    assert!(ledger::half_applied(&mut conn).unwrap().is_some());

    let of = if engine::is_postgres() { "ON journal" } else { "" };
    conn.batch_execute(&format!("DROP TRIGGER journal_no_delete {of}")).unwrap();
    let newest = "SELECT max(seq) FROM journal WHERE kind = 'order.consent_given'";
    conn.batch_execute(&format!("DELETE FROM journal WHERE seq = ({newest})")).unwrap();
    assert!(found(&mut conn).contains("lost: order.consent_given"));
}

#[test]
fn a_clinic_sees_its_own_and_nothing_else() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let ours = Course::run(&centre, Recipe::of(standard), Step::Received);
    let theirs = Course::run(
        &centre,
        Recipe { clinic: 1, pseudonym: "Q-001", ..Recipe::of(standard) },
        Step::Received,
    );
    for role in [Role::Coordinator, Role::Physician] {
        let them = centre.of_clinic(role, 1);
        let ids = |path: &str| -> Vec<Value> {
            let list = them.get(path).ok();
            list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
        };
        assert_eq!(ids("/batches"), [json!(theirs.batch)]);
        assert_eq!(ids("/orders"), [json!(theirs.order)]);
        for path in ["", "/gate", "/history"] {
            them.get(&format!("/batches/{}{path}", ours.batch)).refused(404);
            them.get(&format!("/batches/{}{path}", theirs.batch)).ok();
        }
        for path in ["", "/recipient"] {
            them.get(&format!("/orders/{}{path}", ours.order)).refused(404);
            them.get(&format!("/orders/{}{path}", theirs.order)).ok();
        }
        let label = ours.view()["label"].as_str().unwrap().to_string();
        them.get(&format!("/labels/{label}")).refused(404);
        them.get(&format!("/batches/{}/export", theirs.batch)).refused(403);
        for path in ["/people", "/standards", "/quality_events", "/attempts", "/clinics"] {
            them.get(path).refused(403);
        }
    }
    // Neither do they change anything of others, nor order for another clinic's patient.
    let them = centre.of_clinic(Role::Coordinator, 1);
    let consent = json!({ "version": "2.1", "signed_at": centre.now() });
    them.post(&format!("/orders/{}/consent", ours.order), consent).refused(404);
    let receipt = json!({ "containers": [theirs.view()["label"]] });
    them.post(&ours.path("receiving_check"), receipt).refused(404);
    let order = json!({
        "purpose": "therapy", "patient": ours.patient(), "pseudonym": "Q-002",
        "plan": { "number": "PB3190001", "class": "two" },
    });
    them.post("/orders", order).refused(404);
    // The centre sees both, and no names.
    let all = centre.technician().get("/batches").ok();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
    centre.technician().get(&format!("/orders/{}/recipient", ours.order)).refused(403);
    assert!(!centre.technician().get(&format!("/orders/{}", ours.order)).text.contains("佐藤"));
}

#[test]
fn long_lists_come_in_pages_that_lead_on() {
    let centre = Centre::open();
    let mut wanted = Vec::new();
    for number in 0..53 {
        let form = json!({
            "purpose": "therapy", "personal": { "name": "名無し", "birth_date": "1980-01-01" },
            "pseudonym": format!("N-{number}"), "plan": { "number": "PB3190001", "class": "two" },
        });
        wanted.push(centre.coordinator().post("/orders", form).made().to_string());
        centre.minutes(1);
    }
    wanted.reverse();
    let mut found = Vec::new();
    let mut path = "/orders".to_string();
    loop {
        let page = centre.coordinator().get(&path);
        let link = page.header("link").map(String::from);
        let page = page.ok();
        found.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_string()),
        );
        let Some(next) = page["next"].as_str() else { break };
        assert!(link.unwrap().contains(&format!("after={next}")));
        path = format!("/orders?after={next}");
    }
    assert_eq!(found, wanted);
}
