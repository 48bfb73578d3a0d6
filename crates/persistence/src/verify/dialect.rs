//! How the two engines say the same of a raw column. The embedded engine takes any type in any column, so each is read
//! as the bytes or the number it holds; PostgreSQL's columns are what they are declared.

use super::rows;
use crate::engine::Conn;
use baiyo_domain::journal::StreamKind;
use uuid::Uuid;

/// One engine's words.
#[derive(Clone, Copy)]
pub struct Dialect {
    postgres: bool,
}

impl Dialect {
    /// Of the engine behind a connection.
    pub fn of(conn: &Conn) -> Self {
        Self { postgres: conn.is_postgres() }
    }

    fn either(self, postgres: String, sqlite: String) -> String {
        if self.postgres { postgres } else { sqlite }
    }

    /// No bytes.
    pub fn nothing(self) -> &'static str {
        if self.postgres { "''::bytea" } else { "x''" }
    }

    /// A column of identifiers, as bytes.
    pub fn uuid(self, column: &str) -> String {
        self.either(format!("coalesce(uuid_send({column}), ''::bytea)"), bytes(column))
    }

    /// A column of bytes.
    pub fn blob(self, column: &str) -> String {
        self.either(format!("coalesce({column}, ''::bytea)"), bytes(column))
    }

    /// A column of text, as bytes.
    pub fn text(self, column: &str) -> String {
        self.either(format!("convert_to(coalesce({column}, ''), 'UTF8')"), bytes(column))
    }

    /// A column of whole numbers.
    pub fn integer(self, column: &str) -> String {
        self.either(
            format!("coalesce({column}, 0)::bigint"),
            format!("coalesce(CAST({column} AS INTEGER), 0)"),
        )
    }

    /// A column of whole numbers, or another number where it holds none.
    pub fn integer_or(self, column: &str, otherwise: i64) -> String {
        format!(
            "CASE WHEN {} THEN coalesce({column}, {otherwise}) ELSE {otherwise} END",
            self.is_of(column, "integer")
        )
    }

    /// Whether a column holds a value of its type: `integer`, `text` or `blob`.
    pub fn is_of(self, column: &str, kind: &str) -> String {
        self.either("true".into(), format!("typeof({column}) = '{kind}'"))
    }

    /// Whether a row of the journal, by this alias, names a stream.
    pub fn names_stream(self, journal: &str) -> String {
        let kinds = StreamKind::ALL.map(|kind| format!("'{}'", kind.name())).join(", ");
        let known = format!("coalesce({journal}.stream_kind IN ({kinds}), false)");
        self.either(
            format!("({known})"),
            format!(
                "(typeof({journal}.stream_kind) = 'text' AND typeof({journal}.stream_id) = 'blob' \
                 AND length({journal}.stream_id) = 16 AND {known})"
            ),
        )
    }

    /// Whether a leaf, by this alias, has a place among the first so many (a parameter such as `$1`).
    pub fn is_among(self, leaf: &str, first: &str) -> String {
        let index = format!("{leaf}.tree_index");
        format!("coalesce({} AND {index} >= 0 AND {index} < {first}, false)", self.is_of(&index, "integer"))
    }

    /// These identifiers, as a list of SQL.
    pub fn listed(self, ids: impl Iterator<Item = Uuid>) -> String {
        let one = |id: Uuid| {
            let text = rows::hyphenated(id.as_bytes());
            self.either(format!("'{text}'::uuid"), format!("x'{}'", rows::hex(id.as_bytes())))
        };
        ids.map(one).collect::<Vec<_>>().join(", ")
    }

    /// A whole number, written as SQL has it.
    pub fn quoted_integer(self, column: &str) -> String {
        self.either(format!("coalesce({column}::text, 'NULL')"), format!("quote({column})"))
    }

    /// A text, written as SQL has it.
    pub fn quoted_text(self, column: &str) -> String {
        self.either(format!("coalesce(quote_literal({column}), 'NULL')"), format!("quote({column})"))
    }

    /// An identifier, written as the embedded engine writes bytes.
    pub fn quoted_uuid(self, column: &str) -> String {
        let hex = format!("upper(encode(uuid_send({column}), 'hex'))");
        self.either(format!("'X''' || {hex} || ''''"), format!("quote({column})"))
    }

    /// A line of text, as bytes.
    pub fn line(self, text: &str) -> String {
        self.either(format!("convert_to({text}, 'UTF8')"), format!("CAST({text} AS BLOB)"))
    }

    /// How many checkpoints there were, where the engine counts its rows; PostgreSQL reads from a snapshot.
    pub fn checkpoint_rows(self) -> &'static str {
        if self.postgres { "CAST(0 AS BIGINT)" } else { "coalesce((SELECT max(rowid) FROM checkpoint), 0)" }
    }

    /// Whether a checkpoint was there when the check began, by that count (`$1`).
    pub fn checkpoint_was_there(self) -> &'static str {
        if self.postgres { "$1 >= CAST(0 AS BIGINT)" } else { "rowid <= $1" }
    }
}

fn bytes(column: &str) -> String {
    format!("coalesce(CAST({column} AS BLOB), x'')")
}
