//! The whole record of a batch for printing: on each page its number, every entry with who did and checked it and when,
//! corrections struck through with their reasons, results, lineage, the gate, signatures and the newest checkpoint.

use super::blocking::labels;
use super::findings;
use crate::api::histories::entries_of_batch;
use crate::api::items::EntryView;
use crate::api::reading as api;
use crate::pages::bench::photo::Gallery;
use crate::pages::frame::Frame;
use crate::pages::history::{said_not_to_apply, voiding};
use crate::pages::reader::{Names, Reader, dash, part_label};
use crate::pages::{Answer, gate, lineage, may, orders, status_chip};
use crate::server::State;
use crate::session;
use crate::words::{self, Context, Language, Quality, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::Meaning;
use baiyo_domain::batch::distribution::Container;
use baiyo_domain::batch::exceptions::exceptions;
use baiyo_domain::batch::gate::{Check, Gate, gate as ask_gate};
use baiyo_domain::batch::performed::BenchRecords;
use baiyo_domain::batch::testing::TestResult;
use baiyo_domain::batch::{self, Batch, disposition, performed};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{LabelKind, PersonId};
use baiyo_domain::quantity::Number;
use baiyo_domain::time::Time;
use baiyo_persistence::sealing;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Shows the record.
pub async fn show(request: HttpRequest, id: web::Path<String>, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let batch = api::one_batch(&state, &caller, &id).await?;
    let entries = entries_of_batch(&state, &caller, &batch).await?;
    let scope = caller.scope();
    let quality_events = may(&caller, "read.quality_event").then_some(caller.language);
    let (batch, names, note) = api::read(&state, &caller, move |conn| {
        let names = Names::of_batch(conn, &batch, scope, quality_events)?;
        Ok((batch, names, sealing::newest_note(conn)?))
    })
    .await?;
    let (now, _) = state.store.now();
    let call = |thing: Thing| names.call(thing);
    let reader = Reader::new(caller.language, state.zone);
    let reader = reader.of(Context::of(batch.standard(), state.zone).naming(&call));
    let record =
        Record { reader, batch: &batch, names: &names, entries: &entries, now, centre: state.centre() };
    let frame = Frame::new(&request, &state, Some(&caller));
    let title = format!("{} {}", reader.say(Quality::Record), batch.opened.label);
    Ok(frame.ok(&title, record.page(note.as_deref())))
}

struct Record<'a> {
    reader: Reader<'a>,
    batch: &'a Batch,
    names: &'a Names,
    entries: &'a [EntryView],
    now: Time,
    centre: &'a str,
}

impl Record<'_> {
    fn page(&self, note: Option<&str>) -> Markup {
        let standard = self.batch.standard();
        html! {
            p.print-hint {
                a href={ "/batches/" (self.batch.id) } { (self.batch.opened.label) } " · "
                (self.say(Quality::PrintHint))
            }
            div.scroll.record-scroll role="region" aria-label=(self.say(Quality::Record)) tabindex="0" {
                // A table, because its head is printed again on every page.
                table.record role="presentation" {
                    thead {
                        tr {
                            td {
                                (self.centre) " · " (self.say(Quality::Record)) " · " (self.say(Quality::RecordOf)) " "
                                strong { (self.batch.opened.label) } " · " (self.batch.opened.pseudonym) " · "
                                (standard.code) " v" (standard.version)
                            }
                        }
                    }
                    tbody { tr { td { (self.heading()) (self.parts(note)) } } }
                }
            }
        }
    }

    fn parts(&self, note: Option<&str>) -> Markup {
        html! {
            (self.gate(&ask_gate(self.batch, self.now)))
            (self.containers())
            (self.results())
            (lineage::section(&self.reader, self.batch, self.names, None))
            (findings::section(&self.reader, self.batch, &exceptions(self.batch, self.now)))
            (Gallery { reader: &self.reader, batch: self.batch, names: self.names, lazily: false }.section())
            (self.every_entry())
            (self.signatures())
            (self.checkpoint(note))
        }
    }

    fn say(&self, word: impl words::Word) -> &'static str {
        self.reader.say(word)
    }

    /// A moment as official forms have it: in Japanese by the era.
    fn time(&self, at: Time) -> Markup {
        html! { time datetime=(at) { (official(self.reader.language, at, self.reader.zone)) } }
    }

    fn heading(&self) -> Markup {
        let (batch, standard) = (self.batch, self.batch.standard());
        let fact = |word: Ui, shown: Markup| html! { div { dt { (self.say(word)) } dd { (shown) } } };
        html! {
            div.title {
                h1 { (self.say(Quality::Record)) }
                (status_chip::batch(self.reader.language, batch.status(self.now)))
            }
            dl.facts {
                (fact(Ui::BatchNumber, html! { strong { (batch.opened.label) } }))
                (fact(Ui::Product, html! { (words::title(self.reader.language, &standard.title)) " (" (standard.code) " v" (standard.version) ")" }))
                (fact(Ui::Patient, html! { (batch.opened.pseudonym) }))
                (fact(Ui::Clinic, html! { (self.names.call(Thing::Clinic(batch.opened.clinic)).unwrap_or_default()) }))
                (fact(Ui::Order, html! { (self.names.call(Thing::Order(batch.opened.order)).unwrap_or_default()) }))
                (fact(Ui::Purpose, html! { (orders::purpose(&self.reader, batch.opened.purpose)) }))
                @if let Some(first) = batch.log.first() { (fact(Ui::Opened, self.time(first.stamp.recorded_at))) }
                div { dt { (self.say(Quality::Printed)) } dd { (self.time(self.now)) } }
            }
        }
    }

    fn gate(&self, answer: &Gate) -> Markup {
        html! {
            section #gate {
                h2 { (self.say(Ui::Gate)) }
                table.grid {
                    thead {
                        tr {
                            th scope="col" { (self.say(Quality::Requirement)) }
                            th scope="col" { (self.say(Ui::CheckState)) }
                            th scope="col" { (self.say(Ui::ValidUntil)) }
                        }
                    }
                    tbody {
                        @for check in &answer.batch { (self.check(check)) }
                        @for (numbers, checks) in gate::alike(answer) {
                            tr { th colspan="3" scope="colgroup" { (labels(self.batch, &numbers)) } }
                            @for check in checks { (self.check(check)) }
                        }
                    }
                }
            }
        }
    }

    fn check(&self, check: &Check) -> Markup {
        html! {
            tr {
                td {
                    (words::requirement(self.reader.language, &check.requirement, &self.reader.context))
                    @for (blocker, _) in &check.blockers {
                        small { (words::blocker(self.reader.language, blocker, &self.reader.context)) }
                    }
                }
                td { (status_chip::check(self.reader.language, check.state())) }
                td { @if let Some(until) = check.valid_until { (self.time(until)) } }
            }
        }
    }

    fn containers(&self) -> Markup {
        html! {
            @if !self.batch.containers.is_empty() {
                section #containers {
                    h2 { (self.say(Ui::Containers)) }
                    table.grid {
                        thead {
                            tr {
                                th scope="col" { (self.say(Ui::Container)) }
                                th scope="col" { (self.say(Ui::Status)) }
                                th.number scope="col" { (self.say(Ui::ViableCells)) }
                                th.number scope="col" { (self.say(Ui::Volume)) span.unit { "mL" } }
                                th scope="col" { (self.say(Ui::Expiry)) }
                                th scope="col" { (self.say(Ui::Decision)) }
                            }
                        }
                        tbody {
                            @for container in self.batch.containers.values() {
                                tr {
                                    th scope="row" { (part_label(self.batch, LabelKind::Dose, container.no.0)) }
                                    td { (status_chip::container(self.reader.language, container.status())) }
                                    td.number { (words::cells(container.new.viable_cells.into())) }
                                    td.number { (Number::from(container.new.volume)) }
                                    td { (self.time(container.expires_at)) }
                                    td { (self.decided(container)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What was decided on a container, by whom, and whether that still counts.
    fn decided(&self, container: &Container) -> Markup {
        let Some(decided) = &container.decided else { return dash() };
        let word = match decided.decision {
            disposition::Decision::Release => "release",
            disposition::Decision::Reject { .. } => "reject",
        };
        let said = words::choice(self.reader.language, None, word);
        html! {
            @if decided.voided_by.is_some() { del { (said) } } @else { (said) }
            small { (self.names.person(decided.by)) }
            @if let Some(by) = decided.voided_by.and_then(|entry| self.batch.logged(entry)) {
                small { (self.say(Ui::SignatureVoided)) ": " (by.stamp.version) }
            }
        }
    }

    fn results(&self) -> Markup {
        html! {
            section #results {
                h2 { (self.say(Ui::Results)) }
                @if self.batch.results.is_empty() { p { (self.say(Ui::NoResultsYet)) } } @else {
                    table.grid {
                        thead {
                            tr {
                                th.number scope="col" { (self.say(Ui::Number)) }
                                th scope="col" { (self.say(Ui::Test)) }
                                th scope="col" { (self.say(Ui::Values)) }
                                th scope="col" { (self.say(Ui::Verdict)) }
                                th scope="col" { (self.say(Quality::WhoAndWhen)) }
                            }
                        }
                        tbody { @for result in self.batch.results.values() { (self.result(result)) } }
                    }
                }
            }
        }
    }

    fn result(&self, result: &TestResult) -> Markup {
        let (language, form) = (self.reader.language, &result.form);
        let test = self.batch.standard().test(&form.test);
        let unit = form.unit.as_ref().map(|unit| unit.as_str());
        let values: Vec<&str> = form.values.iter().map(|value| value.as_str()).collect();
        let enterers: BTreeSet<PersonId> = result.enterers.iter().copied().collect();
        let enterers: Vec<String> = enterers.into_iter().map(|person| self.names.person(person)).collect();
        html! {
            tr {
                td.number { (result.no) }
                td {
                    (test.map_or(form.test.as_str(), |test| words::title(language, &test.title)))
                    small {
                        (form.method)
                        @if let Some(test) = test { " · " (words::criterion(language, &test.criterion, unit)) }
                        " · " (part_label(self.batch, LabelKind::Sample, form.sample.0))
                    }
                }
                td { strong { (values.join("; ")) @if let Some(unit) = unit { " " (unit) } } }
                td { (status_chip::verdict(language, result.effective())) }
                td {
                    (self.say(Ui::EnteredBy)) ": " (enterers.join(", ")) ", " (self.time(result.reported_at))
                    small {
                        (self.say(Ui::VerifiedBy)) ": "
                        @match result.verified_by {
                            Some(person) => { (self.names.person(person)) }
                            None => { (self.say(Ui::NotVerified)) }
                        }
                    }
                }
            }
        }
    }

    fn every_entry(&self) -> Markup {
        html! {
            section #entries {
                h2 { (self.say(Quality::Entries)) " (" (self.entries.len()) ")" }
                table.grid {
                    thead {
                        tr {
                            th.number scope="col" { (self.say(Ui::Number)) }
                            th scope="col" { (self.say(Ui::Entry)) }
                            th scope="col" { (self.say(Quality::WhoAndWhen)) }
                        }
                    }
                    tbody { @for entry in self.entries { (self.entry(entry)) } }
                }
            }
        }
    }

    fn entry(&self, entry: &EntryView) -> Markup {
        let language = self.reader.language;
        let sentence = words::event(language, &entry.event, &self.reader.context);
        let corrections = entry
            .corrected_by
            .iter()
            .filter_map(|id| self.entries.iter().find(|correction| correction.entry == *id));
        let apart = entry.recorded_at.since(entry.occurred_at).num_minutes() > 0;
        html! {
            tr id={ "entry-" (entry.version) } {
                td.number { (entry.version) }
                td {
                    @if entry.corrected_by.is_empty() { (sentence) } @else { del { (sentence) } }
                    @for correction in corrections { (self.correction(correction)) }
                    (self.head(&entry.event))
                    (self.left_empty(&entry.event))
                    @if let Some(signature) = &entry.signature {
                        small.signed {
                            (self.say(Ui::SignedBy)) ": " strong { (signature.name) } ", " (self.time(signature.at)) ", "
                            (meaning(language, &signature.meaning))
                            @if let Some(by) = voiding(signature, self.entries) {
                                "; " (self.say(Ui::SignatureVoided)) ": " (by.version)
                            }
                        }
                    }
                }
                td {
                    (self.say(Ui::Performer)) ": " (entry.performer_name)
                    @if let Some(checker) = self.checker(entry) { small { (self.say(Ui::Checker)) ": " (checker) } }
                    @if entry.recorder != entry.performer { small { (self.say(Ui::Recorder)) ": " (entry.recorder_name) } }
                    @if let Some(source) = &entry.source { small { (words::source(language, source)) } }
                    small { (self.time(entry.occurred_at)) }
                    @if apart { small { (self.say(Ui::Recorded)) ": " (self.time(entry.recorded_at)) } }
                }
            }
        }
    }

    /// Lots, equipment, room and why it is late.
    fn head(&self, event: &Event) -> Markup {
        let Event::Batch(event) = event else { return html! {} };
        let Some(head) = performed::of(event) else { return html! {} };
        let lots: Vec<String> = head.lots.iter().map(|lot| format!("{} {}", lot.material, lot.lot)).collect();
        let equipment = head.cabinet.iter().chain(&head.room).chain(&head.equipment);
        let equipment: Vec<String> = equipment.map(ToString::to_string).collect();
        html! {
            @if !lots.is_empty() { small { (self.say(Ui::MaterialLots)) ": " (lots.join(", ")) } }
            @if !equipment.is_empty() { small { (self.say(Ui::Equipment)) ": " (equipment.join(", ")) } }
            @if let Some(bench) = &head.bench { small { (self.beside(bench)) } }
            @if let Some(reason) = &head.late_reason { small { (self.say(Ui::RecordedLate)) ": " (reason) } }
            @if let Some(form) = &head.paper_form { small { (self.say(Ui::PaperForm)) ": " (form) } }
        }
    }

    /// What was said not to apply.
    fn left_empty(&self, event: &Event) -> Markup {
        html! { @for one in said_not_to_apply(self.reader.language, event) { small { (one) } } }
    }

    /// What was looked after while cells were open to the room.
    fn beside(&self, bench: &BenchRecords) -> String {
        let language = self.reader.language;
        let yes_or_no = |yes: bool| self.say(if yes { Ui::Yes } else { Ui::No }).to_string();
        let said = [
            ("health_and_gowning", bench.health_and_gowning.map(yes_or_no)),
            ("line_clearance", bench.line_clearance.map(yes_or_no)),
            ("minutes_outside", bench.minutes_outside.map(|minutes| minutes.to_string())),
            ("antibiotics", bench.antibiotics.as_ref().map(ToString::to_string)),
            ("serum", bench.serum.as_ref().map(ToString::to_string)),
        ];
        let told = said.into_iter().filter_map(|(field, said)| Some((words::field(language, field), said?)));
        told.map(|(field, said)| format!("{field}: {said}")).collect::<Vec<_>>().join(" · ")
    }

    /// Who checked a step, as the entry names him.
    fn checker(&self, entry: &EntryView) -> Option<String> {
        let Event::Batch(event) = &entry.event else { return None };
        let checker: PersonId = performed::of(event)?.checked_by?;
        Some(self.names.person(checker))
    }

    fn correction(&self, correction: &EntryView) -> Markup {
        let Event::Batch(batch::Event::Disposition(disposition::Event::Corrected(fact))) = &correction.event
        else {
            return html! {};
        };
        let replacement = Event::Batch(fact.replacement.clone());
        html! {
            p.corrected {
                ins { (words::event(self.reader.language, &replacement, &self.reader.context)) }
                (self.left_empty(&replacement))
                small {
                    (self.say(Quality::Because)) ": " (fact.reason) " – " (correction.recorder_name) ", "
                    (self.time(correction.recorded_at)) ", " (self.say(Ui::CorrectedIn)) " " (correction.version)
                }
            }
        }
    }

    fn signatures(&self) -> Markup {
        let signed =
            || self.entries.iter().filter_map(|entry| entry.signature.as_ref().map(|signed| (entry, signed)));
        html! {
            @if signed().next().is_some() {
                section #signatures {
                    h2 { (self.say(Quality::SignedEntries)) }
                    table.grid {
                        thead {
                            tr {
                                th.number scope="col" { (self.say(Ui::Entry)) }
                                @for word in [Ui::Name, Ui::SignedAt, Ui::Meaning, Ui::Key] {
                                    th scope="col" { (self.say(word)) }
                                }
                            }
                        }
                        tbody {
                            @for (entry, signed) in signed() {
                                tr {
                                    td.number { (entry.version) }
                                    td { (signed.name) }
                                    td { (self.time(signed.at)) }
                                    td {
                                        (meaning(self.reader.language, &signed.meaning))
                                        @if let Some(by) = voiding(signed, self.entries) {
                                            small { (self.say(Ui::SignatureVoided)) ": " (by.version) }
                                        }
                                    }
                                    td { code { (signed.key.simple().to_string().get(20..).unwrap_or_default()) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn checkpoint(&self, note: Option<&str>) -> Markup {
        html! {
            section #checkpoint {
                h2 { (self.say(Quality::CheckpointNote)) }
                @match note {
                    Some(note) => { pre { (note.trim_end()) } }
                    None => { p { (self.say(Quality::NoCheckpoint)) } }
                }
            }
        }
    }
}

/// A moment as official forms have it.
fn official(language: Language, at: Time, zone: chrono_tz::Tz) -> String {
    let local = at.utc().with_timezone(&zone);
    match language {
        Language::En => words::time(language, at, zone),
        Language::Ja => format!("{} {}", words::wareki(local.date_naive()), local.format("%H:%M")),
    }
}

/// What a signature means, by the word in it.
fn meaning(language: Language, word: &str) -> &str {
    let known = Meaning::ALL.into_iter().find(|meaning| meaning.word() == word);
    known.map_or(word, |meaning| words::meaning(language, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_official_moment_is_of_the_era_in_japanese() {
        let at = Time::from(chrono::DateTime::parse_from_rfc3339("2026-11-23T05:05:59Z").unwrap().to_utc());
        assert_eq!(official(Language::Ja, at, chrono_tz::Asia::Tokyo), "令和8年11月23日 14:05");
        assert_eq!(official(Language::En, at, chrono_tz::Asia::Tokyo), "23 Nov 2026 14:05 JST");
    }
}
