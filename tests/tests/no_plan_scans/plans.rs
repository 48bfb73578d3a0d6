//! What a plan scans. A look-up is bounded where it names one value of a column that few rows share, or where it takes
//! the next rows in an index's order and stops.

use baiyo_persistence::Conn;
use baiyo_persistence::engine::prelude::*;
use diesel::sql_types::Text;
use serde_json::Value;

/// Tables that grow as long as a centre works, each with the columns of which one value has few rows however long that
/// is: a key, or what it belongs to. A clinic, a status or a kind of stream has more and more.
pub const GROWING: &[(&str, &[&str])] = &[
    ("journal", &["seq", "id", "hash", "stream_id"]),
    ("tree_leaf", &["tree_index", "entry"]),
    ("tree_node", &["idx"]),
    ("checkpoint", &["size"]),
    ("blob", &["sha256"]),
    ("gate_fact", &["serial", "batch", "entry"]),
    ("duty", &["batch", "entry"]),
    ("disposition", &["batch", "entry"]),
    ("batch_row", &["id", "label", "serial"]),
    ("clinic_board_row", &["batch"]),
    ("happening_row", &["batch"]),
    ("container_row", &["batch"]),
    ("stop_row", &["entry"]),
    ("order_row", &["id", "label", "patient"]),
    ("quality_event_row", &["id"]),
    ("setup_link", &["token_hash"]),
    ("session", &["token_hash"]),
    ("api_token", &["token_hash"]),
    ("personal_data", &["patient"]),
    ("personal_index", &["digest", "patient"]),
    ("disclosure", &["id", "day"]),
    ("idempotency", &["key"]),
];

/// Tables that stay short: as many rows as there are people with their keys, browsers, passkeys, second factors, badges and
/// PINs, shared tablets, versions of standards, years, migrations; and what is of the last minutes: entries that wait to be sealed, wrong passwords, sign-ins
/// that wait for a code.
pub const SHORT: &[&str] = &[
    "account",
    "person_row",
    "signing_key",
    "known_device",
    "second_factor",
    "badge",
    "pin",
    "bench_tablet",
    "wrong_secret",
    "pending_sign_in",
    "passkey",
    "provider_link",
    "ceremony",
    "standard_row",
    "serial",
    "key_store",
    "unsealed",
    "__diesel_schema_migrations",
];

/// Indexes over the few rows that are still open or in force, and over the first entries of streams: of those the
/// server asks only for the centre's and for people's.
const OF_FEW: &[&str] = &[
    "journal_beginnings",
    "journal_erasures",
    "stop_row_open",
    "setup_link_person",
    "session_person",
    "api_token_person",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

/// Every table of the database.
pub fn tables(conn: &mut Conn) -> Vec<String> {
    lines(
        conn,
        "SELECT name AS detail FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        "SELECT relname::text AS detail FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
}

/// Every index of the growing tables that is there for look-ups alone.
pub fn indexes(conn: &mut Conn) -> Vec<String> {
    let all = lines(
        conn,
        "SELECT tbl_name || ' ' || name AS detail FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "SELECT tablename || ' ' || indexname AS detail FROM pg_indexes WHERE schemaname = 'public' \
         AND indexdef NOT LIKE 'CREATE UNIQUE%'",
    );
    let of_growing = all.iter().filter_map(|line| {
        let (table, index) = line.split_once(' ')?;
        bounding(table).map(|_| index.to_string())
    });
    let mut indexes: Vec<String> = of_growing.collect();
    indexes.sort();
    indexes
}

fn lines(conn: &mut Conn, here: &str, there: &str) -> Vec<String> {
    let sql = if conn.is_postgres() { there } else { here };
    let lines: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
    lines.into_iter().map(|line| line.detail).collect()
}

/// What the plans of these statements scan, each with its statement.
pub fn scans(conn: &mut Conn, statements: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for sql in statements {
        let scans = if conn.is_postgres() { there::scans(conn, sql) } else { here::scans(conn, sql) };
        found.extend(scans.into_iter().map(|scan| format!("{scan}\n    {sql}")));
    }
    found
}

fn bounding(table: &str) -> Option<&'static [&'static str]> {
    GROWING.iter().find(|(growing, _)| *growing == table).map(|(_, columns)| *columns)
}

mod here {
    use super::*;

    pub fn scans(conn: &mut Conn, sql: &str) -> Vec<String> {
        let plan: Vec<Line> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
            .load(conn)
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        let sorted = plan.iter().any(|line| line.detail.starts_with("USE TEMP B-TREE"));
        let stops = sql.contains("LIMIT") && !sorted;
        let lines = plan.iter().map(|line| line.detail.as_str());
        lines.filter(|line| scans_growing(line, sql, stops)).map(String::from).collect()
    }

    fn scans_growing(line: &str, sql: &str, stops: bool) -> bool {
        let Some((how, rest)) = line.split_once(' ').filter(|(how, _)| ["SCAN", "SEARCH"].contains(how))
        else {
            return false;
        };
        let name = rest.split(' ').next().unwrap_or_default();
        let table = if bounding(name).is_some() { name } else { table_called(name, sql) };
        let Some(columns) = bounding(table) else { return false };
        let condition = rest.split_once('(').map(|(_, condition)| condition).unwrap_or_default();
        // The least or the greatest: one row at an end of the index.
        if how == "SEARCH" && condition.is_empty() {
            return false;
        }
        let few = rest.split(' ').any(|word| OF_FEW.contains(&word));
        let equals = |column: &str| condition.contains(&format!("{column}=?"));
        if few || equals("rowid") || columns.iter().any(|column| equals(column)) {
            return false;
        }
        // What stops in time must not pass over rows either: each value asked for is in the index's condition.
        let of_table = format!("`{table}`.`");
        let asked = sql.split(&of_table).skip(1);
        let values = asked.filter_map(|rest| rest.split_once("` = ?").map(|(column, _)| column));
        // One value is written into its statement.
        let written = sql.contains(&format!("{table}.status = '")).then_some("status");
        let mut values = values.chain(written);
        !stops || values.any(|column| !column.contains('`') && !equals(column))
    }

    /// The table that a statement calls by another name.
    fn table_called<'a>(name: &str, sql: &'a str) -> &'a str {
        let words: Vec<&str> = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let called = words.windows(3).find(|three| three[1] == "AS" && three[2] == name);
        called.map_or("", |three| three[0])
    }
}

mod there {
    use super::*;

    pub fn scans(conn: &mut Conn, sql: &str) -> Vec<String> {
        let parameters = (1..).take_while(|number| sql.contains(&format!("${number}"))).count();
        let nothing = vec!["NULL"; parameters].join(", ");
        let arguments = if parameters == 0 { String::new() } else { format!("({nothing})") };
        let explained = conn
            .batch_execute(&format!("PREPARE asked AS {sql}"))
            .and_then(|()| {
                diesel::sql_query(format!("EXPLAIN (FORMAT JSON) EXECUTE asked{arguments}"))
                    .get_result::<Plan>(conn)
            })
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        conn.batch_execute("DEALLOCATE asked").unwrap();
        let plan: Value = serde_json::from_str(&explained.plan).unwrap();
        let mut found = Vec::new();
        look(&plan[0]["Plan"], false, &mut found);
        found
    }

    fn look(node: &Value, stops: bool, found: &mut Vec<String>) {
        let text = |key: &str| node[key].as_str().unwrap_or_default();
        let kind = text("Node Type");
        let stops = match kind {
            "Limit" => true,
            "Nested Loop" | "LockRows" | "Result" | "Subquery Scan" => stops,
            _ if kind.ends_with("Scan") => stops,
            _ => false,
        };
        if let Some(columns) = bounding(text("Relation Name")) {
            let condition = format!("{} {}", text("Index Cond"), text("Recheck Cond"));
            let bounded = columns.iter().any(|column| condition.contains(&format!("({column} = ")));
            let bounded = bounded || OF_FEW.contains(&text("Index Name"));
            let in_order = stops && kind.starts_with("Index") && text("Filter").is_empty();
            if kind.contains("Scan") && !bounded && !in_order {
                found.push(format!(
                    "{kind} of {} by {} with {condition} and {}",
                    text("Relation Name"),
                    text("Index Name"),
                    text("Filter")
                ));
            }
        }
        for inner in node["Plans"].as_array().into_iter().flatten() {
            look(inner, stops, found);
        }
    }
}
