//! A centre is brought to another place: from the embedded engine to a folder of the same, and where stories run on
//! PostgreSQL from there to the embedded engine and back. It goes on as if nothing had happened.

use baiyo_persistence::store::{Location, database_in};
use serde_json::json;
use std::path::Path;
use stories::{Centre, Course, Ran, Recipe, Step, baiyo, engine, tour};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn copy(from: &Location, to: &Location) -> Ran {
    let words = |path: &Path| path.to_str().unwrap().to_string();
    let mut arguments = vec!["copy".to_string(), words(&from.folder), words(&to.folder)];
    for (option, location) in [("--from-database", from), ("--to-database", to)] {
        arguments.extend(engine::url(location).into_iter().flat_map(|url| [option.to_string(), url]));
    }
    baiyo(from, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_centre_copied_to_another_place_is_sound_there_and_goes_on() {
    // Dropped after the centre that moves there.
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    // Larger than a statement that either engine takes.
    let picture: Vec<u8> = tour::PICTURE.iter().copied().cycle().take(2_000_000).collect();
    let photograph = format!("/blobs/{}?batch={}", tour::photograph(&course, &picture), course.batch);
    let pictured = centre.coordinator().get(&photograph).text;
    course.to(Step::Confirmed);
    let (deciding, history) = (course.path("deciding"), course.path("history"));
    let odd = "it's \"odd\" \\ , ($1) '; -- 培養";
    centre.technician().post(&course.path("holding"), json!({ "reason": odd })).ok();
    course.holds().into_iter().for_each(|hold| _ = course.lift(hold).ok());
    let recipient = format!("/orders/{}/recipient", course.view()["order"].as_str().unwrap());
    let named = centre.coordinator().get(&recipient).ok();
    centre.inspector().get(&course.path("export")).ok();
    let recorded = centre.inspector().get(&history).ok();
    let kept = centre.inspector().get("/checkpoint").ok()["note"].as_str().unwrap().to_string();
    drop(course);
    let embedded = Location::embedded(folders[0].path());

    let refused = copy(centre.location(), &embedded);
    assert_eq!(refused.code, 1, "it is served: {}", refused.printed);
    let served = ["in use by another baiyo", "work on the records that are to be copied"];
    assert!(served.iter().any(|words| refused.printed.contains(words)), "{}", refused.printed);
    assert!(!folders[0].path().join("keys").exists(), "nothing was begun");

    centre.stop();
    let copied = copy(centre.location(), &embedded);
    assert_eq!(copied.code, 0, "{}", copied.printed);
    assert!(copied.printed.contains("sound in both places"), "{}", copied.printed);
    let taken = copy(centre.location(), &embedded);
    assert!(taken.code == 1 && taken.printed.contains("not empty"), "{}", taken.printed);

    // And on, where there is a second engine, back to it.
    let mut there = embedded;
    if engine::is_postgres() {
        let back = engine::fresh(folders[1].path());
        let copied = copy(&there, &back);
        assert_eq!(copied.code, 0, "{}", copied.printed);
        let taken = copy(&there, &Location { folder: folders[2].path().into(), ..back.clone() });
        assert!(taken.code == 1 && taken.printed.contains("not empty"), "{}", taken.printed);
        there = back;
    }
    centre.is_moved_to(there);
    assert_eq!(centre.inspector().get(&history).ok(), recorded);
    let shown = centre.coordinator().get(&photograph);
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("image/png")));
    assert!(shown.text == pictured);
    assert_eq!(centre.coordinator().get(&recipient).ok(), named, "the names are there, and their keys");
    let form = json!({ "containers": [1], "decision": "release" });
    centre.releaser().sign(&deciding, form, "disposition").ok();
    assert_eq!(centre.verify(&[kept]).findings, []);
}

#[test]
fn a_centre_whose_records_disagree_is_not_copied_and_leaves_nothing_in_the_new_place() {
    let mut centre = Centre::open();
    Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Received);
    centre.is_tampered_with();
    centre.stop();
    centre.database().batch_execute("UPDATE batch_row SET status = 'released'").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let place = Location::embedded(folder.path());
    let refused = copy(centre.location(), &place);
    assert!(refused.code == 1 && refused.printed.contains("baiyo rebuild"), "{}", refused.printed);
    let data = centre.folder().to_str().unwrap();
    assert_eq!(baiyo(centre.location(), &["rebuild", "--data", data]).code, 1, "it was not as it must be");

    // What stands in the way of the checkpoints is found once the keys are there.
    std::fs::write(folder.path().join("checkpoints"), "").unwrap();
    let refused = copy(centre.location(), &place);
    assert!(refused.code == 1 && refused.printed.contains("the data folder"), "{}", refused.printed);
    assert!(!folder.path().join("keys").exists() && !database_in(folder.path()).exists());

    std::fs::remove_file(folder.path().join("checkpoints")).unwrap();
    let copied = copy(centre.location(), &place);
    assert_eq!(copied.code, 0, "{}", copied.printed);
}

#[test]
fn a_database_from_before_the_first_release_is_refused_with_a_sentence() {
    let mut centre = Centre::open();
    centre.is_tampered_with();
    centre.stop();
    let data = centre.folder().to_str().unwrap().to_string();
    for older in ["ALTER TABLE batch_row DROP COLUMN stands_until", "DROP TABLE unsealed"] {
        centre.database().batch_execute(older).unwrap();
        let refused = baiyo(centre.location(), &["rebuild", "--data", &data]);
        assert_eq!(refused.code, 1, "{}", refused.printed);
        assert!(refused.printed.contains("before the first release"), "{}", refused.printed);
    }
}
