//! Reading: lists by keyset pages, single things by identifier with their version as `ETag`, and the gate.

use super::items::{
    AccessView, BatchItem, CheckpointView, ClinicItem, DisclosureItem, IncubatorItem, LabelView, Me,
    OrderItem, OrderView, Page, PersonItem, QualityEventItem, QualityEventView, RecipientView, StandardItem,
    StandardView, StopItem,
};
pub use super::items::{EntryView, SignatureView};
use super::openapi::Described;
use super::problem::{Kind, Problem};
use super::schema_check::Fault;
use super::unchanged::unless_unchanged;
use super::views::{BatchView, GateView};
use super::{access, board, centre, disclosures, histories};
use crate::exporting;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Privacy};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{BatchId, OrderId, QualityEventId, StandardId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::quality_event::QualityEvent;
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::Told;
use baiyo_persistence::reading::{After, ClinicScope};
use baiyo_persistence::{Conn, StoreError, journal, reading, sealing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Rows on one page.
pub(super) const PAGE: i64 = 50;

/// What a route that reads answers.
pub type Answer = Result<HttpResponse, Problem>;

const LIST: &[(&str, &str)] = &[("after", "Where the page begins: `next` of the page before.")];
const DISCLOSED: &[(&str, &str)] = &[
    ("after", "Where the page begins: `next` of the page before."),
    ("from", "The first day, `YYYY-MM-DD`, in the centre's zone."),
    ("to", "The last day, `YYYY-MM-DD`, in the centre's zone."),
];
const BOARD: &[(&str, &str)] = &[
    ("after", "Where the page begins: `next` of the page before."),
    ("status", "Only batches of this status; not together with a period."),
    (
        "by",
        "What happened in the period: `opened` (where it is left out), `decided`, `shipped` or `infused`. Each batch once, newest first.",
    ),
    (
        "from",
        "The period's first day, e.g. `2026-04-01`, in the centre's zone; from the beginning where it is left out.",
    ),
    ("to", "Its last day; without an end where it is left out."),
];

/// These routes, with their actions and what the document says of them.
pub fn described() -> &'static [Described] {
    const fn get(
        path: &'static str,
        action: &'static str,
        route: fn() -> Route,
        summary: &'static str,
    ) -> Described {
        Described {
            method: "get",
            path,
            action: Some(action),
            route,
            summary,
            body: None,
            answer: None,
            query: &[],
            problems: &[],
            unchanged: false,
            pictures: false,
        }
    }
    /// Answered by [`unless_unchanged`].
    const fn list(
        path: &'static str,
        action: &'static str,
        route: fn() -> Route,
        summary: &'static str,
    ) -> Described {
        Described { unchanged: true, ..get(path, action, route, summary) }
    }
    const ONE: &[Kind] = &[Kind::NotFound];
    static ALL: &[Described] = &[
        Described {
            action: None,
            answer: Some(|_| schemars::json_schema!({"type": "object"})),
            ..get("/openapi.json", "", || web::get().to(document), "This document.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<Me>()),
            ..get("/me", "read.self", || web::get().to(me), "Who is signed in.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<BatchItem>>()),
            query: BOARD,
            problems: &[Kind::Form],
            ..list(
                "/batches",
                "read.batch",
                || web::get().to(board::batches),
                "The board: batches, newest change first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<BatchView>()),
            problems: ONE,
            ..get("/batches/{id}", "read.batch", || web::get().to(batch), "One batch.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<GateView>()),
            problems: ONE,
            ..get(
                "/batches/{id}/gate",
                "read.batch",
                || web::get().to(gate),
                "What blocks the batch and each of its containers.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<EntryView>>()),
            problems: ONE,
            ..list(
                "/batches/{id}/history",
                "read.batch",
                || web::get().to(histories::batch),
                "Every entry of the batch, oldest first.",
            )
        },
        Described {
            answer: Some(|_| schemars::json_schema!({"type": "object"})),
            problems: ONE,
            ..get(
                "/batches/{id}/export",
                "read.journal",
                || web::get().to(export),
                "The batch with everything an outsider needs to verify it, as `baiyo export` writes it.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<OrderItem>>()),
            query: LIST,
            problems: &[Kind::Form],
            ..list("/orders", "read.order", || web::get().to(orders), "Orders, newest first.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<OrderView>()),
            problems: ONE,
            ..get("/orders/{id}", "read.order", || web::get().to(order), "One order.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<RecipientView>()),
            problems: ONE,
            ..get(
                "/orders/{id}/recipient",
                "read.patient_name",
                || web::get().to(recipient),
                "The patient's name and birth date; that the caller saw them is noted first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<DisclosureItem>>()),
            query: DISCLOSED,
            problems: &[Kind::NotFound, Kind::Form],
            ..get(
                "/patients/{id}/disclosures",
                "read.disclosures",
                || web::get().to(disclosures::of_patient),
                "Who saw this patient's name, newest first: once for each person, route and day of the UTC calendar.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<DisclosureItem>>()),
            query: DISCLOSED,
            problems: &[Kind::NotFound, Kind::Form],
            ..get(
                "/people/{id}/disclosures",
                "read.access",
                || web::get().to(disclosures::of_person),
                "Whose names this person saw, newest first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<AccessView>()),
            ..get(
                "/access",
                "read.access",
                || web::get().to(access::show),
                "Who may do what now, who left, and when access was reviewed last.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<PersonItem>>()),
            ..list("/people", "read.people", || web::get().to(people), "Everybody with an account.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<EntryView>>()),
            problems: ONE,
            ..list(
                "/orders/{id}/history",
                "read.order",
                || web::get().to(histories::order),
                "Every entry of an order, oldest first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<EntryView>>()),
            problems: ONE,
            ..list(
                "/people/{id}/history",
                "read.people",
                || web::get().to(histories::person),
                "Every entry about a person, oldest first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<StandardItem>>()),
            ..list("/standards", "read.standard", || web::get().to(standards), "All standards' versions.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<StandardView>()),
            problems: ONE,
            ..get("/standards/{id}", "read.standard", || web::get().to(standard), "One standard's version.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<QualityEventItem>>()),
            query: LIST,
            problems: &[Kind::Form],
            ..list(
                "/quality_events",
                "read.quality_event",
                || web::get().to(quality_events),
                "Quality events, newest first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<QualityEventView>()),
            problems: ONE,
            ..get(
                "/quality_events/{id}",
                "read.quality_event",
                || web::get().to(quality_event),
                "One quality event.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<ClinicItem>>()),
            ..list("/clinics", "read.clinics", || web::get().to(centre::clinics), "All clinics.")
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<IncubatorItem>>()),
            ..list(
                "/incubators",
                "read.incubators",
                || web::get().to(centre::incubators),
                "All incubators, with what fits in.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<StopItem>>()),
            ..list(
                "/stops",
                "read.batch",
                || web::get().to(stops),
                "Stop messages that are not acknowledged.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<Page<EntryView>>()),
            query: LIST,
            problems: &[Kind::Form],
            ..list(
                "/attempts",
                "read.attempts",
                || web::get().to(attempts),
                "Refused attempts against identity, authority or the gate, newest first.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<LabelView>()),
            problems: &[Kind::NotFound, Kind::Form],
            ..list(
                "/labels/{label}",
                "read.batch",
                || web::get().to(label),
                "What a scanned label stands for.",
            )
        },
        Described {
            answer: Some(|g| g.subschema_for::<CheckpointView>()),
            ..list(
                "/checkpoint",
                "read.self",
                || web::get().to(checkpoint),
                "The newest signed checkpoint, to be kept outside.",
            )
        },
    ];
    ALL
}

/// Reads on a reader's connection, in the caller's scope, off the async threads.
pub async fn read<T: Send + 'static>(
    state: &web::Data<State>,
    caller: &Caller,
    reading: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Problem> {
    let store = Arc::clone(&state.store);
    let (language, scope) = (caller.language, caller.scope());
    let outcome = web::block(move || store.read_in(scope, reading)).await;
    outcome
        .map_err(|_| Problem::new(Kind::Unavailable, language))?
        .map_err(|error| Problem::of_store(&error, language))
}

/// Answers an address that leads nowhere, or not by this method.
pub async fn unknown(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let language = session::language(&request);
    let path = request.path().strip_prefix(super::BASE).unwrap_or_default();
    let methods = state.schemas.methods_at(path);
    if methods.is_empty() {
        return Problem::new(Kind::NotFound, language).error_response();
    }
    let mut response = Problem::new(Kind::Method, language).error_response();
    if let Ok(allowed) = header::HeaderValue::from_str(&methods.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

async fn document(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(state.schemas.document())
}

async fn me(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.self").await?;
    Ok(HttpResponse::Ok().json(Me {
        person: caller.person,
        name: caller.name,
        sign_in: caller.sign_in,
        roles: caller.roles,
        clinic: caller.clinic,
        can_sign: caller.can_sign,
    }))
}

pub(super) type Query = web::Query<HashMap<String, String>>;

async fn orders(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.order", async |caller| {
        let after = after_of(&query, &caller)?;
        let scope = caller.scope();
        let rows = read(&state, &caller, move |conn| Ok(reading::orders(conn, scope, after, PAGE)?)).await?;
        let next = next_of(rows.len(), rows.last().map(|row| (row.placed_at, row.id.0)));
        let items = rows.into_iter().map(|row| OrderItem {
            id: row.id.0,
            label: row.label,
            clinic: row.clinic.0,
            patient: row.patient.0,
            pseudonym: row.pseudonym,
            purpose: row.purpose,
            status: row.status,
            placed_at: time(row.placed_at),
            version: row.version,
        });
        Ok(paged("/orders", Page { items: items.collect(), next }).into())
    })
    .await
}

async fn batch(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let found = one_batch(&state, &caller, &path).await?;
    let (now, _) = state.store.now();
    let view = BatchView::of(&found, now);
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", view.version))).json(view))
}

async fn gate(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let found = one_batch(&state, &caller, &path).await?;
    let (now, _) = state.store.now();
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{}\"", found.log.len())))
        .insert_header((header::CONTENT_LANGUAGE, caller.language.tag()))
        .json(GateView::of(&found, now, caller.language, state.zone)))
}

/// One batch this caller may see.
///
/// # Errors
/// It is not there, or not for this person.
pub async fn one_batch(state: &web::Data<State>, caller: &Caller, id: &str) -> Result<Arc<Batch>, Problem> {
    let id = BatchId(identifier(id, caller)?);
    let scope = caller.scope();
    let found = read(state, caller, move |conn| reading::batch(conn, scope, id)).await?;
    found.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))
}

async fn attempts(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.attempts", async |caller| {
        let after = after_of(&query, &caller)?;
        let items = read(&state, &caller, move |conn| {
            let entries = journal::attempts_before(conn, after, PAGE)?;
            histories::shown(conn, entries)
        });
        let items = items.await?;
        let next = next_of(items.len(), items.last().map(|item| (item.recorded_at.micros(), item.entry)));
        Ok(paged("/attempts", Page { items, next }).into())
    })
    .await
}

async fn export(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.journal").await?;
    let found = one_batch(&state, &caller, &path).await?;
    let store = Arc::clone(&state.store);
    let exported = web::block(move || {
        store.seal()?;
        exporting::batch(&store, found.id)
    });
    let exported = exported.await.map_err(|_| Problem::new(Kind::Unavailable, caller.language))?;
    let exported = exported.map_err(|error| Problem::of_store(&error, caller.language))?;
    let exported = exported.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
    Ok(HttpResponse::Ok().json(exported))
}

async fn order(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.order").await?;
    let (order, version) = one_order(&state, &caller, &path).await?;
    let view = OrderView {
        id: order.id,
        label: order.placed.label.to_string(),
        clinic: order.placed.clinic,
        placed: order.placed.placement.clone(),
        plan: order.plan.clone(),
        standing: order.standing.clone(),
        batches: order.batches.clone(),
        version,
    };
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(view))
}

/// One order this caller may see, with its version.
///
/// # Errors
/// It is not there, or not for this person.
pub(super) async fn one_order(
    state: &web::Data<State>,
    caller: &Caller,
    id: &str,
) -> Result<(Arc<baiyo_domain::order::Order>, u32), Problem> {
    let id = OrderId(identifier(id, caller)?);
    let scope = caller.scope();
    let found = read(state, caller, move |conn| reading::order(conn, scope, id)).await?;
    found.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))
}

async fn recipient(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.patient_name").await?;
    let (order, _) = one_order(&state, &caller, &path).await?;
    let patient = order.placed.placement.patient;
    let not_found = || Problem::new(Kind::NotFound, caller.language);
    let viewer = disclosures::viewer(&request, &caller).ok_or_else(not_found)?;
    let store = Arc::clone(&state.store);
    let told = read(&state, &caller, move |conn| store.disclose(conn, &viewer, [patient])).await?;
    let personal = match told.get(&patient) {
        Some(Told::Name(personal)) => personal,
        Some(Told::Withheld) => return Err(Problem::new(Kind::Unavailable, caller.language)),
        Some(Told::Unreadable) => {
            let sentence = words::text(caller.language, Privacy::NameUnreadable);
            let (kind, code) = (Kind::NotFound, "name_unreadable");
            return Err(Problem::because(kind, caller.language, code, None, sentence.into()));
        }
        Some(Told::Nothing | Told::Erased) | None => return Err(not_found()),
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(RecipientView {
        patient: patient.0,
        name: personal.name.to_string(),
        kana: personal.kana.as_ref().map(ToString::to_string),
        birth_date: personal.birth_date.date().to_string(),
    }))
}

async fn people(request: HttpRequest, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.people", async |caller| {
        let rows = read(&state, &caller, |conn| Ok(reading::people(conn)?)).await?;
        let items = rows.into_iter().map(|row| PersonItem {
            id: row.id.0,
            sign_in: row.sign_in,
            name: row.name,
            clinic: row.clinic.map(|clinic| clinic.0),
            roles: row.roles.split(',').filter(|role| !role.is_empty()).map(String::from).collect(),
            status: row.status,
            version: row.version,
        });
        Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: None }).into())
    })
    .await
}

async fn standards(request: HttpRequest, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.standard", async |caller| {
        let rows = read(&state, &caller, |conn| Ok(reading::standards(conn)?)).await?;
        let items = rows.into_iter().map(|row| StandardItem {
            id: row.id.0,
            code: row.code,
            edition: row.edition,
            title_en: row.title_en,
            title_ja: row.title_ja,
            status: row.status,
            version: row.version,
        });
        Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: None }).into())
    })
    .await
}

async fn standard(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.standard").await?;
    let id = StandardId(identifier(&path, &caller)?);
    let at = StreamId { kind: StreamKind::Standard, id: id.0 };
    let world = read(&state, &caller, move |conn| reading::stream(conn, at)).await?;
    let found = world.and_then(|mut world| {
        let version = world.version(at);
        world.standards.remove(&id).map(|filed| (filed, version))
    });
    let (filed, version) = found.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
    let view = StandardView { id, standing: filed.standing, standard: filed.standard.clone(), version };
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(view))
}

async fn quality_events(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.quality_event", async |caller| {
        let after = after_of(&query, &caller)?;
        let rows = read(&state, &caller, move |conn| Ok(reading::quality_events(conn, after, PAGE)?)).await?;
        let next = next_of(rows.len(), rows.last().map(|row| (row.opened_at, row.id.0)));
        let items = rows.into_iter().map(|row| QualityEventItem {
            id: row.id.0,
            title: row.title,
            status: row.status,
            opened_at: time(row.opened_at),
            batches: row.batches,
            version: row.version,
        });
        Ok(paged("/quality_events", Page { items: items.collect(), next }).into())
    })
    .await
}

async fn quality_event(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.quality_event").await?;
    let id = QualityEventId(identifier(&path, &caller)?);
    let at = StreamId { kind: StreamKind::QualityEvent, id: id.0 };
    let world = read(&state, &caller, move |conn| reading::stream(conn, at)).await?;
    let found = world.and_then(|mut world| {
        let version = world.version(at);
        world.quality_events.remove(&id).map(|event| (event, version))
    });
    let (event, version) = found.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
    let QualityEvent { opening, batches, closed, .. } = Arc::unwrap_or_clone(event);
    let opening = match opening {
        baiyo_domain::quality_event::Opening::Report(report) => json!({ "report": report }),
        baiyo_domain::quality_event::Opening::Departure(departure) => json!({ "departure": departure }),
    };
    let view = QualityEventView { id, opening, batches: batches.into_iter().collect(), closed, version };
    Ok(HttpResponse::Ok().insert_header((header::ETAG, format!("\"{version}\""))).json(view))
}

async fn stops(request: HttpRequest, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.batch", async |caller| {
        let scope = caller.scope();
        let rows = read(&state, &caller, move |conn| Ok(reading::open_stops(conn, scope)?)).await?;
        let items = rows.into_iter().map(|row| StopItem {
            entry: row.entry.0,
            batch: row.batch.0,
            container: row.container,
            clinic: row.clinic.0,
            issued_at: time(row.issued_at),
        });
        Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: None }).into())
    })
    .await
}

async fn label(request: HttpRequest, path: web::Path<String>, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.batch", async |caller| {
        let label: baiyo_domain::ids::Label =
            path.parse().map_err(|error: baiyo_domain::ids::LabelError| {
                Problem::faults(vec![Fault { pointer: "/label".into(), kind: error.into() }], caller.language)
            })?;
        let scope = caller.scope();
        let wanted = label.clone();
        let found = read(&state, &caller, move |conn| match reading::batch_labelled(conn, &wanted)? {
            Some(id) => reading::batch(conn, scope, id),
            None => Ok(None),
        });
        let batch = found.await?.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
        Ok(HttpResponse::Ok()
            .json(LabelView { label: label.to_string(), batch: batch.id, part: label.sub() })
            .into())
    })
    .await
}

async fn checkpoint(request: HttpRequest, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.self", async |caller| {
        let note = read(&state, &caller, |conn| Ok(sealing::newest_note(conn)?)).await?;
        let (store, language) = (Arc::clone(&state.store), caller.language);
        let vkey = web::block(move || sealing::verifier(&store)).await;
        let vkey = vkey
            .map_err(|_| Problem::new(Kind::Unavailable, language))?
            .map_err(|error| Problem::of_store(&error, language))?;
        Ok(HttpResponse::Ok().json(CheckpointView { note, vkey: vkey.map(|vkey| vkey.to_string()) }).into())
    })
    .await
}

pub(super) fn identifier(text: &str, caller: &Caller) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::new(Kind::NotFound, caller.language))
}

pub(super) fn time(micros: i64) -> Time {
    Time::from_micros(micros).unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into())
}

/// A place in a list, as it stands in `next`: the instant and the identifier of the last row.
#[derive(Deserialize)]
struct Cursor(i64, Uuid);

pub(super) fn after_of(query: &HashMap<String, String>, caller: &Caller) -> Result<Option<After>, Problem> {
    let Some(text) = query.get("after") else { return Ok(None) };
    let parsed =
        text.split_once('_').and_then(|(at, id)| Some(Cursor(at.parse().ok()?, Uuid::try_parse(id).ok()?)));
    match parsed {
        Some(Cursor(at, id)) => Ok(Some(After { at, id })),
        None => {
            let sentence = Kind::Form.title(caller.language).to_string();
            Err(Problem::because(Kind::Form, caller.language, "after", Some("?after"), sentence))
        }
    }
}

pub(super) fn next_of(rows: usize, last: Option<(i64, Uuid)>) -> Option<String> {
    let full = i64::try_from(rows).unwrap_or(i64::MAX) >= PAGE;
    last.filter(|_| full).map(|(at, id)| format!("{at}_{id}"))
}

/// A page of a list at a path, which carries the query that the list was asked for with, if there was one.
pub(super) fn paged<T: Serialize>(path: &str, page: Page<T>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(next) = &page.next {
        let and = if path.contains('?') { '&' } else { '?' };
        let link = format!("<{}{path}{and}after={next}>; rel=\"next\"", super::BASE);
        response.insert_header((header::LINK, link));
    }
    response.json(page)
}

/// The scope of a caller's own clinic, or the whole centre.
impl Caller {
    /// Whose records this caller may see.
    pub fn scope(&self) -> ClinicScope {
        self.clinic.map_or(ClinicScope::Centre, ClinicScope::Clinic)
    }
}
