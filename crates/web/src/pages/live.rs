//! Live hints: whoever has a page open is told that something changed, never what. Each may hear only of what he may see.
//! Nothing is held but the open answer, and who listens is asked again each second. A page that is told nothing more is told
//! why, so that it does not come back for it.

use super::{Answer, Query};
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::metrics::Counting;
use crate::server::State;
use crate::session::{self, Caller, Claim, Standing};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::ids::BatchId;
use baiyo_persistence::hints::Hints;
use baiyo_persistence::reading::{self, ClinicScope};
use futures_util::future::{Either, select};
use futures_util::stream;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// What is told to those who listen, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What.
    pub change: Change,
    /// Whether another server of the centre told it.
    pub elsewhere: bool,
}

/// What is told to those who listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A batch changed.
    Batch(Uuid),
    /// Something else changed.
    Other,
    /// The server stops.
    Stop,
}

impl Change {
    /// Told by this server.
    pub fn here(self) -> Told {
        Told { change: self, elsewhere: false }
    }

    /// As servers tell it each other.
    fn line(self) -> Option<String> {
        match self {
            Change::Batch(id) => Some(id.to_string()),
            Change::Other => Some(String::new()),
            Change::Stop => None,
        }
    }

    /// Told by another server; what it tells in words of a later version is something else that changed.
    fn elsewhere(line: &str) -> Told {
        Told { change: Uuid::try_parse(line).map_or(Change::Other, Change::Batch), elsewhere: true }
    }
}

/// Tells the other servers of the centre what changes here, and those who listen here what changes there, until the server
/// stops. A lost line is opened again.
pub async fn between_servers(state: web::Data<State>) {
    const AGAIN: Duration = Duration::from_secs(5);
    let mut own = state.changes.subscribe();
    let mut lost = false;
    loop {
        match Hints::open(&state.store).await {
            Ok(None) => return,
            Ok(Some(mut hints)) => {
                if lost {
                    // What was missed is not known: something changed.
                    _ = state.changes.send(Change::elsewhere(""));
                    _ = hints.tell("").await;
                }
                if relayed(&state, &mut own, &mut hints).await.is_break() {
                    return;
                }
                tracing::warn!("the line to the other servers is lost; it is opened again");
            }
            Err(error) => tracing::warn!(%error, "no line to the other servers"),
        }
        lost = true;
        let stopped = async {
            while !matches!(own.recv().await, Ok(Told { change: Change::Stop, .. }) | Err(RecvError::Closed))
            {
            }
        };
        if tokio::time::timeout(AGAIN, stopped).await.is_ok() {
            return;
        }
    }
}

/// Goes on until the server stops, or the line is lost.
async fn relayed(state: &State, own: &mut Receiver<Told>, hints: &mut Hints) -> ControlFlow<()> {
    loop {
        let next = async {
            match select(pin!(own.recv()), pin!(hints.hear())).await {
                Either::Left((told, _)) => Either::Left(told),
                Either::Right((heard, _)) => Either::Right(heard),
            }
        };
        let Ok(next) = tokio::time::timeout(PATIENCE, next).await else {
            match hints.check().await {
                Ok(()) => continue,
                Err(_) => return ControlFlow::Continue(()),
            }
        };
        match next {
            Either::Left(Ok(Told { change: Change::Stop, .. }) | Err(RecvError::Closed)) => {
                return ControlFlow::Break(());
            }
            Either::Left(Ok(told)) => {
                let line = told.change.line().filter(|_| !told.elsewhere);
                if let Some(line) = line
                    && hints.tell(&line).await.is_err()
                {
                    return ControlFlow::Continue(());
                }
            }
            Either::Left(Err(RecvError::Lagged(_))) => {
                if hints.tell("").await.is_err() {
                    return ControlFlow::Continue(());
                }
            }
            // Nobody listens: nobody is told.
            Either::Right(Some(line)) => _ = state.changes.send(Change::elsewhere(&line)),
            Either::Right(None) => return ControlFlow::Continue(()),
        }
    }
}

/// Whoever listens is told at least this often that the line is open.
const PATIENCE: Duration = Duration::from_secs(25);

/// Something changed.
const CHANGED: &str = "event: change\ndata:\n\n";
/// Newer pages took this one's place: it is not to take another's.
const REPLACED: &str = "event: replaced\ndata:\n\n";
/// Whoever opened the page may not look any more.
const SIGNED_OUT: &str = "event: signed-out\ndata:\n\n";

/// Tells of changes for as long as somebody listens, and may: nobody does whose session has ended, or who has left. A page
/// names whom it is `of`: where another is signed in by now it is told nothing, which no page takes for the end of a session.
/// With `ask` it is told only that; with `typing` as well, and that is a use of the session.
pub async fn listen(request: HttpRequest, state: web::Data<State>, query: Query) -> Answer {
    let caller = match query.contains_key("typing") {
        true => session::who(&request, &state).await?,
        false => session::whose_page(&request, &state).await?,
    };
    if query.get("of").is_some_and(|of| *of != caller.person.to_string()) {
        return Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish());
    }
    if ["ask", "typing"].iter().any(|how| query.contains_key(*how)) {
        return Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish());
    }
    let claim = Claim::of(&request).ok_or_else(|| Problem::new(Kind::NotSignedIn, caller.language))?;
    let listening = Listening {
        receiver: state.changes.subscribe(),
        replaced: state.listeners.join(caller.person),
        _counted: state.metrics.listening(),
        told_at: Instant::now(),
        owes: false,
        over: false,
        standing: state.standings.of(claim),
        state,
        caller,
    };
    let told = stream::unfold(listening, |mut listening| async move {
        let line = listening.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(line.as_bytes())), listening))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(told))
}

/// One open page that is told of changes.
struct Listening {
    receiver: Receiver<Told>,
    /// Ends once newer pages of the same person took its place.
    replaced: oneshot::Receiver<Infallible>,
    _counted: Counting,
    told_at: Instant,
    /// Whether something changed that it was not told yet.
    owes: bool,
    /// Whether it was told that it is told nothing more.
    over: bool,
    standing: Arc<Standing>,
    state: web::Data<State>,
    caller: Caller,
}

impl Listening {
    /// The next line; nothing once the server stops, or this page is told nothing any more.
    async fn next(&mut self) -> Option<&'static str> {
        if self.over {
            return None;
        }
        let line = self.line().await;
        self.told_at = Instant::now();
        self.over = matches!(line, Some(REPLACED | SIGNED_OUT));
        line
    }

    async fn line(&mut self) -> Option<&'static str> {
        loop {
            let (stands, again) = self.standing.now(&self.state).await;
            match stands {
                Some(false) => return Some(SIGNED_OUT),
                Some(true) if self.owes => {
                    self.owes = false;
                    return Some(CHANGED);
                }
                // While it cannot be asked whether he may look, he is told nothing of what changes.
                Some(true) | None => {}
            }
            let change = match timeout_at(again, select(pin!(self.receiver.recv()), &mut self.replaced)).await
            {
                Err(_) if self.told_at.elapsed() >= PATIENCE => return Some(": open\n\n"),
                Err(_) => continue,
                Ok(Either::Right(_)) => return Some(REPLACED),
                Ok(Either::Left((told, _))) => told.map(|told| told.change),
            };
            let tells = match change {
                Ok(Change::Stop) | Err(RecvError::Closed) => return None,
                Ok(change) => sees(&self.state, &self.caller, change).await,
                // Too much changed to tell each: for a clinic it may all have been others'.
                Err(RecvError::Lagged(_)) => self.caller.scope() == ClinicScope::Centre,
            };
            self.owes |= tells;
        }
    }
}

async fn sees(state: &web::Data<State>, caller: &Caller, change: Change) -> bool {
    let scope = caller.scope();
    match (scope, change) {
        (ClinicScope::Centre, _) => true,
        (ClinicScope::Clinic(_), Change::Batch(id)) => {
            let found = read(state, caller, move |conn| reading::batch(conn, scope, BatchId(id))).await;
            found.is_ok_and(|batch| batch.is_some())
        }
        (ClinicScope::Clinic(_), _) => false,
    }
}
