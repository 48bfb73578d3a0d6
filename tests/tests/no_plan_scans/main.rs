//! Whatever the server asks its database stays as fast when the records have grown: every statement of a tour through
//! all operations and pages is explained, and every question of the guards, and none reads through a growing table.
//! `baiyo verify`, `rebuild` and `export` read everything by their nature, and run beside the server.

mod asked;
mod guards;
mod plans;

use baiyo_persistence::Conn;
use plans::{GROWING, SHORT, scans};
use serde_json::json;
use stories::{Asking, Browser, Centre, tour};

/// Reads the pages of lists and of single things, each list from its beginning and from further on.
fn read_every_page(reader: Asking) {
    let page = |path: &str| {
        let answer = reader.call("GET", &format!("/{path}")).send();
        assert_eq!(answer.status, 200, "{path}");
    };
    let further = "after=1767571200000000_01890000-0000-7000-8000-000000000000";
    let shipped = "/batches?by=shipped&from=2025-12-01&to=2027-01-01";
    for list in ["/batches", "/batches?status=closed", shipped, "/orders"] {
        let first = reader.get(list).ok()["items"][0]["id"].as_str().unwrap().to_string();
        let plain = list.split('?').next().unwrap();
        reader.get(&format!("{plain}/{first}")).ok();
        page(&format!("{plain}/{first}"));
        reader.get(&format!("{list}{}{further}", if list.contains('?') { '&' } else { '?' })).ok();
    }
    for list in ["/", "/batches", "/batches?status=closed", shipped, "/orders", "/documentation"] {
        page(list);
        page(&format!("{list}{}{further}", if list.contains('?') { '&' } else { '?' }));
    }
}

fn everything_asked(centre: &mut Centre) -> Vec<String> {
    tour::take(centre);
    read_every_page(centre.inspector());
    read_every_page(centre.coordinator());
    for page in ["//planner", "//trends"] {
        assert_eq!(centre.inspector().call("GET", page).send().status, 200, "{page}");
    }
    let batch = centre.inspector().get("/batches").ok()["items"][0]["id"].as_str().unwrap().to_string();
    assert_eq!(centre.releaser().call("GET", &format!("//batches/{batch}/review")).send().status, 200);
    let wrong = json!({ "sign_in": centre.releaser().account().sign_in, "password": "a stranger's guess" });
    centre.stranger().post("/session", wrong).refused(401);
    for list in ["/quality_events", "/attempts"] {
        let further = format!("{list}?after=1767571200000000_01890000-0000-7000-8000-000000000000");
        centre.inspector().get(&further).ok();
    }
    let coordinator = centre.coordinator().id();
    let seen = centre.inspector().get(&format!("/people/{coordinator}/disclosures")).ok();
    let patient = seen["items"][0]["patient"].as_str().unwrap();
    centre.inspector().get(&format!("/patients/{patient}/disclosures")).ok();
    let report = json!({ "title": "Fridge", "description": "found open", "batches": [] });
    let call = centre.technician().call("POST", "/quality_events").json(&report);
    call.header("idempotency-key", "said-only-once").send().made();
    assert_eq!(centre.stranger().call("GET", "//readyz").send().status, 200);
    // A bench tablet, from its registration to its end.
    let administrator = Browser::new(centre);
    let account = centre.administrator().account();
    administrator.sign_in(&account.sign_in, &account.password).ok();
    assert_eq!(administrator.fill_in("//tablets", &[("name", "Hood 1")]).status, 303);
    let tablets = administrator.get("//tablets").text;
    let id = tablets.split("/tablets/").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    assert_eq!(administrator.fill_in(&format!("//tablets/{id}/end"), &[]).status, 303);
    asked::statements()
}

/// A connection that explains as if every table were long.
fn explaining(centre: &Centre) -> Conn {
    let mut conn = centre.database();
    if conn.is_postgres() {
        // In a story's database every table is short enough to be read through. So it is told that all are long, and
        // takes another way where there is one. What it happened to count of the few rows says nothing of many.
        conn.begin().unwrap();
        conn.batch_execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
             SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan; \
             UPDATE pg_class SET reltuples = 1000000, relpages = 1 WHERE relnamespace = 'public'::regnamespace; \
             DELETE FROM pg_statistic WHERE starelid IN \
             (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
        )
        .unwrap();
    }
    conn
}

#[test]
fn no_statement_and_no_guard_scans_a_growing_table_and_every_index_is_needed_for_that() {
    asked::listen();
    let mut centre = Centre::open();
    let mut statements = everything_asked(&mut centre);
    // What the story itself puts back is no statement of the server's.
    statements.retain(|sql| !sql.contains("name = 'stories'"));
    let mut conn = explaining(&centre);
    statements.extend(guards::questions(&mut conn));
    assert!(statements.len() > 70, "the server was listened to: {statements:#?}");

    let unknown =
        |table: &String| !SHORT.contains(&&**table) && !GROWING.iter().any(|(name, _)| name == table);
    let unknown: Vec<String> = plans::tables(&mut conn).into_iter().filter(unknown).collect();
    assert!(unknown.is_empty(), "nobody says whether these grow: {unknown:?}");
    // There is one centre, and there are as many people as it employs.
    assert_eq!(asked::kinds(), [r#"["person"]"#, r#"["site"]"#]);

    let found = scans(&mut conn, &statements);
    assert!(found.is_empty(), "{} scans:\n{}", found.len(), found.join("\n"));
    for (table, _) in GROWING {
        assert!(statements.iter().any(|sql| sql.contains(table)), "nobody asked of {table}");
    }

    let mut idle = Vec::new();
    for index in plans::indexes(&mut conn) {
        conn.begin().unwrap();
        conn.batch_execute(&format!("DROP INDEX {index}")).unwrap();
        if scans(&mut conn, &statements).is_empty() && !NOT_FOR_THE_SERVER.contains(&&*index) {
            idle.push(index);
        }
        conn.roll_back().unwrap();
    }
    assert!(idle.is_empty(), "without these nothing is scanned: {idle:?}");
}

/// Indexes that serve those who run beside the server: rebuilding, verifying and erasing a patient. The embedded engine
/// also asks the two over entries for each new entry, as the tables refer to the journal.
const NOT_FOR_THE_SERVER: [&str; 4] =
    ["disposition_batch", "duty_entry", "gate_fact_entry", "personal_index_patient"];
