//! What an inspector takes away: the entries that belong to one batch, or all, with their places in the tree and the
//! newest checkpoint. Plain data; its outside form is `exchange`'s.

use crate::error::StoreError;
use crate::sealing::{self, node, tree_index};
use crate::store::Store;
use crate::{Conn, journal};
use baiyo_domain::batch::{Batch, performed};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{BatchId, PersonId};
use baiyo_domain::journal::checkpoint::Checkpoint;
use baiyo_domain::journal::tree::{self, TreeError};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::people;
use baiyo_domain::world::World;
use std::collections::BTreeSet;
use uuid::Uuid;

/// What every extract begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The log's origin.
    pub origin: String,
    /// The log's public key, in its C2SP text form.
    pub vkey: String,
    /// The newest checkpoint's note.
    pub note: String,
    /// How many entries that checkpoint covers.
    pub size: u64,
}

/// An entry with its place under the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// The entry.
    pub entry: Entry,
    /// Its index in the tree, if the checkpoint covers it.
    pub tree_index: Option<u64>,
    /// The hashes that lead from it to the checkpoint's root, where they were asked for.
    pub proof: Option<Vec<Hash>>,
}

/// The newest checkpoint and the log's key; nothing before the first sealing.
///
/// # Errors
/// The database, or a newest checkpoint that is not this log's.
pub fn head(store: &Store) -> Result<Option<Head>, StoreError> {
    let note = store.read(|conn| sealing::newest_note(conn).map_err(StoreError::from))?;
    let (Some(verifier), Some(note)) = (sealing::verifier(store)?, note) else { return Ok(None) };
    let opened =
        Checkpoint::open(&note, &verifier).map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(Some(Head { origin: opened.origin, vkey: verifier.to_string(), note, size: opened.size }))
}

/// Hands every entry of the journal to `take`, in insertion order, a page at a time; without proofs, since whoever
/// has all entries makes the tree himself.
///
/// # Errors
/// The database, or the first error of `take`.
pub fn everything<E: From<StoreError>>(
    store: &Store,
    head: &Head,
    take: &mut dyn FnMut(Extracted) -> Result<(), E>,
) -> Result<(), E> {
    let mut last = 0;
    loop {
        let page = store.read(|conn| -> Result<_, StoreError> {
            let page = journal::page_after(conn, last, PAGE)?;
            page.into_iter()
                .map(|(seq, entry)| Ok((seq, placed(conn, entry, head)?)))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let Some((newest, _)) = page.last() else { return Ok(()) };
        last = *newest;
        for (_, extracted) in page {
            take(extracted)?;
        }
    }
}

const PAGE: i64 = 500;

/// The whole streams that a batch's record rests on, with proofs: its own, its order's, its standard's, those of its
/// quality events and of the batches its cells come from, the centre's, and of everybody who signed or is named.
/// Nothing where there is no such batch.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn of_batch(store: &Store, head: &Head, batch: BatchId) -> Result<Option<Vec<Extracted>>, StoreError> {
    store.read(|conn| {
        let mut world = World::default();
        load(conn, &mut world, StreamKind::Batch, batch.0)?;
        let Some(found) = world.batches.get(&batch).cloned() else { return Ok(None) };
        let ancestors = ancestors(conn, &mut world, &found)?;
        let mut streams: Vec<StreamId> = journal::site_stream(conn)?.into_iter().collect();
        let mut stream = |kind, id| streams.push(StreamId { kind, id });
        stream(StreamKind::Order, found.opened.order.0);
        stream(StreamKind::Standard, found.opened.standard_id.0);
        found.quality_events.keys().for_each(|event| stream(StreamKind::QualityEvent, event.0));
        ancestors.iter().for_each(|id| stream(StreamKind::Batch, id.0));
        stream(StreamKind::Batch, batch.0);
        streams.iter().try_for_each(|stream| load(conn, &mut world, stream.kind, stream.id))?;

        let mut people: BTreeSet<PersonId> =
            streams.iter().flat_map(|stream| world.entries(*stream)).flat_map(named).collect();
        let mut unread: Vec<PersonId> = people.iter().copied().collect();
        while let Some(person) = unread.pop() {
            let stream = StreamId { kind: StreamKind::Person, id: person.0 };
            load(conn, &mut world, stream.kind, stream.id)?;
            let more = world.entries(stream).flat_map(named);
            unread.extend(more.filter(|person| people.insert(*person)).collect::<Vec<_>>());
        }
        let persons = people.into_iter().map(|person| StreamId { kind: StreamKind::Person, id: person.0 });
        let streams: Vec<StreamId> = streams.into_iter().chain(persons).collect();

        let mut extracted = Vec::new();
        for entry in streams.iter().flat_map(|stream| world.entries(*stream)) {
            let mut placed = placed(conn, entry.clone(), head)?;
            if let Some(index) = placed.tree_index {
                let proof = tree::inclusion_proof(index, head.size, |level, index| node(conn, level, index));
                placed.proof = Some(proof.map_err(broken)?);
            }
            extracted.push(placed);
        }
        Ok(Some(extracted))
    })
}

fn load(conn: &mut Conn, world: &mut World, kind: StreamKind, id: Uuid) -> Result<(), StoreError> {
    let stream = StreamId { kind, id };
    if !world.has(stream) {
        world.load(stream, journal::entries_of(conn, stream)?)?;
    }
    Ok(())
}

/// The batches that a batch's cells come from, however far back.
fn ancestors(conn: &mut Conn, world: &mut World, batch: &Batch) -> Result<BTreeSet<BatchId>, StoreError> {
    let mut found: BTreeSet<BatchId> = BTreeSet::new();
    let mut unread: Vec<BatchId> = batch.parents.keys().copied().collect();
    while let Some(id) = unread.pop() {
        if id != batch.id && found.insert(id) {
            load(conn, world, StreamKind::Batch, id.0)?;
            unread.extend(world.batches.get(&id).into_iter().flat_map(|parent| parent.parents.keys()));
        }
    }
    Ok(found)
}

/// Everybody whom an entry names: who did and recorded it, who checked, who signed.
fn named(entry: &Entry) -> Vec<PersonId> {
    let mut people = vec![entry.performer, entry.recorder];
    if let Ok((event, signature)) = Event::read(entry) {
        people.extend(signature.map(|signature| signature.person));
        match &event {
            Event::Batch(fact) => {
                people.extend(
                    performed::of(fact)
                        .into_iter()
                        .flat_map(|performed| [performed.by, performed.checked_by])
                        .flatten(),
                );
            }
            Event::Person(people::Event::KeyRegistered(key)) => people.extend(key.second_checker),
            _ => {}
        }
    }
    people
}

fn placed(conn: &mut Conn, entry: Entry, head: &Head) -> Result<Extracted, StoreError> {
    let tree_index = tree_index(conn, entry.id.0)?.filter(|index| *index < head.size);
    Ok(Extracted { entry, tree_index, proof: None })
}

fn broken(error: TreeError<diesel::result::Error>) -> StoreError {
    StoreError::Database(format!("the tree: {error}"))
}
