//! One vessel after its scan: what it is, what is due, and the steps as buttons big enough for gloves.

use super::photo::Gallery;
use super::today::Urgency;
use super::{distance, form, work};
use crate::api::histories::entries_of_batch;
use crate::api::problem::{Kind, Problem};
use crate::api::reading::read;
use crate::pages::Answer;
use crate::pages::frame::Frame;
use crate::pages::reader::{Names, Reader, part_label};
use crate::pages::status_chip::{self, Look, chip};
use crate::server::State;
use crate::session;
use crate::words::{self, Bench, Context, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::culture::{Shot, Vessel, VesselState};
use baiyo_domain::batch::due::{Work, due};
use baiyo_domain::batch::{Batch, Event};
use baiyo_domain::ids::{Label, LabelKind, VesselNo};
use baiyo_domain::time::Time;
use baiyo_persistence::reading;
use maud::{Markup, html};

/// How many of the newest entries about a vessel are shown.
const NEWEST: usize = 5;

/// Where a vessel's page is.
pub fn address(label: &Label) -> String {
    format!("/bench/vessels/{label}")
}

/// Where the page of a batch's vessel is; that of the batch, should it have no label.
pub fn address_of(batch: &Batch, no: VesselNo) -> String {
    let label = batch.opened.label.part(LabelKind::Vessel, no.0);
    label.map_or_else(|| format!("/batches/{}", batch.id), |label| address(&label))
}

/// Shows it.
pub async fn show(request: HttpRequest, label: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let missing = || Problem::new(Kind::NotFound, caller.language);
    let label: Label = label.parse().map_err(|_| missing())?;
    let (scope, wanted) = (caller.scope(), label.clone());
    let found = read(&state, &caller, move |conn| {
        let Some(id) = reading::batch_labelled(conn, &wanted)? else { return Ok(None) };
        let Some(batch) = reading::batch(conn, scope, id)? else { return Ok(None) };
        let names = Names::of_batch(conn, &batch, scope, None)?;
        Ok(Some((batch, names)))
    });
    let (batch, names) = found.await?.ok_or_else(missing)?;
    let no = label.sub().filter(|_| label.kind() == LabelKind::Vessel).map(VesselNo);
    let vessel = no.and_then(|no| batch.vessels.get(&no)).ok_or_else(missing)?;
    let entries = entries_of_batch(&state, &caller, &batch).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let call = |thing: Thing| names.call(thing);
    let reader = Reader::new(caller.language, state.zone);
    let reader = reader.of(Context::of(batch.standard(), state.zone).naming(&call));
    let (now, _) = state.store.now();
    let seeds = |event: &baiyo_domain::event::Event| match event {
        baiyo_domain::event::Event::Batch(Event::Culture(fact)) => fact.seeds().contains(&vessel.no),
        _ => false,
    };
    let named = label.to_string();
    let mentions = |entry: &&crate::api::items::EntryView| {
        seeds(&entry.event) || serde_json::to_string(&entry.event).is_ok_and(|text| text.contains(&named))
    };
    let last: Vec<_> = entries.iter().rev().filter(mentions).take(NEWEST).collect();
    let shots: Vec<&Shot> = batch.photographs_of(vessel.no).collect();
    let gallery = Gallery { reader: &reader, batch: &batch, names: &names, lazily: true };
    let content = html! {
        (head(&reader, &batch, vessel, now))
        @if vessel.state == VesselState::InCulture {
            (steps(&reader, &batch, vessel, &label, now))
        } @else {
            p.notice.warning { (reader.say(Bench::NotInCulture)) }
        }
        (gallery.of(shots.into_iter().rev().take(NEWEST)))
        section {
            h2 { (reader.say(Bench::LastEntries)) }
            ul.last {
                @for entry in &last {
                    li {
                        (reader.time(entry.occurred_at)) " · "
                        (words::event(reader.language, &entry.event, &reader.context))
                    }
                }
            }
            p.actions {
                a.button.quiet href={ "/batches/" (batch.id) } { (reader.say(Bench::WholeBatch)) }
                a.button.quiet href={ "/batches/" (batch.id) "#history" } { (reader.say(Ui::History)) }
            }
        }
    };
    Ok(frame.ok(&label.to_string(), content))
}

fn head(reader: &Reader, batch: &Batch, vessel: &Vessel, now: Time) -> Markup {
    let day = now.since(vessel.seeded_at).num_days();
    html! {
        div.title.vessel {
            h1 { (part_label(batch, LabelKind::Vessel, vessel.no.0)) }
            (status_chip::vessel(reader.language, vessel.state))
            @if vessel.labelled_at.is_some() { (chip(Look::Good, reader.say(Bench::IdentityFits))) }
        }
        p.vessel-facts {
            strong { (batch.opened.pseudonym) } " · "
            (vessel.seeded.ware) " · P" (vessel.passage) " · "
            @match reader.language {
                words::Language::En => { (reader.say(Bench::Day)) " " (day) }
                words::Language::Ja => { (day) (reader.say(Bench::Day)) }
            }
            " · " (vessel.seeded.incubator) " " (vessel.seeded.position)
        }
        @for found in due(batch).iter().filter(|found| found.work.vessel() == Some(vessel.no)) {
            @let urgency = Urgency::of(found.by, now, reader.zone);
            p.vessel-due.(urgency.look().class()) {
                (urgency.look().icon())
                @if let Work::LabelCheck(no) = found.work {
                    @let label = part_label(batch, LabelKind::Vessel, no.0);
                    a href=(form(batch.id, "label_check", &[("expected", &label)], &address_of(batch, no))) {
                        (reader.say(work(&found.work)))
                    }
                } @else {
                    strong { (reader.say(work(&found.work))) }
                }
                " " (reader.time(found.by)) " (" (distance(reader, found.by, now)) ")"
            }
        }
    }
}

fn steps(reader: &Reader, batch: &Batch, vessel: &Vessel, label: &Label, now: Time) -> Markup {
    let (here, label) = (address(label), label.to_string());
    let to = |step: &str, field: &str| form(batch.id, step, &[(field, &label)], &here);
    let is_due = |step: &str| {
        let own = |work: &Work| work.vessel() == Some(vessel.no) && work.form() == step;
        due(batch)
            .iter()
            .any(|found| own(&found.work) && Urgency::of(found.by, now, reader.zone) <= Urgency::Soon)
    };
    let primary = [("medium_change", "/vessels"), ("counting", "/vessels"), ("passage", "/from")];
    let further = ["photograph", "observation", "vessel_move", "sampling", "harvest", "vessel_discard"];
    let name = |step: &str| {
        let stage = if ["harvest"].contains(&step) {
            "filling"
        } else if step == "sampling" {
            "testing"
        } else {
            "culture"
        };
        words::action(reader.language, &format!("batch.{stage}.{step}"))
    };
    let field = |step: &str| match step {
        "vessel_move" => "/vessel",
        "sampling" => "/subjects",
        _ => "/vessels",
    };
    let subject = format!("{{\"vessel\":{}}}", vessel.no);
    html! {
        section {
            h2.quiet { (reader.say(Bench::NextSteps)) }
            div.steps {
                @for (step, pointer) in primary {
                    a.step.primary.is-due[is_due(step)] href=(to(step, pointer)) { (name(step)) }
                }
            }
            div.steps.more {
                @for step in further {
                    @let value = if step == "sampling" { &subject } else { &label };
                    a.step href=(form(batch.id, step, &[(field(step), value)], &here)) { (name(step)) }
                }
                a.step.exception href={ "/record/quality_events?/batches=" (batch.id) "&to=" (crate::pages::encoded(&here)) } {
                    (Look::Warning.icon()) (reader.say(Bench::Exception))
                }
            }
        }
    }
}
