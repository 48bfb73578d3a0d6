//! A control chart of individuals and moving ranges: one point for each batch in the order of harvest, mean and control
//! limits from the batches themselves, and the standard's own limit drawn unlike them.

use super::frame::{Picture, Side, Sign, legend, stroke, text};
use super::individuals::{Individuals, Signal, individuals};
use super::scale::{Linear, day_of, line, place};
use crate::pages::reader::{Reader, dash};
use crate::words::{self, Picture as Said, TrendTold, Ui};
use baiyo_domain::ids::BatchId;
use baiyo_domain::quantity::Number;
use baiyo_domain::time::Time;
use maud::{Markup, html};
use rust_decimal::prelude::ToPrimitive;

const LEFT: f64 = 56.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 236.0;
const RANGE_TOP: f64 = 284.0;
const RANGE_BOTTOM: f64 = 372.0;
const HEIGHT: f64 = 408.0;
const STEP: f64 = 15.0;
const LABELS: f64 = 208.0;

/// What one batch measured.
pub struct Measured {
    /// The batch.
    pub batch: BatchId,
    /// Its label.
    pub label: String,
    /// When it was harvested.
    pub at: Time,
    /// The value.
    pub value: Number,
}

/// A chart.
pub struct Chart<'a> {
    /// Unique on its page.
    pub id: &'a str,
    /// What is measured.
    pub title: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// The batches, in the order of harvest.
    pub measured: &'a [Measured],
    /// The standard's limits.
    pub specification: &'a [Number],
    /// What is possible at all: no limit is drawn beyond.
    pub possible: (f64, f64),
}

impl Chart<'_> {
    /// The figure; a word instead where there are too few batches.
    pub fn show(&self, reader: &Reader) -> Markup {
        let values: Vec<f64> = self.measured.iter().map(|one| float(one.value)).collect();
        let Some(chart) = individuals(&values) else {
            return html! { p.empty { (reader.say(Said::NoTrendYet)) } };
        };
        let plot = (STEP * count(values.len() + 1)).max(440.0);
        let picture = Picture {
            id: self.id,
            title: self.title,
            told: &self.told(reader, &chart),
            size: (LEFT + plot + LABELS, HEIGHT),
            beside: None,
            drawing: self.drawing(reader, &chart, &values, plot),
            legend: signs(reader, !self.specification.is_empty()),
            table: self.table(reader, &chart),
        };
        picture.show(reader)
    }

    fn limit(&self, limit: f64) -> Option<f64> {
        (self.possible.0 < limit && limit < self.possible.1).then_some(limit)
    }

    fn with_unit(&self, value: f64) -> String {
        format!("{} {}", short(value), self.unit)
    }

    fn told(&self, reader: &Reader, chart: &Individuals) -> String {
        let of = |signal| chart.signals.iter().filter(|found| **found == signal).count();
        let told = TrendTold {
            batches: self.measured.len(),
            mean: self.with_unit(chart.mean),
            limits: [chart.lower, chart.upper]
                .map(|limit| self.limit(limit).map(|limit| self.with_unit(limit)))
                .into(),
            beyond: of(Signal::Beyond),
            runs: of(Signal::Run),
        };
        words::trend_told(reader.language, &told)
    }

    fn drawing(&self, reader: &Reader, chart: &Individuals, values: &[f64], plot: f64) -> Markup {
        let right = LEFT + plot;
        let limits: Vec<f64> =
            [chart.lower, chart.upper].into_iter().filter_map(|limit| self.limit(limit)).collect();
        let specification: Vec<f64> = self.specification.iter().map(|limit| float(*limit)).collect();
        let y = Linear::around(values.iter().chain(&limits).chain(&specification).copied(), (BOTTOM, TOP));
        let ranges = Linear::new(
            (0.0, chart.ranges.iter().copied().fold(chart.upper_range, f64::max) * 1.1),
            (RANGE_BOTTOM, RANGE_TOP),
        );
        let x = |index: usize| LEFT + plot * (count(index) + 1.0) / (count(values.len()) + 1.0);
        let mut labels =
            vec![(y.at(chart.mean), format!("{} {}", reader.say(Said::CentreLine), short(chart.mean)))];
        labels.extend(
            limits.iter().map(|limit| {
                (y.at(*limit), format!("{} {}", reader.say(Said::ControlLimits), short(*limit)))
            }),
        );
        labels.extend(
            specification.iter().map(|limit| {
                (y.at(*limit), format!("{} {}", reader.say(Said::Specification), short(*limit)))
            }),
        );
        let every = (60.0 / (plot / (count(values.len()) + 1.0))).ceil().clamp(1.0, 60.0) as usize;
        html! {
            @for tick in y.ticks(5) { (ruled(right, y.at(tick), tick)) }
            @for limit in &specification {
                @for beside in [-2.0, 2.0] {
                    (stroke("spec", (LEFT, y.at(*limit) + beside), (right, y.at(*limit) + beside)))
                }
            }
            (stroke("centre", (LEFT, y.at(chart.mean)), (right, y.at(chart.mean))))
            @for limit in &limits { (stroke("limit", (LEFT, y.at(*limit)), (right, y.at(*limit)))) }
            @for (at, words) in apart(labels) { (text("small", Side::Right, (right + 8.0, at + 5.0), &words)) }
            path.trend d=(line(values.iter().enumerate().map(|(index, value)| (x(index), y.at(*value))))) {}
            @for (index, value) in values.iter().enumerate() {
                (mark(chart.signals.get(index).copied().unwrap_or(Signal::None), (x(index), y.at(*value))))
            }
            (text("strong", Side::Right, (LEFT, RANGE_TOP - 12.0), reader.say(Said::MovingRange)))
            @for tick in ranges.ticks(3) { (ruled(right, ranges.at(tick), tick)) }
            (stroke("centre", (LEFT, ranges.at(chart.mean_range)), (right, ranges.at(chart.mean_range))))
            (stroke("limit", (LEFT, ranges.at(chart.upper_range)), (right, ranges.at(chart.upper_range))))
            @for (at, words) in apart(vec![
                (ranges.at(chart.mean_range), format!("{} {}", reader.say(Said::CentreLine), short(chart.mean_range))),
                (ranges.at(chart.upper_range), format!("{} {}", reader.say(Said::ControlLimits), short(chart.upper_range))),
            ]) { (text("small", Side::Right, (right + 8.0, at + 5.0), &words)) }
            path.trend d=(line(chart.ranges.iter().enumerate().map(|(index, range)| (x(index + 1), ranges.at(*range))))) {}
            @for (index, range) in chart.ranges.iter().enumerate() {
                @let signal = if *range > chart.upper_range { Signal::Beyond } else { Signal::None };
                (mark(signal, (x(index + 1), ranges.at(*range))))
            }
            @for (index, one) in self.measured.iter().enumerate().step_by(every) {
                @let day = words::day_short(reader.language, day_of(one.at, reader.zone));
                (text("quiet", Side::Middle, (x(index), HEIGHT - 12.0), &day))
            }
        }
    }

    fn table(&self, reader: &Reader, chart: &Individuals) -> Markup {
        html! {
            table.dense {
                thead { tr {
                    th scope="col" { (reader.say(Ui::BatchNumber)) }
                    th scope="col" { (reader.say(Said::HarvestedAt)) }
                    th.number scope="col" { (self.title) span.unit { (self.unit) } }
                    th.number scope="col" { (reader.say(Said::MovingRange)) }
                    th scope="col" { (reader.say(Said::Signal)) }
                } }
                tbody {
                    @for (index, one) in self.measured.iter().enumerate() {
                        tr {
                            th.wide scope="row" { a href={ "/batches/" (one.batch) } { (one.label) } }
                            td { (reader.time(one.at)) }
                            td.number { (one.value) }
                            td.number {
                                @match index.checked_sub(1).and_then(|before| chart.ranges.get(before)) {
                                    Some(range) => { (short(*range)) }
                                    None => { (dash()) }
                                }
                            }
                            td { (reader.say(match chart.signals.get(index) {
                                Some(Signal::Beyond) => Said::BeyondSign,
                                Some(Signal::Run) => Said::RunSign,
                                Some(Signal::None) | None => Said::NoSignal,
                            })) }
                        }
                    }
                }
            }
        }
    }
}

/// A line of the grid with its value.
fn ruled(right: f64, at: f64, value: f64) -> Markup {
    html! {
        (stroke("grid", (LEFT, at), (right, at)))
        (text("", Side::Left, (LEFT - 8.0, at + 5.0), &short(value)))
    }
}

/// A point: its shape says what it signals.
fn mark(signal: Signal, at: (f64, f64)) -> Markup {
    let (x, y) = at;
    html! {
        @match signal {
            Signal::None => { circle.point cx=(place(x)) cy=(place(y)) r="4" {} }
            Signal::Beyond => { path.beyond d={ (line([(x - 8.0, y + 6.0), (x, y - 9.0), (x + 8.0, y + 6.0)])) "Z" } {} }
            Signal::Run => { rect.run x=(place(x - 5.0)) y=(place(y - 5.0)) width="10" height="10" {} }
        }
    }
}

/// Labels moved down where one would stand on another.
fn apart(mut labels: Vec<(f64, String)>) -> Vec<(f64, String)> {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = f64::NEG_INFINITY;
    for (at, _) in &mut labels {
        *at = at.max(free);
        free = *at + 17.0;
    }
    labels
}

fn signs(reader: &Reader, specified: bool) -> Markup {
    let mut signs = vec![
        Sign { sign: mark(Signal::None, (16.0, 8.0)), word: reader.say(Said::WithinSign) },
        Sign { sign: mark(Signal::Beyond, (16.0, 9.0)), word: reader.say(Said::BeyondSign) },
        Sign { sign: mark(Signal::Run, (16.0, 8.0)), word: reader.say(Said::RunSign) },
        Sign { sign: stroke("centre", (0.0, 8.0), (32.0, 8.0)), word: reader.say(Said::CentreLine) },
        Sign { sign: stroke("limit", (0.0, 8.0), (32.0, 8.0)), word: reader.say(Said::ControlLimits) },
    ];
    if specified {
        let sign =
            html! { (stroke("spec", (0.0, 6.0), (32.0, 6.0))) (stroke("spec", (0.0, 10.0), (32.0, 10.0))) };
        signs.push(Sign { sign, word: reader.say(Said::Specification) });
    }
    legend(&signs)
}

/// A reckoned value, to what is told apart in a picture.
fn short(value: f64) -> String {
    let digits = if value.abs() >= 100.0 { 1.0 } else { 100.0 };
    format!("{}", (value * digits).round() / digits + 0.0)
}

fn float(number: Number) -> f64 {
    number.0.to_f64().unwrap_or(0.0)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
