//! Several servers of one centre: on PostgreSQL they share a database, and must share the keys.

use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::store::Location;
use baiyo_persistence::{Store, StoreError};
use serde_json::{Value, json};
use std::sync::Arc;
use stories::{Centre, PASSWORD_OF_SETUP, engine};

fn founding(link: &str) -> Value {
    let about = json!({ "your_name": "MORI Aki", "name": "Kamogawa CPC", "code": "KAMO" });
    json!({ "token": link, "password": PASSWORD_OF_SETUP, "centre": about })
}

#[test]
fn a_server_with_other_keys_is_refused_from_the_beginning() {
    let (centre, link) = Centre::empty();
    let other = tempfile::tempdir().unwrap();
    let mut location = Location { folder: other.path().into(), ..centre.location().clone() };
    if !engine::is_postgres() {
        // The embedded database goes to a folder that has keys already.
        drop(Store::open(other.path(), Arc::new(SystemClock)).unwrap());
        location = Location::embedded(other.path());
        let sql = format!("UPDATE key_store SET mark = x'{}'", "00".repeat(32));
        engine::as_owner(&location).batch_execute(&sql).unwrap();
    }
    let open = |location: &Location| Store::open_at(location, Arc::new(SystemClock)).map(drop);
    let refused: Option<StoreError> = open(&location).err();
    let refused = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("is not the key store that this database was begun with"), "{refused}");
    if engine::is_postgres() {
        open(centre.location()).expect("with its own keys");
    }
    centre.stranger().post("/setup", founding(&link)).ok();
}

#[test]
fn a_server_shows_the_name_of_a_centre_that_was_founded_at_another() {
    let (mut centre, link) = Centre::empty();
    let last = usize::from(centre.start_another().is_ok());
    assert_eq!(last == 1, engine::is_postgres());
    assert!(!centre.stranger().at(last).get("//sign-in").text.contains("Kamogawa"));
    centre.stranger().post("/setup", founding(&link)).ok();
    assert!(centre.stranger().at(last).get("//sign-in").text.contains("Kamogawa CPC"));
}
