//! Forms sent as JSON: who sends it and what it is aimed at, the headers, and the answer.

use super::FormRoute;
use super::json::{self, Body};
use super::problem::{Kind, Problem};
use crate::server::State;
use crate::session;
use crate::submission::{self, Submission};
use crate::words::Language;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use std::sync::Arc;
use uuid::Uuid;

/// The most bytes a body may have: an entry's payload with room for its form.
pub const MAX_BODY: usize = 128 * 1024;

/// Takes one form in.
///
/// # Errors
/// Every reason why not, as a [`Problem`].
pub async fn submit(
    route: Arc<FormRoute>,
    request: HttpRequest,
    body: Body,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let caller = session::admit(&request, &state, &route.action).await?;
    let language = caller.language;
    let aimed = aimed_at(&route, &request, language)?;
    let form = json::read(&request, body, language)?;
    let submission = Submission {
        route: &route,
        caller: &caller,
        aimed,
        form,
        place: format!("{} {}", request.method(), request.path()),
        key: idempotency_key(&request, language)?,
        expected_version: expected_version(&request, language)?,
    };
    let done = submission::submit(&state, submission).await?;
    let mut response = if route.creates { HttpResponse::Created() } else { HttpResponse::Ok() };
    if done.token.is_some() {
        response.insert_header((header::CACHE_CONTROL, "no-store"));
    }
    Ok(response.insert_header((header::ETAG, format!("\"{}\"", done.version))).json(done))
}

fn aimed_at(route: &FormRoute, request: &HttpRequest, language: Language) -> Result<Uuid, Problem> {
    if route.creates {
        return Ok(Uuid::now_v7());
    }
    let id = request.match_info().get("id").unwrap_or_default();
    Uuid::try_parse(id).map_err(|_| Problem::new(Kind::NotFound, language))
}

fn idempotency_key(request: &HttpRequest, language: Language) -> Result<Option<String>, Problem> {
    let Some(key) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    let visible = |key: &&str| (8..=100).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let key = key.to_str().ok().filter(visible);
    match key {
        Some(key) => Ok(Some(key.to_string())),
        None => {
            let sentence = match language {
                Language::En => "Idempotency-Key has 8–100 visible ASCII characters.",
                Language::Ja => "Idempotency-Key は8〜100文字の半角文字です。",
            };
            Err(Problem::because(Kind::Form, language, "idempotency_key", None, sentence.into()))
        }
    }
}

fn expected_version(request: &HttpRequest, language: Language) -> Result<Option<u32>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    // Whoever read it compressed has a weak tag; it names the same version.
    let tag = value.to_str().ok().map(|text| text.trim().trim_start_matches("W/"));
    let version = tag.and_then(|tag| tag.trim_matches('"').parse().ok());
    match version {
        Some(version) => Ok(Some(version)),
        None => {
            let sentence = match language {
                Language::En => "If-Match carries the version as in ETag, e.g. \"12\".",
                Language::Ja => "If-Match には ETag の版（例：\"12\"）を指定してください。",
            };
            Err(Problem::because(Kind::Form, language, "if_match", None, sentence.into()))
        }
    }
}
