//! Whether the schema is the one that the migrations make, to the letter: a guard that was dropped, weakened or
//! added would let rows through that no entry explains.

use super::{Check, END, Fault, Note};
use crate::engine::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeMap;

/// Checks the schema and the database's own consistency. Returns whether all tables are there.
pub fn check(check: &mut Check, conn: &mut Conn) -> QueryResult<bool> {
    let present = schema(conn)?;
    let due = match conn.is_postgres() {
        true => listed(CATALOGUE),
        false => schema(&mut crate::engine::sqlite::in_memory().map_err(|error| {
            diesel::result::Error::QueryBuilderError(format!("the schema cannot be made: {error}").into())
        })?)?,
    };
    let mut complete = true;
    for ((kind, name), sql) in &due {
        let (kind, name) = (kind.clone(), name.clone());
        match present.get(&(kind.clone(), name.clone())) {
            None => {
                complete &= kind != "table";
                check.findings.found(END, Fault::SchemaMissing { kind, name });
            }
            Some(found) if found != sql => check.findings.found(END, Fault::SchemaAltered { kind, name }),
            Some(_) => {}
        }
    }
    for (kind, name) in present.keys().filter(|object| !due.contains_key(*object)) {
        let (kind, name) = (kind.clone(), name.clone());
        if kind == "table" || kind == "index" {
            check.report.notes.push(Note::Foreign { kind, name });
        } else {
            check.findings.found(END, Fault::SchemaForeign { kind, name });
        }
    }
    if conn.is_postgres() {
        return Ok(complete);
    }
    let damages: Vec<Line> =
        diesel::sql_query("SELECT integrity_check AS line FROM pragma_integrity_check").load(conn)?;
    for damage in damages.into_iter().filter(|damage| damage.line != "ok") {
        check.findings.found(END, Fault::Damaged(damage.line));
    }
    Ok(complete)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// What a database of the newest form holds in PostgreSQL's own words; a test writes it anew and compares.
const CATALOGUE: &str = include_str!("../../../../migrations/postgres/catalogue.txt");

type Schema = BTreeMap<(String, String), String>;

/// Every object by kind and name, with the text that made it. The text counts to the byte: a line break may end a
/// comment.
fn schema(conn: &mut Conn) -> QueryResult<Schema> {
    let objects: Vec<Object> = match conn.is_postgres() {
        true => diesel::sql_query(include_str!("catalogue.sql")).load(conn)?,
        false => diesel::sql_query(
            "SELECT type AS kind, name, tbl_name || ' ' || coalesce(sql, '') AS sql FROM sqlite_master \
             WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'",
        )
        .load(conn)?,
    };
    let mut schema = Schema::new();
    for Object { kind, name, sql } in objects {
        // PostgreSQL lets several have one name, on other tables or with other arguments: together they are one that
        // was altered.
        *schema.entry((kind, name)).or_default() += &sql;
    }
    Ok(schema)
}

/// The schema of a PostgreSQL database as a list, for keeping and comparing.
///
/// # Errors
/// The database.
pub fn catalogue(conn: &mut Conn) -> QueryResult<String> {
    let objects = schema(conn)?.into_iter();
    Ok(objects.map(|((kind, name), sql)| format!("{HEAD}{kind} {name}\n{sql}\n")).collect())
}

const HEAD: &str = "---- ";

fn listed(list: &str) -> Schema {
    let objects = list.split(HEAD).filter_map(|object| object.split_once('\n'));
    let named = objects.filter_map(|(head, sql)| Some((head.split_once(' ')?, sql)));
    named
        .map(|((kind, name), sql)| {
            ((kind.to_string(), name.to_string()), sql.strip_suffix('\n').unwrap_or(sql).to_string())
        })
        .collect()
}
