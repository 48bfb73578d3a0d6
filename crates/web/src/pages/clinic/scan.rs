//! A scanned container leads to the step that is due for it, with its label filled in as it was scanned.

use super::super::{Answer, Query, encoded, recording, see_other};
use super::admit;
use super::cases::Case;
use super::steps::{self, Step};
use crate::api::reading::read;
use crate::server::State;
use crate::session::Caller;
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{ContainerNo, Label, LabelKind};
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::Told;
use baiyo_persistence::reading;
use std::sync::Arc;

/// Goes on to where the scanned container is handled next.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let (caller, _) = admit(&request, &state).await?;
    let scanned = query.get("label").map(|label| half_width(label)).unwrap_or_default();
    let unknown = "/clinic?unknown=1";
    let Ok(label) = scanned.parse::<Label>() else { return Ok(see_other(unknown)) };
    let (scope, wanted) = (caller.scope(), label.clone());
    let found = read(&state, &caller, move |conn| {
        let Some(id) = reading::batch_labelled(conn, &wanted)? else { return Ok(None) };
        let Some(batch) = reading::batch(conn, scope, id)? else { return Ok(None) };
        let container = wanted.sub().filter(|_| wanted.kind() == LabelKind::Dose).map(ContainerNo);
        let container = container.and_then(|no| batch.containers.get(&no)).cloned();
        let order =
            container.as_ref().and_then(|c| c.allocated).map_or(batch.opened.order, |(order, ..)| order);
        Ok(reading::order(conn, scope, order)?.map(|(order, _)| (order, batch, container)))
    });
    let Some((order, batch, container)) = found.await? else { return Ok(see_other(unknown)) };
    let (now, _) = state.store.now();
    let Some(container) = container else { return Ok(see_other(&format!("/batches/{}", batch.id))) };
    let case = Case { order, batch: Some(Arc::clone(&batch)), patient: Told::Nothing };
    let step = steps::of_container(&batch, &container, caller.person, now).map(|(step, _)| step);
    let step = step.filter(|_| case.containers().any(|own| own.no == container.no));
    Ok(see_other(&address(&batch, &label, step, &caller, now)))
}

fn address(batch: &Batch, label: &Label, step: Option<Step>, caller: &Caller, _now: Time) -> String {
    let here = format!("/batches/{}#containers", batch.id);
    let Some(step) = step.filter(|step| super::super::may(caller, step.action())) else { return here };
    let field = match step {
        Step::Receive | Step::SendBack => "/containers",
        Step::Decide | Step::Check | Step::Infuse | Step::Outcome => "/container",
        _ => return "/clinic".into(),
    };
    let form = step.action().rsplit('.').next().unwrap_or_default();
    format!(
        "{}?{field}={}&to=/clinic",
        recording::address("batches", batch.id, form),
        encoded(&label.to_string())
    )
}

/// What an input method typed full-width, as scanners and labels have it.
fn half_width(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '−' | 'ー' | '‐' => '-',
        other => other,
    };
    text.trim().chars().map(plain).collect::<String>().to_ascii_uppercase()
}
