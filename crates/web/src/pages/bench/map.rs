//! The incubator map: which vessel stands where, what each waits for, and how full each incubator is.

use super::today::Urgency;
use super::{scan_field, vessel as page};
use crate::api::reading::read;
use crate::pages::Answer;
use crate::pages::frame::Frame;
use crate::pages::incubators::{Registered, registered};
use crate::pages::pictures::incubator::{Placed, Waits, incubator_map};
use crate::pages::reader::{Reader, part_label};
use crate::server::State;
use crate::session;
use crate::words::Bench;
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::{Vessel, VesselState};
use baiyo_domain::batch::due::medium_due;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::ids::LabelKind;
use baiyo_domain::time::Time;
use baiyo_persistence::reading::{self, ClinicScope};
use maud::html;

/// Shows it.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let (now, _) = state.store.now();
    let scope = caller.scope();
    let batches = read(&state, &caller, move |conn| {
        reading::batches_in(conn, scope, &BatchStatus::MAY_HOLD_VESSELS, now)
    });
    let batches = batches.await?;
    // What the centre has is not a clinic's to see.
    let registered = match caller.scope() {
        ClinicScope::Centre => read(&state, &caller, registered).await?,
        ClinicScope::Clinic(_) => Registered::new(),
    };
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let mut placed = Vec::new();
    for batch in &batches {
        let growing = batch.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
        placed.extend(growing.map(|vessel| place(&reader, batch, vessel, now)));
    }
    let content = html! {
        div.title { h1 { (reader.say(Bench::Map)) } }
        (scan_field(&reader, ""))
        (incubator_map(&reader, &placed, &registered))
    };
    Ok(frame.ok(reader.say(Bench::Map), content))
}

fn place(reader: &Reader, batch: &Batch, vessel: &Vessel, now: Time) -> Placed {
    let held = batch.holds.values().any(|hold| hold.lifted.is_none());
    let waits = match Urgency::of(medium_due(batch, vessel), now, reader.zone) {
        _ if held => Waits::Held,
        Urgency::Overdue => Waits::Overdue,
        Urgency::Soon => Waits::Due,
        Urgency::Today | Urgency::Later => Waits::Growing,
    };
    Placed {
        incubator: vessel.seeded.incubator.to_string(),
        position: vessel.seeded.position.to_string(),
        label: format!("{:06}-{:02}", batch.opened.label.serial(), vessel.no.0),
        whole: part_label(batch, LabelKind::Vessel, vessel.no.0),
        href: page::address_of(batch, vessel.no),
        waits,
    }
}
