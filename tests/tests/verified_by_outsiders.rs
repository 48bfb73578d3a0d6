//! What leaves the centre can be verified without it: an exported batch by a program of its own in another language,
//! a whole folder by `baiyo verify`.

use baiyo_persistence::store::Location;
use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step, baiyo, baiyo_unread, python};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const TWIN: &str = "tests/twin/verify.py";

#[test]
fn an_exported_batch_is_verified_by_an_independent_program_and_a_tampered_one_refused() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Released);
    let export = centre.inspector().get(&course.path("export")).ok();
    let checkpoint = centre.inspector().get("/checkpoint").ok();
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, export: &Value| {
        let file = folder.path().join(name);
        std::fs::write(&file, serde_json::to_vec(export).unwrap()).unwrap();
        python(TWIN, &[file.to_str().unwrap(), "--vkey", checkpoint["vkey"].as_str().unwrap()])
    };
    let honest = check("honest.json", &export);
    assert_eq!(honest.code, 0, "{}", honest.printed);
    assert!(honest.printed.starts_with("SOUND"), "{}", honest.printed);

    let of_release = |entry: &&mut Value| entry["kind"] == "batch.disposition.decided";
    let tampered = |change: &dyn Fn(&mut Value)| {
        let mut export = export.clone();
        change(export["entries"].as_array_mut().unwrap().iter_mut().find(of_release).unwrap());
        export
    };
    let later = tampered(&|entry| entry["recorded_at"] = json!(entry["recorded_at"].as_i64().unwrap() + 1));
    let other = tampered(&|entry| entry["performer"] = json!(course.centre.technician().id()));
    let unsigned = tampered(&|entry| entry["payload"] = json!("eyJldmVudCI6e319"));
    for (name, export) in [("later", later), ("other", other), ("unsigned", unsigned)] {
        let found = check(&format!("{name}.json"), &export);
        assert_eq!(found.code, 1, "{name}: {}", found.printed);
        assert!(found.printed.contains("NOT SOUND"), "{name}: {}", found.printed);
    }
    let mut shorter = export.clone();
    let entries = shorter["entries"].as_array_mut().unwrap();
    let index = entries.iter().position(|entry| entry["kind"] == "batch.testing.result_entered").unwrap();
    entries.remove(index);
    assert_eq!(check("shorter.json", &shorter).code, 1);
    assert_eq!(python(TWIN, &["no-such-file.json"]).code, 2);
}

#[test]
fn the_whole_journal_is_exported_by_the_command_and_verified_against_a_checkpoint_kept_outside() {
    let mut centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Received);
    centre.inspector().get(&course.path("export")).ok();
    let kept = centre.inspector().get("/checkpoint").ok();
    course.to(Step::Seeded);
    let batch = course.view()["label"].as_str().unwrap().to_string();
    drop(course);
    centre.stop();

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let data = centre.folder().to_str().unwrap().to_string();
    std::fs::write(path("kept.txt"), kept["note"].as_str().unwrap()).unwrap();
    let exported = baiyo(centre.location(), &["export", "--data", &data, "--out", &path("all.json")]);
    assert_eq!(exported.code, 0, "{}", exported.printed);
    let vkey = kept["vkey"].as_str().unwrap();
    let verified = python(TWIN, &[&path("all.json"), "--vkey", vkey, "--checkpoint", &path("kept.txt")]);
    assert_eq!(verified.code, 0, "{}", verified.printed);
    assert!(verified.printed.contains("the whole of the journal"), "{}", verified.printed);

    let one = baiyo(centre.location(), &["export", &batch, "--data", &data, "--out", &path("one.json")]);
    assert_eq!(one.code, 0, "{}", one.printed);
    assert_eq!(python(TWIN, &[&path("one.json")]).code, 0);

    let verified = baiyo(centre.location(), &["verify", "--data", &data, "--checkpoint", &path("kept.txt")]);
    assert_eq!(verified.code, 0, "{}", verified.printed);
    assert!(verified.printed.contains("sound:"), "{}", verified.printed);
    let resumed = baiyo(centre.location(), &["verify", "--data", &data, "--since", &path("kept.txt")]);
    assert_eq!(resumed.code, 0, "{}", resumed.printed);
    let size = kept["note"].as_str().unwrap().lines().nth(1).unwrap();
    let from = format!("0 findings; resumed from a checkpoint over {size} entries: ");
    assert!(resumed.printed.contains(&from), "{}", resumed.printed);
    let gate = baiyo(centre.location(), &["gate", &batch, "--data", &data]);
    assert_eq!(gate.code, 1, "nothing may be released yet: {}", gate.printed);
    assert!(
        gate.printed.contains("[consent]") || gate.printed.contains("[manufacturing]"),
        "{}",
        gate.printed
    );
    centre.start();
}

#[test]
fn baiyo_verify_answers_zero_one_or_two() {
    let mut centre = Centre::open();
    Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Opened);
    let data = centre.folder().to_str().unwrap().to_string();
    // It may be asked while the server is at work.
    let sound = baiyo(centre.location(), &["verify", "--data", &data]);
    assert_eq!(sound.code, 0, "{}", sound.printed);
    centre.stop();
    assert_eq!(baiyo(centre.location(), &["verify", "--data", &data]).code, 0);
    assert_eq!(baiyo(centre.location(), &["rebuild", "--data", &data]).code, 0);

    let elsewhere = tempfile::tempdir().unwrap();
    let nothing = baiyo(
        &Location::embedded(elsewhere.path()),
        &["verify", "--data", elsewhere.path().to_str().unwrap()],
    );
    assert_eq!(nothing.code, 2, "{}", nothing.printed);
    let lost = baiyo(centre.location(), &["verify", "--data", &data, "--checkpoint", "no-such-file.txt"]);
    assert_eq!(lost.code, 2, "{}", lost.printed);
    let lost = baiyo(centre.location(), &["verify", "--data", &data, "--since", "no-such-file.txt"]);
    assert_eq!(lost.code, 2, "{}", lost.printed);
    let none = elsewhere.path().join("none.txt");
    std::fs::write(&none, "no checkpoint\n").unwrap();
    let none = baiyo(centre.location(), &["verify", "--data", &data, "--since", none.to_str().unwrap()]);
    assert_eq!(none.code, 1, "{}", none.printed);
    assert!(none.printed.contains("note: nothing was left out"), "{}", none.printed);

    centre.is_tampered_with();
    let mut conn = centre.database();
    let mut sql =
        |sql: &str| baiyo_persistence::engine::Run::execute(diesel::sql_query(sql), &mut conn).unwrap();
    sql(if stories::engine::is_postgres() {
        "DROP TRIGGER journal_no_update ON journal"
    } else {
        "DROP TRIGGER journal_no_update"
    });
    sql("UPDATE journal SET recorded_at = recorded_at + 1 WHERE kind = 'batch.intake.opened'");
    drop(conn);
    let altered = baiyo(centre.location(), &["verify", "--data", &data]);
    assert_eq!(altered.code, 1, "{}", altered.printed);
    assert!(altered.printed.contains("it was altered"), "{}", altered.printed);
    assert!(altered.printed.contains("lacks the trigger journal_no_update"), "{}", altered.printed);
    assert_eq!(baiyo_unread(centre.location(), &["verify", "--data", &data]), 1, "as in `| head -1`");
}

#[test]
fn records_survive_a_restart_of_the_server() {
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let (batch, before) = (course.batch, course.view());
    drop(course);
    centre.stop();
    centre.start();
    let after = centre.releaser().get(&format!("/batches/{batch}")).ok();
    assert_eq!(after, before);
}
