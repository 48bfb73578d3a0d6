//! Each request gets an identifier of its own: it is on the answer (`X-Request-Id`), on every line that is logged
//! meanwhile, and on the line that says what became of it. That line names the route as it is documented, never the path
//! or the query, into which anybody can write anything.

use crate::metrics::Answered;
use crate::refusals::InSum;
use crate::server::State;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use baiyo_domain::ids::PersonId;
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

/// The header that carries a request's identifier.
pub const HEADER: &str = "x-request-id";

/// Under which name requests are told of.
pub const TARGET: &str = module_path!();
/// By whom a request is asked, and the token where a program asks for him.
#[derive(Clone, Copy)]
struct Asker {
    person: PersonId,
    token: Option<Uuid>,
}

/// Remembers who asks, for the line of this request.
pub fn asked_by(request: &HttpRequest, person: PersonId, token: Option<Uuid>) {
    request.extensions_mut().insert(Asker { person, token });
}

/// Logs a request and counts it.
///
/// # Errors
/// As the route.
pub async fn observe<B: MessageBody>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let began = Instant::now();
    let id = Uuid::now_v7();
    let method = named(request.method());
    let span = tracing::info_span!("request", %id, method);
    let mut response = next.call(request).instrument(span.clone()).await?;
    let took = began.elapsed();
    let route = response.request().match_pattern().unwrap_or_else(|| "none".into());
    let asker = response.request().extensions().get::<Asker>().copied();
    let (status, ms) = (response.status().as_u16(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    if !response.request().extensions().contains::<InSum>() {
        let person = asker.map(|asker| tracing::field::display(asker.person.0));
        let token = asker.and_then(|asker| asker.token).map(tracing::field::display);
        span.in_scope(|| tracing::info!(route, status, ms, person, token, "answered"));
    }
    #[cfg(feature = "otlp")]
    crate::traces::answered(&span, &route, status, asker.map(|asker| asker.person));
    state.metrics.answered(Answered::of(route, method, status), took);
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static(HEADER), id);
    }
    Ok(response)
}

/// A method by its name; of those that are no method of ours, one for all.
fn named(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
