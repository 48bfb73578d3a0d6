//! How much a request may ask for, before any route sees it: headers, a query whose parameters are each given once, the
//! names the server goes by, requests of one address, requests at a time, and the time in which a body has come. What goes
//! beyond is refused with a sentence. Whatever watches over the server is answered however busy it is.

use crate::api::problem::{Kind, Problem};
use crate::connection::Connection;
use crate::pages;
use crate::refusals;
use crate::security_log::Happened;
use crate::server::State;
use crate::session;
use crate::shares::{Busy, Turn};
use crate::words::Language;
use actix_web::HttpMessage;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data, Query};
use futures_util::{FutureExt, StreamExt, stream};
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::error::Elapsed;
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
    if let Err((problem, happened)) = asks_too_much(&state, &request, language) {
        return Ok(refused(&state, request, &problem, happened));
    }
    let turn = match state.at_once.turn(Connection::before(&request).client) {
        Ok(turn) => Some(turn),
        Err(_) if is_probe(&request) => None,
        Err(Busy::Address) => {
            return Ok(refused(
                &state,
                request,
                &Problem::wait(language, COME_AGAIN),
                Some(Happened::TooMany),
            ));
        }
        Err(Busy::All) => {
            let problem = Problem::later(Kind::Unavailable, language, COME_AGAIN);
            return Ok(refused(&state, request, &problem, None));
        }
    };
    let turn = Rc::new(RefCell::new(turn));
    let cut = Rc::new(Cell::new(None));
    let payload = request.take_payload();
    if !matches!(payload, Payload::None) {
        let until = Instant::now() + Duration::from_secs(state.settings.seconds_for_body.into());
        // How large it may be, each route says.
        let bounds = Bounds { until, most: usize::MAX };
        request.set_payload(bounded(payload, bounds, Some(Rc::clone(&turn)), Rc::clone(&cut)));
    }
    let response = next.call(request).await?;
    drop(turn.take());
    Ok(match cut.get() {
        Some(kind) => cut_off(response, kind, language),
        None => response.map_into_left_body(),
    })
}

fn refused<B>(
    state: &State,
    request: ServiceRequest,
    problem: &Problem,
    happened: Option<Happened>,
) -> ServiceResponse<EitherBody<B>> {
    refusals::note(state, &request, problem.status, happened);
    let answer = pages::refused(request.request(), problem);
    request.into_response(answer).map_into_right_body()
}

/// The answer to a request whose body was cut off for this; nothing more is read on its connection.
pub fn cut_off<B>(
    response: ServiceResponse<B>,
    why: Kind,
    language: Language,
) -> ServiceResponse<EitherBody<B>> {
    let mut answer = pages::refused(response.request(), &Problem::new(why, language));
    answer.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    response.into_response(answer).map_into_right_body()
}

/// Whatever watches over the server asks however busy it is, and by its address.
fn is_probe(request: &ServiceRequest) -> bool {
    matches!(address_of(request), "/healthz" | "/readyz")
}

/// The address as routes are compared with it: `%73` is an `s` to them.
fn address_of(request: &ServiceRequest) -> &str {
    request.match_info().as_str()
}

/// Why not, and what that means for safety where it does.
type Refused = (Problem, Option<Happened>);

fn asks_too_much(state: &State, request: &ServiceRequest, language: Language) -> Result<(), Refused> {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        return Err((Problem::new(Kind::HeadersTooLarge, language), None));
    }
    let twice = SINGLE.into_iter().find(|name| headers.get_all(*name).count() > 1);
    if let Some(name) = twice {
        return Err((given_twice(name, language), None));
    }
    let probe = is_probe(request);
    let connection = Connection::before(request);
    let hosts = &state.settings.public_hosts;
    if !hosts.is_empty() && !probe && !hosts.iter().any(|host| is_named(host, &connection.host)) {
        return Err((Problem::new(Kind::OtherHost, language), Some(Happened::OtherHost)));
    }
    // That the process runs costs nothing to say; whether it is well is no stranger's to ask without end, and nobody who
    // comes from the same address keeps whoever watches from asking.
    let counted = match address_of(request) {
        "/healthz" => Ok(()),
        "/readyz" => state.rates.count_probe(connection.client),
        address => state.rates.count(connection.client, request.method(), address),
    };
    if let Err(seconds) = counted {
        return Err((Problem::wait(language, seconds), Some(Happened::TooMany)));
    }
    parameters_are_single(request, language).map_err(|problem| (problem, None))
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

/// How long a body is waited for, and how much of it is taken.
pub struct Bounds {
    /// When all of it must have come.
    pub until: Instant,
    /// The most bytes.
    pub most: usize,
}

/// A body within bounds; what is cut off is an error, never the whole, and `cut` says why it was. Its request has no turn
/// while it is waited for: whoever sends slowly keeps nobody else from being answered.
pub fn bounded(
    payload: Payload,
    bounds: Bounds,
    turn: Option<Rc<RefCell<Option<Turn>>>>,
    cut: Rc<Cell<Option<Kind>>>,
) -> Payload {
    let read = stream::unfold(Some((payload, bounds.most)), move |coming| {
        let (turn, cut) = (turn.clone(), Rc::clone(&cut));
        async move {
            let (mut payload, left) = coming?;
            let because = |why, error| {
                cut.set(Some(why));
                Some((Err(error), None))
            };
            match next_of(&mut payload, bounds.until, turn.as_deref()).await {
                Err(_) => because(Kind::TooSlow, PayloadError::Io(ErrorKind::TimedOut.into())),
                Ok(Some(Ok(chunk))) => match left.checked_sub(chunk.len()) {
                    Some(left) => Some((Ok(chunk), Some((payload, left)))),
                    None => because(Kind::TooLarge, PayloadError::Overflow),
                },
                Ok(other) => other.map(|error| (error, Some((payload, left)))),
            }
        }
    });
    // Some readers ask again at the end.
    Payload::Stream { payload: Box::pin(read.fuse()) }
}

async fn next_of(
    payload: &mut Payload,
    until: Instant,
    turn: Option<&RefCell<Option<Turn>>>,
) -> Result<Option<Result<Bytes, PayloadError>>, Elapsed> {
    if let Some(there) = payload.next().now_or_never() {
        return Ok(there);
    }
    let mut given = turn.and_then(RefCell::take);
    if let Some(given) = &mut given {
        given.give_back();
    }
    let chunk = timeout_at(until, payload.next()).await;
    if let (Some(turn), Some(mut given)) = (turn, given) {
        given.take_again().await;
        turn.replace(Some(given));
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let within = |chunks, patience: u64, most| {
            let cut = Rc::new(Cell::new(None));
            let bounds = Bounds { until: Instant::now() + Duration::from_millis(patience), most };
            (bounded(sent(chunks), bounds, None, Rc::clone(&cut)), cut)
        };
        let (mut read, cut) = within(Box::pin(chunks), 20, 1_000);
        assert_eq!(read.next().await.unwrap().unwrap(), "a=1&");
        assert!(matches!(read.next().await, Some(Err(PayloadError::Io(_)))));
        assert_eq!(cut.get(), Some(Kind::TooSlow));
        assert!(read.next().await.is_none() && read.next().await.is_none());
        let three = || stream::iter(["a=1", "&b=", "22"].map(|part| Ok(Bytes::from_static(part.as_bytes()))));
        let (read, cut) = within(Box::pin(three()), 60_000, 8);
        let whole: Vec<_> = read.map(Result::unwrap).collect().await;
        assert_eq!((whole.concat(), cut.get()), (b"a=1&b=22".to_vec(), None));
        let (mut read, cut) = within(Box::pin(three()), 60_000, 7);
        assert!(read.next().await.unwrap().is_ok() && read.next().await.unwrap().is_ok());
        assert!(matches!(read.next().await, Some(Err(PayloadError::Overflow))));
        assert_eq!(cut.get(), Some(Kind::TooLarge));
        assert!(read.next().await.is_none());
    }
}
