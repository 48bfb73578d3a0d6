//! A centre in a folder of its own, behind the real server on a port of its own, with a clock that stands where a
//! story puts it. When it is dropped, its whole record must be sound.

use crate::asking::{Asking, Sent, Use, own_checker};
use crate::engine;
use crate::founded::{Member, beginning, collect, founded};
use crate::planting::Planting;
use crate::program::{Program, start_and_kill};
use crate::serving::Serving;
use baiyo::settings::Settings;
use baiyo_domain::authority::Role;
use baiyo_domain::time::Time;
use baiyo_persistence::clock::{Clock, SetClock};
use baiyo_persistence::progress::unwatched;
use baiyo_persistence::rebuild;
use baiyo_persistence::store::Location;
use baiyo_persistence::verify::{Report, verify};
use baiyo_persistence::{Conn, Store, StoreError};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

/// A centre, its people and its server.
pub struct Centre {
    folder: TempDir,
    location: Location,
    clock: Arc<SetClock>,
    /// Where the machine's clock is told what to say, for a binary that is deceived about the time.
    false_clock: Option<TempDir>,
    servers: Vec<Running>,
    people: Vec<Member>,
    clinics: Vec<Uuid>,
    used: Mutex<BTreeSet<Use>>,
    succeeded: Mutex<BTreeMap<(String, String), Sent>>,
    careful: Option<Mutex<BTreeSet<String>>>,
    /// A session of each who asked about his own account.
    sessions: Mutex<BTreeMap<Uuid, String>>,
    planting: Option<Planting>,
    tampered: bool,
}

struct Running {
    address: String,
    agent: ureq::Agent,
    server: Server,
}

enum Server {
    /// In this process, with the story's clock.
    Here(Serving),
    /// The product's binary, with the machine's clock.
    Apart(Program),
}

/// A clock a second behind another.
struct Behind(Arc<SetClock>);

impl Clock for Behind {
    fn now(&self) -> Time {
        self.0.now().plus(chrono::TimeDelta::seconds(-1))
    }
}

impl Centre {
    /// A founded centre with two clinics and people in every role.
    pub fn open() -> Self {
        let founded = founded();
        let folder = tempfile::tempdir().expect("a folder");
        let location = founded.copy_to(folder.path());
        let mut centre = Self::in_folder(folder, location, founded.at);
        centre.people.clone_from(&founded.people);
        centre.clinics.clone_from(&founded.clinics);
        centre.start();
        centre
    }

    /// An empty folder behind the server, and the first administrator's link as `baiyo serve` prints it.
    pub fn empty() -> (Self, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let location = engine::fresh(folder.path());
        let mut centre = Self::in_folder(folder, location, beginning());
        centre.start();
        let link = centre.store().first_link(72).expect("a link");
        (centre, link.as_str().to_string())
    }

    fn in_folder(folder: TempDir, location: Location, at: Time) -> Self {
        Self {
            folder,
            location,
            clock: Arc::new(SetClock::at(at)),
            false_clock: None,
            servers: Vec::new(),
            people: Vec::new(),
            clinics: Vec::new(),
            used: Mutex::default(),
            succeeded: Mutex::default(),
            careful: None,
            sessions: Mutex::default(),
            planting: None,
            tampered: false,
        }
    }

    /// The same records once more, in a place of their own behind a server of their own: what happens in one from here on
    /// does not happen in the other.
    pub fn twin(&mut self) -> Self {
        self.stop();
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Vec::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        for (name, bytes) in files {
            let target = folder.path().join(name);
            std::fs::create_dir_all(target.parent().expect("a file stands in a folder")).expect("a folder");
            std::fs::write(target, bytes).expect("a copied file");
        }
        let location = engine::copied(folder.path(), &self.location);
        let mut twin = Self::in_folder(folder, location, self.now());
        twin.people.clone_from(&self.people);
        twin.clinics.clone_from(&self.clinics);
        self.start();
        twin.start();
        twin
    }

    /// Starts the server.
    pub fn start(&mut self) {
        let store = Store::open_at(&self.location, self.clock.clone()).expect("the store");
        self.serve(Arc::new(store));
    }

    /// Starts one more server on the same records, whose clock is a second behind.
    ///
    /// # Errors
    /// Why that cannot be, in the words that its operator reads.
    pub fn start_another(&mut self) -> Result<(), String> {
        let clock = Arc::new(Behind(self.clock.clone()));
        let store = Store::open_at(&self.location, clock).map_err(|error| error.to_string())?;
        self.serve(Arc::new(store));
        Ok(())
    }

    /// Starts the server again where it listened before: nobody who has a page open notices more than that it was away.
    pub fn start_again_at(&mut self, address: &str) {
        let store = self.opened_again();
        let address = address.strip_prefix("http://").unwrap_or(address);
        self.served_by(Serving::start_at(address, Arc::new(store)));
    }

    /// Stops the server and starts it again, as a site has set it up.
    pub fn is_set_up(&mut self, settings: Settings) {
        self.is_set_up_at("127.0.0.1:0", settings);
    }

    /// Stops the server and starts it again where it is asked to listen, as a site has set it up.
    pub fn is_set_up_at(&mut self, address: &str, settings: Settings) {
        self.stop();
        let store = self.opened_again();
        self.served_by(Serving::start_with(address, Arc::new(store), settings));
    }

    /// The records, once nobody has them open: what a stopped server was just doing behind its answers holds them for a
    /// moment longer, and so does a program that is being started beside it, until it has become itself.
    fn opened_again(&self) -> Store {
        let patience = Instant::now() + Duration::from_secs(5);
        loop {
            match Store::open_at(&self.location, self.clock.clone()) {
                Err(StoreError::InUse(_)) if Instant::now() < patience => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                opened => return opened.expect("the store"),
            }
        }
    }

    fn serve(&mut self, store: Arc<Store>) {
        self.served_by(Serving::start(store));
    }

    fn served_by(&mut self, serving: Serving) {
        let address = format!("http://{}", serving.address());
        self.servers.push(Running { address, agent: agent(), server: Server::Here(serving) });
    }

    /// Starts the product's binary on the records; after how long it served.
    pub fn start_apart(&mut self) -> Duration {
        self.start_apart_in(&[])
    }

    /// Starts the product's binary with more in its environment; after how long it served.
    pub fn start_apart_in(&mut self, environment: &[(&str, &str)]) -> Duration {
        self.forget_those_apart();
        let (program, took) = Program::start(&self.location, environment);
        let address = program.address.clone();
        self.servers.push(Running { address, agent: agent(), server: Server::Apart(program) });
        took
    }

    /// Starts the product's binary on a machine whose clock says what the story's does.
    pub fn start_on_false_clock(&mut self) {
        let folder = self.false_clock.take().unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
        let file = folder.path().join(FALSE_CLOCK);
        self.false_clock = Some(folder);
        self.tell_time();
        let library = xtask::packages::libfaketime().expect("install faketime first");
        self.start_apart_in(&[
            ("LD_PRELOAD", library.to_str().expect("a file's name")),
            ("FAKETIME_TIMESTAMP_FILE", file.to_str().expect("a file's name")),
            ("FAKETIME_NO_CACHE", "1"),
            // Only the time of day is false: what waits for a span of time waits as long.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("TZ", "UTC"),
        ]);
    }

    fn tell_time(&self) {
        let Some(folder) = &self.false_clock else { return };
        let unfinished = folder.path().join("unfinished");
        let now = self.now().utc().format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        std::fs::write(&unfinished, now).expect("the time");
        // Never half there: whoever reads nothing takes the machine's own time.
        std::fs::rename(unfinished, folder.path().join(FALSE_CLOCK)).expect("the time");
    }

    /// Starts the product's binary and kills it a moment later, wherever it is then.
    pub fn start_and_kill(&self, after: Duration) {
        start_and_kill(&self.location, after);
    }

    /// Kills the product's binary, to be started again.
    pub fn kill(&self) {
        self.apart().kill();
    }

    /// Waits until the product's binary reads and writes the records again; how long that took.
    pub fn await_readiness(&self) -> Duration {
        self.apart().await_readiness()
    }

    /// What the product's binary wrote to its log.
    pub fn log(&self) -> String {
        self.apart().log()
    }

    /// The process of the product's binary.
    pub fn pid(&self) -> u32 {
        self.apart().pid()
    }

    fn apart(&self) -> &Program {
        match self.servers.first() {
            Some(Running { server: Server::Apart(serving), .. }) => serving,
            _ => panic!("no binary serves"),
        }
    }

    /// Stops every server; the folder is free then.
    pub fn stop(&mut self) {
        for Running { agent, server, .. } in self.servers.drain(..) {
            drop(agent);
            match server {
                Server::Here(serving) => serving.stop(),
                Server::Apart(serving) => serving.stop(),
            }
        }
    }

    /// Its records were brought elsewhere while no server ran: from now on it is served there.
    pub fn is_moved_to(&mut self, location: Location) {
        assert!(self.servers.is_empty(), "nobody moves what is served");
        engine::drop_database(&self.location);
        self.location = location;
        self.start();
    }

    fn forget_those_apart(&mut self) {
        self.servers.retain(|running| matches!(running.server, Server::Here(_)));
    }

    /// The folder with all records.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database as its owner opens it.
    pub fn database(&self) -> Conn {
        engine::as_owner(&self.location)
    }

    /// Where its records are.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// This story tampers on purpose: what it leaves behind is not sound, and it looks into that itself.
    pub fn is_tampered_with(&mut self) {
        self.tampered = true;
    }

    /// What `baiyo verify` finds, given checkpoints that were kept outside.
    pub fn verify(&self, outside: &[String]) -> Report {
        verify(&self.location, outside, &mut unwatched).expect("the folder can be checked")
    }

    /// What the first server serves.
    pub fn store(&self) -> &Arc<Store> {
        match self.servers.first() {
            Some(Running { server: Server::Here(serving), .. }) => serving.store(),
            _ => panic!("no server runs in this process"),
        }
    }

    /// How many servers run.
    pub fn servers(&self) -> usize {
        self.servers.len()
    }

    /// Where its first server listens, for whoever asks it by himself.
    pub fn address(&self) -> &str {
        self.server(0).0
    }

    /// Where one of its servers is.
    pub fn address_of(&self, server: usize) -> &str {
        self.server(server).0
    }

    /// Where a server listens, and what asks it.
    pub(crate) fn server(&self, number: usize) -> (&str, &ureq::Agent) {
        let running = self.servers.get(number).expect("the server runs");
        (&running.address, &running.agent)
    }

    pub(crate) fn note(&self, used: Use) {
        self.used.lock().expect("the list").insert(used);
    }

    /// Every operation asked for so far, with the status it answered: method, path template, status.
    pub fn used(&self) -> BTreeSet<Use> {
        self.used.lock().expect("the list").clone()
    }

    /// The cookie of a session of this person: the one he had, or a new one where that has ended. What is none where he
    /// cannot sign in.
    pub(crate) fn session_of(&self, member: &Member) -> String {
        let asking = |method, path: &str, cookie: &str| {
            let call = self.stranger().call(method, path).header("sec-fetch-site", "same-origin");
            call.header("cookie", cookie)
        };
        let known = self.sessions.lock().expect("the list").get(&member.id).cloned();
        if let Some(known) = known.filter(|known| asking("GET", "/me", known).send().status == 200) {
            return known;
        }
        let form = serde_json::json!({ "sign_in": member.sign_in, "password": member.password });
        let signed_in = asking("POST", "/session", "baiyo_session=x").json(&form).send();
        let cookie = signed_in.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        let cookie = cookie.unwrap_or("baiyo_session=x").to_string();
        self.sessions.lock().expect("the list").insert(member.id, cookie.clone());
        cookie
    }

    pub(crate) fn note_success(&self, operation: (String, String), sent: Sent) {
        self.succeeded.lock().expect("the list").insert(operation, sent);
    }

    /// The last request of each operation (method, path template) that succeeded.
    pub fn succeeded(&self) -> BTreeMap<(String, String), Sent> {
        self.succeeded.lock().expect("the list").clone()
    }

    /// From now on each kind of signing that would succeed is first tried without the version acted on, and on a stale
    /// one: both must be refused, for that alone. Whoever does a step is tried as its checker too.
    pub fn be_careful(&mut self) {
        self.careful = Some(Mutex::default());
    }

    /// From now on whatever takes free text is tried with something planted there first.
    pub fn plants(&mut self, texts: impl IntoIterator<Item = String>) {
        self.planting = Some(Planting::of(texts));
    }

    /// What is planted here.
    pub fn planting(&self) -> Option<&Planting> {
        self.planting.as_ref()
    }

    /// Whether somebody who did this step was refused as its checker.
    pub fn refused_own_checker(&self, template: &str) -> bool {
        let tried = self.careful.as_ref();
        tried.is_some_and(|tried| tried.lock().expect("the list").contains(&own_checker(template)))
    }

    pub(crate) fn is_careful_with(&self, template: &str) -> bool {
        let tried = self.careful.as_ref();
        tried.is_some_and(|tried| !tried.lock().expect("the list").contains(template))
    }

    pub(crate) fn was_careful_with(&self, template: &str) {
        if let Some(tried) = &self.careful {
            tried.lock().expect("the list").insert(template.to_string());
        }
    }

    /// From now on this person is the first with a role: whoever a course asks for it is he.
    pub fn assigns(&mut self, role: Role, member: &Member) {
        self.people.insert(0, Member { role, ..member.clone() });
    }

    /// Somebody joined, in the way a story tells.
    pub fn join(&mut self, member: Member) {
        self.people.push(member);
    }

    /// Puts back into force the tokens by which people ask here, where a password that was changed ended them.
    pub fn restore_tokens(&self) {
        let sql = "UPDATE api_token SET ended_at = NULL WHERE name = 'stories'";
        self.database().batch_execute(sql).expect("tokens");
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Puts the clock to a time.
    pub fn set_clock(&self, at: Time) {
        self.clock.set(at);
        self.tell_time();
    }

    /// Lets minutes pass.
    pub fn minutes(&self, minutes: i64) {
        self.clock.advance_minutes(minutes);
        self.tell_time();
    }

    /// Lets hours pass.
    pub fn hours(&self, hours: i64) {
        self.minutes(60 * hours);
    }

    /// Lets days pass.
    pub fn days(&self, days: i64) {
        self.hours(24 * days);
    }

    /// From now on everybody's tokens hold for good, whatever time passes: who works for many years makes new ones.
    pub fn hold_tokens(&self) {
        let forever =
            "UPDATE api_token SET expires_at = expires_at + 3200000000000000 WHERE ended_at IS NULL";
        self.database().batch_execute(forever).expect("their tokens");
    }

    /// A clinic.
    pub fn clinic(&self, index: usize) -> Uuid {
        self.clinics[index]
    }

    /// Everybody.
    pub fn people(&self) -> &[Member] {
        &self.people
    }

    /// The first person with a role.
    pub fn role(&self, role: Role) -> Asking<'_> {
        self.nth(role, 0)
    }

    /// Another person with a role.
    pub fn nth(&self, role: Role, index: usize) -> Asking<'_> {
        let mut found = self.people.iter().filter(|member| member.role == role);
        self.member(found.nth(index).unwrap_or_else(|| panic!("there is no {role:?} number {index}")))
    }

    /// Somebody of a clinic.
    pub fn of_clinic(&self, role: Role, clinic: usize) -> Asking<'_> {
        let clinic = Some(self.clinics[clinic]);
        let found = self.people.iter().find(|member| member.role == role && member.clinic == clinic);
        self.member(found.expect("clinics have staff"))
    }

    /// Somebody, by his account.
    pub fn member<'a>(&'a self, member: &'a Member) -> Asking<'a> {
        Asking::new(self, Some(member))
    }

    /// Nobody: a request without any sign-in.
    pub fn stranger(&self) -> Asking<'_> {
        Asking::new(self, None)
    }

    /// The technician who makes.
    pub fn technician(&self) -> Asking<'_> {
        self.nth(Role::Technician, 0)
    }

    /// The technician who checks.
    pub fn checker(&self) -> Asking<'_> {
        self.nth(Role::Technician, 1)
    }

    /// The manufacturing lead.
    pub fn lead(&self) -> Asking<'_> {
        self.role(Role::ManufacturingLead)
    }

    /// The analyst who samples and enters.
    pub fn analyst(&self) -> Asking<'_> {
        self.nth(Role::QcAnalyst, 0)
    }

    /// The second analyst.
    pub fn second_analyst(&self) -> Asking<'_> {
        self.nth(Role::QcAnalyst, 1)
    }

    /// The releaser.
    pub fn releaser(&self) -> Asking<'_> {
        self.role(Role::Releaser)
    }

    /// The facility manager.
    pub fn manager(&self) -> Asking<'_> {
        self.role(Role::FacilityManager)
    }

    /// The administrator.
    pub fn administrator(&self) -> Asking<'_> {
        self.role(Role::Administrator)
    }

    /// The inspector.
    pub fn inspector(&self) -> Asking<'_> {
        self.role(Role::Inspector)
    }

    /// The coordinator of the first clinic.
    pub fn coordinator(&self) -> Asking<'_> {
        self.of_clinic(Role::Coordinator, 0)
    }

    /// The physician of the first clinic.
    pub fn physician(&self) -> Asking<'_> {
        self.of_clinic(Role::Physician, 0)
    }

    /// Files a standard from a file below the workspace, as changed by `change`, and has it approved; its identifier.
    pub fn standard_changed(&self, file: &str, change: impl FnOnce(&mut Value)) -> Uuid {
        let path = crate::workspace().join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let read: baiyo_domain::standard::Standard =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut standard = serde_json::to_value(read).expect("a standard is JSON");
        change(&mut standard);
        let id = self.analyst().post("/standards", json!({ "standard": standard })).made();
        self.releaser().sign(&format!("/standards/{id}/approval"), json!({}), "standard_approval").ok();
        id
    }

    /// Files and approves a standard from a file below the workspace.
    pub fn standard(&self, file: &str) -> Uuid {
        self.standard_changed(file, |_| ())
    }

    /// A standard as the API shows it.
    pub fn standard_read(&self, id: Uuid) -> Value {
        self.releaser().get(&format!("/standards/{id}")).ok()
    }

    fn check(&mut self) {
        if let Some(Running { server: Server::Apart(_), .. }) = self.servers.first() {
            self.stop();
            self.start();
        }
        let agreed = self.store().read(rebuild::check).expect("the read models can be rebuilt");
        assert!(agreed.agrees(), "the read models or the evidence disagree with the journal: {agreed:?}");
        self.stop();
        let report = self.verify(&[]);
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert!(report.is_sound(), "the record is not sound: {findings:#?}");
        assert!(report.entries > 0 && report.unsealed == 0, "everything is sealed: {report:?}");
    }
}

const FALSE_CLOCK: &str = "clock";

fn agent() -> ureq::Agent {
    // Where one is sent is part of an answer.
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.max_redirects(0).max_redirects_will_error(false).build().into()
}

impl Drop for Centre {
    fn drop(&mut self) {
        if std::thread::panicking() || self.tampered || self.servers.is_empty() {
            self.forget_those_apart();
            self.stop();
        } else {
            self.check();
        }
        engine::drop_database(&self.location);
    }
}
