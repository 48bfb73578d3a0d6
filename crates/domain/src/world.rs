//! What a decision knows: the streams loaded for it, folded; which streams a command needs; and whether the
//! signatures among them verify.

mod trust;

use crate::authority::{Actor, Role, roles_for};
use crate::batch::{self, Batch, Stamp, distribution, intake};
use crate::blob::Blob;
use crate::decision::Command;
use crate::event::Event;
use crate::ids::{BatchId, Label, OrderId, PatientId, PersonId, QualityEventId, SiteId, StandardId};
use crate::journal::{Entry, Hash, StreamId, StreamKind};
use crate::order::Order;
use crate::people::{Person, PublicKey};
use crate::quality_event::QualityEvent;
use crate::refusal::Impossible;
use crate::site::Site;
use crate::standard::Filed;
use crate::time::Time;
use crate::{order, people, quality_event};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything loaded for one decision. What it holds may be shared with other worlds, and is cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The centre.
    pub site: Option<Arc<Site>>,
    /// People.
    pub people: BTreeMap<PersonId, Arc<Person>>,
    /// Standards' versions.
    pub standards: BTreeMap<StandardId, Arc<Filed>>,
    /// Orders.
    pub orders: BTreeMap<OrderId, Arc<Order>>,
    /// Batches.
    pub batches: BTreeMap<BatchId, Arc<Batch>>,
    /// Quality events.
    pub quality_events: BTreeMap<QualityEventId, Arc<QualityEvent>>,
    /// Blobs that the command names, as far as there are any.
    pub blobs: BTreeMap<Hash, Blob>,
    /// The first administrator's public key, kept outside the database: where every chain of keys ends.
    pub anchor: Option<PublicKey>,
    streams: BTreeMap<StreamId, Arc<Vec<Arc<Entry>>>>,
}

/// Something a decision needs to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The centre's stream.
    Site,
    /// A stream.
    Stream(StreamId),
    /// The stream of the batch with this label's serial, if there is one.
    BatchLabelled(Label),
    /// The streams of everybody.
    People,
    /// The streams of all orders of a patient.
    OrdersOf(PatientId),
    /// What a blob is, if there is one of this hash.
    Blob(Hash),
}

impl World {
    /// Nothing loaded, with the key where every chain of keys ends.
    pub fn anchored(anchor: Option<PublicKey>) -> Self {
        Self { anchor, ..Self::default() }
    }

    /// Takes in a stream's entries, oldest first.
    ///
    /// # Errors
    /// A history that cannot have happened: a finding about the stored data.
    pub fn load(
        &mut self,
        stream: StreamId,
        entries: impl IntoIterator<Item: Into<Arc<Entry>>>,
    ) -> Result<(), Impossible> {
        let entries: Vec<Arc<Entry>> = entries.into_iter().map(Into::into).collect();
        let mut facts = Vec::with_capacity(entries.len());
        for entry in &entries {
            facts.push((Stamp::of(entry), Event::read(entry)?.0));
        }
        self.fold(stream, facts)?;
        self.streams.insert(stream, entries.into());
        Ok(())
    }

    /// Takes in a stream's facts, oldest first, as somebody read them from its entries; those are not kept.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn fold(&mut self, stream: StreamId, facts: Vec<(Stamp, Event)>) -> Result<(), Impossible> {
        macro_rules! fold {
            ($variant:ident, $id:expr, $state:ty) => {{
                let mut state = None;
                for (_, event) in &facts {
                    if let Event::$variant(event) = event {
                        state = Some(<$state>::evolve(state, $id, event)?);
                    }
                }
                state.map(Arc::new)
            }};
        }
        match stream.kind {
            StreamKind::Site => self.site = fold!(Site, SiteId(stream.id), Site),
            StreamKind::Person => {
                let id = PersonId(stream.id);
                self.people.extend(fold!(Person, id, Person).map(|person| (id, person)));
            }
            StreamKind::Standard => {
                let id = StandardId(stream.id);
                self.standards.extend(fold!(Standard, id, Filed).map(|filed| (id, filed)));
            }
            StreamKind::Order => {
                let id = OrderId(stream.id);
                self.orders.extend(fold!(Order, id, Order).map(|order| (id, order)));
            }
            StreamKind::QualityEvent => {
                let id = QualityEventId(stream.id);
                self.quality_events.extend(fold!(QualityEvent, id, QualityEvent).map(|event| (id, event)));
            }
            StreamKind::Batch if !facts.is_empty() => {
                let id = BatchId(stream.id);
                let of_batch = facts.into_iter().filter_map(|(stamp, event)| match event {
                    Event::Batch(event) => Some((stamp, event)),
                    _ => None,
                });
                self.batches.insert(id, Batch::fold(id, &of_batch.collect::<Vec<_>>())?.into());
            }
            StreamKind::Batch | StreamKind::Attempts => {}
        }
        Ok(())
    }

    /// Takes in what follows in a stream that an earlier world knows: as [`World::load`] of both together.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn follow(
        &mut self,
        earlier: &World,
        stream: StreamId,
        new: impl IntoIterator<Item: Into<Arc<Entry>>>,
    ) -> Result<(), Impossible> {
        let new: Vec<Arc<Entry>> = new.into_iter().map(Into::into).collect();
        let mut entries: Vec<_> =
            earlier.streams.get(&stream).map(|known| known.to_vec()).unwrap_or_default();
        entries.extend(new.iter().cloned());
        let known = earlier.batches.get(&BatchId(stream.id)).filter(|_| stream.kind == StreamKind::Batch);
        let Some(known) = known else { return self.load(stream, entries) };
        let mut facts = Vec::with_capacity(new.len());
        for entry in &new {
            if let Event::Batch(event) = Event::read(entry)?.0 {
                facts.push((Stamp::of(entry), event));
            }
        }
        self.batches.insert(known.id, Batch::clone(known).followed_by(&facts)?.into());
        self.streams.insert(stream, entries.into());
        Ok(())
    }

    /// Takes a stream over from another world as it is there; nothing where that one does not know it.
    pub fn share(&mut self, other: &World, stream: StreamId) {
        macro_rules! share {
            ($states:ident, $id:expr) => {
                self.$states.extend(other.$states.get(&$id).map(|state| ($id, Arc::clone(state))))
            };
        }
        let Some(entries) = other.streams.get(&stream) else { return };
        self.streams.insert(stream, Arc::clone(entries));
        match stream.kind {
            StreamKind::Site => self.site = other.site.clone(),
            StreamKind::Person => share!(people, PersonId(stream.id)),
            StreamKind::Standard => share!(standards, StandardId(stream.id)),
            StreamKind::Order => share!(orders, OrderId(stream.id)),
            StreamKind::Batch => share!(batches, BatchId(stream.id)),
            StreamKind::QualityEvent => share!(quality_events, QualityEventId(stream.id)),
            StreamKind::Attempts => {}
        }
    }

    /// Whether a stream was loaded, even if it is empty.
    pub fn has(&self, stream: StreamId) -> bool {
        self.streams.contains_key(&stream)
    }

    /// The stream's entries as loaded, oldest first.
    pub fn entries(&self, stream: StreamId) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        let entries = self.streams.get(&stream).map(|entries| entries.as_slice());
        entries.unwrap_or_default().iter().map(AsRef::as_ref)
    }

    /// The stream's newest entry.
    pub fn newest(&self, stream: StreamId) -> Option<&Entry> {
        self.entries(stream).next_back()
    }

    /// The streams that were loaded, even if they are empty.
    pub fn loaded(&self) -> impl Iterator<Item = StreamId> {
        self.streams.keys().copied()
    }

    /// When the newest of the loaded entries was recorded.
    pub fn newest_recorded(&self) -> Time {
        let newest =
            self.streams.values().filter_map(|entries| entries.last()).map(|entry| entry.recorded_at);
        newest.max().unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into())
    }

    /// The stream's newest version; 0 where it is empty.
    pub fn version(&self, stream: StreamId) -> u32 {
        self.newest(stream).map_or(0, |entry| entry.version)
    }

    /// The stream's newest hash.
    pub fn head(&self, stream: StreamId) -> Hash {
        self.newest(stream).map_or(Hash::ZERO, |entry| entry.hash)
    }

    /// The centre's stream.
    pub fn site_stream(&self) -> Option<StreamId> {
        self.site.as_ref().map(|site| StreamId { kind: StreamKind::Site, id: site.id.0 })
    }

    /// Whether anybody but these could, before an instant, sign for who somebody is: a person with a registered key and
    /// a role that confirms identities.
    pub fn somebody_could_confirm(&self, but: &[PersonId], before: Time) -> bool {
        let confirming = roles_for("person.identity_confirmation");
        let streams = self.streams.iter().filter(|(stream, _)| stream.kind == StreamKind::Person);
        let others = streams.filter(|(stream, _)| !but.contains(&PersonId(stream.id)));
        others.map(|(_, entries)| entries).any(|entries| {
            let mut keys = 0_usize;
            let mut held: Vec<Role> = Vec::new();
            for entry in entries.iter().filter(|entry| entry.recorded_at < before) {
                match Event::read(entry) {
                    Ok((Event::Person(people::Event::KeyRegistered(_)), _)) => keys += 1,
                    Ok((Event::Person(people::Event::RoleGrant(grant)), _)) => held.push(grant.role),
                    Ok((Event::Person(people::Event::RoleEnd(end)), _)) => {
                        held.retain(|role| *role != end.role);
                    }
                    Ok((Event::Person(people::Event::Departure(_)), _)) => held.clear(),
                    _ => {}
                }
            }
            keys > 0 && held.iter().any(|role| confirming.contains(role))
        })
    }

    /// Who acts now: the person with the roles in force; nothing for a stranger or one who left.
    pub fn actor(&self, person: PersonId, now: Time) -> Option<Actor> {
        let known = self.people.get(&person).filter(|known| !known.left)?;
        Some(Actor { person, roles: known.roles_at(now), clinic: known.clinic })
    }

    /// A batch and every loaded one its cells come from.
    pub fn ancestors(&self, batch: BatchId) -> BTreeSet<BatchId> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![batch];
        while let Some(id) = waiting.pop() {
            if found.insert(id) {
                waiting.extend(self.batches.get(&id).into_iter().flat_map(|batch| batch.parents.keys()));
            }
        }
        found
    }
}

/// What a command names itself: to be loaded first.
pub fn needs(command: &Command, recorder: PersonId) -> BTreeSet<Need> {
    let mut needs = BTreeSet::from([Need::Site]);
    let mut stream = |kind, id| {
        needs.insert(Need::Stream(StreamId { kind, id }));
    };
    stream(StreamKind::Person, recorder.0);
    if let Some(aimed) = command.stream() {
        stream(aimed.kind, aimed.id);
    }
    match command {
        Command::Site(_) | Command::Standard(..) => {}
        Command::Person(_, form) => {
            if let people::Command::KeyRegistration(_) = form {
                needs.insert(Need::People);
            }
        }
        Command::Order(_, form) => match form {
            order::Command::UrgentRequest(request) => stream(StreamKind::Batch, request.batch.0),
            // Nothing is ordered any more for somebody whose name was erased.
            order::Command::Placement(placement) => {
                needs.insert(Need::OrdersOf(placement.patient));
            }
            _ => {}
        },
        Command::QualityEvent(_, form) => {
            let named: &[BatchId] = match form {
                quality_event::Command::Report(report) => &report.batches,
                quality_event::Command::Linking(linking) => &linking.batches,
                quality_event::Command::Assessment(_) | quality_event::Command::Closing(_) => &[],
            };
            named.iter().for_each(|batch| stream(StreamKind::Batch, batch.0));
        }
        Command::Batch(_, form) => {
            batch::performed::named(form).iter().for_each(|person| stream(StreamKind::Person, person.0));
            match form {
                batch::Command::Intake(intake::Command::Opening(opening)) => {
                    stream(StreamKind::Order, opening.order.0);
                    stream(StreamKind::Standard, opening.standard.0);
                    opening.bank.iter().for_each(|draw| stream(StreamKind::Batch, draw.batch.0));
                }
                batch::Command::Culture(batch::culture::Command::PoolingIn(form)) => {
                    stream(StreamKind::Batch, form.other.0);
                }
                batch::Command::Distribution(distribution::Command::Allocation(form)) => {
                    stream(StreamKind::Order, form.order.0);
                }
                _ => {}
            }
            needs.extend(batch::performed::labels(form).into_iter().map(Need::BatchLabelled));
            needs.extend(batch::performed::blobs(form).into_iter().map(Need::Blob));
        }
    }
    needs
}

/// What else must be loaded before the command can be decided, as far as what is loaded tells; ask again until nothing
/// is missing.
pub fn further_needs(command: &Command, world: &World) -> BTreeSet<Need> {
    let mut needs = BTreeSet::new();
    let mut stream = |kind, id| {
        needs.insert(Need::Stream(StreamId { kind, id }));
    };
    match command {
        Command::Order(id, form) => {
            let erasing = matches!(
                form,
                order::Command::ErasureProposal(_)
                    | order::Command::ErasureWithdrawal(_)
                    | order::Command::ErasureConfirmation(_)
            );
            let aimed = world.orders.get(id);
            let patient = aimed.filter(|_| erasing).map(|order| order.placed.placement.patient);
            let of_patient = |order: &&Arc<Order>| Some(order.placed.placement.patient) == patient;
            let orders = world.orders.values().filter(of_patient).chain(aimed);
            let batches = orders.flat_map(|order| &order.batches);
            batches.for_each(|batch| stream(StreamKind::Batch, batch.0));
            needs.extend(patient.map(Need::OrdersOf));
        }
        Command::QualityEvent(id, _) => {
            let linked = world.quality_events.get(id).map(|e| e.batches.keys().copied().collect::<Vec<_>>());
            linked.into_iter().flatten().for_each(|batch| stream(StreamKind::Batch, batch.0));
        }
        Command::Site(_) | Command::Person(..) | Command::Standard(..) | Command::Batch(..) => {}
    }
    let signatures_count = command.rests_on_signatures(world);
    // Whatever batch is touched: its order, the batches its cells came from and went to.
    for batch in world.batches.values() {
        let mut stream = |kind, id| {
            needs.insert(Need::Stream(StreamId { kind, id }));
        };
        stream(StreamKind::Order, batch.opened.order.0);
        let allocated = batch.containers.values().filter_map(|container| container.allocated);
        allocated.for_each(|(order, _, _)| stream(StreamKind::Order, order.0));
        if signatures_count {
            stream(StreamKind::Standard, batch.opened.standard_id.0);
        }
        batch.parents.keys().chain(&batch.children).for_each(|id| stream(StreamKind::Batch, id.0));
        let closing = batch::Command::Distribution(distribution::Closing { remark: None }.into());
        if matches!(command, Command::Batch(_, form) if form.name() == closing.name()) {
            batch.quality_events.keys().for_each(|event| stream(StreamKind::QualityEvent, event.0));
        }
    }
    if signatures_count {
        // Whether a first key needed a second person depends on who else was there.
        needs.insert(Need::People);
        signers(command, world).into_iter().for_each(|person| {
            needs.insert(Need::Stream(StreamId { kind: StreamKind::Person, id: person.0 }));
        });
    }
    needs.retain(|need| !matches!(need, Need::Stream(stream) if world.has(*stream)));
    needs
}

/// Everybody whose signature the entries of the aimed batch and its ancestors carry, and who signed for their
/// keys.
fn signers(command: &Command, world: &World) -> BTreeSet<PersonId> {
    let people = world.people.keys().map(|person| StreamId { kind: StreamKind::Person, id: person.0 });
    let aimed = match command {
        Command::Batch(id, _) => world.ancestors(*id),
        _ => BTreeSet::new(),
    };
    let batches = aimed.into_iter().map(|id| StreamId { kind: StreamKind::Batch, id: id.0 });
    let standards =
        world.standards.keys().map(|standard| StreamId { kind: StreamKind::Standard, id: standard.0 });
    let streams = batches.chain(people).chain(standards);
    let entries = streams.flat_map(|stream| world.entries(stream));
    let signature = |entry: &Entry| Event::read(entry).ok().and_then(|(_, signature)| signature);
    entries.filter_map(signature).map(|signature| signature.person).collect()
}

/// Whether one of these roles is in force for a person at an instant.
pub fn holds_role(world: &World, person: PersonId, roles: &[Role], now: Time) -> bool {
    world.actor(person, now).is_some_and(|actor| actor.has_any(roles))
}
