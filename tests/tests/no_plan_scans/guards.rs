//! What the guards look up for themselves: no engine shows that with the plan of the statement they watch, so their
//! questions are taken out of their text and explained one by one.

use baiyo_persistence::Conn;
use baiyo_persistence::engine::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Guard {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Every question of every guard, with parameters for the row it is asked about.
pub fn questions(conn: &mut Conn) -> Vec<String> {
    let kept = match conn.is_postgres() {
        false => "SELECT sql AS text FROM sqlite_master WHERE type = 'trigger'",
        true => "SELECT prosrc AS text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    };
    let guards: Vec<Guard> = diesel::sql_query(kept).load(conn).unwrap();
    assert!(guards.len() > 5, "the guards are there");
    let postgres = conn.is_postgres();
    let questions = guards.iter().flat_map(|guard| {
        let text: Vec<&str> =
            guard.text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let text = text.join("\n");
        let found = selects(&text);
        let froms = |text: &str| text.matches(" FROM ").count() - text.matches("DISTINCT FROM ").count();
        let asked: usize = found.iter().map(|select| froms(&select.replace('\n', " "))).sum();
        assert_eq!(asked, froms(&text.replace('\n', " ")), "every table is in a question: {text}");
        found.into_iter().filter(move |select| froms(&select.replace('\n', " ")) > 0)
    });
    questions.map(|select| with_parameters(&select, postgres)).collect()
}

/// The outermost SELECTs and DELETEs of a text: each to the bracket that closes around it, or to its semicolon.
fn selects(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    let begins = |text: &str| ["SELECT ", "DELETE FROM "].iter().filter_map(|word| text.find(word)).min();
    while let Some(begin) = begins(rest) {
        let (mut depth, mut end) = (0, rest.len());
        for (at, character) in rest.char_indices().skip_while(|(at, _)| *at < begin) {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if depth < 0 || character == ';' {
                end = at;
                break;
            }
        }
        found.push(rest[begin..end].to_string());
        rest = &rest[end..];
    }
    found
}

/// A question with a parameter in place of each value that only the guard has.
fn with_parameters(select: &str, postgres: bool) -> String {
    let mut said = String::new();
    let mut parameters = 0;
    let mut words = select.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').peekable();
    while let Some(piece) = words.next() {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        if word == "INTO" {
            words.next();
        } else if ["NEW.", "OLD.", "deciding."].iter().any(|row| word.starts_with(row)) {
            parameters += 1;
            said += &if postgres { format!("${parameters}") } else { "?".into() };
            said += &piece[word.len()..];
        } else {
            said += piece;
        }
    }
    said
}

#[test]
fn questions_are_taken_out_whole() {
    let text = "WHEN NEW.a IS NOT (SELECT max(b) FROM t WHERE c = (NEW.c)) OR EXISTS (SELECT 1 FROM u)\n\
                BEGIN SELECT x INTO y FROM v WHERE d = NEW.d; DELETE FROM w WHERE e = OLD.e; END";
    let found: Vec<String> = selects(text).iter().map(|select| with_parameters(select, true)).collect();
    assert_eq!(
        found,
        [
            "SELECT max(b) FROM t WHERE c = ($1)",
            "SELECT 1 FROM u",
            "SELECT x FROM v WHERE d = $1",
            "DELETE FROM w WHERE e = $1"
        ]
    );
}
