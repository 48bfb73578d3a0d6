//! What goes with a patient's cells on paper: a certificate of each release, with the checkpoint that an outsider may
//! keep, and what else is recorded of that patient's course.

use super::super::frame::Frame;
use super::super::reader::{Names, Reader, part_label};
use super::super::status_chip::{Look, chip};
use super::super::{Answer, orders};
use super::{cases, evidence};
use crate::api::disclosures::viewer;
use crate::api::histories::entries_of_batch;
use crate::api::reading::{self as api, EntryView, read};
use crate::server::State;
use crate::session;
use crate::words::{self, Clinic, Context, Language, Telling, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::disposition::Decision;
use baiyo_domain::batch::distribution::Container;
use baiyo_domain::ids::{EntryId, LabelKind};
use baiyo_domain::order::Order;
use baiyo_domain::quantity::Number;
use baiyo_domain::standard::Form;
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::Told;
use baiyo_persistence::{StoreError, journal, reading, sealing};
use chrono_tz::Tz;
use maud::{Markup, html};
use qrcode::{Color, QrCode};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a batch's documents are made from.
struct Papers {
    batch: Arc<Batch>,
    order: Option<Arc<Order>>,
    /// The labels of the order's batches.
    batches: Vec<Arc<Batch>>,
    names: Names,
    /// The centre's facility number.
    facility: Option<String>,
    patient: Told,
    entries: Vec<EntryView>,
    /// The newest checkpoint.
    note: Option<String>,
    /// The places of the decisions in the tree.
    places: BTreeMap<EntryId, u64>,
}

/// Shows a batch's documents.
pub async fn show(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let batch = api::one_batch(&state, &caller, &id).await?;
    let entries = entries_of_batch(&state, &caller, &batch).await?;
    let (scope, store) = (caller.scope(), Arc::clone(&state.store));
    let viewer = viewer(&request, &caller);
    let papers = read(&state, &caller, move |conn| {
        let names = Names::of_batch(conn, &batch, scope, None)?;
        let order = reading::order(conn, scope, batch.opened.order)?.map(|(order, _)| order);
        let patient = cases::patient(conn, &store, viewer.as_ref(), batch.opened.patient)?;
        let mut batches = Vec::new();
        for other in order.iter().flat_map(|order| &order.batches) {
            batches.extend(reading::batch(conn, scope, *other)?);
        }
        let mut places = BTreeMap::new();
        for decided in batch.containers.values().filter_map(|container| container.decided.as_ref()) {
            let place = sealing::tree_index(conn, decided.entry.0)?;
            places.extend(place.map(|place| (decided.entry, place)));
        }
        let site = journal::site_stream(conn)?;
        let site = site.map(|stream| reading::stream(conn, stream)).transpose()?.flatten();
        let founding = site.and_then(|world| world.site).map(|site| site.founding.clone());
        let facility =
            founding.and_then(|founding| founding.facility_number).map(|number| number.to_string());
        let note = sealing::newest_note(conn)?;
        Ok::<_, StoreError>(Papers { batch, order, batches, names, facility, patient, entries, note, places })
    })
    .await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let call = |thing: Thing| papers.names.call(thing);
    let reader = reader.of(Context::of(papers.batch.standard(), state.zone).naming(&call));
    let title = format!("{} – {}", papers.batch.opened.label, frame.say(Clinic::Documents));
    Ok(frame.ok(&title, papers.content(&reader, state.centre())))
}

impl Papers {
    fn content(&self, reader: &Reader, centre: &str) -> Markup {
        let mut decisions: BTreeMap<EntryId, Vec<&Container>> = BTreeMap::new();
        for container in self.batch.containers.values() {
            if let Some(decided) = container.decided.as_ref().filter(|d| d.decision == Decision::Release) {
                decisions.entry(decided.entry).or_default().push(container);
            }
        }
        html! {
            div.title.no-print {
                h1 { (reader.say(Clinic::Documents)) }
                a href={ "/batches/" (self.batch.id) } { (self.batch.opened.label) }
            }
            p.hint.no-print { (reader.say(Clinic::PrintHint)) }
            @if decisions.is_empty() { p.empty { (reader.say(Clinic::NoCertificateYet)) } }
            @for (entry, containers) in &decisions { (self.certificate(reader, centre, *entry, containers)) }
            (self.package(reader))
        }
    }

    fn certificate(
        &self,
        reader: &Reader,
        centre: &str,
        entry: EntryId,
        containers: &[&Container],
    ) -> Markup {
        let batch = &self.batch;
        let standard = batch.standard();
        let decision = self.entries.iter().find(|view| view.entry == entry.0);
        let of_fills = one_of_each_fill(containers);
        let several = of_fills.len() > 1;
        let voided = containers.iter().any(|container| !container.released());
        let fact = |word: &str, shown: Markup| html! { div { dt { (word) } dd { (shown) } } };
        html! {
            article.certificate aria-labelledby={ "certificate-" (entry) } {
                h2 id={ "certificate-" (entry) } { (reader.say(Clinic::Certificate)) }
                p.centre { (centre) @if let Some(number) = &self.facility { " · " (reader.say(Ui::FacilityNumber)) " " (number) } }
                @if voided {
                    div.notice.bad { h3 { (Look::Bad.icon()) (reader.say(Clinic::CertificateVoid)) } }
                }
                dl.facts {
                    (fact(reader.say(Ui::BatchNumber), html! { strong { (batch.opened.label) } }))
                    (fact(reader.say(Ui::Product), html! {
                        (words::title(reader.language, &standard.title)) " (" (standard.code) " v" (standard.version) ")"
                    }))
                    (fact(reader.say(Ui::Patient), html! {
                        (super::board::told(reader, &self.patient)) " "
                        @if let Some(patient) = self.patient.name() {
                            " · " (super::layouts::birth_date(reader.language, patient.birth_date.date())) br;
                        }
                        (batch.opened.pseudonym)
                    }))
                    @if let Some(order) = &self.order {
                        (fact(reader.say(Ui::Order), html! { (order.placed.label) }))
                        (fact(reader.say(Ui::Plan), html! {
                            (order.plan.number) " (" (words::plan_class(reader.language, order.plan.class)) ")"
                        }))
                    }
                    (fact(reader.say(Ui::Clinic), html! { (self.names.call(Thing::Clinic(batch.opened.clinic)).unwrap_or_default()) }))
                }
                (self.container_table(reader, containers))
                (transport(reader, batch))
                h3 { (reader.say(Ui::Results)) }
                @for first in of_fills {
                    @if several { p { (reader.say(Ui::Fill)) " " (first.fill) } }
                    (evidence::results_table(reader, batch, first, &self.names))
                }
                h3 { (reader.say(Ui::Disposition)) }
                p.decision {
                    @if voided { (chip(Look::Bad, reader.say(Ui::SignatureVoided))) } @else { (chip(Look::Good, reader.say(Ui::Release))) }
                }
                @if let Some(view) = decision {
                    @if let Some(signature) = &view.signature {
                        dl.facts.signed {
                            (fact(reader.say(Ui::SignedBy), html! { (signature.name) }))
                            (fact(reader.say(Ui::SignedAt), html! { time datetime=(signature.at) { (form_time(reader.language, signature.at, reader.zone)) } }))
                            (fact(reader.say(Ui::Meaning), html! { (meaning(reader.language, &signature.meaning)) }))
                            (fact(reader.say(Ui::Entry), html! { "#" (view.version) " · " code { (view.hash) } }))
                        }
                    }
                }
                (self.checkpoint(reader, entry))
            }
        }
    }

    fn container_table(&self, reader: &Reader, containers: &[&Container]) -> Markup {
        html! {
            div.scroll role="region" aria-label=(reader.say(Ui::Containers)) tabindex="0" {
                table {
                    thead {
                        tr {
                            @for column in [Ui::Container, Ui::Ware, Ui::Expiry] { th scope="col" { (reader.say(column)) } }
                            th.number scope="col" { (reader.say(Ui::Volume)) span.unit { "mL" } }
                            th.number scope="col" { (reader.say(Ui::ViableCells)) }
                        }
                    }
                    tbody {
                        @for container in containers {
                            tr {
                                th.wide scope="row" { (part_label(&self.batch, LabelKind::Dose, container.no.0)) }
                                td { (container.new.ware) }
                                td { time datetime=(container.expires_at) { (form_time(reader.language, container.expires_at, reader.zone)) } }
                                td.number { (Number::from(container.new.volume)) }
                                td.number { (words::cells(container.new.viable_cells.into())) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn checkpoint(&self, reader: &Reader, entry: EntryId) -> Markup {
        let place = self.places.get(&entry);
        html! {
            h3 { (reader.say(Ui::Checkpoint)) }
            @match (&self.note, place) {
                (Some(note), Some(place)) => {
                    div.checkpoint {
                        (qr(reader.say(Clinic::CheckpointCode), note))
                        div {
                            p { (words::told(reader.language, &Telling::PlaceInTree(*place))) " " (reader.say(Clinic::CheckpointMeans)) }
                            pre { (note) }
                        }
                    }
                }
                _ => { p { (reader.say(Clinic::NotSealedYet)) } }
            }
        }
    }

    /// Everything else of that patient's course that this reader may see.
    fn package(&self, reader: &Reader) -> Markup {
        html! {
            section.no-print {
                h2 { (reader.say(Clinic::Package)) }
                @if let Some(order) = &self.order {
                    ul.package {
                        li {
                            a href={ "/orders/" (order.id) } { (reader.say(Ui::Order)) " " (order.placed.label) } " – "
                            (orders::purpose(reader, order.placed.placement.purpose)) ", " (reader.say(Ui::Consent)) ", " (reader.say(Ui::DonorScreening))
                        }
                        @for other in &self.batches {
                            li {
                                a href={ "/batches/" (other.id) } { (reader.say(Ui::BatchRecord)) " " (other.opened.label) }
                                @if other.id != self.batch.id {
                                    " · " a href={ "/batches/" (other.id) "/documents" } { (reader.say(Clinic::Documents)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Containers of one fill share their results.
fn one_of_each_fill<'c>(containers: &[&'c Container]) -> Vec<&'c Container> {
    let mut fills: Vec<&Container> = Vec::new();
    for container in containers {
        if fills.iter().all(|known| known.fill != container.fill) {
            fills.push(container);
        }
    }
    fills
}

fn transport(reader: &Reader, batch: &Batch) -> Markup {
    let keeping = &batch.standard().keeping;
    let range = |range: baiyo_domain::standard::TemperatureRange| {
        words::told(reader.language, &Telling::Between(range.least.to_string(), range.most.to_string()))
    };
    html! {
        h3 { (reader.say(Clinic::HowKept)) }
        dl.facts {
            div { dt { (reader.say(Clinic::Storage)) } dd { (range(keeping.storage)) } }
            div {
                dt { (reader.say(Ui::Transport)) }
                dd { (range(keeping.transport.temperature)) ", " (words::told(reader.language, &Telling::AtMost(keeping.transport.most_hours.to_string()))) }
            }
            div { dt { (reader.say(Clinic::Preparation)) } dd { (keeping.preparation) } }
            @if let Form::Frozen { thawed, .. } = keeping.form {
                div { dt { (reader.say(Clinic::AfterThaw)) } dd { (words::told(reader.language, &Telling::AtMost(thawed.to_string()))) } }
            }
        }
    }
}

/// A moment as official forms have it: in Japanese in the era.
fn form_time(language: Language, at: Time, zone: Tz) -> String {
    let local = at.utc().with_timezone(&zone);
    match language {
        Language::En => words::time(language, at, zone),
        Language::Ja => format!("{} {}", words::wareki(local.date_naive()), local.format("%H:%M")),
    }
}

fn meaning(language: Language, word: &str) -> String {
    let known = serde_json::from_value(serde_json::Value::from(word));
    known.map_or_else(|_| word.to_string(), |known| words::meaning(language, known).to_string())
}

/// A text as a QR code, drawn as one path; nothing where it is too long for one.
pub fn qr(label: &str, text: &str) -> Markup {
    let Ok(code) = QrCode::new(text.as_bytes()) else { return html! {} };
    let width = code.width();
    // Four modules stay white around it, as readers need.
    let size = width + 8;
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", at % width + 4, at / width + 4));
        }
    }
    html! {
        svg.qr viewBox={ "0 0 " (size) " " (size) } role="img" shape-rendering="crispEdges" aria-label=(label) {
            rect width=(size) height=(size) fill="#ffffff" {}
            path d=(path) fill="#000000" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_the_era_in_japanese() {
        let at = Time::from(chrono::DateTime::parse_from_rfc3339("2026-11-29T05:05:00Z").unwrap().to_utc());
        assert_eq!(form_time(Language::Ja, at, Tz::Asia__Tokyo), "令和8年11月29日 14:05");
        assert_eq!(form_time(Language::En, at, Tz::Asia__Tokyo), "29 Nov 2026 14:05 JST");
        assert_eq!(
            meaning(Language::En, "disposition"),
            words::meaning(Language::En, baiyo_domain::authority::Meaning::Disposition)
        );
        assert_eq!(meaning(Language::En, "unheard of"), "unheard of");
    }

    #[test]
    fn a_checkpoint_is_a_code_and_what_is_too_long_is_none() {
        assert!(qr("A picture", "example.org/log\n12\nAAAA\n").into_string().contains("<svg"));
        assert_eq!(qr("A picture", &"x".repeat(4000)).into_string(), "");
    }
}
