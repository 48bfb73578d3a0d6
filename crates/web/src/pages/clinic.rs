//! The clinic's place of work: its patients' cells, the next step for each, orders and their dates, and the way of
//! a container from its arrival to the bedside. A clinic sees its own and nothing else.

mod acknowledging;
pub mod board;
mod calendar;
pub mod cases;
pub mod documents;
mod evidence;
mod giving;
pub mod layouts;
mod ordering;
mod readiness;
mod receiving;
pub mod scan;
mod steps;

use crate::api::disclosures::viewer;
use crate::api::problem::{Kind, Problem};
use crate::server::State;
use crate::session::{self, Caller};
use actix_web::{HttpRequest, web};
use baiyo_persistence::disclosure::Viewer;

/// Admits the clinic's own staff, to whom its patients are named.
async fn admit(request: &HttpRequest, state: &web::Data<State>) -> Result<(Caller, Viewer), Problem> {
    let caller = session::admit(request, state, "read.patient_name").await?;
    let viewer = viewer(request, &caller).ok_or_else(|| Problem::new(Kind::Forbidden, caller.language))?;
    Ok((caller, viewer))
}
