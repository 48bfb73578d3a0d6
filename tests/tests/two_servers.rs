//! Several servers of one centre: on PostgreSQL they share a database, and must share the keys.

use baiyo_domain::authority::Role;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::store::Location;
use baiyo_persistence::{Store, StoreError};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use stories::{Asking, Centre, Course, PASSWORD_OF_SETUP, Recipe, Step, engine};

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

/// Somebody who has a page open at one of the servers.
struct Listening(BufReader<TcpStream>);

impl Listening {
    fn at(address: &str, token: &str) -> Self {
        let host = address.strip_prefix("http://").unwrap_or(address);
        let mut line = TcpStream::connect(host).unwrap();
        let ask = format!("GET /live HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
        line.write_all(ask.as_bytes()).unwrap();
        let mut reader = BufReader::new(line);
        let mut head = String::new();
        while head.trim() != "" || head.is_empty() {
            head.clear();
            assert!(reader.read_line(&mut head).unwrap() > 0, "no answer");
        }
        Self(reader)
    }

    /// Whether he hears of a change within that time.
    fn hears(&mut self, within: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(within)).unwrap();
        let mut line = String::new();
        loop {
            line.clear();
            match self.0.read_line(&mut line) {
                Ok(read) if read > 0 => {
                    if line.starts_with("event: change") {
                        return true;
                    }
                }
                _ => return false,
            }
        }
    }
}

#[test]
fn a_change_at_one_server_is_told_at_all_and_to_no_clinic_whose_it_is_not() {
    let mut centre = Centre::open();
    let other = centre.start_another().is_ok().then_some(1);
    assert_eq!(other.is_some(), engine::is_postgres());
    let centre = &centre;
    let standard = centre.standard("config/standards/adipose-msc-autologous-fresh.toml");
    let course = Course::run(centre, Recipe::of(standard), Step::Instructed);
    // A line between servers may open a moment after they serve.
    let patience = Duration::from_secs(10);
    let lines = [Some(0), other, other].into_iter().flatten();
    for (round, server) in lines.enumerate() {
        if round == 2 {
            // The line is lost, and opened again.
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                       AND (query LIKE '%pg_notify(%' OR query LIKE '%pg_backend_pid()%') AND pid <> pg_backend_pid()";
            centre.database().batch_execute(sql).unwrap();
            std::thread::sleep(Duration::from_secs(7));
        }
        let listening = |who: Asking| Listening::at(centre.address_of(server), &who.account().token);
        let (mut lead, mut own) = (listening(centre.lead()), listening(centre.coordinator()));
        let mut strange = listening(centre.of_clinic(Role::Coordinator, 1));
        let hold = json!({ "reason": format!("door found open {round}") });
        centre.technician().post(&course.path("holding"), hold).ok();
        assert!(lead.hears(patience), "at server {server}");
        assert!(own.hears(patience), "at server {server}: the clinic whose it is");
        assert!(!strange.hears(Duration::from_secs(1)), "at server {server}: another clinic");
    }
}
