//! Words: everything that people read, in English and in Japanese. The domain knows no language; here each of
//! its reasons, blockers, facts and names has one total match per language, so that a missing word does not
//! compile.

mod account;
mod bench;
mod choices;
mod clinic;
pub mod dates;
mod en;
mod fields;
mod forecast;
mod inspection;
mod ja;
mod picture;
mod privacy;
mod quality;
mod records;
mod sheet;
#[cfg(test)]
pub(crate) mod tests;
mod ui;
mod ways;

pub use account::Account;
pub use bench::Bench;
pub use choices::choice;
pub use clinic::{Clinic, Telling, told};
pub use dates::{cells, date, short_date, time, wareki};
pub use fields::{field, of_field};
pub use forecast::{about, because};
pub use inspection::Inspection;
pub use picture::{
    GrowthTold, LineageTold, Picture, PlanTold, ReadyTold, TrendTold, day_of_culture, day_short,
    doubling_short, fits_in, growth_told, lineage_told, medium_due, over_on, places_in_use, plan_told,
    trend_told, vessels_of, wanted_until,
};
pub use privacy::Privacy;
pub use quality::Quality;
pub use records::{
    Records, differing, differing_in, disagreeing, exported, fault, filed, import_failed, import_stopped,
    imported, not_filed, note, rebuilt, unread, verified,
};
pub use sheet::Sheet;
pub use ui::Ui;
pub use ways::Ways;

use baiyo_domain::authority::{Department, Meaning, Role, Scope};
use baiyo_domain::batch::awaited::Awaited;
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::disposition::HoldCause;
use baiyo_domain::batch::distribution::{Custody, StopCause};
use baiyo_domain::batch::exceptions::Exception;
use baiyo_domain::batch::gate::{Blocker, CheckState, Requirement};
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::{Duty, Subject};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{BatchId, ClinicId, EntryId, Label, OrderId, PersonId, QualityEventId};
use baiyo_domain::journal::source::Source;
use baiyo_domain::numbers::Unusual;
use baiyo_domain::order::{Analyte, Finding, PlanClass};
use baiyo_domain::quality_event::{DepartureKind, Impact};
use baiyo_domain::refusal::Reason;
use baiyo_domain::standard::{
    Attribute, BenchRecord, Code, Criterion, DonorKind, Purpose, Stage, Standard, StandardFault, Standing,
    Step, Title,
};
use baiyo_domain::text::Text;
use chrono_tz::Tz;
use std::fmt;

/// A language of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// Both, in the order they are offered.
    pub const ALL: [Language; 2] = [Language::En, Language::Ja];

    /// Its tag, as in `lang="ja"`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Ja => "ja",
        }
    }

    /// Its own name for itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::En => "English",
            Language::Ja => "日本語",
        }
    }

    /// The language with this tag, e.g. `ja` or `ja-JP`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary.trim()))
    }

    /// What a browser asks for (`Accept-Language`): the highest quality wins, the first among equals;
    /// English where neither language is wanted.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = None;
        for wanted in header.split(',') {
            let mut parts = wanted.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else { continue };
            let given = parts.find_map(|part| part.trim().strip_prefix("q=").map(str::parse::<f32>));
            let quality = given.unwrap_or(Ok(1.0)).unwrap_or(0.0);
            if quality > best.map_or(0.0, |(best, _)| best) {
                best = Some((quality, language));
            }
        }
        best.map_or(Language::default(), |(_, language)| language)
    }
}

/// Something that stands in a sentence by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A person.
    Person(PersonId),
    /// A clinic.
    Clinic(ClinicId),
    /// An order.
    Order(OrderId),
    /// A batch.
    Batch(BatchId),
    /// A quality event.
    QualityEvent(QualityEventId),
    /// A journal entry.
    Entry(EntryId),
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Person(id) => id.fmt(f),
            Thing::Clinic(id) => id.fmt(f),
            Thing::Order(id) => id.fmt(f),
            Thing::Batch(id) => id.fmt(f),
            Thing::QualityEvent(id) => id.fmt(f),
            Thing::Entry(id) => id.fmt(f),
        }
    }
}

/// What a sentence needs beside the value it is about: the zone of its times, the standard whose tests it
/// names, and what people call things. What has no name here is shown by its code or identifier.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    zone: Tz,
    standard: Option<&'a Standard>,
    name: Option<&'a dyn Fn(Thing) -> Option<String>>,
}

impl<'a> Context<'a> {
    /// With times alone.
    pub fn bare(zone: Tz) -> Self {
        Self { zone, standard: None, name: None }
    }

    /// With a batch's pinned standard, for the titles of its tests.
    pub fn of(standard: &'a Standard, zone: Tz) -> Self {
        Self { zone, standard: Some(standard), name: None }
    }

    /// With what people call things: a person's name, a batch's label, an entry's place in the history.
    pub fn naming(self, name: &'a dyn Fn(Thing) -> Option<String>) -> Self {
        Self { name: Some(name), ..self }
    }

    fn title(&self, lang: Language, code: &Code) -> String {
        let test = self.standard.and_then(|standard| standard.test(code));
        test.map_or_else(|| code.to_string(), |test| title(lang, &test.title).to_string())
    }

    fn call(&self, thing: Thing) -> String {
        self.name.and_then(|name| name(thing)).unwrap_or_else(|| thing.to_string())
    }
}

/// A word or sentence of the pages, out of one of the catalogues.
pub trait Word: Copy {
    /// It, in a language.
    fn said(self, lang: Language) -> &'static str;
}

/// The words of the pages themselves.
pub fn text(lang: Language, word: impl Word) -> &'static str {
    word.said(lang)
}

/// Declares functions that ask the language's own file.
macro_rules! in_each_language {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) -> $words:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name(lang: Language, $($arg: $kind),*) -> $words {
            match lang {
                Language::En => en::$name($($arg),*),
                Language::Ja => ja::$name($($arg),*),
            }
        }
    )*};
}

in_each_language! {
    /// Why something was refused and what to do, as full sentences, with names where the context has them.
    reason_in(reason: &Reason, context: &Context) -> String;
    /// What blocks and what to do, as full sentences.
    blocker(blocker: &Blocker, context: &Context) -> String;
    /// What is out of the ordinary in a batch's record, on one line.
    exception(exception: &Exception, context: &Context) -> String;
    /// What a batch waits for, as what somebody does.
    awaited(one: &Awaited, context: &Context) -> String;
    /// How many exceptions there are in how many entries.
    exception_count(exceptions: usize, entries: usize) -> String;
    /// How many of the gate's requirements are met.
    met_count(met: usize, all: usize) -> String;
    /// What happened, on one line of a history.
    event(event: &Event, context: &Context) -> String;
    /// What the gate requires.
    requirement(requirement: &Requirement, context: &Context) -> String;
    /// Why something is held.
    hold_cause(cause: &HoldCause, context: &Context) -> String;
    /// Why a clinic must stop.
    stop_cause(cause: &StopCause, context: &Context) -> String;
    /// What was or should be sampled.
    subject(subject: &Subject, context: &Context) -> String;
    /// When a result passes, e.g. "at least 90 %".
    criterion(criterion: &Criterion, unit: Option<&str>) -> String;
    /// What is sampled, and when.
    stage(stage: &Stage) -> String;
    /// Where a requirement stands.
    check_state(state: CheckState) -> &'static str;
    /// A role.
    role(role: Role) -> &'static str;
    /// What is lent to a program by its token.
    scope(scope: Scope) -> &'static str;
    /// That a field does not apply, and why.
    not_applicable(reason: &str) -> String;
    /// From where an entry was handed in.
    source(source: &Source) -> String;
    /// A department.
    department(department: Department) -> &'static str;
    /// What a signature means.
    meaning(meaning: Meaning) -> &'static str;
    /// What a result comes to.
    verdict(verdict: Verdict) -> &'static str;
    /// Where a container is.
    custody(custody: Custody) -> &'static str;
    /// What a fact departed from.
    departure(kind: DepartureKind) -> &'static str;
    /// What a test shows.
    attribute(attribute: Attribute) -> &'static str;
    /// What a test is for.
    purpose(purpose: &Purpose) -> &'static str;
    /// What is recorded beside an open step.
    bench_record(record: BenchRecord) -> &'static str;
    /// What a photograph of vessels shows, for whoever does not see it.
    photograph(vessels: &str, day: i64, by: &str) -> String;
    /// Several vessels, by their numbers.
    several_vessels(numbers: &[u16]) -> String;
    /// How many days cells are in culture.
    culture_day(day: i64) -> String;
    /// A step that may need a second person.
    step(step: Step) -> &'static str;
    /// What a donor is screened for.
    analyte(analyte: Analyte) -> &'static str;
    /// What a screening found.
    finding(finding: Finding) -> &'static str;
    /// Whose cells they are.
    donor_kind(donor: DonorKind) -> &'static str;
    /// What keeps a standard from being approved, as a sentence.
    standard_fault(fault: StandardFault) -> &'static str;
    /// Where a standard's version stands.
    standing(standing: Standing) -> &'static str;
    /// A quality event's impact on a batch.
    impact(impact: Impact) -> &'static str;
    /// What a person did for a batch.
    duty(duty: Duty) -> &'static str;
    /// What became of a vessel.
    vessel_state(state: VesselState) -> &'static str;
    /// The class of a provision plan.
    plan_class(class: PlanClass) -> &'static str;
}

/// Declares functions from a name to its word; a name without one is shown as it is.
macro_rules! by_name {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(lang: Language, name: &str) -> String {
            let word = match lang {
                Language::En => en::$name(name),
                Language::Ja => ja::$name(name),
            };
            word.unwrap_or(name).to_string()
        }
    )*};
}

by_name! {
    /// An action of the table of authority, e.g. `batch.culture.passage`.
    action;
    /// Where a batch stands, e.g. `in_culture`.
    batch_status;
    /// Where a container stands, e.g. `received_in_doubt`.
    container_status;
}

/// Why something was refused and what to do, as full sentences.
pub fn reason(lang: Language, reason: &Reason, zone: Tz) -> String {
    reason_in(lang, reason, &Context::bare(zone))
}

/// What is unusual about a number that was recorded all the same.
pub fn unusual(lang: Language, unusual: Unusual) -> &'static str {
    match lang {
        Language::En => en::unusual(unusual),
        Language::Ja => ja::unusual(unusual),
    }
}

/// A name that a standard gives in both languages.
pub fn title(lang: Language, title: &Title) -> &str {
    match lang {
        Language::En => title.en.as_str(),
        Language::Ja => title.ja.as_str(),
    }
}

/// The numbers of parts within their batch, by their labels.
fn numbers(labels: &[Label]) -> Vec<u16> {
    labels.iter().filter_map(Label::sub).collect()
}

/// Short items in a row.
fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// A remark on one line.
fn line<const MAX: usize>(text: &Text<MAX>) -> String {
    one_line(text.as_str())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
