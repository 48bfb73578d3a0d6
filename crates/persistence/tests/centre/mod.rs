//! A small centre on a real store, from its founding to two released containers and one rejected, everything through
//! the one write path with real accounts and passwords; and copies of its records to tamper with.

#![allow(dead_code)]

pub mod dialect;
#[path = "../../../../tests/src/engine.rs"]
pub mod engine;
pub mod forged;
pub mod forger;
pub mod forgeries;
pub mod place;

use baiyo_domain::authority::{Meaning, Role};
use baiyo_domain::batch::Batch;
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{BatchId, ClinicId, ContainerNo, OrderId, PersonId, StandardId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::site::Founding;
use baiyo_domain::standard::Standard;
use baiyo_domain::text::Short;
use baiyo_domain::time::Time;
use baiyo_persistence::accounts::{self, Invited, NewCredentials, Origin, Owner, Password};
use baiyo_persistence::clock::SetClock;
use baiyo_persistence::store::Location;
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{Answer, ExecuteError, Request, Store, StoreError, journal, reading};
use place::Place;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// Everybody's password.
pub const PASSWORD: &str = "three quiet herons";

/// The picture of the story's culture: a PNG as far as anybody looks into it, and what a camera wrote behind it.
pub const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\0IEND\xaeB`\x82spindle-shaped cells";

/// The centre while it works.
pub struct Centre {
    /// Its records.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<SetClock>,
    /// Who works there, by sign-in name.
    pub people: BTreeMap<&'static str, PersonId>,
    /// Whether everything is sealed after each command, so that a checkpoint is kept at each size.
    pub seals: bool,
}

impl Centre {
    /// Founds a centre.
    pub fn found(location: &Location) -> Self {
        let clock = Arc::new(SetClock::at(Time::from_micros(1_763_877_900_000_000).unwrap()));
        let store = Store::open_at(location, clock.clone()).unwrap();
        let link = store.first_link(24).unwrap();
        let (now, _) = store.now();
        let first = store.read(|conn| Ok::<_, StoreError>(accounts::setup_link(conn, link.as_str(), now)?));
        let first = first.unwrap().unwrap();
        let mut centre =
            Self { store, clock, people: BTreeMap::from([("admin", first.person)]), seals: false };
        centre.set_password(&first, link.as_str());
        let founding = Founding {
            name: text("Kamogawa Cell Processing Centre"),
            code: "KAMO".to_string().try_into().unwrap(),
            facility_number: None,
            zone: text("Asia/Tokyo"),
            origin: text("baiyo.example/kamo"),
            demonstration: true,
        };
        centre.store.found(founding, &first, text("Mori Aki"), PASSWORD).unwrap();
        centre
    }

    fn set_password(&mut self, invited: &Invited, link: &str) {
        let (now, _) = self.store.now();
        let password =
            Password::new(PASSWORD, &Owner { sign_in: &invited.sign_in, name: "", centre: "" }, None)
                .unwrap();
        let credentials = NewCredentials::make(invited.person, &password, now).unwrap();
        self.store.set_password(credentials, link.to_string(), None).unwrap();
    }

    /// Invites a person, registers the key, gives the role.
    pub fn employ(&mut self, name: &'static str, role: Role, clinic: Option<ClinicId>) {
        let id = PersonId(Uuid::now_v7());
        self.people.insert(name, id);
        let person = |form: Value| Command::Person(id, serde_json::from_value(form).unwrap());
        let mut invitation = json!({"name": name, "sign_in": name});
        if let Some(clinic) = clinic {
            invitation["clinic"] = json!(clinic);
        }
        self.does("admin", person(json!({"invitation": invitation})));
        let link = self.does("admin", person(json!({"setup_link": {"reason": "new"}}))).link.unwrap();
        let sign_in = name.to_string().try_into().unwrap();
        self.set_password(&Invited { person: id, sign_in }, link.as_str());
        let key =
            self.store.read(|conn| Ok::<_, StoreError>(accounts::locked_key(conn, id)?)).unwrap().unwrap();
        let mut check = json!({"key_registration": {"key": key.key(), "identity_check": "passport seen"}});
        if let Some(lead) = self.people.get("lead").filter(|lead| **lead != id) {
            check["key_registration"]["second_checker"] = json!(lead);
            let known = json!({"identity_confirmation": {"key": key.key(), "identity_check": "known well"}});
            self.signs("lead", person(known), Meaning::IdentityCheck);
        }
        self.signs("admin", person(check), Meaning::KeyRegistration);
        self.signs("admin", person(json!({"role_grant": {"role": role}})), Meaning::RoleGrant);
    }

    /// Executes a command as one person.
    pub fn does(&self, who: &str, command: Command) -> Answer {
        self.asks(who, command, None)
    }

    /// Executes a signing, with the password.
    pub fn signs(&self, who: &str, command: Command, meaning: Meaning) -> Answer {
        self.asks(who, command, Some(meaning))
    }

    fn asks(&self, who: &str, command: Command, meaning: Option<Meaning>) -> Answer {
        let what = command.action();
        let answer =
            self.tries(who, command, meaning).unwrap_or_else(|error| panic!("{who} {what}: {error:?}"));
        if self.seals {
            self.store.seal().unwrap();
        }
        answer
    }

    fn tries(&self, who: &str, command: Command, meaning: Option<Meaning>) -> Result<Answer, ExecuteError> {
        self.clock.advance_minutes(1);
        let (now, _) = self.store.now();
        let recorder = self.people[who];
        let proof = meaning.map(|meaning| {
            let key = self.store.read(|conn| Ok::<_, StoreError>(accounts::locked_key(conn, recorder)?));
            let unlocked = key.unwrap().unwrap().unlock(PASSWORD, meaning);
            let proof = self.store.write(move |conn| {
                Ok::<_, JobError<StoreError>>(accounts::reauthenticate(
                    conn,
                    &unlocked,
                    Origin::Machine,
                    now,
                )?)
            });
            proof.unwrap().unwrap()
        });
        let expected_version = command.stream().map(|stream| self.version(stream));
        let request =
            Request { recorder, source: None, command, once: None, expected_version, proof, personal: None };
        self.store.execute(request)
    }

    fn version(&self, stream: StreamId) -> u32 {
        let entries =
            self.store.read(|conn| Ok::<_, StoreError>(journal::entries_of(conn, stream)?)).unwrap();
        entries.len() as u32
    }

    /// What a batch is asked.
    pub fn batch(&self, who: &str, id: BatchId, form: Value) -> Answer {
        self.does(who, Command::Batch(id, serde_json::from_value(form).unwrap()))
    }

    /// What a person signs in a batch.
    pub fn sign_batch(&self, who: &str, id: BatchId, form: Value, meaning: Meaning) -> Answer {
        self.signs(who, Command::Batch(id, serde_json::from_value(form).unwrap()), meaning)
    }

    /// The same, where it may be refused.
    pub fn tries_to_sign(
        &self,
        who: &str,
        id: BatchId,
        form: Value,
        meaning: Meaning,
    ) -> Result<Answer, ExecuteError> {
        self.tries(who, Command::Batch(id, serde_json::from_value(form).unwrap()), Some(meaning))
    }

    /// A batch as it stands.
    pub fn state(&self, id: BatchId) -> Batch {
        let stream = StreamId { kind: StreamKind::Batch, id: id.0 };
        let world = self.store.read(|conn| reading::stream(conn, stream));
        Batch::clone(&world.unwrap().unwrap().batches[&id])
    }
}

/// A product whose tests are few and quick, so that a story needs no month.
const STANDARD: &str = r#"
code = "SHORT"
version = 1
title = { en = "Short product", ja = "短い製品" }
source = "tissue"
donor = "autologous"
retention_years = 10
pooling = "within_batch"

[process]
max_passage = 1
max_doublings = "10"
p0_doublings = "zero"
medium_interval = "30"
seeding_density = { least = "0", most = "10000000" }

[dose]
least_cells = "1"
most_cells = "1000000000"
most_concentration = "1000000000"

[keeping]
tissue = { temperature = { least = "2", most = "25" }, most_hours = "48" }
form = { fresh = { shelf_life = "2000" } }
storage = { least = "2", most = "8" }
transport = { temperature = { least = "2", most = "8" }, most_hours = "24" }
preparation = "30"
"#;

/// Code, attribute, stage, unit, criterion, and a value that passes.
const TESTS: [(&str, &str, &str, &str, &str, &str); 8] = [
    ("DONOR-PANEL", "donor_panel", r#""donor""#, "", r#""negative""#, ""),
    ("IDENTITY", "identity", r#""harvest""#, "%", r#"{ at_least = "95" }"#, "97"),
    ("APPEARANCE", "appearance", r#""fill""#, "", r#"{ text = { accepted = ["clear"] } }"#, "clear"),
    ("COUNT", "count", r#""fill""#, "cells", r#"{ at_least = "1" }"#, "1000000"),
    ("VIABILITY", "viability", r#""fill""#, "%", r#"{ at_least = "80" }"#, "92"),
    ("ENDOTOXIN", "endotoxin", r#""fill""#, "EU/mL", r#"{ below = "0.5" }"#, "<0.05"),
    ("MYCOPLASMA", "mycoplasma", r#"{ in_process = { within = "3" } }"#, "", r#""negative""#, "negative"),
    ("STERILITY", "sterility", r#""fill""#, "", r#"{ no_growth = { incubation = "336" } }"#, "no growth"),
];

fn standard() -> Standard {
    let mut file = STANDARD.to_string();
    for (code, attribute, stage, unit, criterion, _) in TESTS {
        let turnaround = if code == "STERILITY" { 360 } else { 1 };
        file += &format!(
            "\n[[tests]]\ncode = \"{code}\"\ntitle = {{ en = \"{code}\", ja = \"{code}\" }}\n\
             attribute = \"{attribute}\"\npurpose = \"mandated\"\nstage = {stage}\nmethod = \"method\"\n\
             criterion = {criterion}\nturnaround = \"{turnaround}\"\n"
        );
        if !unit.is_empty() {
            file += &format!("unit = \"{unit}\"\n");
        }
    }
    toml::from_str(&file).unwrap()
}

fn text(text: &str) -> Short {
    text.to_string().try_into().unwrap()
}

/// The finished story.
pub struct Story {
    home: Place,
    before: Place,
    people: BTreeMap<&'static str, PersonId>,
    /// The batch with its two released containers and the rejected one.
    pub batch: BatchId,
    /// Checkpoints that an outsider kept: an early one and the last.
    pub outside: [String; 2],
}

/// The story, told once for all tests of a file.
pub fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| tell(false))
}

impl Story {
    /// A copy of the records, to do with as one likes.
    pub fn copy(&self) -> Place {
        self.home.copy()
    }

    /// A copy of the records as they were just before the release.
    pub fn copy_before(&self) -> Place {
        self.before.copy()
    }

    /// The centre at work again on a copy, with everything sealed after each command.
    pub fn goes_on(&self, place: &Place) -> Centre {
        let clock = Arc::new(SetClock::at(Time::from_micros(0).unwrap()));
        let store = Store::open_at(place.location(), clock.clone()).unwrap();
        clock.set(store.now().0);
        Centre { store, clock, people: self.people.clone(), seals: true }
    }
}

/// The story from its beginning, with everything sealed after each command or only at three points.
pub fn tell(seals: bool) -> Story {
    use baiyo_domain::ids::LabelKind::{Dose, Vessel};
    let home = Place::fresh();
    let mut centre = Centre::found(home.location());
    centre.seals = seals;
    let registration = json!({"clinic_registration": {"name": "Shijo Clinic"}});
    centre.does("admin", Command::Site(serde_json::from_value(registration).unwrap()));
    let site = centre.store.read(|conn| {
        let stream = journal::site_stream(conn)?.unwrap();
        reading::stream(conn, stream)
    });
    let clinic = *site.unwrap().unwrap().site.unwrap().clinics.keys().next().unwrap();
    centre.employ("coordinator", Role::Coordinator, Some(clinic));
    centre.employ("lead", Role::ManufacturingLead, None);
    centre.employ("maker", Role::Technician, None);
    centre.employ("analyst", Role::QcAnalyst, None);
    centre.employ("releaser", Role::Releaser, None);
    centre.store.seal().unwrap();
    let early = home.latest();

    let standard_id = StandardId(Uuid::now_v7());
    let of_standard = |form: Value| Command::Standard(standard_id, serde_json::from_value(form).unwrap());
    centre.does("analyst", of_standard(json!({"draft": {"standard": standard()}})));
    centre.signs("releaser", of_standard(json!({"approval": {}})), Meaning::StandardApproval);

    let order = OrderId(Uuid::now_v7());
    let of_order = |form: Value| Command::Order(order, serde_json::from_value(form).unwrap());
    let plan = json!({"number": "PB5230001", "class": "two"});
    let placement = json!({"purpose": "therapy", "patient": Uuid::now_v7(), "personal_data": "00".repeat(32),
        "pseudonym": "P-001", "plan": plan});
    centre.does("coordinator", of_order(json!({"placement": placement})));
    let then = centre.store.now().0;
    centre.does("coordinator", of_order(json!({"consent": {"version": "3", "signed_at": then}})));
    let negative: Vec<Value> = ["hbv", "hcv", "hiv", "htlv1", "syphilis"]
        .into_iter()
        .map(|analyte| json!({"analyte": analyte, "finding": "negative"}))
        .collect();
    let screening = json!({"sampled_at": then, "laboratory": "SRL", "results": negative});
    centre.does("coordinator", of_order(json!({"donor_screening": screening})));

    let batch = BatchId(Uuid::now_v7());
    centre.batch("lead", batch, json!({"intake": {"opening": {"order": order, "standard": standard_id}}}));
    let instruct = json!({"intake": {"instruction": {"instructions": "by the standard"}}});
    centre.sign_batch("lead", batch, instruct, Meaning::Instruction);
    let world =
        centre.store.read(|conn| reading::stream(conn, StreamId { kind: StreamKind::Order, id: order.0 }));
    let order_label = world.unwrap().unwrap().orders[&order].placed.label.to_string();
    let receipt = json!({"order_label": order_label, "pseudonym": "P-001", "collected_at": then, "site": "abdomen",
        "seal_intact": true, "least_temperature": "4", "most_temperature": "8", "transport": "3", "mass": "20",
        "appearance": "yellow", "decision": "accepted"});
    centre.batch("maker", batch, json!({"intake": {"tissue_receipt": receipt}}));
    let count = json!({"method": "NucleoCounter", "replicates": [{"live": "1000000", "dead": "1000"}], "factor": "1"});
    let vessel =
        json!({"ware": "T75", "area": "75", "viable_cells": "500000", "incubator": "I1", "position": "1"});
    let isolation = json!({"method": "collagenase", "digestion": "30", "count": count, "into": [vessel]});
    centre.batch("maker", batch, json!({"culture": {"isolation": isolation}}));
    let label = centre.state(batch).opened.label.clone();
    let vessel = *centre.state(batch).vessels.keys().next().unwrap();
    let (picture, _) = centre.store.keep_blob(PICTURE.to_vec(), centre.people["maker"]).unwrap().unwrap();
    let photograph = json!({"vessels": [label.part(Vessel, vessel.0).unwrap().to_string()], "picture": {"taken": {"blob": picture}}});
    centre.batch("maker", batch, json!({"culture": {"photograph": photograph}}));
    // Somebody was shown the patient's name.
    let [row, patient, person] =
        [Uuid::now_v7(), Uuid::now_v7(), centre.people["coordinator"].0].map(dialect::id);
    let shown = format!(
        "INSERT INTO disclosure (id, patient, person, route, day, shown_at) \
         VALUES ({row}, {patient}, {person}, '/orders/{{id}}', 20000, 1728000000000000)"
    );
    let noted = centre.store.write(move |conn| conn.batch_execute(&shown).map_err(JobError::<()>::Database));
    assert!(noted.is_ok(), "{noted:?}");
    sample_and_test(&centre, batch, json!([{"vessel": vessel}]), &["MYCOPLASMA"]);
    let harvest = json!({"vessels": [label.part(Vessel, vessel.0).unwrap().to_string()], "enzyme": "5", "count": count, "washes": 3, "volume": "30"});
    centre.batch("maker", batch, json!({"filling": {"harvest": harvest}}));
    sample_and_test(&centre, batch, json!([{"harvest": 1}]), &["IDENTITY"]);
    let bag = json!({"ware": "bag", "volume": "10", "viable_cells": "300000"});
    centre.batch(
        "maker",
        batch,
        json!({"filling": {"fill": {"harvests": [1], "containers": [bag, bag, bag]}}}),
    );
    let containers: Vec<ContainerNo> = centre.state(batch).containers.keys().copied().collect();
    let applied: Vec<String> =
        containers.iter().map(|no| label.part(Dose, no.0).unwrap().to_string()).collect();
    let labels = json!({"fill": 1, "printed": 3, "applied": applied, "destroyed": 0});
    centre.batch("maker", batch, json!({"filling": {"label_reconciliation": labels}}));
    let of_fill = ["APPEARANCE", "COUNT", "VIABILITY", "ENDOTOXIN", "STERILITY"];
    sample_and_test(&centre, batch, json!([{"fill": 1}]), &of_fill);
    centre.store.seal().unwrap();

    let confirm = |who: &str| json!({"disposition": {format!("{who}_confirmation"): {}}});
    centre.sign_batch("lead", batch, confirm("manufacturing"), Meaning::ManufacturingConfirmation);
    centre.sign_batch("releaser", batch, confirm("quality"), Meaning::QualityConfirmation);
    // Nobody may be at a database while it is copied.
    let Centre { store, clock, people, .. } = centre;
    drop(store);
    let before = home.copy();
    let store = Store::open_at(home.location(), clock.clone()).unwrap();
    let centre = Centre { store, clock, people, seals };
    let release =
        json!({"disposition": {"deciding": {"containers": containers[..2], "decision": "release"}}});
    centre.sign_batch("releaser", batch, release, Meaning::Disposition);
    let reject = json!({"disposition": {"deciding": {"containers": containers[2..],
        "decision": {"reject": {"reason": "leaking bag"}}}}});
    centre.sign_batch("releaser", batch, reject, Meaning::Disposition);
    centre.store.seal().unwrap();
    let last = home.latest();
    let Centre { people, .. } = centre;
    Story { home, before, people, batch, outside: [early, last] }
}

fn sample_and_test(centre: &Centre, batch: BatchId, subjects: Value, tests: &[&str]) {
    let sampling = json!({"subjects": subjects, "tests": tests});
    centre.batch("analyst", batch, json!({"testing": {"sampling": sampling}}));
    let sample = *centre.state(batch).samples.keys().next_back().unwrap();
    let inoculated = centre.store.now().0;
    if tests.contains(&"STERILITY") {
        centre.clock.advance_minutes(337 * 60);
    }
    for code in tests {
        let (_, _, _, unit, _, value) = TESTS.iter().find(|test| test.0 == *code).unwrap();
        let mut form = json!({"sample": sample, "test": code, "values": [value], "method": "method"});
        if !unit.is_empty() {
            form["unit"] = json!(unit);
        }
        if *code == "STERILITY" {
            form["inoculated_at"] = json!(inoculated);
        }
        let entered = centre.batch("analyst", batch, json!({"testing": {"result": form}}));
        assert_eq!(entered.entries.len(), 1, "{code} is met");
        let result = *centre.state(batch).results.keys().next_back().unwrap();
        let verify = json!({"testing": {"verification": {"result": result}}});
        centre.sign_batch("releaser", batch, verify, Meaning::Verification);
    }
}
