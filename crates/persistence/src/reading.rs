//! Read models: rows for boards, worklists and look-ups, written from folded streams in the same transaction as
//! their entries, and the queries over them. A clinic's scope is a type, so that no query can forget it.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::happenings::{self, HappeningRow};
use crate::keyset::further;
use crate::schema::{
    batch_row, clinic_board_row, container_row, happening_row, order_row, person_row, quality_event_row,
    standard_row, stop_row,
};
use crate::sql_types::Id;
use crate::{on_engine, remembered};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::ids::{BatchId, ClinicId, Label, LabelKind, OrderId, PersonId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::order::{Order, Purpose};
use baiyo_domain::quality_event::Opening;
use baiyo_domain::time::Time;
use baiyo_domain::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::keyset::After;

/// Whose records may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClinicScope {
    /// All: the centre's own people.
    Centre,
    /// Only this clinic's.
    Clinic(ClinicId),
}

/// A batch on the board.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct BatchRow {
    /// The batch.
    pub id: Id,
    /// Its label.
    pub label: String,
    /// Site, year and serial, as every label of its parts carries them.
    pub serial: String,
    /// The ordering clinic.
    pub clinic: Id,
    /// The order.
    pub order_id: Id,
    /// What staff call the patient.
    pub pseudonym: String,
    /// The pinned standard, `CODE v1`.
    pub standard: String,
    /// `therapy` or `banking`.
    pub purpose: String,
    /// Where it stands.
    pub status: String,
    /// How many blockers the gate lists.
    pub blockers: i32,
    /// How many containers it has.
    pub containers: i32,
    /// How many are released.
    pub released: i32,
    /// When it was opened, microseconds since 1970.
    pub opened_at: i64,
    /// When it last changed, microseconds since 1970.
    pub changed_at: i64,
    /// Until when all this is so by time alone, microseconds since 1970; nothing: for good.
    pub stands_until: Option<i64>,
    /// Its version.
    pub version: i32,
}

/// An order on the list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct OrderRow {
    /// The order.
    pub id: Id,
    /// Its label.
    pub label: String,
    /// The clinic.
    pub clinic: Id,
    /// The patient.
    pub patient: Id,
    /// What staff call the patient.
    pub pseudonym: String,
    /// `therapy` or `banking`.
    pub purpose: String,
    /// `active` or `inactive`.
    pub status: String,
    /// When it was placed, microseconds since 1970.
    pub placed_at: i64,
    /// Its version.
    pub version: i32,
}

/// A person on the list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = person_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct PersonRow {
    /// The person.
    pub id: Id,
    /// The sign-in name.
    pub sign_in: String,
    /// The printed name.
    pub name: String,
    /// The clinic, for clinic staff.
    pub clinic: Option<Id>,
    /// Roles, comma-separated.
    pub roles: String,
    /// `active` or `left`.
    pub status: String,
    /// The stream's version.
    pub version: i32,
}

/// A standard's version on the list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = standard_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct StandardRow {
    /// The version's identifier.
    pub id: Id,
    /// The product's code.
    pub code: String,
    /// The version's number.
    pub edition: i32,
    /// English name.
    pub title_en: String,
    /// Japanese name.
    pub title_ja: String,
    /// `draft`, `approved` or `retired`.
    pub status: String,
    /// The stream's version.
    pub version: i32,
}

/// A quality event on the list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = quality_event_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct QualityEventRow {
    /// The event.
    pub id: Id,
    /// Its title, or the departure that opened it.
    pub title: String,
    /// `open` or `closed`.
    pub status: String,
    /// When it was opened, microseconds since 1970.
    pub opened_at: i64,
    /// How many batches it touches.
    pub batches: i32,
    /// The stream's version.
    pub version: i32,
}

/// A stop message on the list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = stop_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub struct StopRow {
    /// Its entry.
    pub entry: Id,
    /// The batch.
    pub batch: Id,
    /// The container.
    pub container: i32,
    /// The clinic.
    pub clinic: Id,
    /// When it was issued, microseconds since 1970.
    pub issued_at: i64,
    /// When it was acknowledged.
    pub acknowledged_at: Option<i64>,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = clinic_board_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
struct ClinicBoardRow {
    batch: Id,
    clinic: Id,
    status: String,
    changed_at: i64,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = container_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
struct ContainerRow {
    batch: Id,
    no: i32,
    clinic: Id,
    label: String,
    status: String,
    expires_at: i64,
}

/// Site, year and serial of a label: what a batch's label shares with those of its parts.
pub fn serial_of(label: &Label) -> String {
    format!("{}-{:02}-{:06}", label.site().as_str(), label.year(), label.serial())
}

/// Writes the rows of every stream in `world`. They are taken out and put in anew: a statement that does either is
/// prepared once for a connection, one that inserts or updates is prepared each time.
pub(crate) fn refresh(conn: &mut Conn, world: &World) -> QueryResult<()> {
    for batch in world.batches.values() {
        refresh_batch(conn, batch)?;
    }
    for order in world.orders.values() {
        refresh_order(conn, order, world)?;
    }
    for person in world.people.values() {
        let stream = StreamId { kind: StreamKind::Person, id: person.id.0 };
        let mut roles: Vec<String> = person.roles.iter().map(name).collect();
        roles.sort();
        let row = PersonRow {
            id: Id(person.id.0),
            sign_in: person.sign_in.as_str().into(),
            name: person.name.to_string(),
            clinic: person.clinic.map(|clinic| Id(clinic.0)),
            roles: roles.join(","),
            status: if person.left { "left" } else { "active" }.into(),
            version: version(world, stream),
        };
        diesel::delete(person_row::table.find(row.id)).execute(conn)?;
        diesel::insert_into(person_row::table).values(&row).execute(conn)?;
    }
    for filed in world.standards.values() {
        let stream = StreamId { kind: StreamKind::Standard, id: filed.id.0 };
        let row = StandardRow {
            id: Id(filed.id.0),
            code: filed.standard.code.to_string(),
            edition: i32::from(filed.standard.version),
            title_en: filed.standard.title.en.to_string(),
            title_ja: filed.standard.title.ja.to_string(),
            status: name(&filed.standing),
            version: version(world, stream),
        };
        diesel::delete(standard_row::table.find(row.id)).execute(conn)?;
        diesel::insert_into(standard_row::table).values(&row).execute(conn)?;
    }
    for event in world.quality_events.values() {
        let stream = StreamId { kind: StreamKind::QualityEvent, id: event.id.0 };
        let title = match &event.opening {
            Opening::Report(report) => report.title.to_string(),
            Opening::Departure(departure) => name(&departure.kind),
        };
        let row = QualityEventRow {
            id: Id(event.id.0),
            title,
            status: if event.closed { "closed" } else { "open" }.into(),
            opened_at: world.entries(stream).next().map_or(0, |entry| entry.recorded_at.micros()),
            batches: count(event.batches.len()),
            version: version(world, stream),
        };
        diesel::delete(quality_event_row::table.find(row.id)).execute(conn)?;
        diesel::insert_into(quality_event_row::table).values(&row).execute(conn)?;
    }
    Ok(())
}

/// A batch's row as it stands at an instant: what expires, expires when it is read.
fn row_of(batch: &Batch, now: Time) -> BatchRow {
    let stamps = || batch.log.iter().map(|logged| logged.stamp.recorded_at);
    let answer = baiyo_domain::batch::gate::gate(batch, now);
    let checks = answer.batch.iter().chain(answer.containers.values().flatten());
    BatchRow {
        id: Id(batch.id.0),
        label: batch.opened.label.to_string(),
        serial: serial_of(&batch.opened.label),
        clinic: Id(batch.opened.clinic.0),
        order_id: Id(batch.opened.order.0),
        pseudonym: batch.opened.pseudonym.to_string(),
        standard: format!("{} v{}", batch.standard().code, batch.standard().version),
        purpose: purpose(batch.opened.purpose).into(),
        status: batch.status(now).name().into(),
        blockers: count(checks.map(|check| check.blockers.len()).sum()),
        containers: count(batch.containers.len()),
        released: count(batch.containers.values().filter(|container| container.released()).count()),
        opened_at: stamps().next().map_or(0, Time::micros),
        changed_at: stamps().next_back().map_or(0, Time::micros),
        stands_until: answer.until.map(Time::micros),
        version: count(batch.log.len()),
    }
}

fn refresh_batch(conn: &mut Conn, batch: &Batch) -> QueryResult<()> {
    let newest = batch.log.last().map(|logged| logged.stamp.recorded_at);
    let row = row_of(batch, newest.unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into()));
    diesel::delete(batch_row::table.find(row.id)).execute(conn)?;
    diesel::insert_into(batch_row::table).values(&row).execute(conn)?;
    diesel::delete(clinic_board_row::table.filter(clinic_board_row::batch.eq(row.id))).execute(conn)?;
    for clinic in baiyo_domain::decision::clinics_of(batch) {
        let (status, changed_at) = (row.status.clone(), row.changed_at);
        let row = ClinicBoardRow { batch: row.id, clinic: Id(clinic.0), status, changed_at };
        diesel::insert_into(clinic_board_row::table).values(&row).execute(conn)?;
    }
    happenings::refresh(conn, batch)?;
    diesel::delete(container_row::table.filter(container_row::batch.eq(row.id))).execute(conn)?;
    for container in batch.containers.values() {
        let label = batch.opened.label.part(LabelKind::Dose, container.no.0);
        let clinic = container.allocated.map_or(batch.opened.clinic, |(_, _, clinic)| clinic);
        let row = ContainerRow {
            batch: Id(batch.id.0),
            no: i32::from(container.no.0),
            clinic: Id(clinic.0),
            label: label.map(|label| label.to_string()).unwrap_or_default(),
            status: container.status().name().into(),
            expires_at: container.expires_at.micros(),
        };
        diesel::insert_into(container_row::table).values(&row).execute(conn)?;
        for stop in &container.stops {
            let issued = batch.logged(stop.entry).map_or(0, |logged| logged.stamp.recorded_at.micros());
            let row = StopRow {
                entry: Id(stop.entry.0),
                batch: Id(batch.id.0),
                container: i32::from(container.no.0),
                clinic: Id(stop.clinic.0),
                issued_at: issued,
                acknowledged_at: stop.acknowledged.map(|(at, _)| at.micros()),
            };
            diesel::delete(stop_row::table.find(row.entry)).execute(conn)?;
            diesel::insert_into(stop_row::table).values(&row).execute(conn)?;
        }
    }
    Ok(())
}

fn refresh_order(conn: &mut Conn, order: &Order, world: &World) -> QueryResult<()> {
    let stream = StreamId { kind: StreamKind::Order, id: order.id.0 };
    let row = OrderRow {
        id: Id(order.id.0),
        label: order.placed.label.to_string(),
        clinic: Id(order.placed.clinic.0),
        patient: Id(order.placed.placement.patient.0),
        pseudonym: order.placed.placement.pseudonym.to_string(),
        purpose: purpose(order.placed.placement.purpose).into(),
        status: if order.standing.active { "active" } else { "inactive" }.into(),
        placed_at: world.entries(stream).next().map_or(0, |entry| entry.recorded_at.micros()),
        version: version(world, stream),
    };
    diesel::delete(order_row::table.find(row.id)).execute(conn)?;
    diesel::insert_into(order_row::table).values(&row).execute(conn)?;
    Ok(())
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Therapy => "therapy",
        Purpose::Banking => "banking",
    }
}

fn name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(String::from)).unwrap_or_default()
}

fn version(world: &World, stream: StreamId) -> i32 {
    i32::try_from(world.version(stream)).unwrap_or(i32::MAX)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A page of the board.
#[derive(Debug, Default)]
pub struct BoardPage {
    /// Its batches.
    pub rows: Vec<BatchRow>,
    /// Until when it stays so while nothing is recorded; for ever where there is none.
    pub until: Option<Time>,
}

/// One page of batches as they stand at `now`, newest change first. `status` narrows by the status at the newest entry.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn batches(
    conn: &mut Conn,
    scope: ClinicScope,
    status: Option<&str>,
    after: Option<After>,
    limit: i64,
    now: Time,
) -> Result<BoardPage, StoreError> {
    // Written into the statement, so that PostgreSQL plans for it: of any status, known or not, it would read the whole
    // board from its newest row and pass over the others.
    let of_status = match status {
        Some(name) if name.chars().any(|c| !c.is_ascii_lowercase() && c != '_') => {
            return Ok(BoardPage::default());
        }
        Some(name) => Some(format!(" = '{name}'")),
        None => None,
    };
    let is_of_it =
        |column: &str, of: &str| diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("{column}{of}"));
    let rows: Vec<BatchRow> = on_engine!(conn => match scope {
        ClinicScope::Centre => {
            let mut query = batch_row::table.select(BatchRow::as_select()).into_boxed();
            if let Some(of) = &of_status {
                query = query.filter(is_of_it("batch_row.status", of));
            }
            let query = query
                .filter(further(batch_row::changed_at, batch_row::id, after))
                .order((batch_row::changed_at.desc(), batch_row::id.desc()))
                .limit(limit);
            diesel::RunQueryDsl::load(query, conn)
        }
        ClinicScope::Clinic(clinic) => {
            let all = clinic_board_row::table
                .inner_join(batch_row::table.on(batch_row::id.eq(clinic_board_row::batch)))
                .filter(clinic_board_row::clinic.eq(Id(clinic.0)));
            let mut query = all.select(BatchRow::as_select()).into_boxed();
            if let Some(of) = &of_status {
                query = query.filter(is_of_it("clinic_board_row.status", of));
            }
            let query = query
                .filter(further(clinic_board_row::changed_at, clinic_board_row::batch, after))
                .order((clinic_board_row::changed_at.desc(), clinic_board_row::batch.desc()))
                .limit(limit);
            diesel::RunQueryDsl::load(query, conn)
        }
    })?;
    as_of(conn, rows, now)
}

/// Rows as they stand at `now`: what time has overtaken is folded.
pub(crate) fn as_of(conn: &mut Conn, rows: Vec<BatchRow>, now: Time) -> Result<BoardPage, StoreError> {
    let mut page = BoardPage::default();
    for mut row in rows {
        if row.stands_until.is_some_and(|until| until <= now.micros())
            && let Some(found) = batch(conn, ClinicScope::Centre, BatchId(row.id.0))?
        {
            row = row_of(&found, now);
        }
        let until = row.stands_until.and_then(Time::from_micros);
        page.rows.push(row);
        page.until = page.until.into_iter().chain(until).min();
    }
    Ok(page)
}

/// The most batches of one status that are read for a worklist.
const WORKLIST: i64 = 200;

/// The batches that stand at one of these at `now`, folded, newest change first within each; of one status the newest
/// 200.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn batches_in(
    conn: &mut Conn,
    scope: ClinicScope,
    statuses: &[BatchStatus],
    now: Time,
) -> Result<Vec<Arc<Batch>>, StoreError> {
    let mut found = Vec::new();
    for status in statuses {
        for row in batches(conn, scope, Some(status.name()), None, WORKLIST, now)?.rows {
            found.extend(batch(conn, scope, BatchId(row.id.0))?);
        }
    }
    Ok(found)
}

/// One page of orders, newest first.
///
/// # Errors
/// The database.
pub fn orders(
    conn: &mut Conn,
    scope: ClinicScope,
    after: Option<After>,
    limit: i64,
) -> QueryResult<Vec<OrderRow>> {
    on_engine!(conn => {
        let mut query = order_row::table.select(OrderRow::as_select()).into_boxed();
        if let ClinicScope::Clinic(clinic) = scope {
            query = query.filter(order_row::clinic.eq(Id(clinic.0)));
        }
        let query = query
            .filter(further(order_row::placed_at, order_row::id, after))
            .order((order_row::placed_at.desc(), order_row::id.desc()))
            .limit(limit);
        diesel::RunQueryDsl::load(query, conn)
    })
}

/// Everybody, by sign-in name.
///
/// # Errors
/// The database.
pub fn people(conn: &mut Conn) -> QueryResult<Vec<PersonRow>> {
    on_engine!(conn => diesel::RunQueryDsl::load(person_row::table.order(person_row::sign_in).select(PersonRow::as_select()), conn))
}

/// All standards, by code and version.
///
/// # Errors
/// The database.
pub fn standards(conn: &mut Conn) -> QueryResult<Vec<StandardRow>> {
    on_engine!(conn => diesel::RunQueryDsl::load(standard_row::table
        .order((standard_row::code, standard_row::edition))
        .select(StandardRow::as_select()), conn))
}

/// Whether this version of a standard was filed.
///
/// # Errors
/// The database.
pub fn has_standard(conn: &mut Conn, code: &baiyo_domain::standard::Code, edition: u16) -> QueryResult<bool> {
    let filed = standard_row::table
        .filter(standard_row::code.eq(code.as_str()).and(standard_row::edition.eq(i32::from(edition))));
    diesel::select(diesel::dsl::exists(filed)).get_result(conn)
}

/// Quality events, newest first.
///
/// # Errors
/// The database.
pub fn quality_events(
    conn: &mut Conn,
    after: Option<After>,
    limit: i64,
) -> QueryResult<Vec<QualityEventRow>> {
    on_engine!(conn => diesel::RunQueryDsl::load(quality_event_row::table
        .filter(further(quality_event_row::opened_at, quality_event_row::id, after))
        .order((quality_event_row::opened_at.desc(), quality_event_row::id.desc()))
        .limit(limit)
        .select(QualityEventRow::as_select()), conn))
}

/// Stop messages that are not acknowledged, oldest first.
///
/// # Errors
/// The database.
pub fn open_stops(conn: &mut Conn, scope: ClinicScope) -> QueryResult<Vec<StopRow>> {
    let clinic = match scope {
        ClinicScope::Centre => None,
        ClinicScope::Clinic(clinic) => Some(Id(clinic.0)),
    };
    on_engine!(conn => {
        let open = stop_row::table.filter(stop_row::acknowledged_at.is_null()).select(StopRow::as_select());
        let mut query = open.into_boxed();
        if let Some(clinic) = clinic {
            query = query.filter(stop_row::clinic.eq(clinic));
        }
        diesel::RunQueryDsl::load(query.order(stop_row::issued_at), conn)
    })
}

/// The names of people, for showing who did what.
///
/// # Errors
/// The database.
pub fn names(conn: &mut Conn) -> QueryResult<BTreeMap<PersonId, String>> {
    let rows: Vec<(Id, String)> = person_row::table.select((person_row::id, person_row::name)).load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (PersonId(id.0), name)).collect())
}

/// The batch with this label (or the label of one of its parts), whoever's it is.
///
/// # Errors
/// The database.
pub fn batch_labelled(conn: &mut Conn, label: &Label) -> QueryResult<Option<BatchId>> {
    if label.kind() == LabelKind::Order {
        // Orders are numbered apart from batches.
        return Ok(None);
    }
    let found: Option<Id> = batch_row::table
        .filter(batch_row::serial.eq(serial_of(label)))
        .select(batch_row::id)
        .first(conn)
        .optional()?;
    Ok(found.map(|id| BatchId(id.0)))
}

/// The order with this label, if this scope may see it.
///
/// # Errors
/// The database.
pub fn order_labelled(conn: &mut Conn, scope: ClinicScope, label: &Label) -> QueryResult<Option<OrderId>> {
    let labelled = order_row::table.filter(order_row::label.eq(label.to_string()));
    let found: Option<(Id, Id)> =
        labelled.select((order_row::id, order_row::clinic)).first(conn).optional()?;
    let seen = found.filter(|(_, clinic)| match scope {
        ClinicScope::Centre => true,
        ClinicScope::Clinic(own) => clinic.0 == own.0,
    });
    Ok(seen.map(|(id, _)| OrderId(id.0)))
}

/// One stream, folded, with everything needed to show it. Nothing where the stream is empty.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn stream(conn: &mut Conn, stream: StreamId) -> Result<Option<World>, StoreError> {
    let mut world = World::default();
    remembered::load(conn, stream, &mut world)?;
    Ok(Some(world).filter(|world| world.version(stream) > 0))
}

/// One batch, folded, if this scope may see it.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn batch(conn: &mut Conn, scope: ClinicScope, id: BatchId) -> Result<Option<Arc<Batch>>, StoreError> {
    let world = stream(conn, StreamId { kind: StreamKind::Batch, id: id.0 })?;
    let batch = world.and_then(|mut world| world.batches.remove(&id));
    Ok(match scope {
        ClinicScope::Centre => batch,
        ClinicScope::Clinic(clinic) => batch
            .filter(|batch| baiyo_domain::decision::belongs(batch, clinic))
            .map(|batch| Arc::unwrap_or_clone(batch).without_others_labels().into()),
    })
}

/// One order, folded, with its version, if this scope may see it.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn order(
    conn: &mut Conn,
    scope: ClinicScope,
    id: OrderId,
) -> Result<Option<(Arc<Order>, u32)>, StoreError> {
    let at = StreamId { kind: StreamKind::Order, id: id.0 };
    let found = stream(conn, at)?.and_then(|mut world| {
        let version = world.version(at);
        world.orders.remove(&id).map(|order| (order, version))
    });
    Ok(found.filter(|(order, _)| match scope {
        ClinicScope::Centre => true,
        ClinicScope::Clinic(clinic) => order.placed.clinic == clinic,
    }))
}

/// Each read model's rows, by primary key, as they are.
pub(crate) type Contents = BTreeMap<&'static str, BTreeMap<String, String>>;

/// Reads every read model whole; for comparing.
pub(crate) fn contents(conn: &mut Conn) -> QueryResult<Contents> {
    let mut contents = Contents::new();
    macro_rules! read {
        ($($table:ident of $row:ident by $key:expr;)*) => {$({
            let rows: Vec<$row> = on_engine!(conn => {
                diesel::RunQueryDsl::load($table::table.select(<$row>::as_select()), conn)
            })?;
            let key: fn(&$row) -> String = $key;
            contents.insert(
                stringify!($table),
                rows.iter().map(|row| (key(row), format!("{row:?}"))).collect(),
            );
        })*};
    }
    read! {
        batch_row of BatchRow by |row| row.id.0.to_string();
        clinic_board_row of ClinicBoardRow by |row| format!("{} {}", row.batch.0, row.clinic.0);
        happening_row of HappeningRow by |row| row.key();
        container_row of ContainerRow by |row| format!("{} {}", row.batch.0, row.no);
        stop_row of StopRow by |row| row.entry.0.to_string();
        order_row of OrderRow by |row| row.id.0.to_string();
        person_row of PersonRow by |row| row.id.0.to_string();
        standard_row of StandardRow by |row| row.id.0.to_string();
        quality_event_row of QualityEventRow by |row| row.id.0.to_string();
    }
    Ok(contents)
}

/// Empties every read model; for rebuilding.
pub(crate) fn clear(conn: &mut Conn) -> QueryResult<()> {
    diesel::delete(batch_row::table).execute(conn)?;
    diesel::delete(clinic_board_row::table).execute(conn)?;
    diesel::delete(happening_row::table).execute(conn)?;
    diesel::delete(container_row::table).execute(conn)?;
    diesel::delete(stop_row::table).execute(conn)?;
    diesel::delete(order_row::table).execute(conn)?;
    diesel::delete(person_row::table).execute(conn)?;
    diesel::delete(standard_row::table).execute(conn)?;
    diesel::delete(quality_event_row::table).execute(conn)?;
    Ok(())
}
