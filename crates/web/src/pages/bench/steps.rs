//! The steps that are recorded all day: what is known is filled in, numbers stand beside their limits, and one big button
//! records.

use super::photo;
use crate::pages::incubators;
use crate::pages::recording::About;
use crate::pages::sheet::Sheet;
use crate::words::Bench;
use baiyo_domain::batch::culture::Vessel;
use baiyo_domain::batch::{Batch, Event, culture};
use baiyo_domain::ids::{Label, LabelKind, VesselNo};
use baiyo_domain::quantity::Count;
use baiyo_domain::standard::{BenchRecord, Step};
use maud::{Markup, html};

/// Change the medium: the volume as last time, the lot of this room session.
pub fn medium(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    if suggested {
        about.kit.suggest(&mut sheet.typed, true);
        if let Some(volume) = about.batch.as_deref().and_then(last_volume) {
            sheet.typed.suggest("/volume", volume);
        }
    }
    html! {
        (vessels(sheet, "/vessels"))
        (sheet.field("/volume"))
        (lot(sheet))
        (beside(sheet, about, None))
        (sheet.head(&[&["lots"], shown(about, None)].concat()))
    }
}

/// Count cells: method and factor as last time, two numbers.
pub fn counting(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    if suggested {
        about.kit.suggest(&mut sheet.typed, false);
        suggest_method(sheet, about.batch.as_deref());
    }
    html! {
        (vessels(sheet, "/vessels"))
        (count(sheet))
        (sheet.head(&[]))
    }
}

/// Look at vessels.
pub fn observation(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    if suggested {
        about.kit.suggest(&mut sheet.typed, false);
    }
    let seen = [Bench::Spindle, Bench::Detached, Bench::Rounded].map(|word| sheet.reader.say(word));
    html! {
        (vessels(sheet, "/vessels"))
        (sheet.field("/confluence"))
        (sheet.around("/morphology", crate::words::field(sheet.reader.language, "morphology"), None, html! {
            input type="text" id="/morphology" name="/morphology" list="seen" required maxlength="2000"
                value=[sheet.typed.get("/morphology")] autocomplete="off";
            datalist id="seen" { @for word in seen { option value=(word); } }
        }))
        (sheet.field("/turbid"))
        (photo::asked(sheet, about, "/vessels"))
        (sheet.head(&[]))
    }
}

/// Scan new labels back: which are expected stands above, each with whether it was scanned.
pub fn label_check(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    if suggested {
        about.kit.suggest(&mut sheet.typed, false);
    }
    let batch = about.batch.as_deref();
    let unchecked =
        |vessel: &&Vessel| vessel.labelled_at.is_none() && vessel.state == culture::VesselState::InCulture;
    let expected: Vec<String> = match sheet.typed.all("expected").as_slice() {
        [] => {
            let vessels =
                batch.into_iter().flat_map(|batch| batch.vessels.values().map(move |vessel| (batch, vessel)));
            let vessels = vessels.filter(|(_, vessel)| unchecked(vessel));
            vessels
                .filter_map(|(batch, vessel)| batch.opened.label.part(LabelKind::Vessel, vessel.no.0))
                .map(|label| label.to_string())
                .collect()
        }
        given => given.iter().map(ToString::to_string).collect(),
    };
    let reader = sheet.reader;
    html! {
        p.hint { (reader.say(Bench::ScanBackHint)) }
        @if let Some(batch) = batch {
            p { a.button.quiet href={ "/batches/" (batch.id) "/labels" } { (reader.say(Bench::PrintLabels)) } }
        }
        ul.scan-back data-scan-back="/vessels" {
            @for label in &expected {
                li data-label=(label) {
                    strong { (label) }
                    @if let Some(vessel) = batch.and_then(|batch| of_label(batch, label)) {
                        span { (vessel.seeded.ware) " · " (vessel.seeded.incubator) " " (vessel.seeded.position) }
                    }
                }
            }
        }
        input type="hidden" name="expected" value=(expected.join("\n"));
        (vessels(sheet, "/vessels"))
        (sheet.head(&[]))
    }
}

/// Move a vessel.
pub fn vessel_move(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    if suggested {
        about.kit.suggest(&mut sheet.typed, false);
    }
    html! {
        (sheet.field("/vessel"))
        (incubators::buttons(sheet, &["/incubator".to_string()]))
        (sheet.field("/incubator")) (sheet.field("/position")) (sheet.head(&[]))
    }
}

/// Fills in where vessels go: the one that is moved, or all that are seeded.
pub fn stand(sheet: &mut Sheet, incubator: &str) {
    for at in stands(sheet) {
        sheet.typed.set(&at, incubator);
    }
}

/// The fields that say in which incubator vessels will stand.
pub fn stands(sheet: &Sheet) -> Vec<String> {
    let rows = (0..).take_while(|row| sheet.typed.any(&format!("/into/{row}")));
    let seeded: Vec<String> = rows.map(|row| format!("/into/{row}/incubator")).collect();
    if sheet.route.action == "batch.culture.vessel_move" { vec!["/incubator".into()] } else { seeded }
}

/// What the standard asks for beside an open step, and the second person where it asks for one: in sight.
pub fn beside(sheet: &Sheet, about: &About, step: Option<Step>) -> Markup {
    let Some(batch) = &about.batch else { return html! {} };
    let process = &batch.standard().process;
    html! {
        @for field in process.bench_records.iter().filter_map(field_of) {
            (sheet.field(&format!("/performed/bench/{field}")))
        }
        @if process.bench_records.iter().any(may_not_apply) { (sheet.field("/performed/bench/not_applicable")) }
        @if step.is_some_and(|step| process.checked_steps.contains(&step)) { (sheet.field("/performed/checked_by")) }
    }
}

/// The field of a record beside a step; a photograph is an entry of its own.
fn field_of(record: &BenchRecord) -> Option<&'static str> {
    match record {
        BenchRecord::HealthAndGowning => Some("health_and_gowning"),
        BenchRecord::LineClearance => Some("line_clearance"),
        BenchRecord::MinutesOutside => Some("minutes_outside"),
        BenchRecord::Antibiotics => Some("antibiotics"),
        BenchRecord::Serum => Some("serum"),
        BenchRecord::Photograph => None,
    }
}

/// Whether a record beside a step may be said not to apply. What the standard asks for is awaited all the same.
fn may_not_apply(record: &BenchRecord) -> bool {
    matches!(record, BenchRecord::MinutesOutside | BenchRecord::Antibiotics | BenchRecord::Serum)
}

/// The fields of the head that [`beside`] shows, so that they are not shown twice.
pub fn shown(about: &About, step: Option<Step>) -> &'static [&'static str] {
    let process = about.batch.as_ref().map(|batch| &batch.standard().process);
    let records =
        process.is_some_and(|process| process.bench_records.iter().any(|record| field_of(record).is_some()));
    let checked =
        step.is_some_and(|step| process.is_some_and(|process| process.checked_steps.contains(&step)));
    match (records, checked) {
        (true, true) => &["bench", "checked_by"],
        (true, false) => &["bench"],
        (false, true) => &["checked_by"],
        (false, false) => &[],
    }
}

/// The vessels a step is done to: those scanned, each on its line.
pub fn vessels(sheet: &Sheet, pointer: &str) -> Markup {
    html! { div.vessels { (sheet.field(pointer)) } }
}

/// The medium's lot, in sight and not folded away.
fn lot(sheet: &Sheet) -> Markup {
    let at = "/performed/lots/0/lot";
    html! {
        (sheet.around(at, sheet.reader.say(Bench::MediumLot), Some(()), html! {
            input type="text" id=(at) name=(at) value=[sheet.typed.get(at)] maxlength="120" autocomplete="off"
                autocapitalize="characters" spellcheck="false" data-scan="text";
        }))
        input type="hidden" name="/performed/lots/0/material" value="medium";
    }
}

/// Method and factor as the batch was counted last.
pub fn suggest_method(sheet: &mut Sheet, batch: Option<&Batch>) {
    let last = batch.and_then(last_count);
    sheet.typed.suggest("/count/method", last.as_ref().map_or("trypan blue", |count| count.method.as_str()));
    let factor = last.map_or_else(
        || "1".to_string(),
        |count| baiyo_domain::quantity::Number::from(count.factor).to_string(),
    );
    sheet.typed.suggest("/count/factor", factor);
}

/// A cell count: two numbers, with the method and factor folded away once they are known.
pub fn count(sheet: &Sheet) -> Markup {
    let known = sheet.typed.get("/count/method").is_some() && sheet.typed.get("/count/factor").is_some();
    let wrong = ["/count/method", "/count/factor"]
        .iter()
        .any(|at| sheet.faults.iter().any(|fault| fault.is_within(at)));
    let further = sheet.longer.is_some() || sheet.typed.any("/count/replicates/1");
    html! {
        @if further {
            (sheet.field("/count/replicates"))
        } @else {
            div.pair {
                (sheet.field("/count/replicates/0/live"))
                (sheet.field("/count/replicates/0/dead"))
            }
        }
        details.count-method open[!known || wrong] {
            summary {
                (sheet.reader.say(Bench::Method)) ": " (sheet.typed.get("/count/method").unwrap_or_default())
                " · " (sheet.reader.say(Bench::Factor)) " " (sheet.typed.get("/count/factor").unwrap_or_default())
            }
            (sheet.field("/count/method"))
            p.hint { (sheet.reader.say(Bench::FactorHint)) }
            (sheet.field("/count/factor"))
            @if !further {
                button.quiet type="submit" name="more" value="/count/replicates" {
                    (sheet.reader.say(crate::words::Sheet::MoreRows))
                }
            }
        }
    }
}

/// The vessel of a batch with this label.
pub fn of_label<'b>(batch: &'b Batch, label: &str) -> Option<&'b Vessel> {
    let label: Label = label.parse().ok()?;
    let own = label.same_serial(&batch.opened.label) && label.kind() == LabelKind::Vessel;
    batch.vessels.get(&VesselNo(label.sub().filter(|_| own)?))
}

fn last_volume(batch: &Batch) -> Option<String> {
    batch.log.iter().rev().find_map(|logged| match &*logged.event {
        Event::Culture(culture::Event::MediumChange(form)) => {
            Some(baiyo_domain::quantity::Number::from(form.volume).to_string())
        }
        _ => None,
    })
}

fn last_count(batch: &Batch) -> Option<Count> {
    batch.log.iter().rev().find_map(|logged| match &*logged.event {
        Event::Culture(culture::Event::Counting(form)) => Some(form.count.clone()),
        Event::Culture(culture::Event::Passaged(fact)) => Some(fact.form.count.clone()),
        Event::Culture(culture::Event::Isolated(fact)) => Some(fact.form.count.clone()),
        _ => None,
    })
}
