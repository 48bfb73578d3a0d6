//! Where each person begins: the workplace of his role answers his first question without a click.

use super::{Answer, Query, bench, board, clinic, guessing, planner, quality};
use crate::server::State;
use crate::session;
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::Role;

/// A place of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workplace {
    /// Where cells are cultured.
    Bench,
    /// Where batches are reviewed and decided on.
    Quality,
    /// Where cells are ordered and given.
    Clinic,
    /// Where everything is overseen.
    Office,
}

impl Workplace {
    /// The workplace of somebody with these roles; of several, the one nearest to the cells.
    pub fn of(roles: &[Role]) -> Self {
        let any = |wanted: &[Role]| roles.iter().any(|role| wanted.contains(role));
        match () {
            () if any(&[Role::Technician]) => Workplace::Bench,
            () if any(&[Role::QcAnalyst, Role::Releaser]) => Workplace::Quality,
            () if any(&[Role::Coordinator, Role::Physician]) => Workplace::Clinic,
            () => Workplace::Office,
        }
    }
}

/// Shows where this person begins.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let caller = session::who(&request, &state).await?;
    guessing::tell(&request, &state, &caller).await?;
    match Workplace::of(&caller.roles) {
        Workplace::Bench => bench::today::show(request, state).await,
        Workplace::Quality => quality::queue::show(request, state).await,
        Workplace::Office if caller.roles.contains(&Role::ManufacturingLead) => {
            planner::show(request, state).await
        }
        Workplace::Clinic => clinic::board::show(request, query, state).await,
        Workplace::Office
            if caller.roles.contains(&Role::Inspector) && query.keys().all(|key| key == "lang") =>
        {
            board::begin(request, query, state).await
        }
        Workplace::Office => board::show(request, query, state).await,
    }
}
