//! An older program is started on records that a newer one migrated. It does not understand them, and on PostgreSQL it
//! might see no rows and say nothing: it refuses, whatever it is told to do, and says why.

use stories::{Centre, Course, Recipe, Step, baiyo, engine};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const STEP: &str = "20991231000099";

#[test]
fn records_that_a_newer_version_migrated_are_refused_by_every_command_with_one_sentence() {
    let place = tempfile::tempdir().unwrap();
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let order = course.order;
    drop(course);
    centre.stop();
    let said = |sql: &str| centre.database().batch_execute(sql).unwrap();
    said(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{STEP}')"));
    let (data, new) = (centre.folder().to_str().unwrap(), place.path().join("new"));
    let standard = format!("{}/../{FRESH}", env!("CARGO_MANIFEST_DIR"));
    let url = engine::url(centre.location());
    let mut copy = vec!["copy", data, new.to_str().unwrap()];
    copy.extend(url.iter().flat_map(|url| ["--from-database", url]));
    let listen = ["--listen", "127.0.0.1:0", "--data", data];
    let commands: [(&[&str], &[&str], i32); 9] = [
        (&["serve"], &listen, 1),
        (&["demo"], &listen, 1),
        (&["migrate"], &["--data", data], 1),
        (&["gate", "0197a0b0-0000-7000-8000-000000000000"], &["--data", data], 1),
        (&["verify"], &["--data", data], 2),
        (&["rebuild"], &["--data", data], 1),
        (&["export"], &["--data", data], 1),
        (&["standard", "import", &standard, "--sign-in", "x", "--password", "y"], &["--data", data], 1),
        (&copy, &[], 1),
    ];
    for (command, flags, code) in commands {
        let ran = baiyo(centre.location(), &[command, flags].concat());
        let lines: Vec<&str> = ran.printed.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!((ran.code, lines.len()), (code, 1), "{command:?}: {}", ran.printed);
        for word in
            ["migrated by a newer version of Baiyo", STEP, "run the newer version, or restore a backup"]
        {
            assert!(lines[0].contains(word), "{command:?}: {}", ran.printed);
        }
    }
    assert!(!new.join("keys").exists());

    // It is that step alone.
    said(&format!("DELETE FROM __diesel_schema_migrations WHERE version = '{STEP}'"));
    assert!(centre.verify(&[]).is_sound());
    centre.start();
    centre.coordinator().get(&format!("/orders/{order}/recipient")).ok();
}
