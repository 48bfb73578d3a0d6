//! Lists that are asked for again and again. On the embedded engine nobody but this process writes: so it knows, without
//! asking the database, whether an answer given before still stands, and says so by 304. Whether he who asks may, is decided
//! each time. A clinic's answers are compared by what is in them: it must not learn from a tag that others were at work.

use super::problem::Problem;
use crate::server::State;
use crate::session::{self, Caller};
use actix_web::body::MessageBody;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use sha2::{Digest, Sha256};

/// An answer, and until when it stays so while nothing is recorded; for ever where there is none.
pub struct Standing(pub HttpResponse, pub Option<Time>);

impl From<HttpResponse> for Standing {
    fn from(answer: HttpResponse) -> Self {
        Self(answer, None)
    }
}

/// Admits a reader to an action and answers him, or tells him that the answer he has still stands.
///
/// # Errors
/// He is not admitted, or cannot be answered.
pub async fn unless_unchanged(
    request: &HttpRequest,
    state: &web::Data<State>,
    action: &str,
    answer: impl AsyncFnOnce(Caller) -> Result<Standing, Problem>,
) -> Result<HttpResponse, Problem> {
    // Asked first: whatever is read after it is at least as new.
    let revision = state.store.revision();
    let from = state.store.now().0.micros();
    let caller = session::admit(request, state, action).await?;
    if caller.clinic.is_some() {
        let asked_by = caller.person;
        let Standing(answer, _) = answer(caller).await?;
        return Ok(by_content(request, asked_by, answer));
    }
    let seen = revision.map(|revision| Seen::by(&caller, request, state, revision));
    if let Some(tag) = seen.as_ref().and_then(|seen| seen.still_stands(request, state.store.now().0)) {
        let mut unchanged = HttpResponse::NotModified().finish();
        describe(&mut unchanged, Some(&tag));
        return Ok(unchanged);
    }
    let Standing(mut answer, until) = answer(caller).await?;
    let tag = seen.map(|seen| seen.tag(from, until.map(Time::micros)));
    describe(&mut answer, tag.as_deref());
    Ok(answer)
}

/// A tag is for a program that keeps what it read in its own memory; no browser or proxy keeps it on a disk.
fn describe(answer: &mut HttpResponse, tag: Option<&str>) {
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, Cookie, Accept-Language"));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
        headers.insert(header::ETAG, tag);
    }
}

/// An answer with a tag of its content, or that the one he has is the same.
fn by_content(request: &HttpRequest, asked_by: PersonId, answer: HttpResponse) -> HttpResponse {
    let (answer, body) = answer.into_parts();
    let mut answer = match body.try_into_bytes() {
        Ok(bytes) => {
            let digest = Sha256::new().chain_update(asked_by.0.as_bytes()).chain_update(&bytes).finalize();
            let digest: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
            let tag = format!("W/\"{digest}\"");
            let known = request.headers().get_all(header::IF_NONE_MATCH);
            let mut known = known.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
            let mut answer = match known.any(|known| known.trim().trim_start_matches("W/") == &tag[2..]) {
                true => HttpResponse::NotModified().finish(),
                false => answer.set_body(bytes).map_into_boxed_body(),
            };
            describe(&mut answer, Some(&tag));
            return answer;
        }
        Err(body) => answer.set_body(body),
    };
    describe(&mut answer, None);
    answer
}

/// Everything that an answer depends on beside the time.
struct Seen(Sha256);

impl Seen {
    fn by(caller: &Caller, request: &HttpRequest, state: &State, revision: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(state.started.as_bytes());
        hash.update(revision.to_be_bytes());
        hash.update(caller.person.0.as_bytes());
        hash.update(caller.clinic.map(|clinic| *clinic.0.as_bytes()).unwrap_or_default());
        hash.update(caller.language.tag());
        // Last, as it has no fixed length.
        hash.update(request.uri().to_string());
        Self(hash)
    }

    /// The tag of an answer that is so from one instant until another: it names both, so that nobody has to remember
    /// them. It is weak, as the same answer goes out in several codings. Where a clock was ahead and was put right, what it showed then is not so yet.
    fn tag(&self, from: i64, until: Option<i64>) -> String {
        let span = format!("{from}-{}", until.map(|until| until.to_string()).unwrap_or_default());
        let digest = self.0.clone().chain_update(["\n", &span].concat()).finalize();
        let digest: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("W/\"{digest}-{span}\"")
    }

    /// The tag among those the reader has that is of now.
    fn still_stands(&self, request: &HttpRequest, now: Time) -> Option<String> {
        let known = request.headers().get_all(header::IF_NONE_MATCH);
        let mut tags = known.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        tags.find_map(|tag| {
            let mut parts = tag.trim().strip_suffix('"')?.split('-').skip(1);
            let from: i64 = parts.next()?.parse().ok()?;
            let until = match parts.next()? {
                "" => None,
                until => Some(until.parse().ok()?),
            };
            let current = self.tag(from, until);
            let is_his = tag.trim().trim_start_matches("W/") == current.trim_start_matches("W/");
            let now = now.micros();
            (is_his && from <= now && until.is_none_or(|until| now < until)).then_some(current)
        })
    }
}
