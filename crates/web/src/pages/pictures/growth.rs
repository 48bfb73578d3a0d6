//! The growth curve: viable cells on a logarithmic axis over the days of culture, what the dose needs, what is
//! forecast with the band it lies in, and when the cells should be ready.

use super::frame::{Picture, Side, Sign, area, held, legend, stroke, text};
use super::scale::{Log, Times, day_of, line, place, power_of_ten, width};
use super::spans::Span;
use crate::pages::reader::{Reader, or_dash};
use crate::words::{self, GrowthTold, Picture as Said, ReadyTold, Ui};
use baiyo_domain::forecast::{CurvePoint, Forecast};
use baiyo_domain::quantity::Number;
use baiyo_domain::time::Time;
use maud::{Markup, html};
use rust_decimal::prelude::ToPrimitive;

const SIZE: (f64, f64) = (760.0, 384.0);
const LEFT: f64 = 52.0;
const RIGHT: f64 = 648.0;
const TOP: f64 = 68.0;
const BOTTOM: f64 = 332.0;
/// Nothing is drawn later than so many days after the first seeding.
const MOST_DAYS: i64 = 120;

/// What is to come, of a batch that is not harvested yet.
pub fn ahead(reader: &Reader, forecast: &Forecast) -> Ahead {
    let point =
        |point: &CurvePoint| Point { at: point.at, cells: point.cells, least: point.least, most: point.most };
    let ready = forecast.ready.filter(|_| !forecast.curve.is_empty());
    Ahead {
        line: forecast.curve.iter().map(point).collect(),
        ready: ready.map(|ready| (ready.at, ready.from, ready.until)),
        open: ready.is_some_and(|ready| ready.open),
        because: [words::because(reader.language, &forecast.because)]
            .into_iter()
            .chain(ready.filter(|_| forecast.held).map(|_| reader.say(Said::ForecastHeld).to_string()))
            .collect(),
    }
}

/// What is to come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ahead {
    /// The forecast, oldest first.
    pub line: Vec<Point>,
    /// When the cells should be ready: most likely, not before, not after.
    pub ready: Option<(Time, Time, Time)>,
    /// Whether it may well be later than anything that is foretold.
    pub open: bool,
    /// What it rests on, in sentences.
    pub because: Vec<String>,
}

/// A point of the forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub at: Time,
    /// Viable cells, most likely.
    pub cells: f64,
    /// At the lower end of the band.
    pub least: f64,
    /// At its upper end.
    pub most: f64,
}

/// What the curve shows.
pub struct Curve<'a> {
    /// The cultures so far.
    pub spans: &'a [Span],
    /// Viable cells needed.
    pub needed: Number,
    /// What is to come.
    pub ahead: &'a Ahead,
    /// Today.
    pub now: Time,
}

impl Curve<'_> {
    /// The figure; a word instead where nothing was seeded yet.
    pub fn show(&self, reader: &Reader) -> Markup {
        let Some(first) = self.spans.iter().map(|span| span.seeded_at).min() else {
            return html! { p.empty { (reader.say(Said::NothingSeededYet)) } };
        };
        let x = Times::new(first, self.end(first), (LEFT, RIGHT));
        let y = Log::around(self.counts(), (BOTTOM, TOP));
        let picture = Picture {
            id: "growth-curve",
            title: reader.say(Said::GrowthCurve),
            told: &self.told(reader, first),
            size: SIZE,
            beside: None,
            drawing: self.drawing(reader, first, x, y),
            legend: self.legend(reader),
            table: self.table(reader),
        };
        picture.show(reader)
    }

    fn in_culture(&self) -> bool {
        self.spans.iter().any(|span| span.until.is_none())
    }

    fn end(&self, first: Time) -> Time {
        let seen = self.spans.iter().map(|span| span.until.unwrap_or(span.seeded_at));
        let ready = self.ahead.ready.map(|(_, _, until)| until.plus_hours(24));
        let today = self.in_culture().then_some(self.now);
        let end = seen.chain(today).map(|at| at.plus_hours(24)).chain(ready).max().unwrap_or(first);
        end.min(first.plus_hours(24 * MOST_DAYS)).max(first.plus_hours(48))
    }

    /// The counts that the axis must hold: what is forecast beyond ten times the need runs out at the top.
    fn counts(&self) -> Vec<f64> {
        let needed = float(self.needed);
        let seen = self.spans.iter().flat_map(|span| {
            [Some(float(span.seeded)), span.counted().map(|(_, cells)| float(cells))].into_iter().flatten()
        });
        let ahead = self.ahead.line.iter().map(|point| point.cells.min(needed * 10.0));
        seen.chain(ahead).chain([needed]).collect()
    }

    fn told(&self, reader: &Reader, first: Time) -> String {
        let newest = self.spans.iter().filter_map(Span::counted).max_by_key(|(at, _)| *at);
        let until = if self.in_culture() { self.now } else { newest.map_or(first, |(at, _)| at) };
        let told = GrowthTold {
            counts: self.spans.iter().filter(|span| span.counted().is_some()).count(),
            days: until.since(first).num_days().max(0),
            newest: newest.map(|(at, cells)| {
                (words::time(reader.language, at, reader.zone), words::about(float(cells)))
            }),
            needed: words::cells(self.needed),
            ready: self.ahead.ready.map(|(at, from, until)| ReadyTold {
                at: self.day(reader, at),
                from: self.day(reader, from),
                until: (!self.ahead.open).then(|| self.day(reader, until)),
            }),
        };
        let mut sentences = words::growth_told(reader.language, &told);
        for because in &self.ahead.because {
            if reader.language == words::Language::En {
                sentences.push(' ');
            }
            sentences.push_str(because);
        }
        sentences
    }

    fn day(&self, reader: &Reader, at: Time) -> String {
        words::date(reader.language, day_of(at, reader.zone))
    }

    fn drawing(&self, reader: &Reader, first: Time, x: Times, y: Log) -> Markup {
        html! {
            clipPath #growth-plot { (area("", (LEFT, TOP), (RIGHT - LEFT, BOTTOM - TOP))) }
            (self.window(reader, x))
            (axes(reader, first, x, y))
            (self.need(reader, y))
            g clip-path="url(#growth-plot)" { (self.forecast(x, y)) }
            (self.today(reader, x))
            (self.observed(reader, x, y))
            (self.passages(reader, x))
        }
    }

    fn window(&self, reader: &Reader, x: Times) -> Markup {
        let Some((at, from, until)) = self.ahead.ready else { return html! {} };
        let (left, right) = (x.within(from), x.within(until));
        let short = |at| words::day_short(reader.language, day_of(at, reader.zone));
        let words =
            format!("{} {} ({}–{})", reader.say(Said::ReadyWord), short(at), short(from), short(until));
        let middle = held((left + right) / 2.0, 15.0 * width(&words), (LEFT, SIZE.0));
        html! {
            (area("window", (left, TOP), ((right - left).max(2.0), BOTTOM - TOP)))
            (stroke("window-edge", (left, 22.0), (left, BOTTOM)))
            (stroke("window-edge", (right, 22.0), (right, BOTTOM)))
            (text("strong", Side::Middle, (middle, 16.0), &words))
        }
    }

    fn need(&self, reader: &Reader, y: Log) -> Markup {
        let at = y.at(float(self.needed));
        html! {
            (stroke("need", (LEFT, at), (RIGHT, at)))
            (text("", Side::Right, (RIGHT + 8.0, at), reader.say(Said::Needed)))
            (text("", Side::Right, (RIGHT + 8.0, at + 17.0), &words::about(float(self.needed))))
        }
    }

    fn forecast(&self, x: Times, y: Log) -> Markup {
        let line_of = |of: fn(&Point) -> f64| {
            self.ahead.line.iter().map(move |point| (x.at(point.at), y.at(of(point))))
        };
        let most = line_of(|point| point.most);
        let band: Vec<(f64, f64)> = most.chain(line_of(|point| point.least).rev()).collect();
        html! {
            @if self.ahead.line.len() > 1 {
                path.band d={ (line(band)) "Z" } {}
                path.forecast d=(line(line_of(|point| point.cells))) {}
            }
        }
    }

    fn today(&self, reader: &Reader, x: Times) -> Markup {
        if !x.holds(self.now) {
            return html! {};
        }
        let (at, word) = (x.at(self.now), reader.say(Ui::Today));
        html! {
            (stroke("today", (at, 40.0), (at, BOTTOM)))
            (text("", Side::Middle, (held(at, 15.0 * width(word), (LEFT, SIZE.0)), 36.0), word))
        }
    }

    fn observed(&self, reader: &Reader, x: Times, y: Log) -> Markup {
        let told = |at: Time, cells: Number| {
            format!("{} – {}", words::time(reader.language, at, reader.zone), words::cells(cells))
        };
        html! {
            @for span in self.spans {
                @let seeded = (x.within(span.seeded_at), y.at(float(span.seeded)));
                @if let Some((at, cells)) = span.counted() {
                    @let counted = (x.within(at), y.at(float(cells)));
                    (stroke("observed", seeded, counted))
                    @for next in self.spans.iter().filter(|next| next.seeded_at == at) {
                        (stroke("reseeded", counted, (counted.0, y.at(float(next.seeded)))))
                    }
                }
            }
            @for span in self.spans {
                circle.seeding cx=(place(x.within(span.seeded_at))) cy=(place(y.at(float(span.seeded)))) r="5" {
                    title { (told(span.seeded_at, span.seeded)) }
                }
                @if let Some((at, cells)) = span.counted() {
                    circle.count cx=(place(x.within(at))) cy=(place(y.at(float(cells)))) r="5.5" { title { (told(at, cells)) } }
                }
            }
        }
    }

    /// The passages above the plot, each over its own days, with its doubling time where there is room.
    fn passages(&self, reader: &Reader, x: Times) -> Markup {
        let mut taken: Vec<(f64, f64)> = Vec::new();
        let mut shown = Vec::new();
        // What was counted stands before what was discarded beside it.
        let mut spans: Vec<&Span> = self.spans.iter().collect();
        spans.sort_by_key(|span| span.growth.is_none());
        for span in spans {
            let (from, to) = (x.within(span.seeded_at), x.within(span.until.unwrap_or(self.now)));
            let short = format!("P{}", span.passage);
            let doubling = span.growth.as_ref().and_then(|growth| growth.doubling_time);
            let long =
                doubling.map(|hours| format!("{short} · {}", words::doubling_short(reader.language, hours)));
            let fits = |words: &String| 14.0 * width(words) <= to - from - 4.0;
            let words = long.into_iter().chain([short]).find(fits);
            if taken.iter().any(|(left, right)| from < *right - 1.0 && *left + 1.0 < to) {
                continue;
            }
            taken.push((from, to));
            shown.push((from, to, words));
        }
        html! {
            @for (from, to, words) in shown {
                path.passage d=(line([(from + 1.0, 66.0), (from + 1.0, 60.0), (to - 1.0, 60.0), (to - 1.0, 66.0)])) {}
                @if let Some(words) = words { (text("small", Side::Middle, ((from + to) / 2.0, 55.0), &words)) }
            }
        }
    }

    fn legend(&self, reader: &Reader) -> Markup {
        let mut signs = vec![
            Sign {
                sign: html! { circle.seeding cx="16" cy="8" r="5" {} },
                word: reader.say(Said::SeededSign),
            },
            Sign {
                sign: html! { circle.count cx="16" cy="8" r="5.5" {} },
                word: reader.say(Said::CountedSign),
            },
            Sign { sign: stroke("need", (0.0, 8.0), (32.0, 8.0)), word: reader.say(Said::NeededSign) },
        ];
        if self.ahead.line.len() > 1 {
            let band = html! {
                (area("band", (0.0, 1.0), (32.0, 14.0)))
                (stroke("forecast", (0.0, 8.0), (32.0, 8.0)))
            };
            signs.push(Sign { sign: band, word: reader.say(Said::ForecastSign) });
        }
        if self.ahead.ready.is_some() {
            let sign = html! {
                (area("window", (4.0, 0.0), (24.0, 16.0)))
                @for edge in [4.0, 28.0] { (stroke("window-edge", (edge, 0.0), (edge, 16.0))) }
            };
            signs.push(Sign { sign, word: reader.say(Said::WindowSign) });
        }
        legend(&signs)
    }

    fn table(&self, reader: &Reader) -> Markup {
        html! {
            table.dense {
                thead {
                    tr {
                        th scope="col" { (reader.say(Ui::Passage)) }
                        th.number scope="col" { (reader.say(Ui::Vessels)) }
                        th scope="col" { (reader.say(Ui::Seeded)) }
                        th.number scope="col" { (reader.say(Said::CellsSeeded)) }
                        th scope="col" { (reader.say(Said::CountedAt)) }
                        th.number scope="col" { (reader.say(Said::CellsCounted)) }
                        th.number scope="col" { (reader.say(Ui::DoublingTime)) span.unit { "h" } }
                        th.number scope="col" { (reader.say(Ui::Viability)) span.unit { "%" } }
                    }
                }
                tbody {
                    @for span in self.spans {
                        @let growth = span.growth.as_ref();
                        @let counted = span.counted();
                        tr {
                            th scope="row" { "P" (span.passage) }
                            td.number { (span.vessels.len()) }
                            td { (reader.time(span.seeded_at)) }
                            td.number { (words::cells(span.seeded)) }
                            td {
                                @match counted {
                                    Some((at, _)) => { (reader.time(at)) }
                                    None => { (words::vessel_state(reader.language, span.state)) }
                                }
                            }
                            td.number { (or_dash(counted.map(|(_, cells)| words::cells(cells)))) }
                            td.number { (or_dash(growth.and_then(|growth| growth.doubling_time))) }
                            td.number { (or_dash(growth.and_then(|growth| growth.viability))) }
                        }
                    }
                    @for point in &self.ahead.line {
                        tr {
                            th scope="row" { (reader.say(Said::Forecast)) }
                            td.number {}
                            td {}
                            td.number {}
                            td { (reader.time(point.at)) }
                            td.number {
                                (words::about(point.cells))
                                small { (words::about(point.least)) " – " (words::about(point.most)) }
                            }
                            td.number {}
                            td.number {}
                        }
                    }
                }
            }
        }
    }
}

fn axes(reader: &Reader, first: Time, x: Times, y: Log) -> Markup {
    let day = (RIGHT - LEFT) / x.days().max(1.0);
    let step = [1u16, 2, 7, 14, 28].into_iter().find(|step| f64::from(*step) * day >= 60.0).unwrap_or(28);
    let powers = y.powers();
    // Not every power of ten has its number where there are many.
    let every = powers.len() / 8 + 1;
    html! {
        @for power in powers.into_iter().step_by(every) {
            @let at = y.at(10f64.powi(power));
            (stroke("grid", (LEFT, at), (RIGHT, at)))
            (text("", Side::Left, (LEFT - 8.0, at + 5.0), &power_of_ten(power)))
        }
        @for (number, at) in x.days_from(first, step) {
            @let left = x.at(at);
            (stroke("tick", (left, BOTTOM), (left, BOTTOM + 6.0)))
            (text("", Side::Middle, (left, BOTTOM + 22.0), &words::day_of_culture(reader.language, number)))
            (text("quiet", Side::Middle, (left, BOTTOM + 40.0), &words::day_short(reader.language, day_of(at, reader.zone))))
        }
        (stroke("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM)))
    }
}

fn float(number: Number) -> f64 {
    number.0.to_f64().unwrap_or(0.0)
}
