//! The forms by which a quality event's impact on a batch is assessed and the event is closed, below what it says.

use crate::pages::recording::About;
use crate::pages::sheet::Sheet;
use crate::pages::status_chip::{Look, chip};
use crate::words::{self, Thing, Ui};
use baiyo_domain::quality_event::Opening;
use maud::{Markup, html};

/// Lays it out.
pub fn lay_out(sheet: &mut Sheet, about: &About) -> Markup {
    let reader = sheet.reader;
    let Some(event) = &about.quality_event else { return sheet.fields() };
    let assesses = sheet.route.action == "quality_event.assessment";
    if let (true, Some(only)) = (event.batches.len() == 1 && assesses, event.batches.keys().next()) {
        sheet.typed.suggest("/batch", only);
    }
    let batch = sheet.typed.get("/batch").map(String::from);
    let chosen = event.batches.keys().any(|id| Some(id.to_string()) == batch);
    html! {
        @match &event.opening {
            Opening::Report(report) => { h2 { (report.title) } p { (report.description) } }
            Opening::Departure(departure) => {
                h2 { (words::departure(reader.language, departure.kind)) }
                p { (departure.found) }
            }
        }
        ul.touched {
            @for (id, impact) in &event.batches {
                li {
                    a href={ "/batches/" (id) "/review" } { (about.names.call(Thing::Batch(*id)).unwrap_or_default()) } " "
                    @match impact {
                        None => { (chip(Look::Waiting, reader.say(Ui::NotAssessed))) }
                        Some(impact) => { (chip(Look::Plain, words::impact(reader.language, *impact))) }
                    }
                }
            }
        }
        @if chosen { (sheet.hidden("/batch")) } @else { (sheet.field("/batch")) }
        (sheet.all_but(&["batch"]))
    }
}
