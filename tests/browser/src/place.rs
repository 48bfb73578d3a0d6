//! Where screens are looked at: a server with full records, its people, and what the table of screens leaves open.

use crate::browser::Browser;
use crate::device::{Device, Scripts, Theme};
use crate::person::Person;
use crate::screens::{Screen, Who};
use baiyo::demo;
use baiyo::jobs::{Begun, Jobs, Kind, Outcome, Said, Unfinished};
use baiyo::words::Language;
use baiyo_domain::authority::Role;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::progress::Watch;
use baiyo_persistence::store::Location;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stories::{Centre, Course, Recipe, Serving, Step, tour};
use tempfile::TempDir;
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A server, the people who sign in there, and names for what addresses leave open.
pub struct Place {
    address: String,
    people: Vec<Account>,
    named: BTreeMap<String, String>,
    /// Long work, done beside the server.
    jobs: Jobs,
}

struct Account {
    role: Role,
    sign_in: String,
    password: String,
    token: String,
}

impl Place {
    /// Fills a centre with batches in every state that the table of screens asks for.
    pub fn full(centre: &mut Centre) -> Self {
        tour::take(centre);
        let centre: &Centre = centre;
        // The tour has retired the version that it filed.
        let fresh = centre.standard_changed(FRESH, |standard| standard["version"] = json!(2));
        let run = |pseudonym, until| Course::run(centre, Recipe { pseudonym, ..Recipe::of(fresh) }, until);
        run("P-601", Step::Shipped).enter("STERILITY-14D", json!({ "values": ["growth"] }));
        let photographed = |pseudonym, until| {
            let mut course = run(pseudonym, Step::Seeded);
            tour::photograph(&course, tour::PICTURE);
            course.to(until);
            course
        };
        photographed("P-602", Step::Filled).enter("STERILITY-14D", json!({ "values": ["growth"] }));
        run("P-603", Step::Filled);
        photographed("P-604", Step::Confirmed);
        let growing = photographed("P-605", Step::Seeded);
        // Wanted before the cells can be there.
        let [from, until] = [10, 12].map(|days| centre.now().plus_hours(24 * days));
        let booked = json!({ "window": { "from": from, "until": until }, "reason": "as soon as it can be" });
        growing.coordinator().post(&format!("/orders/{}/window_change", growing.order), booked).ok();
        run("P-606", Step::Arrived);
        Course::run(centre, Recipe { pseudonym: "P-607", containers: 1, ..Recipe::of(fresh) }, Step::Infused);
        let account = |member: &stories::Member| Account {
            role: member.role,
            sign_in: member.sign_in.clone(),
            password: member.password.clone(),
            token: member.token.clone(),
        };
        let people = centre.people().iter().map(account).collect();
        Self::with(centre.address().to_string(), people, centre.folder())
    }

    fn with(address: String, people: Vec<Account>, folder: &Path) -> Self {
        let mut place = Self { address, people, named: BTreeMap::new(), jobs: Jobs::of(folder) };
        place.works();
        let invited = place.ask(
            Role::Administrator,
            "/people",
            Some(json!({ "name": "ARAI Yu", "sign_in": "arai.yu" })),
        );
        let link = format!("/people/{}/setup_link", invited["id"].as_str().expect("an identifier"));
        let made = place.ask(Role::Administrator, &link, Some(json!({ "reason": "by hand" })));
        place.call("invitation", made["token"].as_str().expect("a link"));
        place
    }

    /// One job is half done for as long as somebody looks, and one is done.
    fn works(&mut self) {
        let half = |watch: &mut Watch, _: &Path| loop {
            if watch(42, 100).is_break() {
                return Err(Unfinished::Stopped);
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let summary =
            Said { en: "3789 entries written".into(), ja: "3789件の記録を書き出しました".into() };
        let outcome = Outcome { good: true, summary, findings: Vec::new(), notes: Vec::new(), file: false };
        let (by, now) = (PersonId(Uuid::nil()), Time::from(chrono::Utc::now()));
        let begun = [
            ("job running", self.jobs.start(Kind::Verification, by, now, Box::new(half))),
            ("job finished", self.jobs.start(Kind::Export, by, now, Box::new(move |_, _| Ok(outcome)))),
        ];
        for (name, begun) in begun {
            let (Begun::Now(id) | Begun::AtWork(id)) = begun.expect("a job");
            self.call(name, &id.to_string());
        }
    }

    /// Gives what an address leaves open as `{name}` its value.
    pub fn call(&mut self, name: &str, value: &str) -> &mut Self {
        self.named.insert(name.to_string(), value.to_string());
        self
    }

    /// An address with everything in braces filled in: `{batch STATUS}` is the batch with that status which changed
    /// last, `{order STATUS}` its order, `{patient STATUS}` who that is for, `{vessel STATUS}` a vessel of it in culture, anything else what [`Place::call`] named.
    pub fn fill(&self, path: &str) -> String {
        let Some((before, rest)) = path.split_once('{') else { return path.to_string() };
        let (name, after) = rest.split_once('}').expect("a closed brace");
        let value = match name.split_once(' ') {
            Some(("batch", status)) => self.batch(status),
            Some(("vessel", status)) => self.vessel(status),
            Some(("order", status)) => {
                let batch = self.ask(Role::Releaser, &format!("/batches/{}", self.batch(status)), None);
                batch["order"].as_str().expect("an order").to_string()
            }
            Some(("patient", status)) => {
                let batch = self.ask(Role::Releaser, &format!("/batches/{}", self.batch(status)), None);
                let order = format!("/orders/{}", batch["order"].as_str().expect("an order"));
                let order = self.ask(Role::Releaser, &order, None);
                order["placed"]["patient"].as_str().expect("a patient").to_string()
            }
            Some(("person", "coordinator")) => {
                let me = self.ask(Role::Coordinator, "/me", None);
                me["person"].as_str().expect("somebody").to_string()
            }
            _ => self.named.get(name).unwrap_or_else(|| panic!("nothing here is called {name}")).clone(),
        };
        format!("{before}{value}{}", self.fill(after))
    }

    fn batch(&self, status: &str) -> String {
        let found = self.ask(Role::Releaser, &format!("/batches?status={status}"), None);
        let first = found["items"][0]["id"].as_str();
        first.unwrap_or_else(|| panic!("no batch here is {status}")).to_string()
    }

    /// The label of a vessel in culture.
    fn vessel(&self, status: &str) -> String {
        let batch = self.ask(Role::Releaser, &format!("/batches/{}", self.batch(status)), None);
        let vessels = batch["vessels"].as_array().expect("vessels");
        let growing = vessels.iter().find(|vessel| vessel["state"] == "in_culture");
        growing.expect("a vessel in culture")["label"].as_str().expect("a label").to_string()
    }

    /// Somebody in front of it, signed in where the screens of `who` ask for that.
    pub fn seats<'a>(
        &self,
        browser: &'a Browser,
        who: Who,
        device: Device,
        language: Language,
        theme: Theme,
    ) -> Person<'a> {
        let person = browser.visitor(&self.address, device, language, theme, Scripts::On);
        if let Who::Is(role) = who {
            let account = self.first(role);
            person.signs_in(&account.sign_in, &account.password);
        }
        person
    }

    fn first(&self, role: Role) -> &Account {
        let found = self.people.iter().find(|account| account.role == role);
        found.unwrap_or_else(|| panic!("nobody here is {role:?}"))
    }

    /// Asks the API for what the pictures need, or tells it.
    fn ask(&self, role: Role, path: &str, form: Option<Value>) -> Value {
        let url = format!("{}/api/v1{path}", self.address);
        let bearer = format!("Bearer {}", self.first(role).token);
        let answered = match form {
            Some(form) => {
                let request = ureq::post(&url).header("authorization", &bearer);
                request.header("content-type", "application/json").send(form.to_string())
            }
            None => ureq::get(&url).header("authorization", &bearer).call(),
        };
        let mut answer = answered.unwrap_or_else(|error| panic!("{path}: {error}"));
        let text = answer.body_mut().read_to_string().expect("an answer");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// The screens of one person after the other: who opens them, and which.
pub fn by_person(screens: &[Screen]) -> BTreeMap<Who, Vec<Screen>> {
    let mut by_person: BTreeMap<Who, Vec<Screen>> = BTreeMap::new();
    for screen in screens {
        by_person.entry(screen.who).or_default().push(*screen);
    }
    by_person
}

/// The demonstration, served with the machine's clock: fuller than any centre that a story fills.
pub struct Demonstration {
    place: Place,
    serving: Option<Serving>,
    _folder: TempDir,
}

impl Demonstration {
    /// Seeds it in a folder of its own, and serves it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let location = Location::embedded(folder.path());
        let accounts = demo::prepare(&location, &mut |_, _| ()).unwrap_or_else(|error| panic!("{error}"));
        let account = |account: demo::Account| Account {
            role: serde_json::from_value(json!(account.role)).expect("a role"),
            sign_in: account.sign_in,
            password: account.password,
            token: account.api_token,
        };
        let store = Store::open_at(&location, Arc::new(SystemClock)).expect("the store");
        let serving = Serving::start(Arc::new(store));
        let address = format!("http://{}", serving.address());
        let place = Place::with(address, accounts.into_iter().map(account).collect(), folder.path());
        Self { place, serving: Some(serving), _folder: folder }
    }

    /// Where it is looked at.
    pub fn place(&mut self) -> &mut Place {
        &mut self.place
    }
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.stop();
        }
    }
}
