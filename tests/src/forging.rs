//! What the owner of the database's file can do: append entries with a consistent chain and evidence, in anybody's
//! name. He has nobody's password, so he signs with a key of his own.

use crate::centre::Centre;
use baiyo_domain::event::{Event, SCHEMA_VERSION};
use baiyo_domain::ids::{CommandId, EntryId, KeyId, PersonId};
use baiyo_domain::journal::signature::{Place, Signer, seal};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::time::Time;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::sql_types::{DbUuid, Id};
use baiyo_persistence::{Conn, journal};
use diesel::sql_types::{BigInt, Binary, Integer, Text};
use ed25519_dalek::SigningKey;
use serde_json::Value;
use uuid::Uuid;

/// The owner of the database's file, at work while the server runs.
pub struct Forger {
    conn: Conn,
    origin: String,
    secret: SigningKey,
}

impl Forger {
    /// Opens the file.
    pub fn of(centre: &Centre) -> Self {
        let checkpoint = centre.inspector().get("/checkpoint").ok();
        let vkey = checkpoint["vkey"].as_str().expect("a checkpoint was signed");
        let origin = vkey.split('+').next().expect("a name").to_string();
        Self { conn: centre.database(), origin, secret: SigningKey::from_bytes(&[7; 32]) }
    }

    /// His own public key.
    pub fn public_key(&self) -> [u8; 32] {
        self.secret.verifying_key().to_bytes()
    }

    /// The last key that is registered for a person.
    pub fn key_of(&mut self, person: Uuid) -> Uuid {
        let stream = StreamId { kind: StreamKind::Person, id: person };
        let entries = journal::entries_of(&mut self.conn, stream).expect("entries");
        let key =
            entries.iter().rev().filter(|entry| entry.kind == "person.key_registered").find_map(|entry| {
                let payload: Value = serde_json::from_slice(&entry.payload).ok()?;
                payload["event"]["person"]["key_registered"]["key"].as_str()?.parse().ok()
            });
        key.expect("a registered key")
    }

    /// Appends a signing in a person's name, as if with this key of his, over everything before it.
    pub fn append(&mut self, stream: (StreamKind, Uuid), person: Uuid, key: Uuid, event: Value) -> Uuid {
        self.append_at(None, stream, person, key, event)
    }

    /// The same, as if at this time; else as if together with the entry before it.
    pub fn append_at(
        &mut self,
        at: Option<Time>,
        stream: (StreamKind, Uuid),
        person: Uuid,
        key: Uuid,
        event: Value,
    ) -> Uuid {
        let stream = StreamId { kind: stream.0, id: stream.1 };
        let event: Event = serde_json::from_value(event).expect("an event");
        let entries = journal::entries_of(&mut self.conn, stream).expect("entries");
        let last = entries.last().expect("a stream that exists");
        let (version, previous_hash) = (last.version + 1, last.hash);
        let at = at.unwrap_or(last.recorded_at);
        let place = Place { origin: &self.origin, stream, version, previous_hash };
        let signer = Signer { person: PersonId(person), key: KeyId(key), secret: &self.secret };
        let meaning = event.meaning().expect("a signing").into();
        let covers = entries.iter().map(|entry| entry.hash).collect();
        let payload = seal(&place, &event.payload(None), &signer, meaning, at, covers).expect("a payload");
        let mut entry = Entry {
            id: EntryId(Uuid::now_v7()),
            stream,
            version,
            occurred_at: at,
            recorded_at: at,
            performer: PersonId(person),
            recorder: PersonId(person),
            command: CommandId(Uuid::now_v7()),
            kind: event.kind(),
            schema_version: SCHEMA_VERSION,
            payload,
            previous_hash,
            hash: Hash::ZERO,
        };
        entry.hash = entry.leaf_hash();
        self.insert(&entry);
        entry.id.0
    }

    fn insert(&mut self, entry: &Entry) {
        let inserted = diesel::sql_query(
            "INSERT INTO journal (id, stream_kind, stream_id, version, occurred_at, recorded_at, performer, recorder, \
             command, kind, schema_version, payload, previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind::<DbUuid, _>(Id(entry.id.0))
        .bind::<Text, _>(entry.stream.kind.name())
        .bind::<DbUuid, _>(Id(entry.stream.id))
        .bind::<Integer, _>(i32::try_from(entry.version).expect("a version"))
        .bind::<BigInt, _>(entry.occurred_at.micros())
        .bind::<BigInt, _>(entry.recorded_at.micros())
        .bind::<DbUuid, _>(Id(entry.performer.0))
        .bind::<DbUuid, _>(Id(entry.recorder.0))
        .bind::<DbUuid, _>(Id(entry.command.0))
        .bind::<Text, _>(&entry.kind)
        .bind::<Integer, _>(i32::from(entry.schema_version))
        .bind::<Binary, _>(&entry.payload)
        .bind::<Binary, _>(entry.previous_hash.0.to_vec())
        .bind::<Binary, _>(entry.hash.0.to_vec())
        .execute(&mut self.conn);
        inserted.expect("the schema takes an entry that follows its stream");
    }

    /// Writes evidence that a requirement of a container is met.
    pub fn met(&mut self, batch: Uuid, container: u64, requirement: &str, entry: Uuid) {
        let (batch, entry) = (self.id(batch), self.id(entry));
        self.sql(&format!(
            "INSERT INTO gate_fact (batch, container, requirement, state, entry) \
             VALUES ({batch}, {container}, '{requirement}', 'met', {entry})"
        ));
    }

    /// Writes evidence that a container is released.
    pub fn released(&mut self, batch: Uuid, container: u64, person: Uuid, entry: Uuid) {
        let (batch, entry, person) = (self.id(batch), self.id(entry), self.id(person));
        self.sql(&format!(
            "INSERT INTO disposition (entry, batch, container, decision, decided_by, expires_at) \
             VALUES ({entry}, {batch}, {container}, 'release', {person}, 4102444800000000)"
        ));
    }

    /// An identifier as its engine writes it.
    fn id(&self, id: Uuid) -> String {
        if self.conn.is_postgres() { format!("'{id}'") } else { format!("X'{}'", id.simple()) }
    }

    fn sql(&mut self, sql: &str) {
        diesel::sql_query(sql).execute(&mut self.conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}
