//! Live hints: whoever has a page open is told that something changed, never what. Each may hear only of what he may see.
//! Nothing is held but the open answer.

use super::Answer;
use crate::api::reading::read;
use crate::server::State;
use crate::session::{self, Caller};
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::ids::BatchId;
use baiyo_persistence::reading::{self, ClinicScope};
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

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

/// Whoever listens is told at least this often that the line is open.
const PATIENCE: Duration = Duration::from_secs(25);

/// Tells of changes for as long as somebody listens.
pub async fn listen(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::who(&request, &state).await?;
    let receiver = state.changes.subscribe();
    let told = stream::unfold((receiver, state, caller), |(mut receiver, state, caller)| async move {
        let line = next(&mut receiver, &state, &caller).await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(line.as_bytes())), (receiver, state, caller)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(told))
}

/// The next line; nothing once the server stops.
async fn next(
    receiver: &mut Receiver<Change>,
    state: &web::Data<State>,
    caller: &Caller,
) -> Option<&'static str> {
    const CHANGED: &str = "event: change\ndata:\n\n";
    loop {
        match tokio::time::timeout(PATIENCE, receiver.recv()).await {
            Err(_) => return Some(": open\n\n"),
            Ok(Ok(Change::Stop)) | Ok(Err(RecvError::Closed)) => return None,
            Ok(Ok(change)) if sees(state, caller, change).await => return Some(CHANGED),
            Ok(Ok(_)) => {}
            // Too much changed to tell each: for a clinic it may all have been others'.
            Ok(Err(RecvError::Lagged(_))) if caller.scope() == ClinicScope::Centre => return Some(CHANGED),
            Ok(Err(RecvError::Lagged(_))) => {}
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
