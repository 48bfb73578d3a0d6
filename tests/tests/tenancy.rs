//! On PostgreSQL a clinic's rows are not there for another clinic's connection, whatever a query forgot; to a connection
//! that says nothing none are. The embedded engine hides no rows: there the queries' own filters stand alone.

use baiyo_domain::ids::ClinicId;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::happenings::{self, Happening, Period};
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::store::Location;
use baiyo_persistence::{Conn, StoreError};
use diesel::sql_types::{BigInt, Text};
use serde_json::json;
use std::collections::BTreeSet;
use stories::{Centre, Course, Recipe, Step, engine};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// The tables that hold what is a clinic's, and how a row tells that it is another one's. People are not among them: who
/// did what is part of the record of each batch.
const TABLES: [(&str, &str); 9] = [
    ("batch_row", "clinic = $2::uuid"),
    ("clinic_board_row", "clinic = $2::uuid"),
    ("container_row", "clinic = $2::uuid"),
    ("disclosure", "patient = $3::uuid"),
    ("happening_row", "clinic = $2::uuid"),
    ("order_row", "clinic = $2::uuid"),
    ("personal_data", "clinic = $2::uuid"),
    ("personal_index", "patient = $3::uuid"),
    ("stop_row", "clinic = $2::uuid"),
];

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

fn count(conn: &mut Conn, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Counted>(conn).unwrap_or_else(|error| panic!("{sql}: {error}")).rows
}

fn names(conn: &mut Conn, sql: &str) -> BTreeSet<String> {
    diesel::sql_query(sql).load::<Named>(conn).expect("names").into_iter().map(|named| named.name).collect()
}

/// A connection as the application has it, before it said whose rows it reads.
fn application(location: &Location) -> Conn {
    location.postgres.as_ref().expect("PostgreSQL").connect().expect("the database")
}

/// A centre with the same of two clinics: a stop on one of two shipped containers.
fn two_clinics(centre: &Centre) -> [Course<'_>; 2] {
    let standard = centre.standard(FRESH);
    [0, 1].map(|clinic| {
        let course = Course::run(centre, Recipe { clinic, ..Recipe::of(standard) }, Step::Shipped);
        let withdrawal =
            json!({ "containers": [course.containers()[0]], "reason": "a sibling turned positive" });
        centre.manager().post(&course.path("withdrawal"), withdrawal).ok();
        course.coordinator().get(&format!("/orders/{}/recipient", course.order)).ok();
        course
    })
}

#[test]
fn no_row_of_another_clinic_is_there_for_a_connection_of_a_clinic_in_any_table() {
    if !engine::is_postgres() {
        return;
    }
    let mut centre = Centre::open();
    centre.is_tampered_with();
    let centre = &centre;
    let [own, foreign] = two_clinics(centre).map(|course| (course.recipe.clinic, course.patient()));
    let clinic = |index| ClinicScope::Clinic(ClinicId(centre.clinic(index)));
    let mut owner = centre.database();
    let of_a_clinic = names(
        &mut owner,
        "SELECT table_name::text AS name FROM information_schema.columns
         WHERE table_schema = 'public' AND column_name IN ('clinic', 'patient') AND table_name <> 'person_row'",
    );
    assert_eq!(
        of_a_clinic,
        TABLES.iter().map(|(table, _)| table.to_string()).collect(),
        "a new table has its policy"
    );
    let bypassing =
        "SELECT count(*) AS rows FROM pg_roles WHERE rolname = 'baiyo_app' AND (rolbypassrls OR rolsuper)";
    assert_eq!(count(&mut owner, bypassing), 0);

    for (table, is_of) in TABLES {
        let all_of = |(clinic, patient): (usize, uuid::Uuid)| {
            let is_of = is_of.replace("$2", &format!("'{}'", centre.clinic(clinic)));
            format!(
                "SELECT count(*) AS rows FROM {table} WHERE {}",
                is_of.replace("$3", &format!("'{patient}'"))
            )
        };
        let (ours, theirs) = (all_of(own), all_of(foreign));
        let all = format!("SELECT count(*) AS rows FROM {table}");
        let mut conn = application(centre.location());
        assert_eq!(count(&mut conn, &all), 0, "{table}: nothing said, nothing there");
        conn.enter(clinic(0)).expect("a scope");
        assert_eq!((count(&mut conn, &theirs), count(&mut conn, &ours) > 0), (0, true), "{table}");
        assert_eq!(count(&mut conn, &all), count(&mut conn, &ours), "{table}: no others");
        conn.enter(clinic(1)).expect("a scope");
        assert_eq!((count(&mut conn, &ours), count(&mut conn, &theirs) > 0), (0, true), "{table}");
        conn.enter(ClinicScope::Centre).expect("a scope");
        assert!(count(&mut conn, &ours) > 0 && count(&mut conn, &theirs) > 0, "{table}: the centre sees all");
        // It is written for nobody else either.
        conn.enter(clinic(0)).expect("a scope");
        if table == "stop_row" {
            let written = conn.batch_execute(&format!(
                "INSERT INTO stop_row VALUES (gen_random_uuid(), gen_random_uuid(), 1, '{}', 1, NULL)",
                centre.clinic(1)
            ));
            assert!(written.is_err_and(|error| error.to_string().contains("row-level security")));
        }

        // The owner is not excepted, and it is the policy that hides them: without it they are there.
        let forced = format!(
            "SELECT count(*) AS rows FROM pg_class WHERE relname = '{table}' AND relforcerowsecurity"
        );
        assert_eq!(count(&mut owner, &forced), 1, "{table}");
        owner
            .batch_execute(&format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
            .expect("the owner may");
        assert!(count(&mut conn, &theirs) > 0, "{table}: the control");
        owner
            .batch_execute(&format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
            .expect("the owner may");
    }
}

#[test]
fn a_query_that_forgot_whose_rows_it_reads_finds_those_of_the_connection() {
    if !engine::is_postgres() {
        return;
    }
    let centre = Centre::open();
    let courses = two_clinics(&centre);
    let store = centre.store();
    let (now, period) = (centre.now(), Period { what: Happening::Shipped, from: None, until: None });
    // What was read for one is read for the next on the same connection.
    for _ in 0..20 {
        for (index, course) in courses.iter().enumerate() {
            let scope = ClinicScope::Clinic(ClinicId(centre.clinic(index)));
            let found = store.read_in(scope, |conn| {
                let orders = reading::orders(conn, ClinicScope::Centre, None, 50)?;
                let batches = reading::batches(conn, ClinicScope::Centre, None, None, 50, now)?.rows;
                let shipped = happenings::batches(conn, ClinicScope::Centre, period, None, 50, now)?.rows;
                let stops = reading::open_stops(conn, ClinicScope::Centre)?;
                let batches = batches.into_iter().chain(shipped.into_iter().map(|(_, row)| row));
                let batches: Vec<_> =
                    batches.map(|row| row.id.0).chain(stops.iter().map(|row| row.batch.0)).collect();
                Ok::<_, StoreError>((orders.iter().map(|row| row.id.0).collect::<Vec<_>>(), batches))
            });
            let batch = course.batch;
            assert_eq!(found.expect("the records"), (vec![course.order], vec![batch, batch, batch]));
        }
        let all =
            store.read(|conn| Ok::<_, StoreError>(reading::orders(conn, ClinicScope::Centre, None, 50)?));
        assert_eq!(all.expect("the records").len(), 2);
    }
}
