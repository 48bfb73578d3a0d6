//! The pages: HTML made on the server, working without scripts. They read through the same queries as the API and
//! record through the same one write path.

mod access;
mod account;
mod assets;
mod badge;
mod batch;
mod bench;
mod board;
mod clinic;
#[cfg(test)]
mod colours;
mod correcting;
mod disclosures;
mod documentation;
mod dossier;
mod drafts;
mod form;
mod frame;
mod gate;
mod guessing;
mod history;
mod home;
mod incubators;
mod labels;
mod layouts;
mod lineage;
pub mod live;
mod offers;
mod office;
mod orders;
mod other_ways;
#[cfg(feature = "passkeys")]
mod passkeys;
mod people;
mod pictures;
mod planner;
#[cfg(feature = "openid")]
mod provider;
mod quality;
mod reader;
pub(crate) mod recording;
mod records;
mod results;
pub(crate) mod setup;
mod sheet;
mod sign_in;
mod standards;
mod status_chip;
pub(crate) mod switch;
mod tablets;
#[cfg(test)]
mod tests;
mod tokens;
mod trends;
mod typed;
mod uploaded;

use crate::admission::admitting;
use crate::api::problem::{Kind, Problem};
use crate::server::{State, knowing_the_centre};
use crate::session::{self, Caller, LANGUAGE_COOKIE, OwnCookie};
use crate::words::{Language, Ui};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{SameSite, time::Duration};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::header::ContentType;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, web};
use baiyo_persistence::reading::After;
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{StoreError, accounts};
use frame::{Frame, TABLET_COOKIE, THEME_COOKIE, Theme};
use maud::html;
pub(crate) use pictures::scale::midnight;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// Rows on one page of a list.
const ROWS: i64 = 50;
/// The most bytes of a form as a browser sends it, where a Japanese character takes nine: what the API takes, and room.
const MOST_TYPED: usize = 8 * crate::api::forms::MAX_BODY;
/// Seconds after which a store that does not answer counts as not ready.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

type Query = web::Query<HashMap<String, String>>;
type Answer = Result<HttpResponse, Problem>;

/// Who is admitted to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admits {
    /// Whoever asks, signed in or not.
    Anybody,
    /// Whoever is signed in; what he finds there is what his roles let him see.
    SignedIn,
    /// Who may do one of these actions.
    To(&'static [&'static str]),
    /// Who may do what the form in its address is for.
    ToItsForm,
}
use Admits::{Anybody, SignedIn, To, ToItsForm};

/// A page, or what is handed in on one. There is no way to register one without saying whom it admits.
pub struct Page {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its address.
    pub path: &'static str,
    /// Who is admitted.
    pub admits: Admits,
    route: Route,
}

fn get(path: &'static str, admits: Admits, route: Route) -> Page {
    Page { method: "GET", path, admits, route: route.method(Method::GET) }
}

fn post(path: &'static str, admits: Admits, route: Route) -> Page {
    Page { method: "POST", path, admits, route: admitting(route.method(Method::POST), admits) }
}

/// The pages that need no frame: for machines, and what pages are made with.
fn bare() -> Vec<Page> {
    vec![
        get("/healthz", Anybody, web::to(healthy)),
        get("/favicon.ico", Anybody, web::to(no_icon)),
        get("/readyz", Anybody, web::to(ready)),
        get("/assets/{name}", Anybody, web::to(assets::serve)),
    ]
}

/// The pages for people.
fn framed() -> Vec<Page> {
    const BATCH: Admits = To(&["read.batch"]);
    const ORDER: Admits = To(&["read.order"]);
    const STANDARD: Admits = To(&["read.standard"]);
    const PEOPLE: Admits = To(&["read.people"]);
    const DESK: Admits = To(&["read.quality_event"]);
    const CLINIC: Admits = To(&["read.patient_name"]);
    const OWN: Admits = To(&[session::OWN]);
    const TABLETS: Admits = To(&["account.tablets"]);
    const JOBS: Admits = To(&records::ACTIONS);
    vec![
        get("/", SignedIn, web::to(home::show)),
        get("/sign-in", Anybody, web::to(sign_in::ask)),
        post("/sign-in", Anybody, web::to(sign_in::take)),
        get("/sign-in/code", Anybody, web::to(sign_in::ask_code)),
        post("/sign-in/code", Anybody, web::to(sign_in::take_code)),
        get("/me", OWN, web::to(account::show)),
        get("/me/password", OWN, web::to(account::ask_password)),
        post("/me/password", OWN, web::to(account::take_password)),
        get("/me/factor", OWN, web::to(account::ask_factor)),
        post("/me/factor", OWN, web::to(account::take_factor)),
        post("/me/sessions/{id}/end", OWN, web::to(account::end_session)),
        get("/me/tokens", OWN, web::to(tokens::ask)),
        post("/me/tokens", OWN, web::to(tokens::take)),
        post("/me/tokens/{id}/end", OWN, web::to(account::end_token)),
        get("/me/badge", OWN, web::to(badge::ask_badge)),
        post("/me/badge", OWN, web::to(badge::take_badge)),
        post("/me/badge/end", OWN, web::to(badge::end)),
        get("/me/pin", OWN, web::to(badge::ask_pin)),
        post("/me/pin", OWN, web::to(badge::take_pin)),
        get("/switch", Anybody, web::to(switch::ask)),
        post("/switch", Anybody, web::to(switch::take)),
        get("/tablets", TABLETS, web::to(tablets::show)),
        post("/tablets", TABLETS, web::to(tablets::register)),
        post("/tablets/{id}/end", TABLETS, web::to(tablets::end)),
        post("/sign-out", Anybody, web::to(sign_in::leave)),
        get(setup::SETUP, Anybody, web::to(setup::ask)),
        post(setup::SETUP, Anybody, web::to(setup::take)),
        get("/live", SignedIn, web::to(live::listen)),
        get("/find", BATCH, web::to(bench::find)),
        get("/bench", BATCH, web::to(bench::today::show)),
        get("/bench/map", BATCH, web::to(bench::map::show)),
        post("/bench/kit", Anybody, web::to(bench::kit::keep)),
        get("/bench/vessels/{label}", BATCH, web::to(bench::vessel::show)),
        get("/batches", SignedIn, web::to(board::show)),
        get("/batches/{id}", BATCH, web::to(batch::show)),
        get("/batches/{id}/documents", BATCH, web::to(clinic::documents::show)),
        get("/clinic", CLINIC, web::to(clinic::board::show)),
        get("/clinic/scan", CLINIC, web::to(clinic::scan::show)),
        get("/planner", To(&["read.planner"]), web::to(planner::show)),
        get("/trends", To(&["read.trends"]), web::to(trends::show)),
        get("/batches/{id}/labels", BATCH, web::to(labels::show)),
        get("/batches/{id}/history.csv", BATCH, web::to(history::take_away)),
        get("/batches/{id}/record", BATCH, web::to(quality::record::show)),
        get("/batches/{id}/review", DESK, web::to(quality::review::show)),
        get("/quality", DESK, web::to(quality::queue::show)),
        get("/orders", ORDER, web::to(orders::list)),
        get("/orders/{id}", ORDER, web::to(orders::show)),
        get("/record/{collection}", ToItsForm, web::to(recording::show)),
        post("/record/{collection}", ToItsForm, web::to(recording::take)),
        get("/record/{collection}/{form}", ToItsForm, web::to(recording::show)),
        post("/record/{collection}/{form}", ToItsForm, web::to(recording::take)),
        get("/record/{collection}/{id}/{form}", ToItsForm, web::to(recording::show)),
        post("/record/{collection}/{id}/{form}", ToItsForm, web::to(recording::take)),
        get("/records", JOBS, web::to(records::show)),
        post("/records", JOBS, web::to(records::start)),
        post("/records/standards", To(&["standard.draft"]), web::to(records::import)),
        get("/records/{id}", JOBS, web::to(records::job)),
        post("/records/{id}/stop", JOBS, web::to(records::stop)),
        get("/records/{id}/file", JOBS, web::to(records::take_away)),
        get("/people", PEOPLE, web::to(people::list)),
        get("/people/{id}", PEOPLE, web::to(people::show)),
        post("/people/{id}/access/end", To(&["account.ending"]), web::to(people::end_access)),
        post("/people/{id}/links/end", To(&["account.ending"]), web::to(people::end_links)),
        get("/access", To(&["read.access"]), web::to(access::show)),
        get("/access/{name}", To(&["read.access"]), web::to(access::take_away)),
        get("/people/{id}/disclosures", To(&["read.access"]), web::to(disclosures::of_person)),
        get("/patients/{id}", To(&["read.disclosures"]), web::to(disclosures::of_patient)),
        get("/batches/{id}/standard", STANDARD, web::to(standards::pinned)),
        get("/standards", STANDARD, web::to(standards::list)),
        get("/standards/{id}", STANDARD, web::to(standards::show)),
        get("/documentation", Anybody, web::to(documentation::show)),
        get("/language/{tag}", Anybody, web::to(choose_language)),
        get("/theme/{name}", Anybody, web::to(choose_theme)),
    ]
}

/// Every page, as it is registered.
pub fn all() -> Vec<Page> {
    bare().into_iter().chain(framed()).chain(other_ways::pages()).collect()
}

/// Registers the pages.
pub fn configure(config: &mut web::ServiceConfig) {
    for page in bare() {
        config.route(page.path, page.route);
    }
    let scope = web::scope("")
        .app_data(web::FormConfig::default().limit(MOST_TYPED))
        .wrap(from_fn(in_html))
        .wrap(from_fn(knowing_the_centre));
    let scope = framed()
        .into_iter()
        .chain(other_ways::pages())
        .fold(scope, |scope, page| scope.route(page.path, page.route));
    config.service(scope.default_service(web::to(lost)));
}

async fn healthy() -> &'static str {
    "ok"
}

/// Pages carry their icon; browsers ask for one all the same where an answer is no page.
async fn no_icon() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Whether the records can be read and the writer answers.
async fn ready(state: web::Data<State>) -> HttpResponse {
    let store = Arc::clone(&state.store);
    let asked = web::block(move || {
        let read = store.read(|conn| Ok::<_, StoreError>(accounts::is_empty(conn)?));
        let written = store.note(|conn| accounts::is_empty(conn).map_err(JobError::<StoreError>::Database));
        read.is_ok() && written.is_ok()
    });
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(true)) => HttpResponse::Ok().content_type(ContentType::plaintext()).body("ok"),
        _ => HttpResponse::ServiceUnavailable().content_type(ContentType::plaintext()).body("not ready"),
    }
}

/// Every address of a page, as routes are compared with it, and the method it takes.
static ADDRESSES: LazyLock<Vec<(ResourceDef, &str)>> =
    LazyLock::new(|| all().into_iter().map(|page| (ResourceDef::new(page.path), page.method)).collect());

/// Answers an address that leads nowhere, or not by this method.
async fn lost(request: HttpRequest) -> Answer {
    let language = session::language(&request);
    let here = ADDRESSES.iter().filter(|(address, _)| address.is_match(request.match_info().as_str()));
    let methods: Vec<&str> = here.map(|(_, method)| *method).collect();
    if methods.is_empty() {
        return Err(Problem::new(Kind::NotFound, language));
    }
    let mut answer = refused(&request, &Problem::new(Kind::Method, language));
    if let Ok(allowed) = header::HeaderValue::from_str(&methods.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    Ok(answer)
}

async fn choose_language(request: HttpRequest, tag: web::Path<String>, query: Query) -> Answer {
    let language = Language::from_tag(&tag);
    let language = language.ok_or_else(|| Problem::new(Kind::NotFound, session::language(&request)))?;
    chosen(&request, &query, LANGUAGE_COOKIE, language.tag())
}

async fn choose_theme(request: HttpRequest, name: web::Path<String>, query: Query) -> Answer {
    let known = ["system", Theme::Light.name(), Theme::Dark.name()];
    let name = known.into_iter().find(|known| *known == *name);
    let name = name.ok_or_else(|| Problem::new(Kind::NotFound, session::language(&request)))?;
    chosen(&request, &query, THEME_COOKIE, name)
}

/// Keeps a choice in a cookie and goes back.
fn chosen(request: &HttpRequest, query: &Query, cookie: OwnCookie, value: &'static str) -> Answer {
    let mut cookie = cookie.with(request, value);
    // A page to which another site leads is shown as it was chosen, too.
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(Duration::days(365));
    let mut answer = see_other(query.get("to").map_or("/", String::as_str));
    answer.add_cookie(&cookie).map_err(|_| Problem::new(Kind::Unavailable, session::language(request)))?;
    Ok(answer)
}

/// Shows a problem as a page; whoever is not signed in is asked to sign in first.
async fn in_html(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().error().and_then(|error| error.as_error::<Problem>()).cloned();
    let request = response.request().clone();
    match (problem, request.app_data::<web::Data<State>>()) {
        (Some(problem), Some(state)) => {
            let page = problem_page(&request, state, &problem).await;
            Ok(response.into_response(page))
        }
        _ => Ok(response),
    }
}

/// What is said to a request that no route will see: a page where pages are asked for, else the problem as it is. Who
/// asks is not looked up for it.
pub fn refused(request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let is_page = !request.path().starts_with(crate::api::BASE);
    match request.app_data::<web::Data<State>>().filter(|_| is_page) {
        Some(state) => shown(&Frame::new(request, state, None), problem),
        None => problem.error_response(),
    }
}

async fn problem_page(request: &HttpRequest, state: &web::Data<State>, problem: &Problem) -> HttpResponse {
    if problem.status == StatusCode::UNAUTHORIZED && request.method() == Method::GET {
        let place = if TABLET_COOKIE.of(request).is_some() { switch::SWITCH } else { "/sign-in" };
        return see_other(&format!("{place}?to={}", encoded(&here(request))));
    }
    let lacks_factor = problem.reasons.iter().any(|reason| reason.code == session::FACTOR_NEEDED);
    if lacks_factor && request.method() == Method::GET {
        return see_other(account::FACTOR);
    }
    let caller = session::who_so_far(request, state).await.ok();
    shown(&Frame::new(request, state, caller.as_ref()), problem)
}

fn shown(frame: &Frame, problem: &Problem) -> HttpResponse {
    let content = html! {
        div.title { h1 { (problem.title) } }
        @for reason in &problem.reasons { p { (reason.sentence) } }
        @if problem.status == StatusCode::NOT_FOUND { p { (frame.say(Ui::NotFoundHelp)) } }
        p { a href="/" { (frame.say(Ui::Board)) } }
        @if problem.reasons.iter().any(|reason| reason.code == session::PASSWORD_NEEDED) {
            p { a.button href={ "/sign-in?to=" (encoded(frame.here())) } { (frame.say(Ui::SignIn)) } }
        }
    };
    let mut page = frame.answer(problem.status_code(), &problem.title, content);
    if let Some(seconds) = problem.error_response().headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.clone());
    }
    page
}

/// Whether one of this person's roles includes an action.
fn may(caller: &Caller, action: &str) -> bool {
    caller.may(action)
}

/// Why a form as a browser sends it cannot be read.
fn form_problem(error: &actix_web::Error, language: Language) -> Problem {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::TooLarge, language),
        _ => Problem::new(Kind::Form, language),
    }
}

/// Goes on to another page of ours; whatever is no path of this site leads to the board.
fn see_other(path: &str) -> HttpResponse {
    let visible = path.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\');
    let ours = visible && path.starts_with('/') && !path.starts_with("//");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, if ours { path } else { "/" }))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// The address of a request, without a language asked for in it and what was just recorded.
fn here(request: &HttpRequest) -> String {
    let query: Vec<&str> = request
        .query_string()
        .split('&')
        .filter(|pair| !["lang=", "done="].iter().any(|own| pair.starts_with(own)))
        .collect();
    match query.join("&").as_str() {
        "" => request.path().to_string(),
        query => format!("{}?{query}", request.path()),
    }
}

/// A text as a query's value.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(byte.into())
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Where a page of a list begins; at its beginning where the address does not say so rightly.
fn after_of(query: &Query) -> Option<After> {
    let (at, id) = query.get("after")?.split_once('_')?;
    Some(After { at: at.parse().ok()?, id: Uuid::try_parse(id).ok()? })
}

/// Where the next page begins, if this one is full.
fn next_of(rows: usize, last: Option<(i64, Uuid)>) -> Option<String> {
    let full = i64::try_from(rows).unwrap_or(i64::MAX) >= ROWS;
    last.filter(|_| full).map(|(at, id)| format!("{at}_{id}"))
}
