//! Nothing is done in somebody's name because another site had his browser ask for it. One guard before every route:
//! whatever may change something must come from a page of ours, wherever a browser could have been talked into it.
//!
//! A browser says where a request comes from: `Sec-Fetch-Site`, or where it is older `Origin`. A program that carries a
//! token alone says nothing and needs not: nobody can have it send its token. Whoever sends a cookie is a browser, with
//! or without a token beside it, for a cookie is sent without being asked for. Without either, somebody may be about to
//! sign in: no form elsewhere signs him in as another.

use crate::api::BASE;
use crate::api::problem::{Kind, Problem};
use crate::connection::Connection;
use crate::pages;
use crate::refusals;
use crate::security_log::Happened;
use crate::server::State;
use crate::session;
use crate::words::Language;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;

/// Lets a request through that a page of ours sent, or that nobody can have been talked into.
///
/// # Errors
/// As the route.
pub async fn refuse<B: MessageBody>(
    state: Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if may_pass(&request) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let language = session::language(request.request());
    let sentence = match language {
        Language::En => {
            "This request does not come from a page of this server. Open the page here and try again."
        }
        Language::Ja => {
            "この要求は本サーバーの画面から送信されたものではありません。画面を開き直してください。"
        }
    };
    let problem = Problem::because(Kind::Forbidden, language, "cross_site", None, sentence.into());
    refusals::note(&state, &request, problem.status, Some(Happened::CrossSite));
    let answer = pages::refused(request.request(), &problem);
    Ok(request.into_response(answer).map_into_right_body())
}

fn may_pass(request: &ServiceRequest) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let headers = request.headers();
    let source = Source::of(headers, || Connection::before(request).origin());
    if headers.contains_key(header::COOKIE) {
        return source == Source::Ours;
    }
    let is_page = !request.path().strip_prefix(BASE).is_some_and(|rest| rest.starts_with('/'));
    session::bearer(request.request()).is_some()
        || source == Source::Ours
        || (source == Source::Unsaid && !is_page)
}

/// Where a request says that it comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A page of ours, or what the person did himself: an address typed, a bookmark.
    Ours,
    /// Another site, or one that would not say.
    Elsewhere,
    /// It does not say, as programs do not.
    Unsaid,
}

impl Source {
    fn of(headers: &HeaderMap, own: impl FnOnce() -> String) -> Self {
        // Given twice, it says nothing that could be relied on.
        let one = |name| match headers.get_all(name).collect::<Vec<_>>().as_slice() {
            [] => None,
            [value] => Some(value.as_bytes()),
            _ => Some(b"".as_slice()),
        };
        match (one("sec-fetch-site"), one("origin")) {
            (Some(b"same-origin" | b"none"), _) => Self::Ours,
            (Some(_), _) => Self::Elsewhere,
            (None, Some(origin)) if origin == own().as_bytes() => Self::Ours,
            (None, Some(_)) => Self::Elsewhere,
            (None, None) => Self::Unsaid,
        }
    }
}
