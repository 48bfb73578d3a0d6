//! How much a request may ask for, before any route sees it: headers, a query whose parameters are each given once, the
//! names the server goes by, requests of one address, requests at a time, and the time in which a body has come. What goes
//! beyond is refused with a sentence. Whatever watches over the server is answered however busy it is.

use crate::api::problem::{Kind, Problem};
use crate::connection::Connection;
use crate::pages;
use crate::security_log::{self, Happened};
use crate::server::State;
use crate::session;
use crate::words::Language;
use actix_web::HttpMessage;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::web::{Data, Query};
use futures_util::{StreamExt, stream};
use std::cell::Cell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The most headers of a request.
pub const MOST_HEADERS: usize = 64;
/// The most bytes of a request's headers, names and values.
pub const MOST_HEADER_BYTES: usize = 16 * 1024;
/// The most parameters of a query.
pub const MOST_PARAMETERS: usize = 200;
/// Seconds after which one comes again who found the server busy.
const COME_AGAIN: u64 = 1;

/// Headers that mean one thing, so that given twice they would mean two.
const SINGLE: [&str; 9] = [
    "authorization",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "if-match",
    "origin",
    "sec-fetch-site",
    "transfer-encoding",
];

/// Lets a request through that asks for no more than anybody may.
///
/// # Errors
/// As the route.
pub async fn keep<B: MessageBody>(
    state: Data<State>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let language = session::language(request.request());
    if let Err(problem) = asks_too_much(&state, &request, language) {
        return Ok(refused(request, &problem));
    }
    let probe = is_probe(&request);
    let turn = match state.at_once.try_acquire() {
        Ok(turn) => Some(turn),
        Err(_) if probe => None,
        Err(_) => return Ok(refused(request, &Problem::later(Kind::Unavailable, language, COME_AGAIN))),
    };
    let late = Rc::new(Cell::new(false));
    let payload = request.take_payload();
    if !matches!(payload, Payload::None) {
        let patience = Duration::from_secs(state.settings.seconds_for_body.into());
        request.set_payload(in_time(payload, patience, Rc::clone(&late)));
    }
    let response = next.call(request).await?;
    drop(turn);
    if late.get() {
        let problem = Problem::new(Kind::TooSlow, language);
        let mut answer = pages::refused(response.request(), &problem);
        answer.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
        return Ok(response.into_response(answer).map_into_right_body());
    }
    Ok(response.map_into_left_body())
}

fn refused<B>(request: ServiceRequest, problem: &Problem) -> ServiceResponse<EitherBody<B>> {
    let answer = pages::refused(request.request(), problem);
    request.into_response(answer).map_into_right_body()
}

/// Whatever watches over the server asks however busy it is, and by its address.
fn is_probe(request: &ServiceRequest) -> bool {
    matches!(address_of(request), "/healthz" | "/readyz")
}

/// The address as routes are compared with it: `%73` is an `s` to them.
fn address_of(request: &ServiceRequest) -> &str {
    request.match_info().as_str()
}

fn asks_too_much(state: &State, request: &ServiceRequest, language: Language) -> Result<(), Problem> {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        return Err(Problem::new(Kind::HeadersTooLarge, language));
    }
    let twice = SINGLE.into_iter().find(|name| headers.get_all(*name).count() > 1);
    if let Some(name) = twice {
        return Err(given_twice(name, language));
    }
    let probe = is_probe(request);
    let connection = Connection::before(request);
    let hosts = &state.settings.public_hosts;
    if !hosts.is_empty() && !probe && !hosts.iter().any(|host| is_named(host, &connection.host)) {
        security_log::note(Happened::OtherHost, None);
        return Err(Problem::new(Kind::OtherHost, language));
    }
    // That the process runs costs nothing to say; whether it is well is no stranger's to ask without end, and nobody who
    // comes from the same address keeps whoever watches from asking.
    let counted = match address_of(request) {
        "/healthz" => Ok(()),
        "/readyz" => state.rates.count_probe(connection.client),
        address => state.rates.count(connection.client, request.method(), address),
    };
    if let Err(seconds) = counted {
        security_log::note(Happened::TooMany, None);
        return Err(Problem::wait(language, seconds));
    }
    parameters_are_single(request, language)
}

/// A chosen name without a port is the server's at every port.
fn is_named(chosen: &str, asked: &str) -> bool {
    let bare = asked.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    chosen == asked || bare.is_some_and(|(host, _)| chosen == host)
}

/// A parameter that is given twice would mean one thing to this server and another to whatever stands before it.
fn parameters_are_single(request: &ServiceRequest, language: Language) -> Result<(), Problem> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string());
    let Ok(Query(pairs)) = pairs else { return Err(Problem::new(Kind::Form, language)) };
    if pairs.len() > MOST_PARAMETERS {
        return Err(Problem::new(Kind::TooLarge, language));
    }
    // The fields of a form that is shown filled in are named by pointers; which of them may be several, its schema says.
    let mut names: Vec<&str> =
        pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with('/')).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(given_twice(pair[0], language)),
        None => Ok(()),
    }
}

/// A parameter or header that must be single is not.
fn given_twice(name: &str, language: Language) -> Problem {
    // What somebody sent comes back only as far as a name of ours could go.
    let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    let sentence = match language {
        Language::En => format!("{name} is given more than once."),
        Language::Ja => format!("{name} が重複しています。"),
    };
    Problem::because(Kind::Form, language, "given_twice", Some(&name), sentence)
}

/// A body that must have come by then; what is cut off is an error, never the whole.
fn in_time(payload: Payload, patience: Duration, late: Rc<Cell<bool>>) -> Payload {
    let until = Instant::now() + patience;
    let read = stream::unfold(Some(payload), move |payload| {
        let late = Rc::clone(&late);
        async move {
            let mut payload = payload?;
            match timeout_at(until, payload.next()).await {
                Ok(chunk) => chunk.map(|chunk| (chunk, Some(payload))),
                Err(_) => {
                    late.set(true);
                    Some((Err(PayloadError::Io(ErrorKind::TimedOut.into())), None))
                }
            }
        }
    });
    // Some readers ask again at the end.
    Payload::Stream { payload: Box::pin(read.fuse()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::web::Bytes;
    use futures_util::Stream;
    use std::pin::Pin;

    #[test]
    fn a_name_is_compared_with_its_port_where_one_was_chosen() {
        assert!(
            is_named("baiyo.example", "baiyo.example") && is_named("baiyo.example", "baiyo.example:8443")
        );
        assert!(is_named("baiyo.example:8443", "baiyo.example:8443"));
        assert!(
            !is_named("baiyo.example:8443", "baiyo.example") && !is_named("baiyo.example", "evil.example")
        );
        assert!(
            !is_named("baiyo.example", "baiyo.example:x") && !is_named("baiyo.example", "xbaiyo.example")
        );
        assert!(is_named("[::1]", "[::1]:80") && !is_named("[::1]", "[::2]:80"));
    }

    #[actix_web::test]
    async fn a_body_that_stops_coming_is_an_error_and_never_the_whole() {
        let sent = |chunks: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>| Payload::Stream {
            payload: chunks,
        };
        let chunks = stream::iter([Ok(Bytes::from_static(b"a=1&"))]).chain(stream::pending());
        let late = Rc::new(Cell::new(false));
        let mut read = in_time(sent(Box::pin(chunks)), Duration::from_millis(20), Rc::clone(&late));
        assert_eq!(read.next().await.unwrap().unwrap(), "a=1&");
        assert!(matches!(read.next().await, Some(Err(PayloadError::Io(_)))) && late.get());
        assert!(read.next().await.is_none() && read.next().await.is_none());
        let whole = sent(Box::pin(stream::iter([Ok(Bytes::from_static(b"a=1"))])));
        let mut read = in_time(whole, Duration::from_secs(60), Rc::new(Cell::new(false)));
        assert_eq!(read.next().await.unwrap().unwrap(), "a=1");
        assert!(read.next().await.is_none());
    }
}
