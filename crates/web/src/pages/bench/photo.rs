//! The photograph of a culture: how it is recorded at the bench, and how photographs are shown wherever a batch is.

use super::form;
use super::steps::{of_label, vessels};
use crate::api::blobs;
use crate::pages::encoded;
use crate::pages::reader::{Names, Reader, part_label};
use crate::pages::recording::About;
use crate::pages::sheet::Sheet;
use crate::pages::typed::Typed;
use crate::words::{self, Bench};
use baiyo_domain::batch::culture::Shot;
use baiyo_domain::batch::{Batch, Event, culture};
use baiyo_domain::ids::LabelKind;
use baiyo_domain::journal::Hash;
use baiyo_domain::standard::BenchRecord;
use maud::{Markup, html};

/// Where the picture's hash stands in the form.
const BLOB: &str = "/picture/taken/blob";
/// Where it stands why there is none.
const REASON: &str = "/picture/not_taken/reason";

/// Photograph vessels: the picture first, the magnification as last time. Why there is none is folded away.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    if suggested {
        about.kit.suggest(&mut sheet.typed, false);
        if let Some(last) = about.batch.as_deref().and_then(last_magnification) {
            sheet.typed.suggest("/magnification", last);
        }
    }
    let reader = sheet.reader;
    let missing = sheet.own("/picture");
    let without = sheet.typed.any(REASON) || !sheet.own(REASON).is_empty();
    html! {
        (vessels(sheet, "/vessels"))
        div id="/picture" tabindex="-1" {
            (sheet.fault_line("/picture", &missing))
            (sheet.picture(BLOB, words::field(reader.language, "picture"), true))
        }
        (sheet.field("/magnification"))
        (sheet.field("/note"))
        details.no-picture open[without] {
            summary { (reader.say(Bench::NoPicture)) }
            p.hint { (reader.say(Bench::NoPictureHint)) }
            (sheet.field(REASON))
        }
        (sheet.head(&[]))
    }
}

/// A picture or a reason says which of both it is; where there are both, that is for a person to say.
pub fn complete(typed: &mut Typed) {
    match (typed.any(BLOB), typed.any(REASON)) {
        (true, false) => typed.set("/picture", "taken"),
        (false, true) => typed.set("/picture", "not_taken"),
        (true, true) | (false, false) => {}
    }
}

fn last_magnification(batch: &Batch) -> Option<String> {
    batch.log.iter().rev().find_map(|logged| match &*logged.event {
        Event::Culture(culture::Event::Photographed(fact)) => {
            fact.form.magnification.as_ref().map(ToString::to_string)
        }
        _ => None,
    })
}

/// What stands beside a step whose standard asks for photographs of its vessels; nothing where it does not, or where
/// each of them has one. One comes back from there with the same vessels.
pub fn asked(sheet: &Sheet, about: &About, pointer: &str) -> Markup {
    let batch = about.batch.as_deref();
    let asks = |batch: &&Batch| batch.standard().process.bench_records.contains(&BenchRecord::Photograph);
    let Some(batch) = batch.filter(asks) else { return html! {} };
    let labels = sheet.typed.all(pointer);
    let has_one = |label: &&str| {
        of_label(batch, label).is_some_and(|vessel| {
            batch.photographs_of(vessel.no).any(|shot| shot.counts_for(vessel, about.now))
        })
    };
    if !labels.is_empty() && labels.iter().all(has_one) {
        return html! {};
    }
    let shown: Vec<(&str, &str)> = labels.iter().map(|label| ("/vessels", *label)).collect();
    let mut back = format!("{}?to={}", sheet.address, encoded(sheet.typed.get("to").unwrap_or_default()));
    labels.iter().for_each(|label| back.push_str(&format!("&{}={}", encoded(pointer), encoded(label))));
    html! {
        div.asked {
            p { (sheet.reader.say(Bench::PhotoAsked)) }
            a.button.quiet href=(form(batch.id, "photograph", &shown, &back)) {
                (words::action(sheet.reader.language, "batch.culture.photograph"))
            }
        }
    }
}

/// Photographs of a batch as a page shows them.
pub struct Gallery<'a> {
    /// Who looks.
    pub reader: &'a Reader<'a>,
    /// The batch.
    pub batch: &'a Batch,
    /// What people are called.
    pub names: &'a Names,
    /// Whether each is fetched only once it comes into sight: never on a page that is printed.
    pub lazily: bool,
}

impl Gallery<'_> {
    /// All of them, under a heading; nothing where there are none.
    pub fn section(&self) -> Markup {
        self.of(self.batch.photographs.iter())
    }

    /// These, under a heading; nothing where there are none.
    pub fn of<'s>(&self, shots: impl Iterator<Item = &'s Shot>) -> Markup {
        let taken: Vec<_> = shots.filter_map(|shot| Some((shot, shot.file?.0))).collect();
        html! {
            @if !taken.is_empty() {
                section #photographs {
                    h2 { (self.reader.say(Bench::Photos)) }
                    ul.photos { @for (shot, hash) in taken { li { (self.figure(shot, hash)) } } }
                }
            }
        }
    }

    fn figure(&self, shot: &Shot, hash: Hash) -> Markup {
        let Self { reader, batch, .. } = self;
        let numbers: Vec<u16> = shot.vessels.iter().map(|no| no.0).collect();
        let shown = match numbers.as_slice() {
            [one] => part_label(batch, LabelKind::Vessel, *one),
            several => words::several_vessels(reader.language, several),
        };
        let seeded =
            shot.vessels.iter().filter_map(|no| batch.vessels.get(no)).map(|vessel| vessel.seeded_at).min();
        let day = seeded.map_or(0, |seeded| shot.at.since(seeded).num_days());
        let (by, address) = (self.names.person(shot.by), blobs::address(hash, batch.id));
        html! {
            figure {
                a href=(address) {
                    img src=(address) loading=[self.lazily.then_some("lazy")]
                        alt=(words::photograph(reader.language, &shown, day, &by));
                }
                figcaption {
                    strong { (shown) } " · " (words::culture_day(reader.language, day))
                    @if let Some(times) = &shot.magnification { " · " (times) }
                    br;
                    (reader.time(shot.at)) " · " (by)
                    @if let Some(entry) = batch.logged(shot.entry) { " · #" (entry.stamp.version) }
                    @if let Some(note) = &shot.note { br; (note) }
                }
            }
        }
    }
}
