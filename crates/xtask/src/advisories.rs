//! `cargo xtask advisories FOLDER`: looks every library of Cargo.lock up in a RustSec advisory database, which is a folder
//! that somebody fetched (a clone of its public repository): one file for each advisory, TOML before its text. It names
//! what is faulty, which versions are mended, since when that is known, and how long that may stay so.
//!
//! What a person judged not to concern this program stands in `docs/developer/advisories.toml`, with why and until when: it is
//! told and not counted. A line there that applies to nothing, or whose day is past, is an error.
//!
//! What stands in the workspace's other lists, of npm and of pip, is looked up by nobody here: they only test.

use crate::bill;
use semver::{Version, VersionReq};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

/// Days that a fault may stay in what the program contains, where nobody has judged it to be a lesser one.
const IN_THE_PROGRAM: i64 = 7;
/// The database gets advisories every week: where the newest is older, it was not fetched anew.
const NEWEST_AT_MOST: i64 = 30;
/// Where the judged ones stand.
const JUDGED: &str = "docs/developer/advisories.toml";
/// Days after which one is judged anew at the latest.
const JUDGED_FOR: i64 = 184;

/// A library as Cargo.lock names it.
type Library = (String, String);

/// Looks the libraries of this workspace up.
///
/// # Errors
/// The folder is no such database, or an old one; or something cannot be read.
pub fn look_up(root: &Path, folder: &Path) -> Result<ExitCode, String> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let judged = fs::read_to_string(root.join(JUDGED)).map_err(|error| format!("{JUDGED}: {error}"))?;
    let inside = bill::libraries(root, &["--all-features"])?;
    let seconds =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
    let today = seconds.as_secs() as i64 / 86_400;
    let (report, sound) = report(&lock, folder, &inside, &judged, today)?;
    print!("{report}");
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is to be said of these libraries, and whether none is faulty.
fn report(
    lock: &str,
    folder: &Path,
    inside: &BTreeSet<Library>,
    judged: &str,
    today: i64,
) -> Result<(String, bool), String> {
    let mut judged = Judged::read(judged, today).map_err(|why| format!("{JUDGED}: {why}"))?;
    let libraries = libraries(lock)?;
    let advisories = advisories(folder)?;
    let newest = advisories.iter().map(|advisory| &advisory.date).max();
    let newest =
        newest.ok_or_else(|| format!("{}: no advisory in crates/*/RUSTSEC-*.md", folder.display()))?;
    if today - day(newest)? > NEWEST_AT_MOST {
        let folder = folder.display();
        return Err(format!("{folder}: its newest advisory is of {newest}: fetch the database anew"));
    }
    let (mut told, mut faults) = (String::new(), 0);
    for (name, version) in &libraries {
        let number = Version::parse(version).map_err(|error| format!("{name} {version}: {error}"))?;
        for advisory in
            advisories.iter().filter(|advisory| advisory.package == *name && advisory.concerns(&number))
        {
            let Advisory { id, title, patched, date, .. } = advisory;
            let days = today - day(date)?;
            let mended = match patched.as_slice() {
                [] => "in no version".to_string(),
                some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
            };
            let judged = judged.iter_mut().find(|judged| judged.id == *id && judged.library == *name);
            if let Some(judged) = judged {
                judged.applies = true;
                let Judged { until, reason, .. } = judged;
                writeln!(
                    told,
                    "{id} {name} {version}: {title}\n  judged until {until}, not counted: {reason}"
                )
                .expect("a string takes any text");
                continue;
            }
            let allowed = match (&advisory.informational, inside.contains(&(name.clone(), version.clone()))) {
                (Some(kind), _) if kind != "unsound" => format!("{kind}: no fault, to be looked at"),
                (_, false) => "it only builds or tests: until the next release".to_string(),
                (_, true) if days > IN_THE_PROGRAM => {
                    format!("it is in the program: OVERDUE by {} days", days - IN_THE_PROGRAM)
                }
                (_, true) => format!("it is in the program: {} days are left", IN_THE_PROGRAM - days),
            };
            faults += usize::from(advisory.is_fault());
            writeln!(
                told,
                "{id} {name} {version}: {title}\n  mended {mended}; since {date}, {days} days; {allowed}"
            )
            .expect("a string takes any text");
        }
    }
    if let Some(idle) = judged.iter().find(|judged| !judged.applies) {
        return Err(format!("{JUDGED}: {} of {} applies no longer: take it out", idle.id, idle.library));
    }
    let (read, looked_at) = (advisories.len(), libraries.len());
    writeln!(told, "{read} advisories, the newest of {newest}; {looked_at} libraries: {faults} faults")
        .expect("a string takes any text");
    Ok((told, faults == 0))
}

/// What is not of this workspace itself.
fn libraries(lock: &str) -> Result<BTreeSet<Library>, String> {
    let lock: toml::Table = lock.parse().map_err(|error| format!("Cargo.lock: {error}"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).ok_or("Cargo.lock: no packages")?;
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_string());
    let foreign = packages.iter().filter(|package| package.get("source").is_some());
    Ok(foreign.filter_map(|package| Some((text(package, "name")?, text(package, "version")?))).collect())
}

/// An advisory of which a person found that it does not concern this program.
struct Judged {
    id: String,
    library: String,
    reason: String,
    until: String,
    /// Whether it was met.
    applies: bool,
}

impl Judged {
    /// All that were judged and need not be judged anew today.
    fn read(text: &str, today: i64) -> Result<Vec<Self>, String> {
        let list: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_string())?;
        let lines = list.get("judged").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let line = |line: toml::Value| {
            let word = |key: &str| match line.get(key).and_then(toml::Value::as_str) {
                Some(text) if !text.trim().is_empty() => Ok(text.to_string()),
                _ => Err(format!("a line has no {key}")),
            };
            let (id, library, reason) = (word("id")?, word("library")?, word("reason")?);
            let (on, until) = (word("judged")?, word("until")?);
            let (from, to) = (day(&on)?, day(&until)?);
            if from > today || to < from || to - from > JUDGED_FOR {
                return Err(format!("{id}: judged on {on} until {until}: {JUDGED_FOR} days are the most"));
            }
            if to < today {
                return Err(format!("{id}: its day is past ({until}): judge it anew"));
            }
            Ok(Self { id, library, reason, until, applies: false })
        };
        lines.into_iter().map(line).collect()
    }
}

/// What was published of a library's fault.
struct Advisory {
    id: String,
    package: String,
    date: String,
    title: String,
    /// What kind of thing it is, where it is no fault of safety by itself.
    informational: Option<String>,
    withdrawn: bool,
    patched: Vec<VersionReq>,
    unaffected: Vec<VersionReq>,
}

impl Advisory {
    fn concerns(&self, version: &Version) -> bool {
        let right = self.patched.iter().chain(&self.unaffected).any(|right| right.matches(version));
        !self.withdrawn && !right
    }

    /// Not what is merely kept up by nobody, or worth knowing.
    fn is_fault(&self) -> bool {
        self.informational.as_deref().is_none_or(|kind| kind == "unsound")
    }

    fn read(text: &str) -> Result<Self, String> {
        let (_, rest) = text.split_once("```toml\n").ok_or("it begins with no TOML")?;
        let (head, text) = rest.split_once("\n```").ok_or("its TOML does not end")?;
        let head: toml::Table = head.parse().map_err(|error: toml::de::Error| error.message().to_string())?;
        let about = head.get("advisory").ok_or("it has no [advisory]")?;
        let word = |key: &str| Some(about.get(key)?.as_str()?.to_string());
        let needed = |key: &str| word(key).ok_or(format!("it has no {key}"));
        let versions = |key: &str| {
            let list = head.get("versions").and_then(|versions| versions.get(key));
            let list = list.and_then(toml::Value::as_array).cloned().unwrap_or_default();
            let read = |version: toml::Value| {
                VersionReq::parse(version.as_str().unwrap_or_default())
                    .map_err(|error| format!("{version}: {error}"))
            };
            list.into_iter().map(read).collect::<Result<Vec<_>, _>>()
        };
        // Without it nobody could tell a mended version from a faulty one.
        head.get("versions").ok_or("it has no [versions]")?;
        let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default();
        Ok(Self {
            id: needed("id")?,
            package: needed("package")?,
            date: needed("date")?,
            title: title.to_string(),
            informational: word("informational"),
            withdrawn: about.get("withdrawn").is_some(),
            patched: versions("patched")?,
            unaffected: versions("unaffected")?,
        })
    }
}

/// Every advisory of a database.
fn advisories(folder: &Path) -> Result<Vec<Advisory>, String> {
    let within = |folder: &Path| {
        let items = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let paths = items.map(|item| item.map(|item| item.path()).map_err(|error| error.to_string()));
        paths.collect::<Result<Vec<_>, String>>()
    };
    let mut advisories = Vec::new();
    for library in within(&folder.join("crates"))?.into_iter().filter(|path| path.is_dir()) {
        for file in within(&library)? {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Drafts have no number yet.
            if !name.starts_with("RUSTSEC-") || !name.ends_with(".md") || name.starts_with("RUSTSEC-0000") {
                continue;
            }
            let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            advisories.push(Advisory::read(&text).map_err(|why| format!("{}: {why}", file.display()))?);
        }
    }
    Ok(advisories)
}

/// The number of a day, `YYYY-MM-DD`, from 1970 on.
fn day(date: &str) -> Result<i64, String> {
    let parts: Vec<i64> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let [year, month @ 1..=12, day @ 1..=31] = parts[..] else { return Err(format!("{date:?} is no day")) };
    // Years that begin in March end in the day that is there in some of them only.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Ok(year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
        [[package]]
        name = "own"
        version = "0.1.0"
        [[package]]
        name = "lamp"
        version = "1.4.2"
        source = "registry+x"
        [[package]]
        name = "mortar"
        version = "0.3.0"
        source = "registry+x"
    "#;

    /// A database in which each of these advisories stands: id, library, more of its head, mended, not concerned.
    fn planted(advisories: &[(&str, &str, &str, &str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (id, package, more, patched, unaffected) in advisories {
            let library = folder.path().join("crates").join(package);
            fs::create_dir_all(&library).unwrap();
            let text = format!(
                "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2026-11-01\"\n{more}\n\n\
                 [versions]\npatched = [{patched}]\nunaffected = [{unaffected}]\n```\n\n# It burns\n\nText.\n"
            );
            fs::write(library.join(format!("{id}.md")), text).unwrap();
        }
        folder
    }

    fn told(advisories: &[(&str, &str, &str, &str, &str)]) -> (String, bool) {
        let inside = BTreeSet::from([("lamp".to_string(), "1.4.2".to_string())]);
        report(LOCK, planted(advisories).path(), &inside, "", day("2026-11-20").unwrap()).unwrap()
    }

    const OTHER: (&str, &str, &str, &str, &str) = ("RUSTSEC-2026-0001", "other", "", "", "");

    #[test]
    fn a_faulty_library_is_named_with_its_mended_versions_and_its_time() {
        let (report, sound) = told(&[
            ("RUSTSEC-2026-0002", "lamp", "", "\"^1.3.9\", \">= 1.4.3\"", "\"< 1.1\""),
            ("RUSTSEC-2026-0003", "mortar", "informational = \"unsound\"", "", ""),
        ]);
        // `^1.3.9` would hold 1.4.2; the control.
        assert!(!sound && !report.contains("RUSTSEC-2026-0002"), "{report}");
        let (report, sound) = told(&[
            ("RUSTSEC-2026-0002", "lamp", "", "\">= 1.3.9, < 1.4.0\", \">= 1.4.3\"", "\"< 1.1\""),
            ("RUSTSEC-2026-0003", "mortar", "informational = \"unsound\"", "", ""),
        ]);
        assert!(!sound);
        let lamp = "RUSTSEC-2026-0002 lamp 1.4.2: It burns\n  mended >=1.3.9, <1.4.0 or >=1.4.3; since 2026-11-01, \
                    19 days; it is in the program: OVERDUE by 12 days\n";
        let mortar = "RUSTSEC-2026-0003 mortar 0.3.0: It burns\n  mended in no version; since 2026-11-01, 19 days; it \
                      only builds or tests: until the next release\n";
        assert_eq!(
            report,
            format!("{lamp}{mortar}2 advisories, the newest of 2026-11-01; 2 libraries: 2 faults\n")
        );
    }

    #[test]
    fn mended_and_unconcerned_versions_and_what_was_withdrawn_are_no_fault() {
        for (more, patched, unaffected) in
            [("", "\">= 1.4.2\"", ""), ("", "", "\"< 1.5\""), ("withdrawn = \"2026-11-05\"", "", "")]
        {
            let (report, sound) = told(&[("RUSTSEC-2026-0002", "lamp", more, patched, unaffected)]);
            assert!(sound && !report.contains("lamp"), "{report}");
        }
        let (report, sound) = told(&[OTHER, ("RUSTSEC-0000-0000", "lamp", "", "", "")]);
        assert!(sound && report.starts_with("1 advisories"), "another library's, and a draft: {report}");
        let (report, sound) =
            told(&[("RUSTSEC-2026-0002", "lamp", "informational = \"unmaintained\"", "", "")]);
        assert!(sound && report.contains("unmaintained: no fault"), "{report}");
    }

    #[test]
    fn what_is_no_database_or_an_old_one_is_an_error_and_no_pass() {
        let none = BTreeSet::new();
        let today = day("2026-11-20").unwrap();
        let empty = tempfile::tempdir().unwrap();
        assert!(report(LOCK, empty.path(), &none, "", today).is_err());
        fs::create_dir_all(empty.path().join("crates/lamp")).unwrap();
        assert!(report(LOCK, empty.path(), &none, "", today).unwrap_err().contains("no advisory"));
        let database = planted(&[OTHER]);
        assert!(report(LOCK, database.path(), &none, "", today).is_ok(), "the control");
        assert!(
            report(LOCK, database.path(), &none, "", today + 40)
                .unwrap_err()
                .contains("fetch the database anew")
        );
        fs::write(database.path().join("crates/other/RUSTSEC-2026-0009.md"), "# no TOML").unwrap();
        assert!(
            report(LOCK, database.path(), &none, "", today).unwrap_err().contains("RUSTSEC-2026-0009.md")
        );
        let database = planted(&[("RUSTSEC-2026-0002", "lamp", "", "\"newer\"", "")]);
        assert!(
            report(LOCK, database.path(), &none, "", today).is_err(),
            "what cannot be read is no pass either"
        );
    }

    #[test]
    fn a_judged_advisory_is_told_and_not_counted_as_long_as_it_applies_and_its_day_is_not_past() {
        let inside = BTreeSet::from([("lamp".to_string(), "1.4.2".to_string())]);
        let database = planted(&[
            ("RUSTSEC-2026-0002", "lamp", "", "", ""),
            ("RUSTSEC-2026-0003", "mortar", "", "", "\"< 1\""),
        ]);
        let line = |id: &str, library: &str, judged: &str, until: &str| {
            format!(
                "[[judged]]\nid = \"{id}\"\nlibrary = \"{library}\"\nreason = \"It is not lit.\"\n\
                 judged = \"{judged}\"\nuntil = \"{until}\"\n"
            )
        };
        let told =
            |judged: &str, today: &str| report(LOCK, database.path(), &inside, judged, day(today).unwrap());
        let lamp = line("RUSTSEC-2026-0002", "lamp", "2026-11-05", "2026-11-25");
        let (said, sound) = told(&lamp, "2026-11-25").unwrap();
        assert!(sound && said.contains("lamp 1.4.2: It burns\n  judged until 2026-11-25"), "{said}");
        assert!(said.contains("It is not lit.") && said.ends_with("0 faults\n"), "{said}");
        assert!(!told("", "2026-11-25").unwrap().1, "the control");
        for (judged, why) in [
            (line("RUSTSEC-2026-0003", "mortar", "2026-11-05", "2026-11-25"), "applies no longer"),
            (line("RUSTSEC-2026-0002", "mortar", "2026-11-05", "2026-11-25"), "applies no longer"),
            (line("RUSTSEC-2026-0002", "lamp", "2026-10-05", "2026-11-19"), "its day is past"),
            (line("RUSTSEC-2026-0002", "lamp", "2026-11-05", "2027-11-05"), "184 days are the most"),
            (line("RUSTSEC-2026-0002", "lamp", "2026-11-21", "2026-12-05"), "184 days are the most"),
            (lamp.replace("It is not lit.", " "), "has no reason"),
            (lamp.replace("until", "till"), "has no until"),
        ] {
            let refused = told(&judged, "2026-11-20").unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn what_this_workspace_judged_can_be_read_and_is_of_a_library_that_it_has() {
        let root = crate::tree::root();
        let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        let list: toml::Table = text(JUDGED).parse().unwrap();
        let first = list["judged"][0]["judged"].as_str().unwrap().to_string();
        let locked = libraries(&text("Cargo.lock")).unwrap();
        for judged in Judged::read(&text(JUDGED), day(&first).unwrap()).unwrap() {
            assert!(locked.iter().any(|(name, _)| *name == judged.library), "{}", judged.library);
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (date, number) in
            [("1970-01-01", 0), ("1970-03-01", 59), ("2000-02-29", 11_016), ("2026-11-29", 20_786)]
        {
            assert_eq!(day(date), Ok(number), "{date}");
        }
        assert!(day("2026-13-01").is_err() && day("yesterday").is_err());
    }
}
