//! Who is admitted, before a byte of what he sends is read. Whatever is handed in goes through here: its route is
//! registered with who may hand it in, and that is asked first. Where nobody need be signed in, a body is small and comes
//! at once. Handlers ask again once the whole has come, for much may have changed until then.

use crate::api::FormRoute;
use crate::api::problem::Problem;
use crate::limits::{self, Bounds};
use crate::pages::{Admits, recording};
use crate::server::State;
use crate::session;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpMessage, HttpRequest, Route, web};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The most bytes that somebody hands in who is not known: a name, a password, who a centre is.
const STRANGERS_BYTES: usize = 16 * 1024;
/// Seconds in which they must have come.
const STRANGERS_SECONDS: u32 = 10;

/// A route by which whoever this admits hands something in.
pub fn admitting(route: Route, admits: Admits) -> Route {
    route.wrap(from_fn(
        move |state: web::Data<State>, request: ServiceRequest, next: Next<BoxBody>| async move {
            let asked = ask(request.request(), &state, admits).await;
            passed(&state, request, next, asked, admits == Admits::Anybody).await
        },
    ))
}

/// A route by which whoever may do what a form is for hands it in.
pub fn admitting_to(route: Route, form: Arc<FormRoute>) -> Route {
    route.wrap(from_fn(move |state: web::Data<State>, request: ServiceRequest, next: Next<BoxBody>| {
        let form = Arc::clone(&form);
        async move {
            let asked = session::admit(request.request(), &state, &form.action).await.map(drop);
            passed(&state, request, next, asked, false).await
        }
    }))
}

async fn ask(request: &HttpRequest, state: &web::Data<State>, admits: Admits) -> Result<(), Problem> {
    match admits {
        Admits::Anybody => Ok(()),
        // What somebody finds there who must set up a second factor first, his page says.
        Admits::SignedIn => session::who_so_far(request, state).await.map(drop),
        // Where somebody must set up a second factor first, he does it there.
        Admits::To([session::OWN]) => session::admit_to_own(request, state).await.map(drop),
        Admits::To(actions) => {
            let caller = session::who(request, state).await?;
            match actions.iter().any(|action| caller.may(action)) {
                true => Ok(()),
                // Refused, and recorded, as one of them.
                false => session::admit(request, state, actions.first().unwrap_or(&"")).await.map(drop),
            }
        }
        Admits::ToItsForm => {
            let (form, _) = recording::found(request, state)?;
            session::admit(request, state, &form.action).await.map(drop)
        }
    }
}

async fn passed<B: MessageBody + 'static>(
    state: &State,
    mut request: ServiceRequest,
    next: Next<B>,
    asked: Result<(), Problem>,
    by_strangers: bool,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if let Err(problem) = asked {
        return Ok(request.error_response(problem).map_into_right_body());
    }
    let cut = Rc::new(Cell::new(None));
    if by_strangers {
        let payload = request.take_payload();
        if !matches!(payload, Payload::None) {
            let seconds = STRANGERS_SECONDS.min(state.settings.seconds_for_body);
            let until = Instant::now() + Duration::from_secs(seconds.into());
            let bounds = Bounds { until, most: STRANGERS_BYTES };
            request.set_payload(limits::bounded(payload, bounds, None, Rc::clone(&cut)));
        }
    }
    let language = session::language(request.request());
    let response = next.call(request).await?;
    Ok(match cut.get() {
        Some(kind) => limits::cut_off(response, kind, language),
        None => response.map_into_left_body(),
    })
}
