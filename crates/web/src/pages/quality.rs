//! The quality desk: the queue, the review of one batch by exception, the forms of the laboratory and of signing, and
//! the record in print.

pub mod assessing;
mod blocking;
pub mod deciding;
mod findings;
pub mod laboratory;
mod next;
pub mod queue;
pub mod record;
pub mod review;

pub use blocking::labels;

use crate::session::Caller;
use baiyo_domain::authority::{Actor, Role};

/// Whether somebody of these roles has work at the quality desk.
pub fn is_for(roles: &[Role]) -> bool {
    roles.iter().any(|role| match role {
        Role::QcAnalyst
        | Role::Releaser
        | Role::ManufacturingLead
        | Role::FacilityManager
        | Role::Inspector => true,
        Role::Technician | Role::Coordinator | Role::Physician | Role::Administrator => false,
    })
}

/// What may be seen here: quality events of the whole centre, and so nothing for clinics.
const MAY_READ: &str = "read.quality_event";

/// Who asks, as the domain knows him.
fn actor(caller: &Caller) -> Actor {
    Actor { person: caller.person, roles: caller.roles.clone(), clinic: caller.clinic }
}
