//! Keeps the house in order. Each rule reads paths and texts and says who breaks it; next to the
//! tests that hold the workspace to the rules, each rule is shown an offender it must catch.

// The library holds what others need of the chores; what only the house rules share with them is read in here.
#[path = "../src/tree.rs"]
mod tree;

use std::collections::BTreeSet;
use tree::File;

/// What the rules found: one sentence for each offence.
type Offences = Vec<String>;

const LONGEST_FILE: usize = 700;

const EMPTY_NAMES: [&str; 7] = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];

/// Written in two parts, as this file is held to the rule too.
const UNFINISHED: [&str; 4] =
    [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!("), concat!("#[", "ignore")];

/// Each crate, and the crates of the workspace it may stand on.
const DIRECTION: [(&str, &[&str]); 5] = [
    ("crates/domain", &[]),
    ("crates/persistence", &["baiyo-domain"]),
    ("crates/exchange", &["baiyo-domain"]),
    ("crates/web", &["baiyo-domain", "baiyo-persistence", "baiyo-exchange"]),
    ("crates/xtask", &[]),
];

/// Libraries that reach for a disk, a network, a runtime or chance.
const IMPURE: [&str; 5] = ["diesel", "actix", "tokio", "getrandom", "rand"];

const PROOF: &str = "Reauthenticated";
const PROOF_DEFINED: &str = "crates/domain/src/authority.rs";
const PROOF_GIVEN: &str = "crates/persistence/src/accounts/proving.rs";

/// The Rust files below `crates/*/src`.
fn sources(files: &[File]) -> impl Iterator<Item = &File> {
    rust(files).filter(|(path, _)| {
        let mut parts = path.split('/');
        parts.next() == Some("crates") && parts.nth(1) == Some("src")
    })
}

fn rust(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|(path, _)| path.ends_with(".rs"))
}

fn starts_with_its_purpose(files: &[File]) -> Offences {
    sources(files)
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| format!("{path} does not open with `//!`"))
        .collect()
}

fn short_enough(files: &[File]) -> Offences {
    sources(files)
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(path, lines)| format!("{path} has {lines} lines, more than {LONGEST_FILE}"))
        .collect()
}

fn finished(files: &[File]) -> Offences {
    let mut offences = Offences::new();
    for (path, text) in rust(files) {
        let found = UNFINISHED.iter().filter(|mark| text.contains(**mark));
        offences.extend(found.map(|mark| format!("{path} contains `{mark}`")));
    }
    offences
}

fn named_for_what_it_holds(files: &[File]) -> Offences {
    let mut offences = BTreeSet::new();
    for (path, _) in files {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for place in ends.map(|end| &path[..end]) {
            let name = place.rsplit('/').next().unwrap_or_default();
            let stem = name.split('.').next().unwrap_or_default();
            if EMPTY_NAMES.contains(&stem) {
                offences.insert(format!("{place} has a name that says nothing"));
            }
        }
    }
    offences.into_iter().collect()
}

/// The libraries a manifest asks for, under their own names. `tests` and `tests/browser` are the members whose
/// manifests are not read: they may stand on anything.
fn dependencies(manifest: &str, kinds: &[&str]) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let for_targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = for_targets.filter_map(|(_, target)| target.as_table()).chain([&manifest]);
    let listed = tables.flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    let named = listed.flatten().map(|(key, wanted)| {
        let renamed = wanted.get("package").and_then(toml::Value::as_str);
        renamed.unwrap_or(key).to_owned()
    });
    named.collect()
}

fn manifests(files: &[File]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().filter_map(|(path, text)| {
        let crate_folder = path.strip_suffix("/Cargo.toml")?;
        crate_folder.starts_with("crates/").then_some((crate_folder, text.as_str()))
    })
}

fn dependencies_point_one_way(files: &[File]) -> Offences {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut offences = Offences::new();
    for (crate_folder, manifest) in manifests(files) {
        let Some((_, allowed)) = DIRECTION.iter().find(|(known, _)| *known == crate_folder) else {
            offences.push(format!("{crate_folder} has no place in the direction of dependencies"));
            continue;
        };
        let ours = |name: &String| name == "baiyo" || name.starts_with("baiyo-") || name == "xtask";
        let wanted = dependencies(manifest, &kinds);
        let wrong = wanted.iter().filter(|name| ours(name) && !allowed.contains(&name.as_str()));
        offences.extend(wrong.map(|name| format!("{crate_folder} must not depend on {name}")));
    }
    offences
}

fn domain_is_pure(files: &[File]) -> Offences {
    let impure = |name: &String| {
        // `actix-web` and `rand_core` are meant as much as `actix` and `rand`.
        let family = name.split(['-', '_']).next().unwrap_or_default();
        IMPURE.contains(&family)
    };
    let domain = manifests(files).filter(|(crate_folder, _)| *crate_folder == "crates/domain");
    let wanted =
        domain.flat_map(|(_, manifest)| dependencies(manifest, &["dependencies", "build-dependencies"]));
    wanted.filter(impure).map(|name| format!("the domain must not depend on {name}")).collect()
}

/// Only whoever has just checked a password may say so, and the name may not be borrowed to say it.
fn proof_is_given_in_one_place(files: &[File]) -> Offences {
    let mut offences = Offences::new();
    let mut given = false;
    let outside_tests = |path: &str| !path.split('/').any(|part| part == "tests" || part == "tests.rs");
    for (path, text) in rust(files).filter(|(path, _)| outside_tests(path) && path != PROOF_DEFINED) {
        let text = without_test_modules(text);
        let gives = text.contains(&format!("{PROOF}::proven("));
        // Either of these would give the proof without writing the text above.
        let evades = text.contains(&format!("{PROOF} as ")) || text.contains(&format!("{PROOF}::proven)"));
        given |= gives && path == PROOF_GIVEN;
        if evades || gives && path != PROOF_GIVEN {
            offences.push(format!("{path} gives the proof of re-authentication"));
        }
    }
    if !given {
        offences.push(format!("{PROOF_GIVEN} does not give the proof of re-authentication"));
    }
    offences
}

/// Whoever comes in does so by one of these: each says by what he was known, and no other begins a session.
fn sessions_begin_in_few_places(files: &[File]) -> Offences {
    let accounts = "crates/persistence/src/accounts/";
    let mut offences = Offences::new();
    for (what, places) in [
        ("insert_into(session::table)", &["session.rs"][..]),
        ("session::open(", &["proving.rs"]),
        ("open_at_tablet(", &["badge.rs", "session.rs"]),
        ("enter_anew(", &["passkey.rs", "proving.rs", "provider.rs"]),
    ] {
        let mut found = BTreeSet::new();
        for (path, text) in sources(files).filter(|(path, _)| !path.ends_with("/tests.rs")) {
            let begins = without_test_modules(text).contains(what);
            let place = path.strip_prefix(accounts).filter(|place| places.contains(place));
            match (begins, place) {
                (true, Some(place)) => _ = found.insert(place),
                (true, None) => offences.push(format!("{path} begins a session by `{what}`")),
                (false, _) => {}
            }
        }
        if found.len() != places.len() {
            offences.push(format!("`{what}` stands in {found:?} and not in {places:?}"));
        }
    }
    offences
}

/// The text without its `#[cfg(test)] mod … { … }`; formatted, they close with a brace of their own.
fn without_test_modules(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("#[cfg(test)]\nmod ") {
        kept.push_str(before);
        let opening = inside.lines().next().unwrap_or_default();
        rest = match inside.split_once("\n}") {
            Some((_, after)) if opening.ends_with('{') => after,
            // `mod tests;` has its text in a file of its own.
            _ => inside,
        };
    }
    kept + rest
}

/// Pages are served under a policy that refuses scripts and styles written into them.
fn pages_carry_no_code(files: &[File]) -> Offences {
    let mut offences = Offences::new();
    // A test of escaping has to write what must not come through.
    let served = |path: &str| path.starts_with("crates/web/src/") && !path.ends_with("/tests.rs");
    for (path, text) in sources(files).filter(|(path, _)| served(path)) {
        // The middle one is how a template writes the first.
        for mark in ["<script>", "script {", "style="] {
            let begins_a_word = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if text.match_indices(mark).any(|(at, _)| begins_a_word(at)) {
                offences.push(format!("{path} contains `{mark}`"));
            }
        }
    }
    offences
}

/// The folders of migrations for one database, and those of them that can be applied.
fn migrations<'a>(files: &'a [File], database: &str) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let below = format!("migrations/{database}/");
    let steps = files.iter().filter_map(|(path, _)| path.strip_prefix(&below)?.split_once('/'));
    let applied = steps.clone().filter(|(_, file)| *file == "up.sql").map(|(folder, _)| folder);
    (steps.clone().map(|(folder, _)| folder).collect(), applied.collect())
}

fn migrations_are_whole(files: &[File]) -> Offences {
    let (sqlite, postgres) = (migrations(files, "sqlite"), migrations(files, "postgres"));
    let mut offences = Offences::new();
    for (database, (folders, applied)) in [("sqlite", &sqlite), ("postgres", &postgres)] {
        let lacking = folders.difference(applied);
        offences.extend(lacking.map(|folder| format!("migrations/{database}/{folder} has no up.sql")));
    }
    if sqlite.0.is_empty() {
        offences.push("migrations/sqlite has no migration".into());
    }
    if !postgres.0.is_empty() {
        let unmatched = sqlite.0.symmetric_difference(&postgres.0);
        offences.extend(unmatched.map(|folder| format!("migration {folder} is there for one database only")));
    }
    offences
}

/// Each table stands in one class of `docs/inspector/data.md`, and each that stands there is a table.
fn every_table_is_classed(files: &[File]) -> Offences {
    let text = |wanted: &str| files.iter().find(|(path, _)| path == wanted).map_or("", |(_, text)| text);
    let tables: BTreeSet<&str> = text("migrations/postgres/catalogue.txt")
        .lines()
        .filter_map(|line| line.split_once(" PRIMARY KEY").map(|(table, _)| table))
        .collect();
    let rows =
        text("docs/inspector/data.md").lines().skip_while(|line| !line.starts_with("| class | tables |"));
    let rows = rows.take_while(|line| line.starts_with('|'));
    let named: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    let classed = |table: &&str| named.iter().filter(|name| *name == table).count();
    let mut offences = Offences::new();
    for table in tables.iter().filter(|table| classed(table) != 1) {
        offences.push(format!("docs/inspector/data.md names the table {table} {} times", classed(table)));
    }
    let gone = named.iter().filter(|name| !tables.contains(*name));
    offences.extend(gone.map(|name| format!("docs/inspector/data.md names {name}, which is no table")));
    offences
}

mod workspace {
    use super::*;

    #[track_caller]
    fn obeys(rule: fn(&[File]) -> Offences) {
        let files = tree::files(&tree::root()).expect("the workspace can be read");
        // A rule that looks at nothing is broken by no one.
        assert!(sources(&files).count() > 1 && manifests(&files).count() > 1);
        let offences = rule(&files);
        assert!(offences.is_empty(), "{}", offences.join("\n"));
    }

    #[test]
    fn every_source_opens_with_its_purpose() {
        obeys(starts_with_its_purpose);
    }

    #[test]
    fn no_source_is_too_long() {
        obeys(short_enough);
    }

    #[test]
    fn nothing_is_left_unfinished() {
        obeys(finished);
    }

    #[test]
    fn everything_is_named_for_what_it_holds() {
        obeys(named_for_what_it_holds);
    }

    #[test]
    fn crates_depend_on_each_other_one_way() {
        obeys(dependencies_point_one_way);
    }

    #[test]
    fn the_domain_depends_on_nothing_impure() {
        obeys(domain_is_pure);
    }

    #[test]
    fn proof_of_reauthentication_is_given_where_passwords_are_checked() {
        obeys(proof_is_given_in_one_place);
    }

    #[test]
    fn a_session_begins_by_the_documented_ways_and_by_no_other() {
        obeys(sessions_begin_in_few_places);
    }

    #[test]
    fn pages_have_no_inline_script_or_style() {
        obeys(pages_carry_no_code);
    }

    #[test]
    fn migrations_can_be_applied_to_each_database() {
        obeys(migrations_are_whole);
    }

    #[test]
    fn every_table_has_its_class() {
        obeys(every_table_is_classed);
    }
}

mod negative_control {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Vec<File> {
        pairs.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect()
    }

    #[track_caller]
    fn caught(rule: fn(&[File]) -> Offences, pairs: &[(&str, &str)], expected: &[&str]) {
        assert_eq!(rule(&files(pairs)), expected);
    }

    #[test]
    fn a_source_without_purpose_is_caught() {
        caught(
            starts_with_its_purpose,
            &[
                ("crates/domain/src/batch.rs", "//! A batch.\n"),
                ("crates/domain/src/lot/code.rs", "use std::fmt;\n//! Too late."),
                ("crates/domain/tests/lots.rs", "fn outside_the_rule() {}"),
            ],
            &["crates/domain/src/lot/code.rs does not open with `//!`"],
        );
    }

    #[test]
    fn a_source_one_line_too_long_is_caught() {
        let (longest, too_long) = ("\n".repeat(LONGEST_FILE), "\n".repeat(LONGEST_FILE + 1));
        caught(
            short_enough,
            &[("crates/web/src/a.rs", &longest), ("crates/web/src/b.rs", &too_long)],
            &["crates/web/src/b.rs has 701 lines, more than 700"],
        );
    }

    #[test]
    fn every_mark_of_unfinished_work_is_caught() {
        for mark in UNFINISHED {
            let (text, offence) = (format!("x {mark}"), format!("tests/gate.rs contains `{mark}`"));
            caught(finished, &[("tests/gate.rs", &text), ("notes.md", &text)], &[&offence]);
        }
    }

    #[test]
    fn a_name_that_says_nothing_is_caught() {
        caught(
            named_for_what_it_holds,
            &[
                ("crates/web/src/utils.rs", ""),
                ("tests/common/a.rs", ""),
                ("tests/common/b.rs", ""),
                ("tests/commons.rs", ""),
            ],
            &[
                "crates/web/src/utils.rs has a name that says nothing",
                "tests/common has a name that says nothing",
            ],
        );
    }

    #[test]
    fn a_dependency_against_the_direction_is_caught() {
        let wrong = "[dev-dependencies]\nbaiyo-exchange.workspace = true\nserde = '1'";
        let disguised =
            "[target.'cfg(unix)'.dependencies]\nstore = { package = 'baiyo-persistence', path = '' }";
        let right = "[dependencies]\nbaiyo-domain.workspace = true";
        caught(
            dependencies_point_one_way,
            &[
                ("crates/domain/Cargo.toml", wrong),
                ("crates/exchange/Cargo.toml", right),
                ("crates/persistence/Cargo.toml", right),
                ("crates/xtask/Cargo.toml", disguised),
                ("crates/newcomer/Cargo.toml", ""),
                ("tests/Cargo.toml", wrong),
            ],
            &[
                "crates/domain must not depend on baiyo-exchange",
                "crates/xtask must not depend on baiyo-persistence",
                "crates/newcomer has no place in the direction of dependencies",
            ],
        );
    }

    #[test]
    fn an_impure_domain_is_caught() {
        let manifest = "[dependencies]\nactix-web = '4'\nserde = '1'\nchance = { package = 'rand_core' }\n\
                        [dev-dependencies]\nrand = '1'";
        caught(
            domain_is_pure,
            &[("crates/domain/Cargo.toml", manifest), ("crates/web/Cargo.toml", manifest)],
            &["the domain must not depend on actix-web", "the domain must not depend on rand_core"],
        );
    }

    #[test]
    fn proof_given_elsewhere_is_caught() {
        let gives = "let proof = Reauthenticated::proven(account);\n";
        let in_tests = format!("#[cfg(test)]\nmod tests {{\n    {gives}}}\n");
        let after_tests = format!("{in_tests}fn late() {{ {gives} }}");
        let beside_tests = format!("#[cfg(test)]\nmod tests;\n{gives}");
        caught(
            proof_is_given_in_one_place,
            &[
                (PROOF_DEFINED, gives),
                (PROOF_GIVEN, gives),
                ("crates/domain/src/gate/tests.rs", gives),
                ("tests/gate.rs", gives),
                ("crates/web/src/a.rs", gives),
                ("crates/web/src/b.rs", &in_tests),
                ("crates/web/src/c.rs", &after_tests),
                ("crates/web/src/d.rs", &beside_tests),
                ("crates/web/src/e.rs", "use domain::Reauthenticated as Shortcut;"),
                ("crates/web/src/f.rs", "account.map(Reauthenticated::proven)"),
            ],
            &[
                "crates/web/src/a.rs gives the proof of re-authentication",
                "crates/web/src/c.rs gives the proof of re-authentication",
                "crates/web/src/d.rs gives the proof of re-authentication",
                "crates/web/src/e.rs gives the proof of re-authentication",
                "crates/web/src/f.rs gives the proof of re-authentication",
            ],
        );
    }

    #[test]
    fn proof_given_nowhere_is_caught() {
        caught(
            proof_is_given_in_one_place,
            &[(PROOF_GIVEN, "#[cfg(test)]\nmod tests {\n    Reauthenticated::proven(account);\n}\n")],
            &["crates/persistence/src/accounts/proving.rs does not give the proof of re-authentication"],
        );
    }

    #[test]
    fn a_session_that_begins_elsewhere_is_caught() {
        let own = |name: &str| format!("crates/persistence/src/accounts/{name}.rs");
        let (session, proving, badge) = (own("session"), own("proving"), own("badge"));
        let (passkey, provider) = (own("passkey"), own("provider"));
        caught(
            sessions_begin_in_few_places,
            &[
                (&session, "insert_into(session::table) fn open_at_tablet("),
                (&proving, "session::open( enter_anew("),
                (&badge, "session::open_at_tablet("),
                (&passkey, "enter_anew("),
                (&provider, "enter_anew("),
                ("crates/web/src/a.rs", "diesel::insert_into(session::table)"),
                ("crates/persistence/src/accounts/link.rs", "enter_anew(conn)"),
            ],
            &[
                "crates/web/src/a.rs begins a session by `insert_into(session::table)`",
                "crates/persistence/src/accounts/link.rs begins a session by `enter_anew(`",
            ],
        );
    }

    #[test]
    fn code_within_a_page_is_caught() {
        caught(
            pages_carry_no_code,
            &[
                ("crates/web/src/a.rs", "html! { script src=\"/gate.js\" defer {} } match transcript {}"),
                ("crates/web/src/b.rs", "html! { script { \"go()\" } }"),
                ("crates/web/src/c.rs", "\"<script>go()</script>\""),
                ("crates/web/src/d.rs", "html! { p style=\"color: red\" {} }"),
                ("crates/exchange/src/e.rs", "\"<script>\""),
            ],
            &[
                "crates/web/src/b.rs contains `script {`",
                "crates/web/src/c.rs contains `<script>`",
                "crates/web/src/d.rs contains `style=`",
            ],
        );
    }

    #[test]
    fn a_migration_that_cannot_be_applied_is_caught() {
        caught(
            migrations_are_whole,
            &[
                ("migrations/sqlite/01_journal/up.sql", ""),
                ("migrations/sqlite/02_accounts/down.sql", ""),
                ("migrations/sqlite/README.md", ""),
            ],
            &["migrations/sqlite/02_accounts has no up.sql"],
        );
        caught(migrations_are_whole, &[], &["migrations/sqlite has no migration"]);
    }

    #[test]
    fn databases_that_differ_are_caught() {
        caught(
            migrations_are_whole,
            &[
                ("migrations/sqlite/01_journal/up.sql", ""),
                ("migrations/sqlite/02_accounts/up.sql", ""),
                ("migrations/postgres/01_journal/up.sql", ""),
            ],
            &["migration 02_accounts is there for one database only"],
        );
    }

    #[test]
    fn a_table_without_its_one_class_is_caught() {
        let classes = "| class | files |\n| Record | `lock` |\n\n| class | tables |\n| --- | --- |\n\
                       | Secrets | `account`, `session` |\n| Record | `journal`, `session`, `gone` |\n";
        caught(
            every_table_is_classed,
            &[
                (
                    "migrations/postgres/catalogue.txt",
                    "---- constraint account_pkey\naccount PRIMARY KEY (person)\njournal PRIMARY KEY (id)\n\
                     badge PRIMARY KEY (id)\nsession PRIMARY KEY (token_hash)\n",
                ),
                ("docs/inspector/data.md", classes),
            ],
            &[
                "docs/inspector/data.md names the table badge 0 times",
                "docs/inspector/data.md names the table session 2 times",
                "docs/inspector/data.md names gone, which is no table",
            ],
        );
    }
}
