//! A centre in memory: its journal, its clock, its people with real keys. It runs a command as the persistence
//! does (needs, load, decide, seal, append), so that what is tested here is what happens there.

#![allow(dead_code, unused_imports, reason = "each test file uses its own part of this")]

mod course;
mod steps;

pub use course::{Course, Labels, Until, count, instruction, vessels};
pub use steps::{GOOD, passing};

use baiyo_domain::authority::{Meaning, Reauthenticated, Role};
use baiyo_domain::batch::gate::{Blocker, gate};
use baiyo_domain::batch::{self, Batch, performed};
use baiyo_domain::blob::Blob;
use baiyo_domain::decision::{Append, Command, Context, FreshLabels, decide};
use baiyo_domain::event::{Event, SCHEMA_VERSION};
use baiyo_domain::ids::*;
use baiyo_domain::journal::signature::{Place, Signer, seal};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::people::{
    self, IdentityConfirmation, Invitation, KeyMade, KeyRegistration, PublicKey, RoleGrant,
};
use baiyo_domain::quantity::Number;
use baiyo_domain::refusal::{Reason, Refusal};
use baiyo_domain::site::{ClinicRegistration, Founding};
use baiyo_domain::standard::{self, Code, Standard};
use baiyo_domain::time::Time;
use baiyo_domain::world::{Need, World, further_needs, needs};
use baiyo_domain::{order, quality_event, site};
use ed25519_dalek::SigningKey;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const ORIGIN: &str = "baiyo.example/tkyo";

/// Any text, number or quantity from its digits or words.
pub fn of<T: TryFrom<String>>(text: &str) -> T {
    T::try_from(text.to_string()).unwrap_or_else(|_| panic!("{text:?} does not fit"))
}

/// A quantity.
pub fn q<T: TryFrom<Number>>(digits: &str) -> T {
    T::try_from(of::<Number>(digits)).unwrap_or_else(|_| panic!("{digits} does not fit"))
}

/// A test's code.
pub fn code(text: &str) -> Code {
    of(text)
}

/// The people of a small centre and its clinic.
#[derive(Clone, Copy, Debug)]
pub struct Staff {
    pub administrator: PersonId,
    pub manager: PersonId,
    pub technician: PersonId,
    pub lead: PersonId,
    pub analyst: PersonId,
    pub second_analyst: PersonId,
    pub releaser: PersonId,
    pub coordinator: PersonId,
    pub physician: PersonId,
}

/// How a command is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// With whatever meaning it needs.
    AsNeeded,
    /// Not at all.
    Never,
    /// With this meaning.
    As(Meaning),
}

/// A centre in memory.
#[derive(Clone)]
pub struct Centre {
    pub now: Time,
    pub clock_behind: bool,
    /// The version that whoever commands says he has seen, made of the newest.
    pub seen: fn(u32) -> Option<u32>,
    pub staff: Staff,
    pub clinic: ClinicId,
    pub site: SiteId,
    pub streams: BTreeMap<StreamId, Vec<Entry>>,
    /// The facts of each batch as they were decided, never written nor read back.
    pub fresh: BTreeMap<BatchId, Vec<(batch::Stamp, batch::Event)>>,
    /// Files that were handed in.
    pub blobs: BTreeMap<Hash, Blob>,
    keys: BTreeMap<PersonId, (KeyId, SigningKey)>,
    anchor: Option<PublicKey>,
    standards: BTreeMap<String, StandardId>,
    ids: Cell<u128>,
    serial: Cell<u32>,
    /// Entries of which it was seen that they count alike when they follow and in the whole history.
    followed: RefCell<BTreeSet<EntryId>>,
    /// Everything as it stands, where many batches are made one after the other; else each command loads what it needs,
    /// as the persistence does.
    standing: Option<World>,
}

impl Centre {
    /// A founded centre with its staff, each with a role and a registered key.
    pub fn open() -> Self {
        let nobody = PersonId(Uuid::nil());
        let staff = Staff {
            administrator: nobody,
            manager: nobody,
            technician: nobody,
            lead: nobody,
            analyst: nobody,
            second_analyst: nobody,
            releaser: nobody,
            coordinator: nobody,
            physician: nobody,
        };
        let mut centre = Self {
            now: "2026-01-05T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into(),
            clock_behind: false,
            seen: Some,
            staff,
            clinic: ClinicId(Uuid::nil()),
            site: SiteId(Uuid::nil()),
            streams: BTreeMap::new(),
            fresh: BTreeMap::new(),
            blobs: BTreeMap::new(),
            keys: BTreeMap::new(),
            anchor: None,
            standards: BTreeMap::new(),
            ids: Cell::new(1),
            serial: Cell::new(0),
            followed: RefCell::default(),
            standing: None,
        };
        centre.found();
        let hire = |centre: &mut Self, name, role| centre.hire(name, role);
        centre.staff.manager = hire(&mut centre, "manager", Role::FacilityManager);
        centre.staff.technician = hire(&mut centre, "technician", Role::Technician);
        centre.staff.lead = hire(&mut centre, "lead", Role::ManufacturingLead);
        centre.staff.analyst = hire(&mut centre, "analyst", Role::QcAnalyst);
        centre.staff.second_analyst = hire(&mut centre, "analyst.two", Role::QcAnalyst);
        centre.staff.releaser = hire(&mut centre, "releaser", Role::Releaser);
        centre.staff.coordinator = hire(&mut centre, "coordinator", Role::Coordinator);
        centre.staff.physician = hire(&mut centre, "physician", Role::Physician);
        centre
    }

    fn found(&mut self) {
        self.site = SiteId(self.id());
        let administrator = PersonId(self.id());
        self.staff.administrator = administrator;
        let founding = Founding {
            name: of("Example centre"),
            code: of("TKYO"),
            facility_number: None,
            zone: of("Asia/Tokyo"),
            origin: of(ORIGIN),
            demonstration: false,
        };
        self.write(administrator, StreamKind::Site, self.site.0, site::Event::from(founding));
        let invitation = Invitation { name: of("administrator"), sign_in: of("administrator"), clinic: None };
        let person = StreamKind::Person;
        let invited = people::Event::from(people::Invited { invitation });
        self.write(administrator, person, administrator.0, invited);
        let (key, public_key) = self.new_key(administrator);
        self.anchor = Some(public_key);
        let identity_check = of("founder");
        let registered = people::KeyRegistered { key, public_key, identity_check, second_checker: None };
        self.write(administrator, person, administrator.0, people::Event::from(registered));
        let grant = people::Event::from(RoleGrant { role: Role::Administrator });
        self.write(administrator, person, administrator.0, grant);
        let clinic = ClinicRegistration { name: of("Example clinic"), number: None };
        self.run(administrator, Command::Site(clinic.into())).unwrap();
        let world = self.world_for(administrator, &Command::Site(site::Command::from(founding_again())));
        self.clinic = *world.site.unwrap().clinics.keys().next().unwrap();
    }

    /// The same centre at a later time, beside others that make batches of their own: what it makes is numbered apart
    /// from theirs, and nothing is folded twice.
    pub fn beside(&self, number: u32, now: Time) -> Self {
        const LABELS_EACH: u32 = 8;
        let mut other = self.clone();
        other.now = now;
        other.ids.set(u128::from(number + 1) << 64);
        other.serial.set(self.serial.get() + number * LABELS_EACH);
        let standing = other.standing.get_or_insert_with(|| World::anchored(self.anchor));
        for (stream, entries) in &self.streams {
            if !standing.has(*stream) {
                standing.load(*stream, entries.clone()).unwrap();
            }
        }
        other
    }

    /// Takes a person on, registers a key and gives a role.
    pub fn hire(&mut self, name: &str, role: Role) -> PersonId {
        let person = self.invite(name, matches!(role, Role::Coordinator | Role::Physician));
        self.grant(person, role).unwrap();
        person
    }

    /// Takes a person on and registers a key.
    pub fn invite(&mut self, name: &str, of_clinic: bool) -> PersonId {
        let person = PersonId(self.id());
        let clinic = of_clinic.then_some(self.clinic);
        let invitation = Invitation { name: of(name), sign_in: of(name), clinic };
        self.person(self.staff.administrator, person, invitation).unwrap();
        let key = self.set_password(person);
        // As soon as there is somebody who can, he signs for whom he knows.
        let nobody = PersonId(Uuid::nil());
        let second_checker = Some(self.staff.manager).filter(|manager| *manager != nobody);
        if let Some(second) = second_checker {
            let confirmation = IdentityConfirmation { key, identity_check: of("known from school") };
            self.person(second, person, confirmation).unwrap();
        }
        let form = KeyRegistration { key, identity_check: of("passport seen"), second_checker };
        self.person(self.staff.administrator, person, form).unwrap();
        person
    }

    /// Gives a role.
    pub fn grant(&mut self, person: PersonId, role: Role) -> Result<Vec<EntryId>, Refusal> {
        self.person(self.staff.administrator, person, RoleGrant { role })
    }

    /// A person sets a password, as by a link, and makes a key under it.
    pub fn set_password(&mut self, person: PersonId) -> KeyId {
        let (key, public_key) = self.new_key(person);
        let made = people::Event::from(KeyMade { key, public_key });
        self.write(person, StreamKind::Person, person.0, made);
        key
    }

    fn new_key(&mut self, person: PersonId) -> (KeyId, PublicKey) {
        let key = KeyId(self.id());
        let mut seed = [7; 32];
        seed[..16].copy_from_slice(key.0.as_bytes());
        let secret = SigningKey::from_bytes(&seed);
        let public = PublicKey(secret.verifying_key().to_bytes());
        self.keys.insert(person, (key, secret));
        (key, public)
    }

    /// A person's key, to forge with.
    pub fn key_of(&self, person: PersonId) -> (KeyId, SigningKey) {
        let (key, secret) = &self.keys[&person];
        (*key, secret.clone())
    }

    /// A new identifier.
    pub fn id(&self) -> Uuid {
        self.ids.set(self.ids.get() + 1);
        Uuid::from_u128(self.ids.get())
    }

    /// Lets time pass.
    pub fn hours(&mut self, hours: i64) {
        self.now = self.now.plus_hours(hours);
    }

    /// Lets time pass.
    pub fn days(&mut self, days: i64) {
        self.hours(24 * days);
    }

    fn orders_of(&self, patient: PatientId) -> Vec<StreamId> {
        let orders = self.streams.keys().filter(|stream| stream.kind == StreamKind::Order);
        let placed = |stream: &&StreamId| {
            let first = self.entries(**stream).into_iter().next();
            first.is_some_and(|entry| match Event::read(&entry).unwrap().0 {
                Event::Order(order::Event::Placed(placed)) => placed.placement.patient == patient,
                _ => false,
            })
        };
        orders.filter(placed).copied().collect()
    }

    /// The world a command is decided in, loaded as the persistence loads it.
    pub fn world_for(&self, who: PersonId, command: &Command) -> World {
        let mut world = World::default();
        world.anchor = self.anchor;
        let mut done = BTreeSet::new();
        let mut missing = needs(command, who);
        while !missing.is_empty() {
            for need in missing {
                let streams: Vec<StreamId> = match &need {
                    Need::Site => vec![StreamId { kind: StreamKind::Site, id: self.site.0 }],
                    Need::Stream(stream) => vec![*stream],
                    Need::BatchLabelled(label) => self.batch_labelled(label).into_iter().collect(),
                    Need::Blob(hash) => {
                        world.blobs.extend(self.blobs.get(hash).map(|blob| (*hash, *blob)));
                        vec![]
                    }
                    Need::OrdersOf(patient) => self.orders_of(*patient),
                    Need::People => self
                        .streams
                        .keys()
                        .filter(|stream| stream.kind == StreamKind::Person)
                        .copied()
                        .collect(),
                };
                for stream in streams {
                    world.load(stream, self.entries(stream)).unwrap();
                }
                done.insert(need);
            }
            missing = further_needs(command, &world).difference(&done).cloned().collect();
        }
        world
    }

    fn batch_labelled(&self, label: &Label) -> Option<StreamId> {
        let opened = |entry: &Entry| match Event::read(entry) {
            Ok((Event::Batch(batch::Event::Intake(batch::intake::Event::Opened(opened))), _)) => {
                Some(opened.label.clone())
            }
            _ => None,
        };
        let mut batches = self.streams.iter().filter(|(stream, _)| stream.kind == StreamKind::Batch);
        let ours = |entries: &[Entry]| entries.first().and_then(opened).is_some_and(|l| l.same_serial(label));
        batches.find(|(_, entries)| ours(entries)).map(|(stream, _)| *stream)
    }

    /// A stream's entries.
    pub fn entries(&self, stream: StreamId) -> Vec<Entry> {
        self.streams.get(&stream).cloned().unwrap_or_default()
    }

    /// Runs a command, signed as it needs.
    pub fn run(&mut self, who: PersonId, command: Command) -> Result<Vec<EntryId>, Refusal> {
        self.run_signed(who, command, Signing::AsNeeded)
    }

    /// Runs a command.
    pub fn run_signed(
        &mut self,
        who: PersonId,
        command: Command,
        signing: Signing,
    ) -> Result<Vec<EntryId>, Refusal> {
        self.now = self.now.plus(chrono::TimeDelta::seconds(1));
        let loaded;
        let world = match &self.standing {
            Some(standing) => standing,
            None => {
                loaded = self.world_for(who, &command);
                &loaded
            }
        };
        let labels = self.fresh_labels(&command);
        let actor = world.actor(who, self.now).expect("the actor is known");
        let stream = command.stream().or(world.site_stream());
        let expected_version = stream.and_then(|stream| (self.seen)(world.version(stream)));
        let ids = || self.id();
        let now = self.now;
        let clock_behind = self.clock_behind;
        let context =
            Context { world, now, clock_behind, actor: &actor, expected_version, labels, ids: &ids };
        let proof = |meaning| {
            let (key, secret) = self.keys[&who].clone();
            Reauthenticated::proven(who, key, secret, meaning)
        };
        let decided = match signing {
            Signing::Never => decide(&command, &context, None),
            Signing::As(meaning) => decide(&command, &context, Some(&proof(meaning))),
            Signing::AsNeeded => match decide(&command, &context, None) {
                Err(refusal) => match refusal.reasons.as_slice() {
                    [Reason::SignatureNeeded { meaning }] => {
                        decide(&command, &context, Some(&proof(*meaning)))
                    }
                    _ => Err(refusal),
                },
                decided => decided,
            },
        };
        match decided {
            Ok(appends) => Ok(self.append(who, appends.0)),
            Err(refusal) => {
                self.append(who, refusal.record.0.clone());
                Err(refusal)
            }
        }
    }

    fn fresh_labels(&self, command: &Command) -> FreshLabels {
        if !["order.placement", "batch.intake.opening"].contains(&command.action().as_str()) {
            return FreshLabels::default();
        }
        let fresh = |kind| {
            loop {
                self.serial.set(self.serial.get() + 1);
                if let Some(label) = Label::new(kind, &of("TKYO"), 26, self.serial.get()) {
                    return Some(label);
                }
            }
        };
        FreshLabels { order: fresh(LabelKind::Order), batch: fresh(LabelKind::Batch) }
    }

    fn append(&mut self, who: PersonId, appends: Vec<Append>) -> Vec<EntryId> {
        let command = CommandId(self.id());
        let streams: BTreeSet<StreamId> = appends.iter().map(|append| append.stream).collect();
        let entries = appends.into_iter().map(|append| self.seal(who, command, append)).collect();
        if let Some(standing) = &mut self.standing {
            for stream in streams {
                standing.load(stream, self.streams[&stream].clone()).unwrap();
            }
        }
        entries
    }

    fn seal(&mut self, who: PersonId, command: CommandId, append: Append) -> EntryId {
        let id = EntryId(self.id());
        let Append { stream, event, covers } = append;
        let entries = self.streams.entry(stream).or_default();
        let version = u32::try_from(entries.len() + 1).unwrap();
        let previous_hash = entries.last().map_or(Hash::ZERO, |entry| entry.hash);
        let head = match &event {
            Event::Batch(fact) => performed::of(fact).cloned().unwrap_or_default(),
            _ => Default::default(),
        };
        let mut payload = event.payload(None);
        if let (Some(meaning), Some((key, secret))) = (event.meaning(), self.keys.get(&who)) {
            let place = Place { origin: ORIGIN, stream, version, previous_hash };
            let signer = Signer { person: who, key: *key, secret };
            payload = seal(&place, &payload, &signer, meaning.into(), self.now, covers).unwrap();
        }
        let mut entry = Entry {
            id,
            stream,
            version,
            occurred_at: head.at.unwrap_or(self.now),
            recorded_at: self.now,
            performer: head.by.unwrap_or(who),
            recorder: who,
            command,
            kind: event.kind(),
            schema_version: SCHEMA_VERSION,
            payload,
            previous_hash,
            hash: Hash::ZERO,
        };
        entry.hash = entry.leaf_hash();
        assert_eq!(Event::read(&entry).unwrap().0, event, "what is read back is what was decided");
        if let Event::Batch(fact) = event {
            self.fresh.entry(BatchId(stream.id)).or_default().push((batch::Stamp::of(&entry), fact));
        }
        entries.push(entry);
        id
    }

    /// Writes an entry past every rule, as whoever owns the database could.
    pub fn write(&mut self, who: PersonId, kind: StreamKind, id: Uuid, event: impl Into<Event>) -> EntryId {
        let append = Append { stream: StreamId { kind, id }, event: event.into(), covers: Vec::new() };
        self.append(who, vec![append]).remove(0)
    }

    /// Runs a form on a person.
    pub fn person(
        &mut self,
        who: PersonId,
        person: PersonId,
        form: impl Into<people::Command>,
    ) -> Result<Vec<EntryId>, Refusal> {
        self.run(who, Command::Person(person, form.into()))
    }

    /// Runs a form on an order.
    pub fn order(
        &mut self,
        who: PersonId,
        order: OrderId,
        form: impl Into<order::Command>,
    ) -> Result<Vec<EntryId>, Refusal> {
        self.run(who, Command::Order(order, form.into()))
    }

    /// Runs a form on a batch.
    pub fn batch(
        &mut self,
        who: PersonId,
        batch: BatchId,
        form: impl Into<batch::Command>,
    ) -> Result<Vec<EntryId>, Refusal> {
        self.run(who, Command::Batch(batch, form.into()))
    }

    /// Runs a form on a quality event.
    pub fn event(
        &mut self,
        who: PersonId,
        event: QualityEventId,
        form: impl Into<quality_event::Command>,
    ) -> Result<Vec<EntryId>, Refusal> {
        self.run(who, Command::QualityEvent(event, form.into()))
    }

    /// A file of the product's standards, or of the fixtures.
    pub fn read_standard(name: &str) -> Standard {
        let roots = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let places = ["config/standards", "tests/fixtures/standards"];
        let paths = roots.flat_map(|root| places.map(|place| root.join(place).join(format!("{name}.toml"))));
        let path = paths.into_iter().find(|path| path.exists()).unwrap();
        toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The approved standard of this name, drafted and approved on first use.
    pub fn standard(&mut self, name: &str) -> StandardId {
        match self.standards.get(name) {
            Some(id) => *id,
            None => self.approve(name, Self::read_standard(name)),
        }
    }

    /// Drafts and approves a standard under a name.
    pub fn approve(&mut self, name: &str, standard: Standard) -> StandardId {
        let id = StandardId(self.id());
        let draft = standard::Draft { standard };
        self.run(self.staff.lead, Command::Standard(id, draft.into())).unwrap();
        let approval = standard::Approval { remark: None };
        self.run(self.staff.releaser, Command::Standard(id, approval.into())).unwrap();
        self.standards.insert(name.into(), id);
        id
    }

    /// A batch as its stored history tells it.
    pub fn state(&self, batch: BatchId) -> Batch {
        if let Some(standing) = &self.standing {
            return Batch::clone(&standing.batches[&batch]);
        }
        let stream = StreamId { kind: StreamKind::Batch, id: batch.0 };
        let entries = self.entries(stream);
        let mut world = World::default();
        world.load(stream, entries.clone()).unwrap();
        if let Some((newest, earlier)) = entries.split_last()
            && self.followed.borrow_mut().insert(newest.id)
        {
            // However a test came here, the newest entry counts as it does in the whole history.
            let (mut before, mut followed) = (World::default(), World::default());
            before.load(stream, earlier.to_vec()).unwrap();
            followed.follow(&before, stream, [newest.clone()]).unwrap();
            assert_eq!(followed.batches, world.batches);
        }
        Batch::clone(&world.batches[&batch])
    }

    /// What blocks a container now.
    pub fn blockers(&self, batch: BatchId, container: ContainerNo) -> Vec<Blocker> {
        let answer = gate(&self.state(batch), self.now);
        answer.blockers(container).into_iter().map(|(blocker, _)| blocker.clone()).collect()
    }

    /// The quality events that touch a batch.
    pub fn quality_event(&self, event: QualityEventId) -> quality_event::QualityEvent {
        let stream = StreamId { kind: StreamKind::QualityEvent, id: event.0 };
        let mut world = World::default();
        world.load(stream, self.entries(stream)).unwrap();
        quality_event::QualityEvent::clone(&world.quality_events[&event])
    }
}

fn founding_again() -> ClinicRegistration {
    ClinicRegistration { name: of("any"), number: None }
}

/// The blockers named in a refusal.
pub fn blocked_by(refusal: &Refusal) -> Vec<Blocker> {
    let blocker = |reason: &Reason| match reason {
        Reason::Blocked { blocker, .. } => Some(blocker.clone()),
        _ => None,
    };
    refusal.reasons.iter().filter_map(blocker).collect()
}

/// The codes of a refusal's reasons.
pub fn codes(refusal: &Refusal) -> Vec<String> {
    refusal.reasons.iter().map(Reason::code).collect()
}
