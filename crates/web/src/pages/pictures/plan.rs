//! The plan: four weeks with a bar for each batch in culture or expected, its passages as blocks, and what is forecast
//! hatched. What that means for the incubators stands in `load.rs`.

use super::frame::{Picture, Side, Sign, area, held, legend, stroke, text};
use super::gate_strip;
use super::scale::{Times, day_of, line, midnight, place, width};
use super::spans::Span;
use crate::pages::incubators::Registered;
use crate::pages::reader::{Reader, dash};
use crate::pages::status_chip;
use crate::words::{self, Context, Picture as Said, PlanTold, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::gate::gate;
use baiyo_domain::forecast::Forecast;
use baiyo_domain::time::Time;
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Days shown.
pub const DAYS: u16 = 28;
const DAY: f64 = 34.0;
pub(super) const WIDTH: f64 = 34.0 * 28.0;
pub(super) const HEAD: f64 = 28.0;
const ROW: f64 = 36.0;

/// A batch of the plan.
pub struct Row {
    /// The batch.
    pub batch: Arc<Batch>,
    /// Its cultures.
    pub spans: Vec<Span>,
    /// When it should be harvested and ready.
    pub forecast: Forecast,
    /// The harvest that the instruction plans.
    pub planned: Option<Time>,
}

impl Row {
    /// When it is to be harvested: as instructed, otherwise as forecast.
    pub fn harvest(&self) -> Option<Time> {
        self.planned.or_else(|| self.forecast.dose.map(|dose| dose.at))
    }
}

/// The plan from a day on.
pub struct Plan<'a> {
    /// Its batches, in the order of their rows.
    pub rows: &'a [Row],
    /// Batches that have no bar any more and vessels in culture all the same.
    pub others: &'a [Arc<Batch>],
    /// What is registered of the incubators.
    pub incubators: &'a Registered,
    /// Its first day, a Monday.
    pub from: NaiveDate,
    /// Today.
    pub now: Time,
}

/// What is shown of one passage.
struct Block {
    passage: u8,
    from: Time,
    until: Time,
}

impl Plan<'_> {
    /// The bars; a word instead where there are none.
    pub fn bars(&self, reader: &Reader) -> Markup {
        if self.rows.is_empty() {
            return html! { p.empty { (reader.say(Said::NoBatchesPlanned)) } };
        }
        let x = self.times(reader);
        let rows = float(self.rows.len());
        let picture = Picture {
            id: "plan",
            title: reader.say(Said::PlanPicture),
            told: &self.told(reader, x),
            size: (WIDTH, HEAD + rows * ROW),
            beside: Some(self.names()),
            drawing: html! {
                pattern #hatch width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    path.hatch d="M0 4H8" {}
                }
                (self.calendar(reader, x, HEAD + rows * ROW))
                @for (index, row) in self.rows.iter().enumerate() { (self.bar(row, x, HEAD + float(index) * ROW)) }
                (self.today(x, HEAD + rows * ROW))
            },
            legend: signs(reader),
            table: self.table(reader),
        };
        picture.show(reader)
    }

    pub(super) fn times(&self, reader: &Reader) -> Times {
        let end = self.from.checked_add_days(Days::new(u64::from(DAYS))).unwrap_or(self.from);
        Times::new(midnight(self.from, reader.zone), midnight(end, reader.zone), (0.0, WIDTH))
    }

    fn told(&self, reader: &Reader, x: Times) -> String {
        let last = self.from.checked_add_days(Days::new(u64::from(DAYS) - 1)).unwrap_or(self.from);
        let vessels = self.rows.iter().flat_map(|row| row.batch.vessels.values());
        let told = PlanTold {
            batches: self.rows.len(),
            harvests: self.rows.iter().filter(|row| row.harvest().is_some_and(|at| x.holds(at))).count(),
            from: words::date(reader.language, self.from),
            until: words::date(reader.language, last),
            vessels: vessels.filter(|vessel| vessel.state == VesselState::InCulture).count(),
        };
        words::plan_told(reader.language, &told)
    }

    /// The batches beside their bars, each with a link.
    fn names(&self) -> Markup {
        html! {
            ol.row-names {
                @for row in self.rows {
                    @let label = row.batch.opened.label.to_string();
                    li { a href={ "/batches/" (row.batch.id) } title=(label) { (short(&label)) } }
                }
            }
        }
    }

    pub(super) fn calendar(&self, reader: &Reader, x: Times, bottom: f64) -> Markup {
        html! {
            @for week in 0..u64::from(DAYS) / 7 {
                @let monday = self.from.checked_add_days(Days::new(7 * week)).unwrap_or(self.from);
                @let left = x.at(midnight(monday, reader.zone));
                (area("weekend", (left + 5.0 * DAY, HEAD), (2.0 * DAY, bottom - HEAD)))
                (stroke("axis", (left, 6.0), (left, bottom)))
                @for day in 1..7 { (stroke("grid", (left + f64::from(day) * DAY, HEAD), (left + f64::from(day) * DAY, bottom))) }
                (text("small", Side::Right, (left + 6.0, 19.0), &words::short_date(reader.language, monday)))
            }
        }
    }

    pub(super) fn today(&self, x: Times, bottom: f64) -> Markup {
        let at = x.within(self.now);
        html! {
            (stroke("today", (at, HEAD), (at, bottom)))
            path.now d=(line([(at - 6.0, HEAD - 8.0), (at + 6.0, HEAD - 8.0), (at, HEAD)])) {}
        }
    }

    fn blocks(&self, row: &Row) -> Vec<Block> {
        let mut begun: BTreeMap<u8, (Time, Time)> = BTreeMap::new();
        for span in &row.spans {
            let until = span.until.unwrap_or(self.now).max(span.seeded_at);
            let known = begun.entry(span.passage).or_insert((span.seeded_at, until));
            *known = (known.0.min(span.seeded_at), known.1.max(until));
        }
        let passages: Vec<(u8, (Time, Time))> = begun.into_iter().collect();
        let block = |(index, (passage, (from, until))): (usize, &(u8, (Time, Time)))| {
            // A passage made in parts overlaps with the next, which begins its own block.
            let next = passages.get(index + 1).map_or(*until, |(_, (from, _))| *from);
            Block { passage: *passage, from: *from, until: (*until).min(next.max(*from)) }
        };
        passages.iter().enumerate().map(block).collect()
    }

    fn bar(&self, row: &Row, x: Times, top: f64) -> Markup {
        let (from, height) = (top + 6.0, ROW - 12.0);
        let harvest = row
            .forecast
            .dose
            .map(|dose| dose.at)
            .filter(|at| *at > self.now && row.batch.harvests.is_empty());
        let ready = row.forecast.ready.filter(|_| row.forecast.ready.is_some_and(|ready| x.holds(ready.at)));
        html! {
            (stroke("grid", (0.0, top + ROW), (WIDTH, top + ROW)))
            @for block in self.blocks(row) {
                @let (left, right) = (x.within(block.from), x.within(block.until));
                @let even = block.passage % 2 == 0;
                @if right > left {
                    (area(if even { "bar even" } else { "bar odd" }, (left, from), (right - left, height)))
                    @let name = format!("P{}", block.passage);
                    @if 13.0 * width(&name) + 6.0 < right - left {
                        @let class = if even { "small on-bar" } else { "small" };
                        (text(class, Side::Middle, ((left + right) / 2.0, from + height / 2.0 + 5.0), &name))
                    }
                }
            }
            @if let Some(harvest) = harvest {
                @let (left, right) = (x.within(self.now), x.within(harvest));
                rect.ahead fill="url(#hatch)" x=(place(left)) y=(place(from)) width=(place((right - left).max(0.0)))
                    height=(place(height)) {}
            }
            @if let Some(ready) = ready {
                @let (left, at, right) = (x.within(ready.from), x.at(ready.at), x.within(ready.until));
                (stroke("whisker", (left, from + height / 2.0), (right, from + height / 2.0)))
                @let y = from + height / 2.0;
                path.ready d={ (line([(at - 8.0, y), (at, y - 8.0), (at + 8.0, y), (at, y + 8.0)])) "Z" } {}
            }
            @if let Some(planned) = row.planned.filter(|at| x.holds(*at)) {
                @let at = held(x.at(planned), 12.0, (0.0, WIDTH));
                path.plan-mark d={ (line([(at - 6.0, top + 1.0), (at + 6.0, top + 1.0), (at, top + 11.0)])) "Z" } {}
            }
        }
    }

    fn table(&self, reader: &Reader) -> Markup {
        html! {
            table.dense {
                thead {
                    tr {
                        @for column in [Ui::BatchNumber, Ui::Status, Ui::Passage] { th scope="col" { (reader.say(column)) } }
                        @for column in [Said::PlannedHarvestSign, Said::HarvestExpected, Said::ReadySign, Said::ReadyBetween] {
                            th scope="col" { (reader.say(column)) }
                        }
                        th scope="col" { (reader.say(Ui::Gate)) }
                    }
                }
                tbody { @for row in self.rows { (self.line(reader, row)) } }
            }
        }
    }

    fn line(&self, reader: &Reader, row: &Row) -> Markup {
        let batch = &row.batch;
        let day = |at: Time| words::short_date(reader.language, day_of(at, reader.zone));
        let shown = |day: Option<String>| day.map_or_else(dash, |day| html! { (day) });
        let own = reader.of(Context::of(batch.standard(), reader.zone));
        let blocks = self.blocks(row);
        html! {
            tr {
                th.wide scope="row" { a href={ "/batches/" (batch.id) } { (batch.opened.label) } }
                td { (status_chip::batch(reader.language, batch.status(self.now))) }
                td {
                    @if blocks.is_empty() { (dash()) }
                    @for block in &blocks { div.wide { "P" (block.passage) " " (day(block.from)) } }
                }
                td { (shown(row.planned.map(day))) }
                td { (shown(row.forecast.dose.map(|dose| day(dose.at)))) }
                td { (shown(row.forecast.ready.map(|ready| day(ready.at)))) }
                td { (shown(row.forecast.ready.map(|ready| format!("{} – {}", day(ready.from), day(ready.until))))) }
                td.wide { (gate_strip::compact(&own, &gate(batch, self.now))) }
            }
        }
    }
}

/// The end of a label: what differs between a centre's batches.
pub fn short(label: &str) -> String {
    let parts: Vec<&str> = label.rsplitn(4, '-').take(3).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("-")
}

fn signs(reader: &Reader) -> Markup {
    legend(&[
        Sign {
            sign: html! { (area("bar even", (0.0, 1.0), (16.0, 14.0))) (area("bar odd", (16.0, 1.0), (16.0, 14.0))) },
            word: reader.say(Said::BarSign),
        },
        Sign {
            sign: html! { rect.ahead fill="url(#hatch)" x="0" y="1" width="32" height="14" {} },
            word: reader.say(Said::BarAheadSign),
        },
        Sign {
            sign: html! { path.plan-mark d="M10 3h12l-6 10z" {} },
            word: reader.say(Said::PlannedHarvestSign),
        },
        Sign {
            sign: html! { (stroke("whisker", (0.0, 8.0), (32.0, 8.0))) path.ready d="M8 8l8-8 8 8-8 8z" {} },
            word: reader.say(Said::ReadyWhiskerSign),
        },
    ])
}

pub(super) fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
