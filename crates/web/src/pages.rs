//! The pages: HTML made on the server, working without scripts. They read through the same queries as the API and
//! record through the same one write path.

mod account;
mod assets;
mod batch;
mod bench;
mod board;
mod clinic;
#[cfg(test)]
mod colours;
mod correcting;
mod documentation;
mod dossier;
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
mod people;
mod pictures;
mod planner;
mod quality;
mod reader;
mod recording;
mod records;
mod results;
mod setup;
mod sheet;
mod sign_in;
mod standards;
mod status_chip;
#[cfg(test)]
mod tests;
mod trends;
mod typed;
mod uploaded;

use crate::api::problem::{Kind, Problem};
use crate::server::{State, knowing_the_centre};
use crate::session::{self, Caller, LANGUAGE_COOKIE};
use crate::words::{Language, Ui};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use baiyo_domain::authority::roles_for;
use baiyo_persistence::reading::After;
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{StoreError, accounts};
use frame::{Frame, THEME_COOKIE, Theme};
use maud::html;
pub(crate) use pictures::scale::midnight;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Rows on one page of a list.
const ROWS: i64 = 50;
/// The most bytes of a form as a browser sends it, where a Japanese character takes nine: what the API takes, and room.
const MOST_TYPED: usize = 8 * crate::api::forms::MAX_BODY;
/// Seconds after which a store that does not answer counts as not ready.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

type Query = web::Query<HashMap<String, String>>;
type Answer = Result<HttpResponse, Problem>;

/// Registers the pages.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(healthy))
        .route("/favicon.ico", web::get().to(no_icon))
        .route("/readyz", web::get().to(ready))
        .route("/assets/{name}", web::get().to(assets::serve))
        .service(
            web::scope("")
                .app_data(web::FormConfig::default().limit(MOST_TYPED))
                .wrap(from_fn(in_html))
                .wrap(from_fn(knowing_the_centre))
                .route("/", web::get().to(home::show))
                .service(
                    web::resource("/sign-in")
                        .route(web::get().to(sign_in::ask))
                        .route(web::post().to(sign_in::take)),
                )
                .service(
                    web::resource("/sign-in/code")
                        .route(web::get().to(sign_in::ask_code))
                        .route(web::post().to(sign_in::take_code)),
                )
                .route("/me", web::get().to(account::show))
                .service(
                    web::resource("/me/password")
                        .route(web::get().to(account::ask_password))
                        .route(web::post().to(account::take_password)),
                )
                .service(
                    web::resource("/me/factor")
                        .route(web::get().to(account::ask_factor))
                        .route(web::post().to(account::take_factor)),
                )
                .route("/me/sessions/{id}/end", web::post().to(account::end_session))
                .route("/me/tokens/{id}/end", web::post().to(account::end_token))
                .route("/sign-out", web::post().to(sign_in::leave))
                .service(
                    web::resource("/setup/{token}")
                        .route(web::get().to(setup::ask))
                        .route(web::post().to(setup::take)),
                )
                .route("/live", web::get().to(live::listen))
                .route("/find", web::get().to(bench::find))
                .route("/bench", web::get().to(bench::today::show))
                .route("/bench/map", web::get().to(bench::map::show))
                .route("/bench/kit", web::post().to(bench::kit::keep))
                .route("/bench/vessels/{label}", web::get().to(bench::vessel::show))
                .route("/batches", web::get().to(board::show))
                .route("/batches/{id}", web::get().to(batch::show))
                .route("/batches/{id}/documents", web::get().to(clinic::documents::show))
                .route("/clinic", web::get().to(clinic::board::show))
                .route("/clinic/scan", web::get().to(clinic::scan::show))
                .route("/planner", web::get().to(planner::show))
                .route("/trends", web::get().to(trends::show))
                .route("/batches/{id}/labels", web::get().to(labels::show))
                .route("/batches/{id}/record", web::get().to(quality::record::show))
                .route("/batches/{id}/review", web::get().to(quality::review::show))
                .route("/quality", web::get().to(quality::queue::show))
                .route("/orders", web::get().to(orders::list))
                .route("/orders/{id}", web::get().to(orders::show))
                .service(
                    web::resource([
                        "/record/{collection}",
                        "/record/{collection}/{form}",
                        "/record/{collection}/{id}/{form}",
                    ])
                    .route(web::get().to(recording::show))
                    .route(web::post().to(recording::take)),
                )
                .service(
                    web::resource("/records")
                        .route(web::get().to(records::show))
                        .route(web::post().to(records::start)),
                )
                .route("/records/standards", web::post().to(records::import))
                .route("/records/{id}", web::get().to(records::job))
                .route("/records/{id}/stop", web::post().to(records::stop))
                .route("/records/{id}/file", web::get().to(records::take_away))
                .route("/people", web::get().to(people::list))
                .route("/people/{id}", web::get().to(people::show))
                .route("/batches/{id}/standard", web::get().to(standards::pinned))
                .route("/standards", web::get().to(standards::list))
                .route("/standards/{id}", web::get().to(standards::show))
                .route("/documentation", web::get().to(documentation::show))
                .route("/language/{tag}", web::get().to(choose_language))
                .route("/theme/{name}", web::get().to(choose_theme))
                .default_service(web::to(lost)),
        );
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
        Ok(Ok(true)) => HttpResponse::Ok().body("ok"),
        _ => HttpResponse::ServiceUnavailable().body("not ready"),
    }
}

async fn lost(request: HttpRequest) -> Answer {
    Err(Problem::new(Kind::NotFound, session::language(&request)))
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
fn chosen(request: &HttpRequest, query: &Query, cookie: &'static str, value: &'static str) -> Answer {
    let cookie = Cookie::build(cookie, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish();
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

async fn problem_page(request: &HttpRequest, state: &web::Data<State>, problem: &Problem) -> HttpResponse {
    if problem.status == StatusCode::UNAUTHORIZED && request.method() == Method::GET {
        return see_other(&format!("/sign-in?to={}", encoded(&here(request))));
    }
    let lacks_factor = problem.reasons.iter().any(|reason| reason.code == session::FACTOR_NEEDED);
    if lacks_factor && request.method() == Method::GET {
        return see_other(account::FACTOR);
    }
    let caller = session::who_so_far(request, state).await.ok();
    let frame = Frame::new(request, state, caller.as_ref());
    let content = html! {
        div.title { h1 { (problem.title) } }
        @for reason in &problem.reasons { p { (reason.sentence) } }
        @if problem.status == StatusCode::NOT_FOUND { p { (frame.say(Ui::NotFoundHelp)) } }
        p { a href="/" { (frame.say(Ui::Board)) } }
    };
    let mut page = frame.answer(problem.status_code(), &problem.title, content);
    if let Some(seconds) = problem.error_response().headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.clone());
    }
    page
}

/// Whether one of this person's roles includes an action.
fn may(caller: &Caller, action: &str) -> bool {
    caller.roles.iter().any(|role| roles_for(action).contains(role))
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
