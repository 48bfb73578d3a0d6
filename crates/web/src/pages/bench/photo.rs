//! The photograph of a culture: how it is recorded at the bench, and how photographs are shown wherever a batch is.

use super::form;
use super::steps::vessels;
use crate::api::blobs;
use crate::pages::reader::{Names, Reader, part_label};
use crate::pages::recording::About;
use crate::pages::sheet::Sheet;
use crate::pages::typed::Typed;
use crate::words::{self, Bench};
use baiyo_domain::batch::culture::Shot;
use baiyo_domain::batch::{Batch, Event, culture};
use baiyo_domain::ids::LabelKind;
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

/// What stands beside a step whose standard asks for photographs of its vessels; nothing where it does not.
pub fn asked(sheet: &Sheet, about: &About, pointer: &str) -> Markup {
    let batch = about.batch.as_deref();
    let asks = |batch: &&Batch| batch.standard().process.bench_records.contains(&BenchRecord::Photograph);
    let Some(batch) = batch.filter(asks) else { return html! {} };
    let vessels: Vec<(&str, &str)> =
        sheet.typed.all(pointer).into_iter().map(|label| ("/vessels", label)).collect();
    let to = sheet.typed.get("to").unwrap_or(&sheet.address);
    html! {
        p.hint.asked {
            (sheet.reader.say(Bench::PhotoAsked)) " "
            a.button.quiet href=(form(batch.id, "photograph", &vessels, to)) {
                (words::action(sheet.reader.language, "batch.culture.photograph"))
            }
        }
    }
}

/// All photographs of a batch, under a heading; nothing where there are none.
pub fn section(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    html! {
        @if batch.photographs.iter().any(|shot| shot.file.is_some()) {
            section #photographs {
                h2 { (reader.say(Bench::Photos)) }
                (gallery(reader, batch, names, batch.photographs.iter()))
            }
        }
    }
}

/// Photographs as a page shows them; nothing where there are none.
pub fn gallery<'s>(
    reader: &Reader,
    batch: &Batch,
    names: &Names,
    shots: impl Iterator<Item = &'s Shot>,
) -> Markup {
    let shots: Vec<&Shot> = shots.filter(|shot| shot.file.is_some()).collect();
    html! {
        @if !shots.is_empty() {
            ul.photos { @for shot in shots { li { (figure(reader, batch, names, shot)) } } }
        }
    }
}

fn figure(reader: &Reader, batch: &Batch, names: &Names, shot: &Shot) -> Markup {
    let Some((hash, _)) = shot.file else { return html! {} };
    let shown: Vec<String> =
        shot.vessels.iter().map(|no| part_label(batch, LabelKind::Vessel, no.0).to_string()).collect();
    let seeded =
        shot.vessels.iter().filter_map(|no| batch.vessels.get(no)).map(|vessel| vessel.seeded_at).min();
    let day = seeded.map_or(0, |seeded| shot.at.since(seeded).num_days());
    let by = names.person(shot.by);
    let (address, version) =
        (blobs::address(hash, batch.id), batch.logged(shot.entry).map(|logged| logged.stamp.version));
    html! {
        figure {
            a href=(address) {
                img src=(address) loading="lazy" alt=(words::photograph(reader.language, &shown.join(", "), day, &by));
            }
            figcaption {
                strong { (shown.join(", ")) } " · " (words::culture_day(reader.language, day))
                @if let Some(times) = &shot.magnification { " · " (times) }
                br;
                (reader.time(shot.at)) " · " (by)
                @if let Some(version) = version { " · #" (version) }
                @if let Some(note) = &shot.note { br; (note) }
            }
        }
    }
}
