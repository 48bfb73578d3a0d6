//! The one write path: load what the command needs, decide, append with chain hashes and signatures, and write
//! evidence, read models and the idempotency key in the same transaction.

use crate::accounts::Token;
use crate::clock::Timekeeper;
use crate::engine::postgres::{self, Held};
use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::journal::{self, insert_entries};
use crate::keystore::SealedPersonal;
use crate::remembered::{self, Unread};
use crate::schema::{batch_row, idempotency, serial};
use crate::sql_types::Id;
use crate::store::Store;
use crate::writer::{JobError, WriteError};
use crate::{accounts, blobs, erasing, evidence, keystore, reading};
use baiyo_domain::attempts;
use baiyo_domain::authority::Reauthenticated;
use baiyo_domain::batch::{self, Stamp};
use baiyo_domain::decision::{Append, Appends, Command, Context, FreshLabels, decide};
use baiyo_domain::event::{Event, SCHEMA_VERSION};
use baiyo_domain::ids::{ClinicId, CommandId, EntryId, Label, LabelKind, PatientId, PersonId};
use baiyo_domain::journal::signature::{self, Place, Signer};
use baiyo_domain::journal::source::Source;
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind};
use baiyo_domain::order;
use baiyo_domain::people::{self, PublicKey};
use baiyo_domain::refusal::{Impossible, Reason, Refusal};
use baiyo_domain::standard;
use baiyo_domain::time::Time;
use baiyo_domain::world::{Need, World, further_needs, needs};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What is asked of the one write path.
pub struct Request {
    /// Who is signed in.
    pub recorder: PersonId,
    /// From where it is asked.
    pub source: Option<Source>,
    /// What is asked.
    pub command: Command,
    /// The caller's key for doing it exactly once, with the fingerprint of what was sent (secrets left out).
    pub once: Option<(String, Hash)>,
    /// The version the caller acted on.
    pub expected_version: Option<u32>,
    /// Proof that the caller has just given his password, for signings.
    pub proof: Option<Reauthenticated>,
    /// A patient's encrypted name and birth date, stored beside the command.
    pub personal: Option<PersonalRow>,
}

/// A patient's encrypted personal data with its blind index.
pub struct PersonalRow {
    /// The patient.
    pub patient: PatientId,
    /// The clinic.
    pub clinic: ClinicId,
    /// What was sealed.
    pub sealed: SealedPersonal,
    /// The blind index over name and birth date.
    pub index: [u8; 32],
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The command.
    pub command: CommandId,
    /// The entries it appended, in order.
    pub entries: Vec<Appended>,
    /// Whether it is the answer to the first of several equal requests.
    #[serde(skip)]
    pub replayed: bool,
    /// The one-time link that was asked for: shown once, so a replayed answer has none.
    #[serde(skip)]
    pub link: Option<Token>,
}

/// One appended entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// Its identifier.
    pub entry: EntryId,
    /// Its stream, `kind/uuid`.
    pub stream: String,
    /// Its version.
    pub version: u32,
    /// Its kind.
    pub kind: String,
}

/// Why a command did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Refused, with every reason.
    #[error("refused")]
    Refused(Vec<Reason>),
    /// The key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// So many attempts of this person were refused within a minute that no further one is recorded.
    #[error("too many refused attempts; wait {seconds} s")]
    TooMany {
        /// Seconds until the next one counts.
        seconds: u64,
    },
    /// The password that a signing rests on was changed after it was given.
    #[error("the password was changed meanwhile")]
    PasswordChanged,
    /// The recorder is not known, or has left.
    #[error("the person is not known")]
    Stranger,
    /// The stored history of a stream cannot have happened.
    #[error("the stored history cannot have happened: {0}")]
    Impossible(#[from] Impossible),
    /// The database cannot take it now.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database was lost before it said whether this was kept.
    #[error("it is not known whether it was kept: {0}")]
    Unknown(String),
}

impl From<Unread> for JobError<ExecuteError> {
    fn from(error: Unread) -> Self {
        match error {
            Unread::Database(error) => Self::Database(error),
            Unread::Impossible(why) => Self::Own(why.into()),
        }
    }
}

impl From<StoreError> for ExecuteError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Impossible(impossible) => Self::Impossible(impossible),
            StoreError::Unknown(reason) => Self::Unknown(reason),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

type Outcome = Result<Answer, Vec<Reason>>;

impl Store {
    /// Executes a command: durable when it returns. What a refused attempt leaves on record is durable too.
    ///
    /// # Errors
    /// Every reason why not; see [`ExecuteError`].
    pub fn execute(&self, request: Request) -> Result<Answer, ExecuteError> {
        let time = self.time.clone();
        let patient = request.personal.as_ref().map(|row| row.patient);
        let erases = matches!(&request.command, Command::Order(_, order::Command::ErasureConfirmation(_)));
        let anchor = self.keys.anchor().map_err(|error| ExecuteError::Unavailable(error.to_string()))?;
        let outcome = self.write_again(move |conn| run(conn, &request, &time, anchor));
        let unused = match &outcome {
            Ok(Ok(answer)) => answer.replayed,
            Ok(Err(_)) | Err(WriteError::Job(_)) => true,
            Err(WriteError::Unavailable(_) | WriteError::Unknown(_)) => false,
        };
        // A patient's key is durable before the entry that needs it; where there is none, it is of no use.
        if let Some(patient) = patient.filter(|_| unused)
            && let Err(error) = self.keys.destroy_patient_key(patient)
        {
            tracing::warn!(%error, "the key of a patient who was not recorded stays behind");
        }
        // First the entry, then the key: what is cut short between the two is ended when the server seals, or starts.
        if erases
            && matches!(outcome, Ok(Ok(_)) | Err(WriteError::Unknown(_)))
            && let Err(error) = self.finish_erasures()
        {
            tracing::error!(%error, "the key of an erased patient may be there still; it is tried again");
        }
        match outcome {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(reasons)) => Err(ExecuteError::Refused(reasons)),
            Err(WriteError::Job(error)) => Err(error),
            Err(WriteError::Unavailable(reason)) => Err(ExecuteError::Unavailable(reason)),
            Err(WriteError::Unknown(reason)) => Err(ExecuteError::Unknown(reason)),
        }
    }

    /// Records an attempt that was refused before it became a command.
    ///
    /// # Errors
    /// The records cannot be written.
    pub fn record_attempt(
        &self,
        person: PersonId,
        source: Option<Source>,
        action: String,
        aimed_at: String,
        reasons: Vec<String>,
    ) -> Result<(), ExecuteError> {
        let time = self.time.clone();
        let attempt = attempts::RefusedAttempt { action, stream: aimed_at, reasons };
        let outcome = self.write_again(move |conn| {
            let mut appends = Appends::new();
            appends.push(StreamKind::Attempts, person.0, attempts::Event::from(attempt.clone()));
            let (now, _) = time.now();
            if let Some(seconds) = wait_after_attempts(conn, person, now)? {
                return Err(JobError::Own(ExecuteError::TooMany { seconds }));
            }
            let author = Author { recorder: person, source: source.as_ref(), now, proof: None };
            let answer = append(conn, &World::default(), appends, &author)?;
            time.recorded(now);
            Ok(answer)
        });
        match outcome {
            Ok(_) => Ok(()),
            Err(WriteError::Job(error)) => Err(error),
            Err(WriteError::Unavailable(reason)) => Err(ExecuteError::Unavailable(reason)),
            Err(WriteError::Unknown(reason)) => Err(ExecuteError::Unknown(reason)),
        }
    }
}

fn run(
    conn: &mut Conn,
    request: &Request,
    time: &Timekeeper,
    anchor: Option<PublicKey>,
) -> Result<Outcome, JobError<ExecuteError>> {
    if let Some(first) = first_answer(conn, request)? {
        return Ok(Ok(first));
    }
    let world = load_locked(conn, &request.command, request.recorder, anchor)?;
    // The same request may have been decided at another node while this one waited for it.
    if conn.is_postgres()
        && let Some(first) = first_answer(conn, request)?
    {
        return Ok(Ok(first));
    }
    // Another node may have recorded later than this one's clock says.
    time.recorded(world.newest_recorded());
    let (now, clock_behind) = time.now();
    let outcome = decide_and_append(conn, request, &world, now, clock_behind)?;
    time.recorded(now);
    Ok(outcome)
}

fn decide_and_append(
    conn: &mut Conn,
    request: &Request,
    world: &World,
    now: Time,
    clock_behind: bool,
) -> Result<Outcome, JobError<ExecuteError>> {
    let actor = world.actor(request.recorder, now).ok_or(JobError::Own(ExecuteError::Stranger))?;
    if let Some(proof) = &request.proof
        && !accounts::holds(conn, proof)?
    {
        return Err(JobError::Own(ExecuteError::PasswordChanged));
    }
    let labels = fresh_labels(conn, world, &request.command, now)?;
    let ctx = Context {
        world,
        now,
        clock_behind,
        actor: &actor,
        expected_version: request.expected_version,
        labels: labels.clone(),
        ids: &Uuid::now_v7,
    };
    let (recorder, source, proof) = (request.recorder, request.source.as_ref(), request.proof.as_ref());
    let author = Author { recorder, source, now, proof };
    let decided = decide(&request.command, &ctx, proof);
    match decided {
        Ok(appends) => {
            let taken = names_taken(conn, &request.command)?;
            if !taken.is_empty() {
                return Ok(Err(taken));
            }
            let mut answer = append(conn, world, appends, &author)?;
            use_labels(conn, &labels, &request.command)?;
            answer.link = keep_accounts(conn, &request.command, now)?;
            if let Some(patient) = erased_by(&request.command, world) {
                keystore::erase_personal(conn, patient)?;
            }
            if let Some(row) = &request.personal {
                keystore::store_personal(conn, row.patient, row.clinic, &row.sealed, &[row.index])?;
            }
            remember(conn, request, &answer, now)?;
            Ok(Ok(answer))
        }
        Err(Refusal { reasons, mut record }) => {
            let is_attempt = |append: &Append| append.stream.kind == StreamKind::Attempts;
            if record.0.iter().any(is_attempt)
                && let Some(seconds) = wait_after_attempts(conn, request.recorder, now)?
            {
                record.0.retain(|append| !is_attempt(append));
                // What a wrong scan leaves behind is kept, however many came before it.
                if record.0.is_empty() {
                    return Err(JobError::Own(ExecuteError::TooMany { seconds }));
                }
            }
            if !record.0.is_empty() {
                append(conn, world, record, &author)?;
            }
            Ok(Err(reasons))
        }
    }
}

/// Refused attempts of one person that are recorded within a minute.
const ATTEMPTS_A_MINUTE: u32 = 60;

/// The seconds until another refused attempt of a person is recorded; nothing where it is now.
pub(crate) fn wait_after_attempts(conn: &mut Conn, person: PersonId, now: Time) -> QueryResult<Option<u64>> {
    let stream = StreamId { kind: StreamKind::Attempts, id: person.0 };
    let Some(newest) = journal::newest_of(conn, stream)? else { return Ok(None) };
    let Some(version) = newest.version.checked_sub(ATTEMPTS_A_MINUTE - 1).filter(|version| *version > 0)
    else {
        return Ok(None);
    };
    let earlier = journal::recorded_at(conn, stream, version)?;
    let left = earlier.map_or(0, |earlier| 60 - now.since(earlier).num_seconds());
    Ok(u64::try_from(left).ok().filter(|seconds| *seconds > 0))
}

/// Loads every stream a command needs and, where other nodes write as well, holds it: what is decided on stays so until
/// the decision is recorded. Which streams those are is known once they are read; so they are locked in their order
/// and read again, until reading finds no further one.
fn load_locked(
    conn: &mut Conn,
    command: &Command,
    recorder: PersonId,
    anchor: Option<PublicKey>,
) -> Result<World, JobError<ExecuteError>> {
    let mut world = load(conn, command, recorder, anchor)?;
    if !conn.is_postgres() {
        return Ok(world);
    }
    let aimed = command.stream();
    // Of what a command is not aimed at, these are only read. The centre's own forms name no stream.
    let only_read = |stream: StreamId| match stream.kind {
        StreamKind::Person | StreamKind::Standard => Some(stream) != aimed,
        StreamKind::Site => aimed.is_some(),
        _ => false,
    };
    let held = |stream| if only_read(stream) { Held::Shared } else { Held::Alone };
    let mut locked: BTreeMap<StreamId, Held> = BTreeMap::new();
    loop {
        let wanted = world.loaded().chain(aimed).filter(|stream| !locked.contains_key(stream));
        let missing: BTreeMap<StreamId, Held> = wanted.map(|stream| (stream, held(stream))).collect();
        if missing.is_empty() {
            return Ok(world);
        }
        postgres::lock_streams(conn, &missing)?;
        locked.extend(missing);
        world = load(conn, command, recorder, anchor)?;
    }
}

/// Loads every stream a command needs: where it rests on signatures, on what the database holds, not on what was read of
/// it before.
fn load(
    conn: &mut Conn,
    command: &Command,
    recorder: PersonId,
    anchor: Option<PublicKey>,
) -> Result<World, JobError<ExecuteError>> {
    let world = load_by(remembered::load, conn, command, recorder, anchor)?;
    match command.rests_on_signatures(&world) {
        true => load_by(remembered::load_whole, conn, command, recorder, anchor),
        false => Ok(world),
    }
}

/// Loads until nothing is missing.
fn load_by(
    read: fn(&mut Conn, StreamId, &mut World) -> Result<(), Unread>,
    conn: &mut Conn,
    command: &Command,
    recorder: PersonId,
    anchor: Option<PublicKey>,
) -> Result<World, JobError<ExecuteError>> {
    let mut world = World::anchored(anchor);
    let mut asked = BTreeSet::new();
    let mut missing = needs(command, recorder);
    while !missing.is_empty() {
        for need in missing {
            let streams: Vec<StreamId> = match &need {
                Need::Site => journal::site_stream(conn)?.into_iter().collect(),
                Need::Stream(stream) => vec![*stream],
                Need::BatchLabelled(label) => batch_labelled(conn, label)?.into_iter().collect(),
                Need::People => journal::streams_of(conn, StreamKind::Person)?,
                Need::OrdersOf(patient) => erasing::orders_of(conn, *patient)?,
                Need::Blob(hash) => {
                    let known = blobs::known(conn, *hash)?;
                    world.blobs.extend(known.map(|blob| (*hash, blob)));
                    Vec::new()
                }
            };
            for stream in streams {
                if world.has(stream) {
                    continue;
                }
                read(conn, stream, &mut world)?;
            }
            asked.insert(need);
        }
        missing = further_needs(command, &world).difference(&asked).cloned().collect();
    }
    Ok(world)
}

fn batch_labelled(conn: &mut Conn, label: &Label) -> QueryResult<Option<StreamId>> {
    if label.kind() == LabelKind::Order {
        // Orders are numbered apart from batches.
        return Ok(None);
    }
    let found: Option<Id> = batch_row::table
        .filter(batch_row::serial.eq(reading::serial_of(label)))
        .select(batch_row::id)
        .first(conn)
        .optional()?;
    Ok(found.map(|id| StreamId { kind: StreamKind::Batch, id: id.0 }))
}

struct Author<'a> {
    recorder: PersonId,
    source: Option<&'a Source>,
    now: Time,
    proof: Option<&'a Reauthenticated>,
}

fn append(
    conn: &mut Conn,
    world: &World,
    appends: Appends,
    author: &Author,
) -> Result<Answer, JobError<ExecuteError>> {
    let origin = match (&world.site, appends.0.first().map(|first| &first.event)) {
        (Some(site), _) => site.founding.origin.to_string(),
        (None, Some(Event::Site(baiyo_domain::site::Event::Founding(founding)))) => {
            founding.origin.to_string()
        }
        (None, _) => String::new(),
    };
    let command = CommandId(Uuid::now_v7());
    let mut streams: BTreeMap<StreamId, Vec<Entry>> = BTreeMap::new();
    // Streams of which the world knows nothing.
    let mut others = World::anchored(world.anchor);
    let mut order = Vec::new();
    for Append { stream, event, covers } in appends.0 {
        if !world.has(stream) && !others.has(stream) {
            match stream.kind {
                // Attempts are never folded, and somebody may have made very many.
                StreamKind::Attempts => {
                    let newest = journal::newest_of(conn, stream)?;
                    others.load(stream, newest).map_err(|why| JobError::Own(why.into()))?;
                }
                _ => remembered::load(conn, stream, &mut others)?,
            }
        }
        let known = if world.has(stream) { world } else { &others };
        let new = streams.entry(stream).or_default();
        let last = new.last().or(known.newest(stream));
        let (version, previous_hash) = last.map_or((1, Hash::ZERO), |last| (last.version + 1, last.hash));
        // A stream that was not locked (attempts) may have grown at a node whose clock is ahead.
        let recorded_at = last.map_or(author.now, |last| last.recorded_at.max(author.now));
        let (performer, occurred_at) = performed(&event, author);
        let mut payload = event.payload(author.source);
        if let Some(meaning) = event.meaning() {
            // The decision has refused every signing without its proof.
            let proof = author
                .proof
                .ok_or(JobError::Own(ExecuteError::Refused(vec![Reason::SignatureNeeded { meaning }])))?;
            let place = Place { origin: &origin, stream, version, previous_hash };
            let signer = Signer { person: proof.person(), key: proof.key(), secret: proof.signing() };
            payload = signature::seal(&place, &payload, &signer, meaning.into(), author.now, covers)
                .map_err(|error| JobError::Own(ExecuteError::Unavailable(error.to_string())))?;
        }
        let mut entry = Entry {
            id: EntryId(Uuid::now_v7()),
            stream,
            version,
            occurred_at,
            recorded_at,
            performer,
            recorder: author.recorder,
            command,
            kind: event.kind(),
            schema_version: SCHEMA_VERSION,
            payload,
            previous_hash,
            hash: Hash::ZERO,
        };
        entry.hash = entry.leaf_hash();
        order.push(entry.clone());
        new.push(entry);
    }
    insert_entries(conn, &order)?;
    let mut after = World::anchored(world.anchor);
    for (stream, new) in streams {
        let before = if world.has(stream) { world } else { &others };
        after.follow(before, stream, new).map_err(|why| JobError::Own(ExecuteError::Impossible(why)))?;
        conn.remembered.keep(&after, stream);
    }
    for (id, is) in &after.batches {
        let was = world.batches.get(id).or(others.batches.get(id));
        evidence::record(conn, was.map(AsRef::as_ref), is)?;
    }
    reading::refresh(conn, &after)?;
    let entries = order.iter().map(|entry| Appended {
        entry: entry.id,
        stream: entry.stream.to_string(),
        version: entry.version,
        kind: entry.kind.clone(),
    });
    Ok(Answer { command, entries: entries.collect(), replayed: false, link: None })
}

/// Who did what an entry records, and when: as its form says, else the recorder, now.
fn performed(event: &Event, author: &Author) -> (PersonId, Time) {
    let stamp = Stamp {
        entry: EntryId(Uuid::nil()),
        version: 0,
        hash: Hash::ZERO,
        occurred_at: author.now,
        recorded_at: author.now,
        performer: author.recorder,
        recorder: author.recorder,
    };
    match event {
        Event::Batch(fact) => match batch::performed::of(fact) {
            Some(performed) => (performed.by(&stamp), performed.at(&stamp)),
            None => (author.recorder, author.now),
        },
        _ => (author.recorder, author.now),
    }
}

/// Names that were given once and never again: sign-in names, and a standard's code with its version.
fn names_taken(conn: &mut Conn, command: &Command) -> QueryResult<Vec<Reason>> {
    Ok(match command {
        Command::Person(_, people::Command::Invitation(invitation))
            if accounts::person_named(conn, &invitation.sign_in)?.is_some() =>
        {
            vec![Reason::SignInTaken]
        }
        Command::Standard(_, standard::Command::Draft(draft))
            if reading::has_standard(conn, &draft.standard.code, draft.standard.version)? =>
        {
            vec![Reason::StandardVersionTaken]
        }
        _ => Vec::new(),
    })
}

/// An account opens with the invitation and closes with the departure; between them its password is set by links.
fn keep_accounts(conn: &mut Conn, command: &Command, now: Time) -> QueryResult<Option<Token>> {
    let Command::Person(person, form) = command else { return Ok(None) };
    match form {
        people::Command::Invitation(invitation) => {
            accounts::open_account(conn, *person, &invitation.sign_in)?;
            Ok(None)
        }
        people::Command::SetupLink(_) => {
            accounts::make_setup_link(conn, *person, now, accounts::LINK_HOURS).map(Some)
        }
        people::Command::Departure(_) => {
            accounts::close_account(conn, *person, now)?;
            Ok(None)
        }
        // Whoever signed in before two people knew who it was signs in again.
        people::Command::KeyRegistration(_) => {
            accounts::end_all(conn, *person, now)?;
            Ok(None)
        }
        people::Command::IdentityConfirmation(_)
        | people::Command::RoleGrant(_)
        | people::Command::RoleEnd(_)
        | people::Command::Deputyship(_)
        | people::Command::DeputyshipEnd(_) => Ok(None),
    }
}

/// Whose name a command erases.
fn erased_by(command: &Command, world: &World) -> Option<PatientId> {
    let Command::Order(id, order::Command::ErasureConfirmation(_)) = command else { return None };
    world.orders.get(id).map(|order| order.placed.placement.patient)
}

fn first_answer(conn: &mut Conn, request: &Request) -> Result<Option<Answer>, JobError<ExecuteError>> {
    let Some((key, fingerprint)) = &request.once else { return Ok(None) };
    let known: Option<(Vec<u8>, String)> = idempotency::table
        .filter(idempotency::person.eq(Id(request.recorder.0)).and(idempotency::key.eq(key)))
        .select((idempotency::fingerprint, idempotency::answer))
        .first(conn)
        .optional()?;
    match known {
        None => Ok(None),
        Some((print, _)) if print != fingerprint.0 => Err(JobError::Own(ExecuteError::KeyReused)),
        Some((_, answer)) => serde_json::from_str(&answer)
            .map(|first: Answer| Some(Answer { replayed: true, ..first }))
            .map_err(|error| JobError::Own(ExecuteError::Unavailable(error.to_string()))),
    }
}

fn remember(conn: &mut Conn, request: &Request, answer: &Answer, now: Time) -> QueryResult<()> {
    let Some((key, fingerprint)) = &request.once else { return Ok(()) };
    diesel::insert_into(idempotency::table)
        .values((
            idempotency::person.eq(Id(request.recorder.0)),
            idempotency::key.eq(key),
            idempotency::fingerprint.eq(fingerprint.0.as_slice()),
            idempotency::answer.eq(serde_json::to_string(answer).unwrap_or_default()),
            idempotency::made_at.eq(now.micros()),
        ))
        .execute(conn)?;
    Ok(())
}

const SERIALS: [(LabelKind, &str); 2] = [(LabelKind::Order, "order"), (LabelKind::Batch, "batch")];

fn makes(command: &Command) -> Option<(LabelKind, &'static str)> {
    use baiyo_domain::batch::intake;
    match command {
        Command::Order(_, order::Command::Placement(_)) => Some(SERIALS[0]),
        Command::Batch(_, batch::Command::Intake(intake::Command::Opening(_))) => Some(SERIALS[1]),
        _ => None,
    }
}

fn fresh_labels(conn: &mut Conn, world: &World, command: &Command, now: Time) -> QueryResult<FreshLabels> {
    let (Some((kind, name)), Some(site)) = (makes(command), &world.site) else {
        return Ok(FreshLabels::default());
    };
    let year = now.utc().year().rem_euclid(100);
    postgres::lock(conn, &format!("serial {name} {year}"), Held::Alone)?;
    let last: Option<i32> = serial::table
        .filter(serial::kind.eq(name).and(serial::year.eq(year)))
        .select(serial::last)
        .first(conn)
        .optional()?;
    let from = u32::try_from(last.unwrap_or(0)).unwrap_or(0) + 1;
    let two_digits = u8::try_from(year).unwrap_or(0);
    let label = (from..=999_999).find_map(|serial| Label::new(kind, &site.founding.code, two_digits, serial));
    Ok(match kind {
        LabelKind::Order => FreshLabels { order: label, batch: None },
        _ => FreshLabels { order: None, batch: label },
    })
}

fn use_labels(conn: &mut Conn, labels: &FreshLabels, command: &Command) -> QueryResult<()> {
    let label = labels.order.as_ref().or(labels.batch.as_ref());
    let (Some((_, name)), Some(label)) = (makes(command), label) else { return Ok(()) };
    let (year, last) = (i32::from(label.year()), i32::try_from(label.serial()).unwrap_or(i32::MAX));
    diesel::insert_into(serial::table)
        .values((serial::kind.eq(name), serial::year.eq(year), serial::last.eq(last)))
        .on_conflict((serial::kind, serial::year))
        .do_update()
        .set(serial::last.eq(last))
        .execute(conn)?;
    Ok(())
}

/// What only the store itself may append: the founding of the centre and its first administrator.
pub(crate) fn append_unasked(
    conn: &mut Conn,
    world: &World,
    appends: Appends,
    recorder: PersonId,
    now: Time,
    proof: Option<&Reauthenticated>,
) -> Result<Answer, JobError<ExecuteError>> {
    append(conn, world, appends, &Author { recorder, source: None, now, proof })
}
