//! A backup is taken while the centre works, and restored elsewhere, on PostgreSQL into another server: what was
//! recorded until then is there and goes on; what came after is missing, and a checkpoint kept outside tells so.

use baiyo_persistence::engine::postgres::Address;
use baiyo_persistence::progress::unwatched;
use baiyo_persistence::rebuild;
use baiyo_persistence::store::{Location, database_in};
use baiyo_persistence::verify::{Fault, verify};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use stories::{Centre, Course, Recipe, Step, engine};
use xtask::postgres::{Server, programs};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn done(command: &mut Command) {
    let status = command.status().expect("it starts");
    assert!(status.success(), "{command:?}");
}

/// As an operator backs up the database, by `docs/operator/backup.md`.
fn back_up(centre: &Centre, file: &Path) {
    match engine::url(centre.location()) {
        Some(url) => {
            let dump = programs().expect("its programs").join("pg_dump");
            done(Command::new(dump).arg("--file").arg(file).arg(url));
        }
        None => {
            let sql = format!("VACUUM INTO '{}'", file.display());
            centre.database().batch_execute(&sql).expect("a copy");
        }
    }
}

/// Restores it to a folder, or into a database of another server.
fn restore(file: &Path, folder: &Path, server: Option<&Server>) -> Location {
    let Some(server) = server else {
        std::fs::copy(file, database_in(folder)).expect("the database");
        return Location::embedded(folder);
    };
    let psql = || {
        let mut psql = Command::new(programs().expect("its programs").join("psql"));
        psql.args(["--quiet", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null"]);
        psql
    };
    let made = ["CREATE ROLE baiyo_app NOLOGIN", "CREATE DATABASE restored"];
    made.into_iter().for_each(|sql| done(psql().args(["--command", sql]).arg(server.url())));
    let address = Address::read(&server.url(), None).expect("an address").database("restored");
    let url = server.url().replace("/postgres", "/restored").replace("//restored", "//postgres");
    done(psql().arg("--file").arg(file).arg(url));
    Location { folder: folder.into(), postgres: Some(address) }
}

fn checkpoint(centre: &Centre, course_export: &str) -> String {
    centre.inspector().get(course_export).ok();
    centre.inspector().get("/checkpoint").ok()["note"].as_str().expect("a note").to_string()
}

#[test]
fn a_backup_is_restored_elsewhere_and_goes_on_and_what_it_lacks_is_told_by_a_checkpoint_outside() {
    let folder = tempfile::tempdir().unwrap();
    let server = engine::is_postgres().then(|| Server::start().expect("another server"));
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let (deciding, holding) = (course.path("deciding"), course.path("holding"));
    let (history, export) = (course.path("history"), course.path("export"));
    let kept = checkpoint(&centre, &export);
    let recorded: Value = centre.inspector().get(&history).ok();
    let backup = folder.path().join("backup");
    back_up(&centre, &backup);
    centre.technician().post(&holding, json!({ "reason": "after the backup" })).ok();
    let newer = checkpoint(&centre, &export);
    drop(course);
    centre.stop();

    let place = folder.path().join("restored");
    std::fs::create_dir(&place).unwrap();
    let location = restore(&backup, &place, server.as_ref());
    done(Command::new("cp").arg("-a").arg(centre.folder().join("keys")).arg(&place));
    let checked =
        |outside: &str| verify(&location, &[outside.to_string()], &mut unwatched).expect("it can be checked");
    assert_eq!(checked(&kept).findings, []);
    let lacking = checked(&newer).findings;
    assert!(matches!(lacking[..], [ref one] if matches!(one.what, Fault::RolledBack { .. })), "{lacking:?}");
    let agreed = rebuild::check(&mut location.connect().unwrap()).unwrap();
    assert!(agreed.agrees(), "{agreed:?}");

    centre.is_moved_to(location);
    assert_eq!(centre.inspector().get(&history).ok(), recorded);
    centre
        .releaser()
        .sign(&deciding, json!({ "containers": [1], "decision": "release" }), "disposition")
        .ok();
    let sealed = centre.verify(&[kept]);
    assert_eq!(
        (sealed.findings, sealed.unsealed),
        (vec![], 0),
        "what comes after a restore is sealed as well"
    );
}
