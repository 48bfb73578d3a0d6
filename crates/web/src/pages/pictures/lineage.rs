//! Lineage as a picture, from left to right in time: tissue or other batches, vessels by passage, harvests, fills,
//! containers. What was made together and went on together shares a box, so that a line between two boxes holds for
//! everything in them, and sixty vessels stay readable. The path of a chosen container is lit.

use super::frame::{Picture, Side, Sign, area, legend, text};
use super::scale::{day_of, place, width};
use crate::pages::reader::{Names, Reader};
use crate::words::{self, LineageTold, Picture as Said, Ui};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::distribution::{Container, Custody};
use baiyo_domain::batch::status::ContainerStatus;
use baiyo_domain::batch::{Batch, Subject};
use baiyo_domain::ids::{BatchId, ContainerNo};
use baiyo_domain::time::Time;
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// A box is at most so many rows high.
const ROWS: usize = 8;
const ROW: f64 = 26.0;
const PADDING: f64 = 8.0;
const GLYPH: f64 = 16.0;
const HEAD: f64 = 52.0;
const BETWEEN_LAYERS: f64 = 56.0;
const BETWEEN_BOXES: f64 = 14.0;
const LETTERS: f64 = 14.0;

/// What stands in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Of(Subject),
    /// A batch that drew cells from this one.
    Child(BatchId),
}

/// Parts that were made of the same together and went into the same.
struct Together {
    members: Vec<Part>,
    from: Vec<Part>,
    layer: usize,
    lit: bool,
    at: (f64, f64),
    size: (f64, f64),
    columns: usize,
}

/// The lineage of a batch; `list` is the same as a nested list.
pub fn picture(
    reader: &Reader,
    batch: &Batch,
    names: &Names,
    dose: Option<ContainerNo>,
    list: Markup,
) -> Markup {
    let dose = dose.filter(|no| batch.containers.contains_key(no));
    let lit: BTreeSet<Part> = dose
        .map(|no| batch.ancestry(Subject::Container(no)).into_iter().map(Part::Of).collect())
        .unwrap_or_default();
    let drawing = Drawing { reader, batch, names, lit };
    let (boxes, heads, size) = drawing.laid_out();
    let picture = Picture {
        id: "lineage-picture",
        title: reader.say(Said::LineagePicture),
        told: &drawing.told(dose),
        size,
        beside: None,
        drawing: drawing.drawn(&boxes, &heads),
        legend: html! { (drawing.signs(dose)) (doses(reader, batch, dose)) },
        table: list,
    };
    picture.show(reader)
}

/// A link for each container, which lights its path.
fn doses(reader: &Reader, batch: &Batch, dose: Option<ContainerNo>) -> Markup {
    html! {
        @if !batch.containers.is_empty() {
            nav.paths aria-label=(reader.say(Said::PathOf)) {
                span { (reader.say(Said::PathOf)) }
                @for no in batch.containers.keys() {
                    a href={ "?dose=" (no) "#lineage" } aria-current=[(dose == Some(*no)).then_some("true")] { "D" (no) }
                }
                @if dose.is_some() { a href="?#lineage" { (reader.say(Said::WholeLineage)) } }
            }
        }
    }
}

struct Drawing<'a> {
    reader: &'a Reader<'a>,
    batch: &'a Batch,
    names: &'a Names,
    lit: BTreeSet<Part>,
}

/// The head of a layer: its middle, what it is, and when.
type Head = (f64, String, String);

impl Drawing<'_> {
    fn told(&self, dose: Option<ContainerNo>) -> String {
        let of = |state| self.batch.vessels.values().filter(|vessel| vessel.state == state).count();
        let path = dose.map(|no| {
            let through = self.lit.iter().filter(|part| matches!(part, Part::Of(Subject::Vessel(_))));
            (self.label(Part::Of(Subject::Container(no))), through.map(|part| self.label(*part)).collect())
        });
        let told = LineageTold {
            vessels: self.batch.vessels.len(),
            in_culture: of(VesselState::InCulture),
            discarded: of(VesselState::Discarded),
            harvests: self.batch.harvests.len(),
            containers: self.batch.containers.len(),
            path,
        };
        words::lineage_told(self.reader.language, &told)
    }

    /// Every part with what it came from, so that whatever came before stands before.
    fn parts(&self) -> Vec<(Part, Vec<Part>)> {
        let batch = self.batch;
        let subjects = (batch.tissue.iter().map(|_| Subject::Tissue))
            .chain(batch.parents.keys().map(|batch| Subject::Parent { batch: *batch }))
            .chain(batch.vessels.keys().copied().map(Subject::Vessel))
            .chain(batch.harvests.keys().copied().map(Subject::Harvest))
            .chain(batch.fills.keys().copied().map(Subject::Fill))
            .chain(batch.containers.keys().copied().map(Subject::Container));
        let from = |subject| batch.parents_of(subject).into_iter().map(Part::Of).collect();
        let mut parts: Vec<(Part, Vec<Part>)> =
            subjects.map(|subject| (Part::Of(subject), from(subject))).collect();
        for child in &batch.children {
            let drawn =
                |container: &&Container| matches!(container.custody, Custody::Drawn { by } if by == *child);
            let drawn =
                batch.containers.values().filter(drawn).map(|container| Subject::Container(container.no));
            let mut from: Vec<Part> = drawn.map(Part::Of).collect();
            if from.is_empty() {
                let given = batch.vessels.values().filter(|vessel| vessel.state == VesselState::GivenAway);
                from = given.map(|vessel| Part::Of(Subject::Vessel(vessel.no))).collect();
            }
            parts.push((Part::Child(*child), from));
        }
        parts
    }

    fn together(&self) -> Vec<Together> {
        let parts = self.parts();
        let mut into: BTreeMap<Part, BTreeSet<Part>> = BTreeMap::new();
        let mut layers: BTreeMap<Part, usize> = BTreeMap::new();
        for (part, from) in &parts {
            for parent in from {
                into.entry(*parent).or_default().insert(*part);
            }
            let before = from.iter().filter_map(|parent| layers.get(parent)).max();
            layers.insert(*part, before.map_or(0, |layer| layer + 1));
        }
        let nothing = BTreeSet::new();
        let mut groups: Vec<(u8, &BTreeSet<Part>, Together)> = Vec::new();
        for (part, from) in &parts {
            let next = into.get(part).unwrap_or(&nothing);
            let alike = |(kind, others, group): &&mut (u8, &BTreeSet<Part>, Together)| {
                *kind == rank(*part) && group.from == *from && *others == next
            };
            let lit = self.lit.contains(part);
            match groups.iter_mut().find(alike) {
                Some((_, _, group)) => {
                    group.members.push(*part);
                    group.lit |= lit;
                }
                None => {
                    let layer = layers.get(part).copied().unwrap_or(0);
                    let group = Together {
                        members: vec![*part],
                        from: from.clone(),
                        layer,
                        lit,
                        at: (0.0, 0.0),
                        size: (0.0, 0.0),
                        columns: 1,
                    };
                    groups.push((rank(*part), next, group));
                }
            }
        }
        groups.into_iter().map(|(_, _, group)| group).collect()
    }

    fn laid_out(&self) -> (Vec<Together>, Vec<Head>, (f64, f64)) {
        let mut boxes = self.together();
        for group in &mut boxes {
            group.columns = group.members.len().div_ceil(ROWS).max(1);
            let rows = group.members.len().div_ceil(group.columns);
            let (columns, rows) = (float(group.columns), float(rows));
            group.size = (columns * self.cell(group) + 2.0 * PADDING, rows * ROW + PADDING);
        }
        let layers = boxes.iter().map(|group| group.layer + 1).max().unwrap_or(0);
        let stack = |layer: usize, boxes: &[Together]| {
            let heights: Vec<f64> = boxes
                .iter()
                .filter(|group| group.layer == layer)
                .map(|group| group.size.1 + BETWEEN_BOXES)
                .collect();
            heights.iter().sum::<f64>() - BETWEEN_BOXES
        };
        let height = (0..layers).map(|layer| stack(layer, &boxes)).fold(0.0, f64::max);
        let mut heads = Vec::new();
        let mut left = PADDING;
        for layer in 0..layers {
            let mut order: Vec<(f64, usize)> = (0..boxes.len())
                .filter(|index| boxes[*index].layer == layer)
                .map(|index| (middle_of_parents(&boxes, index), index))
                .collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (what, when) = self.head(layer, &boxes);
            let words = LETTERS * width(&what).max(width(&when));
            let widest = order.iter().map(|(_, index)| boxes[*index].size.0).fold(words, f64::max);
            let mut top = HEAD + (height - stack(layer, &boxes)) / 2.0;
            for (_, index) in order {
                let group = &mut boxes[index];
                group.at = (left + (widest - group.size.0) / 2.0, top);
                top += group.size.1 + BETWEEN_BOXES;
            }
            heads.push((left + widest / 2.0, what, when));
            left += widest + BETWEEN_LAYERS;
        }
        let size = (left - BETWEEN_LAYERS + PADDING, HEAD + height + PADDING);
        (boxes, heads, size)
    }

    /// How wide one member is with its glyph.
    fn cell(&self, group: &Together) -> f64 {
        let widest = group.members.iter().map(|part| width(&self.label(*part))).fold(0.0, f64::max);
        GLYPH + 6.0 + LETTERS * widest + 8.0
    }

    fn head(&self, layer: usize, boxes: &[Together]) -> (String, String) {
        let members = || boxes.iter().filter(|group| group.layer == layer).flat_map(|group| &group.members);
        let mut what: Vec<String> = Vec::new();
        for part in members() {
            let word = self.kind(*part);
            if !what.contains(&word) {
                what.push(word);
            }
        }
        let moments = || members().filter_map(|part| self.when(*part));
        let day = |at: Time| words::day_short(self.reader.language, day_of(at, self.reader.zone));
        let when = match (moments().min().map(day), moments().max().map(day)) {
            (Some(first), Some(last)) if first != last => format!("{first}–{last}"),
            (Some(first), _) => first,
            _ => String::new(),
        };
        (what.join(" · "), when)
    }

    fn kind(&self, part: Part) -> String {
        let passage = |passage: u8| format!("P{passage}");
        match part {
            Part::Of(Subject::Tissue) => self.reader.say(Ui::Tissue).into(),
            Part::Of(Subject::Parent { .. }) => self.reader.say(Ui::ComesFrom).into(),
            Part::Of(Subject::Vessel(no)) => {
                self.batch.vessels.get(&no).map(|vessel| passage(vessel.passage)).unwrap_or_default()
            }
            Part::Of(Subject::Harvest(_)) => self.reader.say(Ui::Harvest).into(),
            Part::Of(Subject::Fill(_)) => self.reader.say(Ui::Fill).into(),
            Part::Of(Subject::Container(_)) => self.reader.say(Ui::Containers).into(),
            Part::Child(_) => self.reader.say(Ui::LeadsTo).into(),
        }
    }

    fn when(&self, part: Part) -> Option<Time> {
        match part {
            Part::Of(Subject::Tissue) => self.batch.tissue.as_ref().map(|tissue| tissue.at),
            Part::Of(Subject::Vessel(no)) => self.batch.vessels.get(&no).map(|vessel| vessel.seeded_at),
            Part::Of(Subject::Harvest(no)) => self.batch.harvests.get(&no).map(|harvest| harvest.at),
            Part::Of(Subject::Fill(no)) => self.batch.fills.get(&no).map(|fill| fill.at),
            Part::Of(Subject::Container(no)) => {
                self.batch.containers.get(&no).map(|container| container.filled_at)
            }
            Part::Of(Subject::Parent { .. }) | Part::Child(_) => None,
        }
    }

    /// Short, as the picture has little room: the numbers that the labels of the parts end with.
    fn label(&self, part: Part) -> String {
        match part {
            Part::Of(Subject::Tissue) => {
                self.batch.tissue.as_ref().map(|tissue| tissue.receipt.site.to_string()).unwrap_or_default()
            }
            Part::Of(Subject::Parent { batch }) | Part::Child(batch) => self.names.batch(batch).0,
            Part::Of(Subject::Vessel(no)) => format!("V{no}"),
            Part::Of(Subject::Harvest(no)) => format!("H{no}"),
            Part::Of(Subject::Fill(no)) => format!("F{no}"),
            Part::Of(Subject::Container(no)) => format!("D{no}"),
        }
    }

    fn drawn(&self, boxes: &[Together], heads: &[Head]) -> Markup {
        html! {
            @for (middle, what, when) in heads {
                (text("strong", Side::Middle, (*middle, 18.0), what))
                (text("quiet", Side::Middle, (*middle, 36.0), when))
            }
            @for lit in [false, true] {
                @for group in boxes {
                    @for before in boxes.iter().filter(|before| before.members.iter().any(|part| group.from.contains(part))) {
                        @if (group.lit && before.lit) == lit { (edge(before, group, lit)) }
                    }
                }
            }
            @for group in boxes {
                g class=(if group.lit { "lit" } else { "" }) {
                    (area(if group.lit { "box lit" } else { "box" }, group.at, group.size))
                    @for (index, part) in group.members.iter().enumerate() { (self.member(group, index, *part)) }
                }
            }
        }
    }

    fn member(&self, group: &Together, index: usize, part: Part) -> Markup {
        let rows = group.members.len().div_ceil(group.columns).max(1);
        let (column, row) = (float(index / rows), float(index % rows));
        let (x, y) =
            (group.at.0 + PADDING + column * self.cell(group), group.at.1 + PADDING / 2.0 + row * ROW);
        let lit = self.lit.contains(&part);
        html! {
            g transform={ "translate(" (place(x)) " " (place(y + 5.0)) ")" } { (self.glyph(part, lit)) }
            (text(if lit { "lit" } else { "" }, Side::Right, (x + GLYPH + 6.0, y + 18.0), &self.label(part)))
        }
    }

    fn glyph(&self, part: Part, lit: bool) -> Markup {
        let class = |growing: bool| match (growing, lit) {
            (true, true) => "glyph growing lit",
            (true, false) => "glyph growing",
            (false, true) => "glyph lit",
            (false, false) => "glyph",
        };
        let state = match part {
            Part::Of(Subject::Vessel(no)) => self.batch.vessels.get(&no).map(|vessel| vessel.state),
            _ => None,
        };
        let over = match part {
            Part::Of(Subject::Container(no)) => self.batch.containers.get(&no).is_some_and(is_out),
            _ => state == Some(VesselState::Discarded),
        };
        html! {
            path class=(class(state == Some(VesselState::InCulture))) d=(shape(part)) {}
            @if over { (cross()) }
        }
    }

    fn signs(&self, dose: Option<ContainerNo>) -> Markup {
        let sign =
            |class: &'static str| html! { g transform="translate(8 0)" { path class=(class) d=(VESSEL) {} } };
        let mut signs = vec![
            Sign { sign: sign("glyph growing"), word: self.reader.say(Said::InCultureSign) },
            Sign { sign: sign("glyph"), word: self.reader.say(Said::DetachedSign) },
            Sign {
                sign: html! { g transform="translate(8 0)" { path.glyph d=(VESSEL) {} (cross()) } },
                word: self.reader.say(Said::DiscardedSign),
            },
        ];
        if dose.is_some() {
            let sign = html! { path class="edge lit" d="M0 8H32" {} };
            signs.push(Sign { sign, word: self.reader.say(Said::PathSign) });
        }
        legend(&signs)
    }
}

/// Whether a container can no longer be given.
fn is_out(container: &Container) -> bool {
    matches!(
        container.status(),
        ContainerStatus::Rejected
            | ContainerStatus::Stopped
            | ContainerStatus::Destroyed
            | ContainerStatus::Returned
    )
}

fn middle_of_parents(boxes: &[Together], index: usize) -> f64 {
    let from = &boxes[index].from;
    let middles = boxes.iter().filter(|group| group.members.iter().any(|part| from.contains(part)));
    let middles: Vec<f64> = middles.map(|group| group.at.1 + group.size.1 / 2.0).collect();
    middles.iter().sum::<f64>() / float(middles.len().max(1))
}

fn edge(from: &Together, to: &Together, lit: bool) -> Markup {
    let begin = (from.at.0 + from.size.0, from.at.1 + from.size.1 / 2.0);
    let end = (to.at.0, to.at.1 + to.size.1 / 2.0);
    let bend = ((end.0 - begin.0) / 2.0).min(BETWEEN_LAYERS);
    let [a, b, c, d, e, f] = [begin.0, begin.1, begin.0 + bend, end.0 - bend, end.0, end.1].map(place);
    let way = format!("M{a} {b}C{c} {b} {d} {f} {e} {f}");
    html! { path class=(if lit { "edge lit" } else { "edge" }) d=(way) {} }
}

fn cross() -> Markup {
    html! { path.cross d="M1 1L15 15M15 1L1 15" {} }
}

fn rank(part: Part) -> u8 {
    match part {
        Part::Of(Subject::Tissue) => 0,
        Part::Of(Subject::Parent { .. }) => 1,
        Part::Of(Subject::Vessel(_)) => 2,
        Part::Of(Subject::Harvest(_)) => 3,
        Part::Of(Subject::Fill(_)) => 4,
        Part::Of(Subject::Container(_)) => 5,
        Part::Child(_) => 6,
    }
}

/// A flask.
const VESSEL: &str = "M5.5 1h5v4l4 7v3h-13v-3l4-7z";

fn shape(part: Part) -> &'static str {
    match part {
        Part::Of(Subject::Tissue) => "M8 1c4 0 7 2 7 6s-2 8-7 8-7-3-7-7 3-7 7-7z",
        Part::Of(Subject::Parent { .. }) | Part::Child(_) => "M1 3h14v11h-14zM1 7h14",
        Part::Of(Subject::Vessel(_)) => VESSEL,
        Part::Of(Subject::Harvest(_)) => "M1 2h14l-5 7v6h-4v-6z",
        Part::Of(Subject::Fill(_)) => "M8 1c3 5 5 7 5 9a5 5 0 0 1-10 0c0-2 2-4 5-9z",
        Part::Of(Subject::Container(_)) => "M6 1h4v2h4v12h-12v-12h4z",
    }
}

fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
