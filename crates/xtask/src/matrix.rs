//! `cargo xtask matrix`: which tests show that each requirement is met, written out for an inspector.

mod sources;

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::declared;
use crate::featured;
use crate::tree::{self, File};

const REQUIREMENTS: &str = "docs/inspector/requirements.toml";
const MATRIX: &str = "docs/inspector/matrix.md";

/// Writes the matrix anew.
pub fn write(root: &Path) -> Result<ExitCode, String> {
    let matrix = generate(root)?;
    fs::write(root.join(MATRIX), matrix).map_err(|error| format!("{MATRIX}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Fails when the matrix on disk is not the one that would be written.
pub fn check(root: &Path) -> Result<ExitCode, String> {
    let matrix = generate(root)?;
    match fs::read_to_string(root.join(MATRIX)) {
        Ok(on_disk) if on_disk == matrix => Ok(ExitCode::SUCCESS),
        _ => Err(format!("{MATRIX} is stale: run `cargo xtask matrix`")),
    }
}

fn generate(root: &Path) -> Result<String, String> {
    let list =
        fs::read_to_string(root.join(REQUIREMENTS)).map_err(|error| format!("{REQUIREMENTS}: {error}"))?;
    let requirements = read(&list)?;
    let asked = fs::read_to_string(root.join(sources::SOURCES));
    let groups = sources::read(&asked.map_err(|error| format!("{}: {error}", sources::SOURCES))?)?;
    let tests = tests_of(&tree::files(root)?);
    let rows = trace(&requirements, &tests).map_err(|problems| problems.join("\n"))?;
    let answered = sources::render(&groups, &requirements).map_err(|problems| problems.join("\n"))?;
    Ok(render(&rows) + &answered)
}

#[derive(Debug, PartialEq)]
struct Requirement {
    id: String,
    text: String,
    source: String,
    tests: Vec<String>,
}

fn read(list: &str) -> Result<Vec<Requirement>, String> {
    let document: toml::Table = list.parse().map_err(|error| format!("{REQUIREMENTS}: {error}"))?;
    let entries = document.get("requirement").and_then(toml::Value::as_array);
    let entries = entries.ok_or_else(|| format!("{REQUIREMENTS} lists no requirement"))?;
    let requirement = |entry: &toml::Value| {
        let word = |key: &str| {
            let word = entry.get(key).and_then(toml::Value::as_str).filter(|word| !word.trim().is_empty());
            word.map(str::to_owned).ok_or_else(|| {
                let id = entry.get("id").and_then(toml::Value::as_str).unwrap_or("a requirement without id");
                format!("{REQUIREMENTS}: {id}: `{key}` is missing")
            })
        };
        let id = word("id")?;
        let tests = match entry.get("tests").map(|tests| tests.clone().try_into::<Vec<String>>()) {
            Some(Ok(tests)) => tests,
            Some(Err(_)) => return Err(format!("{REQUIREMENTS}: {id}: `tests` must be a list of names")),
            None => Vec::new(),
        };
        Ok(Requirement { id, text: word("text")?, source: word("source")?, tests })
    };
    entries.iter().map(requirement).collect()
}

/// A test, and every name it may be looked for under: its crate, folders, file and modules.
struct Test {
    name: String,
    file: String,
    places: HashSet<String>,
    /// What the product has to be built with besides.
    features: Vec<String>,
}

fn tests_of(files: &[File]) -> Vec<Test> {
    let mut tests = Vec::new();
    let featured = featured::among(files);
    for (file, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let path = file.trim_end_matches(".rs").split('/').map(str::to_owned);
        let places = path.chain(crate_of(file, files)).chain(declared::modules_in(text));
        let places: HashSet<String> = places.map(|place| place.replace('-', "_")).collect();
        let features = featured.iter().find(|test| test.file == *file).map(|test| test.features.clone());
        tests.extend(declared::tests_in(text).into_iter().map(|name| Test {
            name,
            file: file.clone(),
            places: places.clone(),
            features: features.clone().unwrap_or_default(),
        }));
    }
    tests
}

/// The name of the crate a file belongs to: that of the nearest manifest above it.
fn crate_of(file: &str, files: &[File]) -> Option<String> {
    Path::new(file).ancestors().skip(1).find_map(|folder| {
        let manifest = folder.join("Cargo.toml");
        let (_, text) = files.iter().find(|(path, _)| Path::new(path) == manifest)?;
        let manifest: toml::Table = text.parse().ok()?;
        manifest.get("package")?.get("name")?.as_str().map(str::to_owned)
    })
}

struct Row<'a> {
    requirement: &'a Requirement,
    shown_by: Vec<(&'a str, &'a Test)>,
}

/// Ties each requirement to its tests, or says everything that is wrong with the list.
fn trace<'a>(requirements: &'a [Requirement], tests: &'a [Test]) -> Result<Vec<Row<'a>>, Vec<String>> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for requirement in requirements {
        let id = &requirement.id;
        if !seen.insert(id) {
            problems.push(format!("{id} is listed twice"));
        }
        if requirement.tests.is_empty() {
            problems.push(format!("{id} names no test"));
        }
        let mut shown_by = Vec::new();
        for name in &requirement.tests {
            match find(name, tests) {
                Ok(test) => shown_by.push((name.as_str(), test)),
                Err(problem) => problems.push(format!("{id} names {name}, {problem}")),
            }
        }
        rows.push(Row { requirement, shown_by });
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// The one test a name such as `stories::gate::refuses_an_open_batch` stands for.
fn find<'a>(name: &str, tests: &'a [Test]) -> Result<&'a Test, String> {
    let mut path: Vec<String> = name.split("::").map(|part| part.replace('-', "_")).collect();
    let function = path.pop().unwrap_or_default();
    let namesakes: Vec<&Test> = tests.iter().filter(|test| test.name == function).collect();
    let there = |test: &&&Test| path.iter().all(|place| test.places.contains(place));
    let found: Vec<&Test> = namesakes.iter().filter(there).copied().collect();
    let files = |tests: &[&Test]| tests.iter().map(|test| test.file.as_str()).collect::<Vec<_>>().join(", ");
    match (found.as_slice(), namesakes.as_slice()) {
        ([test], _) => Ok(test),
        ([], []) => Err("which no file declares as a test".into()),
        ([], elsewhere) => Err(format!("but that test is in {}", files(elsewhere))),
        (several, _) => Err(format!("which could be any of those in {}", files(several))),
    }
}

fn render(rows: &[Row]) -> String {
    let mut page = String::from(
        "# Requirements and the tests that show them met\n\n\
         Written by `cargo xtask matrix` from [requirements.toml](requirements.toml) and\n\
         [sources.toml](sources.toml), never by hand.\n\n\
         | Requirement | What is required | Source | Shown by |\n\
         | --- | --- | --- | --- |\n",
    );
    for Row { requirement: Requirement { id, text, source, .. }, shown_by } in rows {
        let shown = |name: &str, test: &Test| match test.features.as_slice() {
            [] => format!("[`{name}`](../../{})", test.file),
            features => format!("[`{name}`](../../{}) (built with {})", test.file, features.join(", ")),
        };
        let shown_by: Vec<String> = shown_by.iter().map(|(name, test)| shown(name, test)).collect();
        let (id, text, source) = (cell(id), cell(text), cell(source));
        writeln!(page, "| {id} | {text} | {source} | {} |", shown_by.join("<br>"))
            .expect("a string takes any text");
    }
    page
}

/// Text that stays within its cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[requirement]]
        id = "G-03"
        text = "A batch | is released\n once."
        source = "O101"
        tests = ["stories::gate::releases_once", "baiyo-domain::refuses", "keys::opens"]
    "#;

    fn files() -> Vec<File> {
        [
            ("crates/domain/Cargo.toml", "[package]\nname = \"baiyo-domain\""),
            ("crates/domain/src/batch.rs", "mod tests { #[test] fn refuses() {} #[test] fn twin() {} }"),
            (
                "tests/Cargo.toml",
                "[package]\nname = \"stories\"\n[[test]]\nname = \"keys\"\nrequired-features = [\"extra\"]",
            ),
            ("tests/tests/keys.rs", "#[test] fn opens() {}"),
            ("tests/gate.rs", "#[test] fn releases_once() {} #[test] fn twin() {} fn ordinary() {}"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into()
    }

    fn problems_naming(names: &[&str]) -> Vec<String> {
        let requirement = Requirement {
            id: "G-01".into(),
            text: "x".into(),
            source: "y".into(),
            tests: names.iter().map(|name| name.to_string()).collect(),
        };
        trace(&[requirement], &tests_of(&files())).err().unwrap_or_default()
    }

    #[test]
    fn each_requirement_is_tied_to_its_tests() {
        let (requirements, tests) = (read(LIST).unwrap(), tests_of(&files()));
        let page = render(&trace(&requirements, &tests).unwrap());
        let row = "| G-03 | A batch \\| is released once. | O101 | \
                   [`stories::gate::releases_once`](../../tests/gate.rs)<br>\
                   [`baiyo-domain::refuses`](../../crates/domain/src/batch.rs)<br>\
                   [`keys::opens`](../../tests/tests/keys.rs) (built with extra) |\n";
        assert!(page.ends_with(row), "{page}");
    }

    #[test]
    fn a_test_may_be_named_by_crate_folder_file_module_or_alone() {
        let names = ["baiyo_domain::batch::tests::refuses", "domain::refuses", "gate::twin", "releases_once"];
        assert_eq!(problems_naming(&names), [""; 0]);
    }

    #[test]
    fn a_requirement_without_tests_is_caught() {
        assert_eq!(problems_naming(&[]), ["G-01 names no test"]);
    }

    #[test]
    fn a_test_that_does_not_exist_is_caught() {
        for name in ["gate::gone", "gate::ordinary", ""] {
            assert_eq!(
                problems_naming(&[name]),
                [format!("G-01 names {name}, which no file declares as a test")]
            );
        }
    }

    #[test]
    fn a_test_that_lives_elsewhere_is_caught() {
        let expected = "G-01 names gate::refuses, but that test is in crates/domain/src/batch.rs";
        assert_eq!(problems_naming(&["gate::refuses"]), [expected]);
    }

    #[test]
    fn a_name_that_fits_two_tests_is_caught() {
        let expected =
            "G-01 names twin, which could be any of those in crates/domain/src/batch.rs, tests/gate.rs";
        assert_eq!(problems_naming(&["twin"]), [expected]);
    }

    #[test]
    fn a_requirement_listed_twice_is_caught() {
        let twice = read(&LIST.repeat(2)).unwrap();
        assert_eq!(trace(&twice, &tests_of(&files())).err().unwrap(), ["G-03 is listed twice"]);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_caught() {
        assert!(read("").unwrap_err().contains("lists no requirement"));
        assert!(read("[[requirement]]\nid = \"G-01\"").unwrap_err().contains("G-01: `text` is missing"));
        assert!(read(&LIST.replace("tests = [", "tests = [1,")).unwrap_err().contains("list of names"));
        assert!(read("[[requirement").is_err());
    }

    #[test]
    fn a_stale_page_is_caught_and_a_fresh_one_accepted() {
        let root = std::env::temp_dir().join(format!("baiyo-matrix-{}", std::process::id()));
        let asked = "[[group]]\ntitle = \"x\"\nlines = []";
        let lists = vec![(REQUIREMENTS.into(), LIST.into()), (sources::SOURCES.into(), asked.into())];
        for (path, text) in [files(), lists].concat() {
            fs::create_dir_all(root.join(&path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        }
        assert!(check(&root).unwrap_err().contains("stale"), "there is no page yet");
        write(&root).unwrap();
        check(&root).unwrap();
        fs::write(root.join(REQUIREMENTS), LIST.replace("O101", "O102")).unwrap();
        assert!(check(&root).unwrap_err().contains("stale"), "the list has changed");
        fs::remove_dir_all(root).unwrap();
    }
}
