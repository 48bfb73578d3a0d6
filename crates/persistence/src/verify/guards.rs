//! Whether the schema is the one that the migrations make, to the letter: a guard that was dropped, weakened or
//! added would let rows through that no entry explains.

use super::{Check, END, Fault, Note};
use crate::Conn;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeMap;

/// Checks the schema and the database's own consistency. Returns whether all tables are there.
pub fn check(check: &mut Check, conn: &mut Conn) -> QueryResult<bool> {
    let present = schema(conn)?;
    let due = schema(&mut crate::store::in_memory().map_err(|error| {
        diesel::result::Error::QueryBuilderError(format!("the schema cannot be made: {error}").into())
    })?)?;
    let mut complete = true;
    for ((kind, name), sql) in &due {
        let (kind, name) = (kind.clone(), name.clone());
        match present.get(&(kind.clone(), name.clone())) {
            None => {
                complete &= kind != "table";
                check.found(END, Fault::SchemaMissing { kind, name });
            }
            Some(found) if found != sql => check.found(END, Fault::SchemaAltered { kind, name }),
            Some(_) => {}
        }
    }
    for (kind, name) in present.keys().filter(|object| !due.contains_key(*object)) {
        let (kind, name) = (kind.clone(), name.clone());
        if kind == "table" || kind == "index" {
            check.report.notes.push(Note::Foreign { kind, name });
        } else {
            check.found(END, Fault::SchemaForeign { kind, name });
        }
    }
    let damages: Vec<Line> =
        diesel::sql_query("SELECT integrity_check AS line FROM pragma_integrity_check").load(conn)?;
    for damage in damages.into_iter().filter(|damage| damage.line != "ok") {
        check.found(END, Fault::Damaged(damage.line));
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

/// Every object by kind and name, with the table it is on and the text that made it. The text counts to the
/// byte: a line break may end a comment.
fn schema(conn: &mut Conn) -> QueryResult<BTreeMap<(String, String), String>> {
    let objects: Vec<Object> = diesel::sql_query(
        "SELECT type AS kind, name, tbl_name || ' ' || coalesce(sql, '') AS sql FROM sqlite_master \
         WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'",
    )
    .load(conn)?;
    Ok(objects.into_iter().map(|object| ((object.kind, object.name), object.sql)).collect())
}
