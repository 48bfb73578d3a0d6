//! Recording: shows a form of the domain and takes it in, through the same path as the API. Whatever is wrong is shown
//! above the form with everything that was typed; a label that does not belong is a page of its own.

use super::bench::kit::Kit;
use super::clinic::layouts::Known;
use super::correcting;
use super::drafts;
use super::form::Fault;
use super::frame::Frame;
use super::layouts;
use super::offers::Offers;
use super::reader::{Names, Reader};
use super::setup;
use super::sheet::{FILE, SHOWN_TO, Sheet};
use super::typed::{Shape, Typed};
use super::uploaded::{self, File, Uploaded};
use super::{Answer, form_problem, see_other};
use crate::api::FormRoute;
use crate::api::blobs;
use crate::api::disclosures::viewer;
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::api::schema_check;
use crate::server::{SLOWEST_UPLOAD, State};
use crate::session::{self, Caller};
use crate::submission::{self, Done, Submission};
use crate::words::{self, Context, Language, Privacy, Sheet as Word, Thing, Ui};
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use baiyo_domain::authority::TABLE;
use baiyo_domain::batch::Batch;
use baiyo_domain::blob::MOST_BYTES;
use baiyo_domain::ids::{BatchId, OrderId, QualityEventId};
use baiyo_domain::journal::{Hash, StreamId, StreamKind};
use baiyo_domain::order::Order;
use baiyo_domain::quality_event::QualityEvent;
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::Viewer;
use baiyo_persistence::reading::{self, serial_of};
use chrono::TimeDelta;
use maud::{Markup, html};
use std::cell::Cell;
use std::sync::Arc;
use uuid::Uuid;

/// Where forms are shown and handed in: followed by their path below the API's base.
pub const RECORD: &str = "/record";

/// What a form is about, as it stands now.
pub struct About {
    /// The batch.
    pub batch: Option<Arc<Batch>>,
    /// The order, or that of the batch.
    pub order: Option<Arc<Order>>,
    /// The quality event.
    pub quality_event: Option<Arc<QualityEvent>>,
    /// The version of what the form is aimed at.
    pub version: u32,
    /// What people call things.
    pub names: Names,
    /// What there is to choose from.
    offers: Offers,
    /// What is used in this room session.
    pub kit: Kit,
    /// Who fills it in.
    pub caller: Caller,
    /// When.
    pub now: Time,
    /// What the clinic's own forms show beside.
    pub clinic: Option<Known>,
}

/// What an address may say of a form that is signed or follows cells to the patient: what it is about. What is decided
/// or seen is never filled in beforehand, for anybody can make a link.
const ABOUT_ALONE: [&str; 10] = [
    "to",
    "choose",
    "/batch",
    "/container",
    "/containers",
    "/entry",
    "/hold",
    "/mismatch",
    "/order",
    "/result",
];

/// Shows a form, filled in with what the address says.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let (route, aimed) = found(&request, &state)?;
    let caller = session::admit(&request, &state, &route.action).await?;
    let about = about(&request, &state, &caller, &route, aimed).await?;
    let typed = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let mut typed = Typed::of(typed.map(web::Query::into_inner).unwrap_or_default());
    let of_what_is_seen = route.action == "order.forecast_acknowledgement";
    if route.meaning.is_some() || of_what_is_seen || route.action.starts_with("batch.distribution.") {
        typed.keep(&ABOUT_ALONE);
    }
    Ok(page(&request, &state, &route, &about, Filled { suggested: true, ..Filled::of(typed) }))
}

/// Takes a form in.
pub async fn take(request: HttpRequest, payload: web::Payload, state: web::Data<State>) -> Answer {
    let (route, aimed) = found(&request, &state)?;
    let caller = session::admit(&request, &state, &route.action).await?;
    let Uploaded { fields, files } = handed_in(&request, &state, payload, caller.language).await?;
    let (schema, definitions) = state.schemas.of(&route.action);
    let mut typed = Typed::of(fields);
    let twice = typed.given_twice(Shape::new(schema, definitions));
    let twice: Vec<String> = twice.into_iter().map(String::from).collect();
    // Nobody's name comes under what somebody else typed, nor is it shown to him.
    if typed.take(SHOWN_TO).is_some_and(|shown_to| shown_to != caller.person.to_string()) {
        let sentence = words::text(caller.language, words::Account::OtherPerson).into();
        let problem = Problem::because(Kind::Refused, caller.language, "other_person", None, sentence);
        let about = about(&request, &state, &caller, &route, aimed).await?;
        let filled = Filled { suggested: true, problem: Some(problem), ..Filled::of(Typed::of(Vec::new())) };
        return Ok(page(&request, &state, &route, &about, filled));
    }
    let key = typed.take("once").and_then(|key| Uuid::try_parse(&key).ok()).unwrap_or_else(Uuid::now_v7);
    waited(&mut typed, state.store.now().0);
    correcting::keep_exact(&mut typed, state.zone);
    let expected_version = typed.take("version").and_then(|version| version.parse().ok());
    let taken = match twice.is_empty() {
        true => keep_files(&request, &state, &caller, files, &mut typed).await,
        false => Err(Problem::twice(Kind::Form, twice, caller.language)),
    };
    if let Err(problem) = taken {
        let about = about(&request, &state, &caller, &route, aimed).await?;
        typed.take("/signature/password");
        let filled = Filled { key, seen: expected_version, problem: Some(problem), ..Filled::of(typed) };
        return Ok(page(&request, &state, &route, &about, filled));
    }
    let further = layouts::FURTHER.iter().find_map(|button| Some((*button, typed.take(button)?)));
    if further.is_some() {
        let about = about(&request, &state, &caller, &route, aimed).await?;
        return Ok(page(
            &request,
            &state,
            &route,
            &about,
            Filled { key, further, seen: expected_version, ..Filled::of(typed) },
        ));
    }
    layouts::complete(&route.action, &mut typed);
    let form = typed.value(Shape::new(schema, definitions), state.zone);
    if schema_check::check(&form, schema, definitions).is_empty()
        && let Some(problem) = asked_before(&request, &state, &caller, &route, aimed, &mut typed, key).await?
    {
        let about = about(&request, &state, &caller, &route, aimed).await?;
        // A fact is not refused: it can be reported all the same. What went wrong otherwise is no refusal.
        if problem.status == Kind::Refused.status().as_u16() {
            typed.set(REFUSED, "true");
        }
        let filled = Filled { key, problem: Some(problem), ..Filled::of(typed) };
        return Ok(page(&request, &state, &route, &about, filled));
    }
    let submission = Submission {
        route: &route,
        caller: &caller,
        aimed: aimed.unwrap_or_else(Uuid::now_v7),
        form,
        place: format!("{} {}", request.method(), request.path()),
        key: Some(key.to_string()),
        expected_version,
    };
    match submission::submit(&state, submission).await {
        Ok(done) => Ok(go_on(&request, &state, &caller, &route, aimed, &typed, &done)),
        Err(problem) => {
            let about = about(&request, &state, &caller, &route, aimed).await?;
            typed.take("/signature/password");
            // A key that was used for something else would be refused for ever.
            let reused = problem.reasons.iter().any(|reason| reason.code == "key_reused");
            let key = if reused { Uuid::now_v7() } else { key };
            let filled = Filled { key, seen: expected_version, problem: Some(problem), ..Filled::of(typed) };
            Ok(page(&request, &state, &route, &about, filled))
        }
    }
}

/// What a form sent: with files, or as browsers send forms without them.
async fn handed_in(
    request: &HttpRequest,
    state: &web::Data<State>,
    payload: web::Payload,
    language: Language,
) -> Result<Uploaded, Problem> {
    if uploaded::is_sent_so(request) {
        // Before anything is read: who may add no file sends none.
        session::admit(request, state, blobs::ADDITION).await?;
        // So many bytes are held in memory at once, however many people send pictures.
        let _turn = state.uploads.acquire().await.map_err(|_| Problem::new(Kind::Unavailable, language))?;
        let read = uploaded::read(request, payload, MOST_BYTES, language);
        let read = tokio::time::timeout(SLOWEST_UPLOAD, read).await;
        return read.unwrap_or_else(|_| Err(Problem::new(Kind::Form, language)));
    }
    type Pairs = web::Form<Vec<(String, String)>>;
    let pairs = Pairs::from_request(request, &mut payload.into_inner()).await;
    let fields = pairs.map_err(|error| form_problem(&error, language))?.into_inner();
    if fields.len() > uploaded::MOST_PARTS {
        return Err(Problem::new(Kind::TooLarge, language));
    }
    Ok(Uploaded { fields, files: Vec::new() })
}

/// Keeps the pictures that were chosen in a form, each in place of what its field named before. One that is kept need not
/// be chosen again, whatever else is wrong with the form.
async fn keep_files(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    files: Vec<File>,
    typed: &mut Typed,
) -> Result<(), Problem> {
    for file in files {
        let Some(pointer) = file.field.strip_prefix(FILE) else { continue };
        session::admit(request, state, blobs::ADDITION).await?;
        let content = file.content.ok_or_else(|| blobs::too_large(caller.language, Some(pointer)))?;
        let (hash, _) = blobs::keep(state, caller, content, Some(pointer)).await?;
        typed.set(pointer, hash);
    }
    Ok(())
}

/// The field that says a check refused what is about to be reported.
pub const REFUSED: &str = "refused";
/// The field by which it is reported all the same.
pub const ANYWAY: &str = "anyway";

/// Asks the check that stands before a report, where its page asks it first. Nothing where it passed, where there is
/// none, and where the person was told why it refuses and reports what happened all the same.
async fn asked_before(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    route: &FormRoute,
    aimed: Option<Uuid>,
    typed: &mut Typed,
    key: Uuid,
) -> Result<Option<Problem>, Problem> {
    let check = layouts::check_before(&route.action);
    let check = check.and_then(|action| state.forms.values().find(|form| form.action == action));
    let (Some(check), Some(aimed)) = (check, aimed) else { return Ok(None) };
    let told = typed.take(REFUSED).is_some();
    if typed.take(ANYWAY).is_some() && told {
        return Ok(None);
    }
    session::admit(request, state, &check.action).await?;
    let (schema, definitions) = state.schemas.of(&check.action);
    let form = typed.value(Shape::new(schema, definitions), state.zone);
    // Handed in again with other containers, it is another check.
    let own = Hash::of(form.to_string().as_bytes()).to_string();
    let submission = Submission {
        route: check,
        caller,
        aimed,
        place: format!("POST {RECORD}{}", check.path.replace("{id}", &aimed.to_string())),
        key: Some(format!("{key}.{}", own.get(..32).unwrap_or_default())),
        expected_version: None,
        form,
    };
    Ok(submission::submit(state, submission).await.err())
}

/// A form that waited for the connection happened when it was handed in: so many seconds before now.
fn waited(typed: &mut Typed, now: Time) {
    /// Seconds that no record tells apart.
    const AT_ONCE: i64 = 60;
    let Some(seconds) = typed.take("waited").and_then(|seconds| seconds.parse::<i64>().ok()) else { return };
    if seconds > AT_ONCE
        && let Some(span) = TimeDelta::try_seconds(seconds)
    {
        typed.suggest("/performed/at", now.plus(-span));
    }
}

/// A form as it was filled in.
struct Filled {
    typed: Typed,
    key: Uuid,
    /// The button by which it is filled in further.
    further: Option<(&'static str, String)>,
    problem: Option<Problem>,
    /// The version that was looked at.
    seen: Option<u32>,
    /// Whether what is still empty may be suggested.
    suggested: bool,
}

impl Filled {
    fn of(typed: Typed) -> Self {
        Self { typed, key: Uuid::now_v7(), further: None, problem: None, seen: None, suggested: false }
    }
}

/// Which form an address means, and what it is aimed at.
///
/// # Errors
/// There is no such form, or what it is aimed at is no identifier.
pub fn found(request: &HttpRequest, state: &State) -> Result<(Arc<FormRoute>, Option<Uuid>), Problem> {
    let missing = || Problem::new(Kind::NotFound, session::language(request));
    let path = request.path().strip_prefix(RECORD).unwrap_or_default();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (template, aimed) = match segments.as_slice() {
        [collection, id, form] => {
            let id = Uuid::try_parse(id).map_err(|_| missing())?;
            (format!("/{collection}/{{id}}/{form}"), Some(id))
        }
        _ => (path.to_string(), None),
    };
    let route = state.forms.get(&template).cloned().ok_or_else(missing)?;
    Ok((route, aimed))
}

async fn about(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    route: &FormRoute,
    aimed: Option<Uuid>,
) -> Result<About, Problem> {
    let (now, _) = state.store.now();
    let (kit, action) = (Kit::of(request), route.action.clone());
    let (asking, zone, collection) = (caller.clone(), state.zone, collection_of(&route.path).to_string());
    let store = Arc::clone(&state.store);
    // All forms have one pattern of addresses: so it is the form that is noted.
    let viewer =
        viewer(request, caller).map(|viewer| Viewer { route: format!("{RECORD}{}", route.path), ..viewer });
    let about = read(state, caller, move |conn| {
        let scope = asking.scope();
        let reader = Reader::new(asking.language, zone);
        let mut about = About {
            batch: None,
            order: None,
            quality_event: None,
            version: 0,
            names: Names::default(),
            offers: Offers::default(),
            kit,
            caller: asking.clone(),
            now,
            clinic: None,
        };
        about.offers.people(&reading::people(conn)?, scope);
        match (collection.as_str(), aimed) {
            ("batches", Some(id)) => about.batch = reading::batch(conn, scope, BatchId(id))?,
            ("orders", Some(id)) => {
                let order = reading::order(conn, scope, OrderId(id))?;
                (about.order, about.version) =
                    order.map_or((None, 0), |(order, version)| (Some(order), version));
            }
            (collection, Some(id)) => {
                let kind = match collection {
                    "people" => StreamKind::Person,
                    "standards" => StreamKind::Standard,
                    _ => StreamKind::QualityEvent,
                };
                let at = StreamId { kind, id };
                if let Some(mut world) = reading::stream(conn, at)? {
                    about.version = world.version(at);
                    about.quality_event = world.quality_events.remove(&QualityEventId(id));
                    about.offers.keys(world.people.values());
                }
            }
            (_, None) => {}
        }
        about.names = match about.batch.clone() {
            Some(batch) => {
                about.version = u32::try_from(batch.log.len()).unwrap_or(u32::MAX);
                about.order = reading::order(conn, scope, batch.opened.order)?.map(|(order, _)| order);
                let names = Names::of_batch(conn, &batch, scope, Some(asking.language))?;
                let call = |thing: Thing| names.call(thing);
                let reader = reader.of(Context::of(batch.standard(), zone).naming(&call));
                about.offers.batch(&reader, &batch, &names);
                names
            }
            None => Names::of_centre(conn)?,
        };
        if let Some(event) = &about.quality_event {
            for batch in event.batches.keys() {
                about.names.learn_batch(conn, *batch, scope)?;
            }
            let call = |batch: &BatchId| about.names.batch(*batch).0;
            about
                .offers
                .add("/batch", event.batches.keys().map(|batch| (batch.to_string(), call(batch))).collect());
        }
        layouts::offer(conn, &action, &reader, scope, now, &mut about.offers)?;
        if let Some(clinic) = asking.clinic {
            about.clinic =
                Known::of(conn, &store, (viewer.as_ref(), clinic), &action, about.order.as_ref(), now)?;
        }
        Ok(about)
    })
    .await?;
    if aimed.is_some() && about.version == 0 {
        return Err(Problem::new(Kind::NotFound, caller.language));
    }
    Ok(about)
}

fn page(
    request: &HttpRequest,
    state: &State,
    route: &FormRoute,
    about: &About,
    filled: Filled,
) -> HttpResponse {
    let frame = Frame::new(request, state, Some(&about.caller));
    let call = |thing: Thing| about.names.call(thing);
    let reader = about.reader(state, &call);
    let title = words::action(reader.language, &route.action);
    let mut status = StatusCode::OK;
    let mut faults = Vec::new();
    if let Some(problem) = &filled.problem {
        status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(differ) = differing(problem) {
            return frame.answer(status, reader.say(Word::Stop), stop(&reader, differ, &here(request)));
        }
        faults = faults_of(problem, &reader);
    }
    let content = html! {
        (heading(&reader, &title, about))
        (laid_out(state, route, about, &reader, filled, faults, request.path()))
    };
    frame.answer(status, &title, content)
}

/// A form as part of another page about the same thing, on the version that this page shows. It is handed in where all
/// forms are, and shown there if something is wrong with it.
///
/// # Errors
/// There is no such form or thing, or the records cannot be read.
pub async fn within(
    request: &HttpRequest,
    state: &web::Data<State>,
    caller: &Caller,
    action: &str,
    aimed: Uuid,
    seen: u32,
    typed: Typed,
) -> Result<Markup, Problem> {
    let route = state.forms.values().find(|route| route.action == action).cloned();
    let route = route.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
    let about = About { version: seen, ..about(request, state, caller, &route, Some(aimed)).await? };
    let call = |thing: Thing| about.names.call(thing);
    let reader = about.reader(state, &call);
    let filled = Filled { suggested: true, ..Filled::of(typed) };
    let handed_in_at = format!("{RECORD}{}", route.path.replace("{id}", &aimed.to_string()));
    Ok(laid_out(state, &route, &about, &reader, filled, Vec::new(), &handed_in_at))
}

impl About {
    /// Who reads about it.
    fn reader<'a>(&'a self, state: &State, call: &'a dyn Fn(Thing) -> Option<String>) -> Reader<'a> {
        let reader = Reader::new(self.caller.language, state.zone);
        let batch = self.batch.as_ref();
        batch.map_or(reader, |batch| reader.of(Context::of(batch.standard(), state.zone).naming(call)))
    }
}

fn laid_out(
    state: &State,
    route: &FormRoute,
    about: &About,
    reader: &Reader,
    filled: Filled,
    faults: Vec<Fault>,
    handed_in_at: &str,
) -> Markup {
    let (schema, definitions) = state.schemas.of(&route.action);
    let changed =
        filled.problem.as_ref().is_some_and(|problem| problem.status == Kind::Changed.status().as_u16());
    let names_a_version = route.meaning.is_some() || route.action == "batch.disposition.correction";
    let mut sheet = Sheet {
        reader,
        route,
        shape: Shape::new(schema, definitions),
        typed: filled.typed,
        faults,
        offers: about.offers.clone(),
        longer: None,
        address: handed_in_at.to_string(),
        once: filled.key,
        shown_to: about.caller.person,
        serial: about.batch.as_ref().map(|batch| serial_of(&batch.opened.label)),
        check: about
            .batch
            .as_ref()
            .filter(|_| super::may(&about.caller, "batch.culture.label_check"))
            .map(|batch| address("batches", batch.id, "label_check")),
        // Signing again after a fault is about what was looked at, not about what came since.
        version: names_a_version.then(|| filled.seen.filter(|_| !changed).unwrap_or(about.version)),
        files: Cell::new(false),
        choosing: false,
        draft_keys: drafts::keys(state, about.caller.person),
    };
    if let Some((button, value)) = &filled.further {
        layouts::further(&mut sheet, about, button, value);
    }
    let meanwhile = filled.seen.filter(|_| changed).zip(about.batch.as_deref());
    let content = layouts::lay_out(&mut sheet, about, filled.suggested);
    html! {
        @if let Some((seen, batch)) = meanwhile { (recorded_since(reader, batch, seen)) }
        (sheet.whole(content))
    }
}

/// What was recorded of a batch since a version of it was looked at.
fn recorded_since(reader: &Reader, batch: &Batch, seen: u32) -> Markup {
    let since = batch.log.iter().filter(|logged| logged.stamp.version > seen);
    html! {
        div.notice {
            h2 { (reader.say(Word::Meanwhile)) }
            ul {
                @for logged in since {
                    @let fact = baiyo_domain::event::Event::Batch((*logged.event).clone());
                    li { "#" (logged.stamp.version) " · " (words::event(reader.language, &fact, &reader.context)) }
                }
            }
        }
    }
}

fn heading(reader: &Reader, title: &str, about: &About) -> Markup {
    html! {
        div.title { h1 { (title) } }
        @if let Some(batch) = &about.batch {
            p.about {
                a href={ "/batches/" (batch.id) } { (batch.opened.label) } " · " (batch.opened.pseudonym) " · "
                (words::title(reader.language, &batch.standard().title)) " "
                (super::status_chip::batch(reader.language, batch.status(about.now)))
            }
        } @else if let Some(order) = &about.order {
            p.about {
                a href={ "/orders/" (order.id) } { (order.placed.label) } " · " (order.placed.placement.pseudonym)
            }
        }
    }
}

/// What a problem says of the fields of a form.
fn faults_of(problem: &Problem, reader: &Reader) -> Vec<Fault> {
    let own = |reason: &crate::api::problem::ProblemReason| Fault {
        field: reason.pointer.clone().filter(|pointer| !pointer.is_empty()),
        sentence: reason.sentence.clone(),
    };
    let mut faults: Vec<Fault> = problem.reasons.iter().map(own).collect();
    if problem.status == Kind::Changed.status().as_u16() {
        faults.insert(0, Fault { field: None, sentence: reader.say(Word::ChangedLookAgain).into() });
    }
    if faults.is_empty() {
        faults.push(Fault { field: None, sentence: problem.title.clone() });
    }
    faults
}

/// Two identifiers that should be the same and differ: what belonged there, and what was found.
fn differing(problem: &Problem) -> Option<(&str, &str, &str)> {
    let met = ["identifiers_differ", "wrong_batch"];
    let reason = problem.reasons.iter().find(|reason| met.contains(&reason.code.as_str()))?;
    let said = |name: &str| reason.arguments.as_ref()?.get(name)?.as_str();
    Some((said("expected")?, said("found")?, &reason.sentence))
}

fn stop(reader: &Reader, (expected, found, sentence): (&str, &str, &str), back: &str) -> Markup {
    html! {
        section.stop role="alert" tabindex="-1" {
            h1 { (super::status_chip::Look::Bad.icon()) (reader.say(Word::Stop)) }
            p.what { (reader.say(Word::StopWrongBatch)) }
            dl {
                div { dt { (reader.say(Word::StopExpected)) } dd { (expected) } }
                div { dt { (reader.say(Word::StopFound)) } dd { (found) } }
            }
            p { (sentence) }
            p { (reader.say(Word::StopRecorded)) " " (reader.say(Word::StopNext)) }
            p { a.button href=(back) { (reader.say(Word::BackToForm)) } }
        }
    }
}

fn here(request: &HttpRequest) -> String {
    request.path().to_string()
}

/// Where one goes after something was recorded: where one came from, or to what it is about.
fn go_on(
    request: &HttpRequest,
    state: &State,
    caller: &Caller,
    route: &FormRoute,
    aimed: Option<Uuid>,
    typed: &Typed,
    done: &Done,
) -> HttpResponse {
    if let Some(token) = &done.token {
        let frame = Frame::new(request, state, Some(caller));
        let title = words::action(caller.language, &route.action);
        return frame.ok(
            &title,
            html! {
                div.title { h1 { (title) } }
                @let link = setup::link(token);
                p.notice { a href=(link) { (link) } }
                p.hint { (frame.say(Privacy::LinkShownOnce)) }
                p { (frame.say(Privacy::LinkCode)) " " code { (token) } }
                @if let Some(person) = aimed {
                    p { a href={ "/people/" (person) } { (frame.say(Ui::Person)) } }
                }
            },
        );
    }
    let own = match (collection_of(&route.path), aimed.or(done.id)) {
        ("batches", Some(id)) => format!("/batches/{id}"),
        ("orders", Some(id)) => format!("/orders/{id}"),
        ("people", Some(id)) => format!("/people/{id}"),
        ("standards", Some(id)) => format!("/standards/{id}"),
        // Clinics are listed with the people.
        ("site", _) => "/people".into(),
        _ => "/".into(),
    };
    let to = typed.get("to").unwrap_or(&own);
    let next = layouts::next(&route.action).zip(aimed);
    let next = next.map(|(form, id)| format!("{}?to={}", address("batches", id, form), super::encoded(to)));
    let to = next.as_deref().unwrap_or(to);
    let (path, fragment) =
        to.split_once('#').map_or((to, String::new()), |(path, rest)| (path, format!("#{rest}")));
    let joined = if path.contains('?') { '&' } else { '?' };
    see_other(&format!("{path}{joined}done={}{fragment}", route.action))
}

/// The kind of thing that a form's path is about.
fn collection_of(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// The address of a form about a thing.
pub fn address(collection: &str, id: impl std::fmt::Display, form: &str) -> String {
    format!("{RECORD}/{collection}/{id}/{form}")
}

/// Every form about a thing that this person may fill in, by the stage of the work.
pub fn menu(
    reader: &Reader,
    state: &State,
    caller: &Caller,
    collection: &str,
    id: impl std::fmt::Display,
) -> Markup {
    let id = id.to_string();
    let about = |route: &&Arc<FormRoute>| collection_of(&route.path) == collection && !route.creates;
    let mut stages: Vec<(String, Vec<Markup>)> = Vec::new();
    for (_, route) in ordered(state).filter(|(_, route)| about(route) && super::may(caller, &route.action)) {
        let stage = route.action.rsplit_once('.').map(|(stage, _)| stage.to_string()).unwrap_or_default();
        let address = format!("{RECORD}{}", route.path.replace("{id}", &id));
        let link = html! { li { a href=(address) { (words::action(reader.language, &route.action)) } } };
        match stages.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, links)) => links.push(link),
            None => stages.push((stage, vec![link])),
        }
    }
    html! {
        @if !stages.is_empty() {
            details.forms #forms {
                summary { (reader.say(Word::OtherForms)) }
                div { @for (_, links) in stages { ul { @for link in links { (link) } } } }
            }
        }
    }
}

/// The forms in the order of the table of authority, which is that of the work.
fn ordered(state: &State) -> impl Iterator<Item = (usize, &Arc<FormRoute>)> {
    let place = |action: &str| TABLE.iter().position(|rule| rule.action == action).unwrap_or(usize::MAX);
    let mut routes: Vec<(usize, &Arc<FormRoute>)> =
        state.forms.values().map(|route| (place(&route.action), route)).collect();
    routes.sort_by_key(|(place, _)| *place);
    routes.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_for_the_connection_happened_when_it_was_handed_in() {
        let now = Time::from(chrono::DateTime::parse_from_rfc3339("2026-11-23T05:05:00Z").unwrap().to_utc());
        let typed = |pairs: &[(&str, &str)]| {
            let mut typed =
                Typed::of(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())));
            waited(&mut typed, now);
            typed.get("/performed/at").map(String::from)
        };
        assert_eq!(typed(&[("waited", "600")]).as_deref(), Some("2026-11-23T04:55:00.000000Z"));
        assert_eq!(typed(&[("waited", "5")]), None);
        let own = [("waited", "600"), ("/performed/at", "2026-11-23T13:00")];
        assert_eq!(typed(&own).as_deref(), Some("2026-11-23T13:00"), "what was typed stands");
    }
}
