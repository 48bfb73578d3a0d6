//! Labels in their true size: what is scanned, and what hands and eyes need beside it. No patient's name is on them.

use super::frame::Frame;
use super::reader::Reader;
use super::{Answer, Query};
use crate::api::reading::one_batch;
use crate::server::State;
use crate::session;
use crate::words::{self, Bench};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::ids::{ContainerNo, Label, LabelKind, VesselNo};
use datamatrix::{DataMatrix, SymbolList};
use maud::{Markup, html};

/// Width and height of a label in millimetres.
const SIZE: (u16, u16) = (60, 25);
/// A module of the symbol in tenths of a millimetre: a hand scanner reads it from a bottle.
const MODULE: usize = 5;

/// Shows the labels of vessels (`?vessels=7,8`) or containers (`?containers=1`) for printing; without either, those of the
/// vessels that were not scanned back yet.
pub async fn show(
    request: HttpRequest,
    id: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let batch = one_batch(&state, &caller, &id).await?;
    let numbers = |name: &str| -> Vec<u16> {
        let given = query.get(name).map(String::as_str).unwrap_or_default();
        given.split(',').filter_map(|number| number.parse().ok()).collect()
    };
    let (mut vessels, containers) = (numbers("vessels"), numbers("containers"));
    if vessels.is_empty() && containers.is_empty() {
        let waiting = batch.vessels.values();
        let waiting = waiting.filter(|v| v.labelled_at.is_none() && v.state == VesselState::InCulture);
        vessels = waiting.map(|vessel| vessel.no.0).collect();
    }
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let vessels = vessels.iter().filter_map(|no| of_vessel(&reader, &batch, VesselNo(*no)));
    let containers = containers.iter().filter_map(|no| of_container(&reader, &batch, ContainerNo(*no)));
    let labels: Vec<Markup> = vessels.chain(containers).collect();
    let content = html! {
        div.title { h1 { (reader.say(Bench::NewLabels)) } }
        @if labels.is_empty() { p.empty { (reader.say(words::Ui::None)) } }
        p.hint { (reader.say(Bench::PrintLabels)) ": " (SIZE.0) " × " (SIZE.1) " mm" }
        div.labels { @for label in labels { (label) } }
    };
    Ok(frame.ok(reader.say(Bench::NewLabels), content))
}

fn of_vessel(reader: &Reader, batch: &Batch, no: VesselNo) -> Option<Markup> {
    let vessel = batch.vessels.get(&no)?;
    let label = batch.opened.label.part(LabelKind::Vessel, no.0)?;
    let lines = [
        batch.opened.pseudonym.to_string(),
        format!("{} · P{}", vessel.seeded.ware, vessel.passage),
        words::time(reader.language, vessel.seeded_at, reader.zone),
    ];
    drawn(&label, &lines)
}

fn of_container(reader: &Reader, batch: &Batch, no: ContainerNo) -> Option<Markup> {
    let container = batch.containers.get(&no)?;
    let label = batch.opened.label.part(LabelKind::Dose, no.0)?;
    let lines = [
        batch.opened.pseudonym.to_string(),
        format!("{} · {}", batch.standard().code, container.new.ware),
        format!(
            "{} {}",
            reader.say(words::Ui::Expiry),
            words::time(reader.language, container.expires_at, reader.zone)
        ),
    ];
    drawn(&label, &lines)
}

fn drawn(label: &Label, lines: &[String]) -> Option<Markup> {
    let label = label.to_string();
    printed(&label, &label, lines)
}

/// The label of a badge: what is scanned is written nowhere, and no screen reader speaks it.
pub fn of_badge(code: &str, called: &str, lines: &[String]) -> Option<Markup> {
    printed(code, called, lines)
}

fn printed(code: &str, label: &str, lines: &[String]) -> Option<Markup> {
    let (path, side) = symbol(code)?;
    let (width, height) = (usize::from(SIZE.0) * 10, usize::from(SIZE.1) * 10);
    let (left, top) = (20, height.saturating_sub(side) / 2);
    Some(html! {
        figure.label {
            svg width={ (SIZE.0) "mm" } height={ (SIZE.1) "mm" } viewBox={ "0 0 " (width) " " (height) } role="img"
                aria-label=(label) {
                path transform={ "translate(" (left) " " (top) ")" } d=(path) {}
                text.code x=(left + side + 20) y="50" { (label) }
                @for (line, text) in lines.iter().enumerate() {
                    text x=(left + side + 20) y=(105 + 50 * line) { (text) }
                }
            }
        }
    })
}

/// The dark modules of a symbol as one path, in tenths of a millimetre, and its side.
fn symbol(text: &str) -> Option<(String, usize)> {
    let code = DataMatrix::encode(text.as_bytes(), SymbolList::default()).ok()?;
    let bitmap = code.bitmap();
    let dark =
        bitmap.pixels().map(|(x, y)| format!("M{} {}h{MODULE}v{MODULE}h-{MODULE}z", x * MODULE, y * MODULE));
    Some((dark.collect(), bitmap.width().max(bitmap.height()) * MODULE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_reads_back_as_its_label() {
        let text = "C1-V-TKYO-26-000123-02-5";
        let (path, side) = symbol(text).unwrap();
        let width = side / MODULE;
        let mut pixels = vec![false; width * width];
        for module in path.split('M').skip(1) {
            let (place, _) = module.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            pixels[y / MODULE * width + x / MODULE] = true;
        }
        assert_eq!(DataMatrix::decode(&pixels, width).unwrap(), text.as_bytes());
        assert!(side <= usize::from(SIZE.1) * 10 - 40, "with a quiet zone it fits: {side}");
    }
}
