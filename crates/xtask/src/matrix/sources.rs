//! What others ask for, line by line, with the requirements that answer each line.

use super::{Requirement, cell};
use std::collections::HashSet;
use std::fmt::Write;

/// Where the lines are listed.
pub const SOURCES: &str = "docs/inspector/sources.toml";

/// Lines of one source, under a title.
#[derive(Debug, PartialEq)]
pub struct Group {
    title: String,
    lines: Vec<Line>,
}

/// How a third text begins that stands beside an answer and not in its place: of what is there, tests show it.
const BESIDE: [&str; 3] = ["decided otherwise: ", "the operator's: ", "not yet whole: "];

/// One line: what it is cited as, what it asks for, and why nothing answers it, where nothing does.
#[derive(Debug, PartialEq)]
struct Line {
    id: String,
    text: String,
    left_out: Option<String>,
}

/// Reads the list.
///
/// # Errors
/// What about it cannot be read.
pub fn read(list: &str) -> Result<Vec<Group>, String> {
    let fault = |what: &str| format!("{SOURCES}: {what}");
    let document: toml::Table = list.parse().map_err(|error| format!("{SOURCES}: {error}"))?;
    let groups = document.get("group").and_then(toml::Value::as_array);
    let groups = groups.ok_or_else(|| fault("lists no group"))?;
    let group = |group: &toml::Value| {
        let title =
            group.get("title").and_then(toml::Value::as_str).ok_or_else(|| fault("a group has no title"))?;
        let lines = group.get("lines").map(|lines| lines.clone().try_into::<Vec<Vec<String>>>());
        let lines = lines
            .and_then(Result::ok)
            .ok_or_else(|| fault(&format!("{title}: `lines` are lists of texts")))?;
        let line = |line: Vec<String>| match line.as_slice() {
            [id, text] => Ok(Line { id: id.clone(), text: text.clone(), left_out: None }),
            [id, text, why] => Ok(Line { id: id.clone(), text: text.clone(), left_out: Some(why.clone()) }),
            other => Err(fault(&format!("{title}: {other:?} is no line"))),
        };
        Ok(Group { title: title.to_string(), lines: lines.into_iter().map(line).collect::<Result<_, _>>()? })
    };
    groups.iter().map(group).collect()
}

/// The tables that say which requirements answer each line.
///
/// # Errors
/// Every line that nothing answers and nothing says why, that something answers all the same, or that is cited and not
/// listed.
pub fn render(groups: &[Group], requirements: &[Requirement]) -> Result<String, Vec<String>> {
    let mut problems = Vec::new();
    let mut page = String::new();
    let mut listed = HashSet::new();
    for Group { title, lines } in groups {
        write!(page, "\n## {title}\n\n| Line | What it asks for | Answered by |\n| --- | --- | --- |\n")
            .expect("a string takes any text");
        for Line { id, text, left_out } in lines {
            if !listed.insert(id.as_str()) {
                problems.push(format!("{SOURCES}: {id} is listed twice"));
            }
            let answers: Vec<&str> = requirements
                .iter()
                .filter(|requirement| cited(requirement).any(|cited| cited == id))
                .map(|requirement| requirement.id.as_str())
                .collect();
            let answered = match (answers.is_empty(), left_out) {
                (false, None) => answers.join(", "),
                (false, Some(why)) if BESIDE.iter().any(|beginning| why.starts_with(beginning)) => {
                    format!("{}; {}", answers.join(", "), cell(why))
                }
                (true, Some(why)) => cell(why),
                (true, None) => {
                    problems.push(format!("{SOURCES}: no requirement answers {id}"));
                    continue;
                }
                (false, Some(_)) => {
                    problems
                        .push(format!("{SOURCES}: {id} is left out, and answered by {}", answers.join(", ")));
                    continue;
                }
            };
            writeln!(page, "| {id} | {} | {answered} |", cell(text)).expect("a string takes any text");
        }
    }
    for requirement in requirements {
        let unknown = cited(requirement).filter(|cited| is_of_a_list(cited) && !listed.contains(cited));
        problems
            .extend(unknown.map(|cited| format!("{} cites {cited}, which {SOURCES} lacks", requirement.id)));
    }
    if problems.is_empty() { Ok(page) } else { Err(problems) }
}

/// What a requirement cites.
fn cited(requirement: &Requirement) -> impl Iterator<Item = &str> {
    requirement.source.split(',').map(str::trim)
}

/// Whether a citation is of a source whose lines are all listed.
fn is_of_a_list(cited: &str) -> bool {
    let numbered = cited.strip_prefix('E').is_some_and(|rest| rest.parse::<u8>().is_ok());
    numbered || cited.starts_with("ASVS ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[group]]
        title = "Records"
        lines = [["E1", "one person"], ["E2", "old | new", "the centre's to see to"]]
    "#;

    fn requirement(id: &str, source: &str) -> Requirement {
        Requirement { id: id.into(), text: "x".into(), source: source.into(), tests: Vec::new() }
    }

    #[test]
    fn each_line_names_what_answers_it_or_says_why_nothing_does() {
        let requirements = [requirement("A-01", "O1, E1"), requirement("A-02", "E1, situation 3")];
        let page = render(&read(LIST).unwrap(), &requirements).unwrap();
        assert!(page.contains("## Records\n"), "{page}");
        assert!(page.contains("| E1 | one person | A-01, A-02 |\n"), "{page}");
        assert!(page.contains("| E2 | old \\| new | the centre's to see to |\n"), "{page}");
    }

    #[test]
    fn what_nothing_answers_is_caught_and_so_is_what_nobody_listed() {
        let groups = read(LIST).unwrap();
        let problems = |sources: &[&str]| {
            let requirements: Vec<Requirement> =
                sources.iter().map(|source| requirement("A-01", source)).collect();
            render(&groups, &requirements).unwrap_err().join("\n")
        };
        assert!(problems(&["O1"]).contains("no requirement answers E1"));
        assert!(problems(&["E1, E2"]).contains("E2 is left out, and answered by A-01"));
        let decided = LIST.replace("the centre's to see to", "decided otherwise: two");
        let both = [requirement("A-01", "E1"), requirement("A-02", "E2")];
        let page = render(&read(&decided).unwrap(), &both).unwrap();
        assert!(page.contains("| E2 | old \\| new | A-02; decided otherwise: two |\n"), "{page}");
        assert!(problems(&["E1, E30"]).contains("cites E30, which"));
        assert!(problems(&["E1, ASVS 9.9.9"]).contains("cites ASVS 9.9.9, which"));
        let twice = read("[[group]]\ntitle = \"x\"\nlines = [[\"E1\", \"x\"], [\"E1\", \"x\"]]").unwrap();
        assert!(
            render(&twice, &[requirement("A-01", "E1")]).unwrap_err().join("\n").contains("listed twice")
        );
        assert!(read("[[group]]\ntitle = \"x\"\nlines = [[\"E1\"]]").is_err());
    }
}
