//! Patients' names: who saw them, and that nobody does of whom that cannot be said.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use stories::{Asking, Centre, Course, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
/// Who the patient of every course is, where nobody says otherwise.
const NAME: &str = "佐藤 花子";

/// Who saw a patient, on which page or operation.
fn viewers(centre: &Centre, patient: Uuid) -> Vec<(Uuid, String)> {
    let found = centre.inspector().get(&format!("/patients/{patient}/disclosures")).ok();
    let rows = found["items"].as_array().expect("rows").iter();
    let one = |row: &Value| {
        let route = row["route"].as_str().expect("a route").to_string();
        (row["person"].as_str().expect("a person").parse().expect("an id"), route)
    };
    rows.map(one).collect()
}

#[test]
fn every_page_and_operation_that_names_a_patient_notes_who_saw_it_once_a_day() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Shipped);
    let patient = course.patient();
    let (order, batch) = (course.order, course.batch);
    assert_eq!(viewers(&centre, patient), [], "who places an order types the name and is not told it");

    let pages = |who: &Asking| {
        let mut seen = BTreeSet::new();
        for (path, route) in [
            (format!("/orders/{order}/recipient"), "/api/v1/orders/{id}/recipient"),
            ("//".into(), "/"),
            ("//clinic".into(), "/clinic"),
            ("//clinic?after=1_00000000-0000-0000-0000-000000000000".into(), "/clinic"),
            ("//orders".into(), "/orders"),
            (format!("//orders/{order}"), "/orders/{id}"),
            (format!("//batches/{batch}"), "/batches/{id}"),
            (format!("//batches/{batch}/documents"), "/batches/{id}/documents"),
            (format!("//batches/{batch}/labels"), "/batches/{id}/labels"),
            (format!("//batches/{batch}/record"), "/batches/{id}/record"),
            ("//record/orders".into(), "/record/orders"),
            (format!("//record/orders/{order}/consent"), "/record/orders/{id}/consent"),
            (format!("//record/orders/{order}/window_change"), "/record/orders/{id}/window_change"),
            (format!("//record/batches/{batch}/receipt"), "/record/batches/{id}/receipt"),
            (format!("/orders/{order}"), "/api/v1/orders/{id}"),
            (format!("/orders/{order}/history"), "/api/v1/orders/{id}/history"),
            (format!("/batches/{batch}"), "/api/v1/batches/{id}"),
        ] {
            let answer = who.get(&path);
            if answer.text.contains(NAME) {
                seen.insert(route.to_string());
            }
        }
        seen
    };
    let coordinator = centre.coordinator();
    let seen = pages(&coordinator);
    assert!(seen.len() >= 6, "{seen:?}");
    let noted = |person: Uuid| -> Vec<String> {
        let all = viewers(&centre, patient).into_iter();
        let mut routes: Vec<String> = all.filter(|(by, _)| *by == person).map(|(_, route)| route).collect();
        routes.sort();
        routes
    };
    // Forms that name him nowhere visibly may have been told all the same; none that shows the name is missing.
    let of_coordinator = noted(coordinator.id());
    let missing: Vec<_> = seen.iter().filter(|route| !of_coordinator.contains(route)).collect();
    assert_eq!(missing, [&""; 0], "shown and not noted");
    assert_eq!(of_coordinator.len(), of_coordinator.iter().collect::<BTreeSet<_>>().len(), "once a day");
    pages(&coordinator);
    assert_eq!(noted(coordinator.id()), of_coordinator, "the second look of a day adds nothing");
    centre.days(1);
    coordinator.get(&format!("/orders/{order}/recipient")).ok();
    assert_eq!(noted(coordinator.id()).len(), of_coordinator.len() + 1, "the next day does");

    // Nobody else is ever told.
    for other in [centre.technician(), centre.releaser(), centre.inspector(), centre.administrator()] {
        assert_eq!(pages(&other), BTreeSet::new());
        assert_eq!(noted(other.id()), [""; 0]);
    }

    // Who asks for it is told of staff and never the name; another clinic not even that there is such a patient.
    let path = format!("/patients/{patient}/disclosures");
    for reader in [centre.physician(), centre.manager(), centre.inspector()] {
        assert!(!reader.get(&path).ok().to_string().contains(NAME));
        let page = reader.get(&format!("//patients/{patient}")).text;
        assert!(page.contains("/orders/{id}/recipient") && page.contains("P-001") && !page.contains(NAME));
    }
    let elsewhere = centre.of_clinic(baiyo_domain::authority::Role::Coordinator, 1);
    elsewhere.get(&path).refused(404);
    assert_eq!(elsewhere.get(&format!("//patients/{patient}")).status, 404);
    centre.technician().get(&path).refused(403);

    // The same by the person who saw, in a period.
    let of_person = |days: &str| {
        let path = format!("/people/{}/disclosures{days}", coordinator.id());
        centre.manager().get(&path).ok()["items"].as_array().expect("rows").len()
    };
    assert_eq!(of_person(""), of_coordinator.len() + 1);
    let today = centre.now().utc().with_timezone(&chrono_tz::Asia::Tokyo).date_naive();
    assert_eq!(of_person(&format!("?from={today}&to={today}")), 1);
    assert_eq!(of_person("?to=2026-01-01"), 0);
    centre.manager().get("/people/x/disclosures").refused(404);
    centre.manager().get(&format!("/people/{}/disclosures?from=yesterday", coordinator.id())).refused(422);
    centre.releaser().get(&format!("/people/{}/disclosures", coordinator.id())).refused(403);
}

#[test]
fn a_name_is_withheld_where_it_cannot_be_noted_who_sees_it() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let recipient = format!("/orders/{}/recipient", course.order);
    let mut owner = centre.database();
    let postgres = owner.is_postgres();
    let full = if postgres {
        "CREATE TRIGGER disclosure_full BEFORE INSERT ON disclosure FOR EACH STATEMENT \
         EXECUTE FUNCTION refuse('disclosure: full')"
    } else {
        "CREATE TRIGGER disclosure_full BEFORE INSERT ON disclosure \
         BEGIN SELECT RAISE(ABORT, 'disclosure: full'); END"
    };
    owner.batch_execute(full).expect("nothing more can be noted");
    let coordinator = centre.coordinator();
    coordinator.get(&recipient).refused(503);
    // The board goes on: what is due and what must stop is seen by the pseudonym.
    let board = coordinator.get("//clinic");
    assert_eq!(board.status, 200);
    assert!(board.text.contains("P-001") && !board.text.contains(NAME), "{}", board.text);
    assert!(board.text.contains("Name withheld"));
    let on = if postgres { " ON disclosure" } else { "" };
    owner.batch_execute(&format!("DROP TRIGGER disclosure_full{on}")).expect("there is room");
    assert_eq!(coordinator.get(&recipient).ok()["name"], json!(NAME));
    assert!(coordinator.get("//clinic").text.contains(NAME));
    assert_eq!(viewers(&centre, course.patient()).len(), 2);
}

#[test]
fn what_was_noted_is_never_changed_nor_taken_away() {
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let patient = course.patient();
    centre.coordinator().get(&format!("/orders/{}/recipient", course.order)).ok();
    let before = viewers(&centre, patient);
    let mut owner = centre.database();
    let mut attacks = vec![
        "UPDATE disclosure SET route = '/'",
        "DELETE FROM disclosure",
        "UPDATE disclosure SET shown_at = shown_at + 1",
    ];
    match owner.is_postgres() {
        true => attacks.push("TRUNCATE disclosure"),
        false => attacks.push(
            "INSERT OR REPLACE INTO disclosure SELECT id, patient, person, '/', day, 0 FROM disclosure",
        ),
    }
    for attack in attacks {
        let refused = owner.batch_execute(attack).expect_err(attack).to_string();
        assert!(refused.contains("disclosure: "), "{attack}: {refused}");
    }
    assert_eq!(viewers(&centre, patient), before);
    // It is neither evidence nor read model: rebuilding leaves it alone, and it is there after a stop.
    centre.stop();
    centre.start();
    assert_eq!(viewers(&centre, patient), before);
}
