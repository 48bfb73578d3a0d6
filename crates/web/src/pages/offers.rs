//! What there is to choose from in a form: what is in the batch, the tests of its standard, people, clinics. Whoever fills
//! in a form never types an identifier.

use super::reader::{Names, Reader, part_label};
use super::status_chip::Look;
use crate::words::{self, Thing};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::{Batch, Subject};
use baiyo_domain::ids::LabelKind;
use baiyo_domain::people::Person;
use baiyo_persistence::reading::{ClinicScope, PersonRow};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Choices by what is chosen (a schema's name) or by one field (its pointer).
#[derive(Clone, Debug, Default)]
pub struct Offers {
    chosen: BTreeMap<String, Vec<(String, String)>>,
    suggested: BTreeMap<String, Vec<Suggestion>>,
}

/// What may stand in a field beside anything else.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The value.
    pub value: String,
    /// What to know of it.
    pub known: String,
    /// How that looks.
    pub look: Look,
}

impl Offers {
    /// What may be chosen there; nothing where anything may be typed.
    pub fn of(&self, name: Option<&str>, pointer: &str) -> Option<&[(String, String)]> {
        let by_field = self.chosen.get(pointer);
        by_field.or_else(|| name.and_then(|name| self.chosen.get(name))).map(Vec::as_slice)
    }

    /// What is suggested in a field of this name, beside which anything may be typed.
    pub fn suggested(&self, field: &str) -> Option<&[Suggestion]> {
        self.suggested.get(field).map(Vec::as_slice)
    }

    /// Suggests these in every field of this name.
    pub fn suggest(&mut self, field: &str, suggested: Vec<Suggestion>) {
        self.suggested.insert(field.into(), suggested);
    }

    /// Offers these, by a schema's name or a field's pointer.
    pub fn add(&mut self, of: &str, offered: Vec<(String, String)>) {
        self.chosen.insert(of.into(), offered);
    }

    /// People who work where the reader does.
    pub fn people(&mut self, people: &[PersonRow], scope: ClinicScope) {
        let here = |person: &&PersonRow| match scope {
            ClinicScope::Centre => person.clinic.is_none(),
            ClinicScope::Clinic(clinic) => person.clinic.is_some_and(|own| own.0 == clinic.0),
        };
        let active: Vec<&PersonRow> =
            people.iter().filter(|person| person.status == "active").filter(here).collect();
        let named = |person: &PersonRow| (person.id.0.to_string(), person.name.clone());
        self.add("PersonId", active.iter().map(|person| named(person)).collect());
        if scope != ClinicScope::Centre {
            return;
        }
        // Whoever does or checks a step works at the bench; whoever tests is an analyst.
        let with = |roles: &[&str]| {
            let has = |person: &&&PersonRow| person.roles.split(',').any(|role| roles.contains(&role));
            active.iter().filter(has).map(|person| named(person)).collect::<Vec<_>>()
        };
        let bench = with(&["technician", "manufacturing_lead"]);
        self.add("/performed/by", bench.clone());
        self.add("/performed/checked_by", bench);
        self.add("/analyst", with(&["qc_analyst", "releaser"]));
    }

    /// The keys of people that wait for those who know them.
    pub fn keys<'p>(&mut self, people: impl Iterator<Item = &'p Arc<Person>>) {
        let waiting =
            people.filter_map(|person| Some((person.waiting_key()?.0.to_string(), person.name.to_string())));
        self.add("KeyId", waiting.collect());
    }

    /// What is in a batch.
    pub fn batch(&mut self, reader: &Reader, batch: &Batch, names: &Names) {
        let label = |kind, no: u16| part_label(batch, kind, no);
        let vessels = batch.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
        let mut subjects: Vec<Subject> = Vec::new();
        subjects.extend(batch.tissue.as_ref().map(|_| Subject::Tissue));
        subjects.extend(vessels.map(|vessel| Subject::Vessel(vessel.no)));
        subjects.extend(batch.harvests.keys().map(|no| Subject::Harvest(*no)));
        subjects.extend(batch.fills.keys().map(|no| Subject::Fill(*no)));
        subjects.extend(batch.containers.keys().map(|no| Subject::Container(*no)));
        let subject = |subject: &Subject| {
            let value = match serde_json::to_value(subject).unwrap_or_default() {
                serde_json::Value::String(word) => word,
                value => value.to_string(),
            };
            let word = words::subject(reader.language, subject, &reader.context);
            let word = match subject {
                Subject::Vessel(no) => format!("{word} · {}", label(LabelKind::Vessel, no.0)),
                Subject::Container(no) => format!("{word} · {}", label(LabelKind::Dose, no.0)),
                _ => word,
            };
            (value, word)
        };
        self.add("Subject", subjects.iter().map(subject).collect());
        let containers = batch.containers.values();
        self.add(
            "ContainerNo",
            containers
                .map(|container| {
                    let status = words::container_status(reader.language, container.status().name());
                    (
                        container.no.to_string(),
                        format!("{} · {status}", label(LabelKind::Dose, container.no.0)),
                    )
                })
                .collect(),
        );
        let numbered = |no: &dyn ToString, word: String| (no.to_string(), word);
        let of_subject = |found: Subject| words::subject(reader.language, &found, &reader.context);
        self.add(
            "HarvestNo",
            batch.harvests.keys().map(|no| numbered(no, of_subject(Subject::Harvest(*no)))).collect(),
        );
        self.add(
            "FillNo",
            batch.fills.keys().map(|no| numbered(no, of_subject(Subject::Fill(*no)))).collect(),
        );
        let test = |code: &baiyo_domain::standard::Code| {
            let test = batch.standard().test(code);
            test.map_or_else(
                || code.to_string(),
                |test| words::title(reader.language, &test.title).to_string(),
            )
        };
        let sample =
            |(no, sample): (&baiyo_domain::ids::SampleNo, &baiyo_domain::batch::testing::TestSample)| {
                let tests: Vec<String> = sample.form.tests.iter().map(test).collect();
                (no.to_string(), format!("{} · {}", label(LabelKind::Sample, no.0), tests.join(", ")))
            };
        self.add("SampleNo", batch.samples.iter().map(sample).collect());
        self.add(
            "Code",
            batch
                .standard()
                .tests
                .iter()
                .map(|test| (test.code.to_string(), words::title(reader.language, &test.title).to_string()))
                .collect(),
        );
        self.add(
            "ResultNo",
            batch
                .results
                .values()
                .map(|result| {
                    let verdict = words::verdict(reader.language, result.effective());
                    (
                        result.no.to_string(),
                        format!("{} · {} · {verdict}", result.no, test(&result.form.test)),
                    )
                })
                .collect(),
        );
        let holds = batch.holds.iter().filter(|(_, hold)| hold.lifted.is_none());
        self.add(
            "HoldNo",
            holds
                .map(|(no, hold)| {
                    (
                        no.to_string(),
                        format!(
                            "{no} · {}",
                            words::hold_cause(reader.language, &hold.cause, &reader.context)
                        ),
                    )
                })
                .collect(),
        );
        self.add(
            "EntryId",
            batch
                .log
                .iter()
                .rev()
                .map(|logged| {
                    let fact = baiyo_domain::event::Event::Batch((*logged.event).clone());
                    let line = words::event(reader.language, &fact, &reader.context);
                    (logged.stamp.entry.to_string(), format!("#{} · {line}", logged.stamp.version))
                })
                .collect(),
        );
        let others = batch.parents.keys().chain(&batch.children);
        self.add(
            "BatchId",
            others
                .map(|other| (other.to_string(), names.call(Thing::Batch(*other)).unwrap_or_default()))
                .collect(),
        );
    }
}
