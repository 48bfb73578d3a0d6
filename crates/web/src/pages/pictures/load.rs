//! What the plan means for the incubators: the vessels in each from today on, as batches are harvested, against what is
//! registered to fit in, and on which days that is too many.

use super::frame::{Picture, Side, Sign, area, legend, stroke, text};
use super::plan::{DAYS, HEAD, Plan, WIDTH, float};
use super::scale::{Times, day_of, line};
use crate::pages::incubators::{Room, vessels_of};
use crate::pages::reader::{Reader, dash};
use crate::words::{self, Picture as Said, Ui};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::site::Incubator;
use baiyo_domain::time::Time;
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use maud::{Markup, html};
use std::collections::BTreeMap;

const ROW: f64 = 56.0;
/// Room above a row's steps, for their numbers.
const ABOVE: f64 = 20.0;

/// An incubator from today on.
struct Load<'a> {
    name: String,
    registered: Option<&'a Incubator>,
    /// From when how many vessels are in it; the first is now.
    steps: Vec<(Time, usize)>,
}

impl Load<'_> {
    fn now(&self) -> usize {
        self.steps.first().map_or(0, |(_, vessels)| *vessels)
    }

    fn most(&self) -> usize {
        self.steps.iter().map(|(_, vessels)| *vessels).max().unwrap_or(0)
    }

    /// What fits in, where that is registered and it is used.
    fn capacity(&self) -> Option<usize> {
        self.registered.filter(|incubator| !incubator.retired).map(Incubator::capacity)
    }

    /// The days, first and last of each span, on which more vessels are in it than fit in: up to `until`.
    fn over(&self, until: NaiveDate, zone: Tz) -> Vec<(NaiveDate, NaiveDate)> {
        let Some(capacity) = self.capacity() else { return Vec::new() };
        let mut spans: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        for (index, (from, vessels)) in self.steps.iter().enumerate() {
            let first = day_of(*from, zone);
            if *vessels <= capacity || first > until {
                continue;
            }
            let end = self.steps.get(index + 1).map_or(until, |(next, _)| day_of(*next, zone));
            let last = end.min(until);
            match spans.last_mut() {
                Some((_, before)) if first <= before.succ_opt().unwrap_or(*before) => {
                    *before = last.max(*before)
                }
                _ => spans.push((first, last)),
            }
        }
        spans
    }

    fn over_told(&self, reader: &Reader, until: NaiveDate) -> Option<String> {
        let day = |day| words::short_date(reader.language, day);
        let spans = self.over(until, reader.zone);
        let spans: Vec<(String, Option<String>)> =
            spans.into_iter().map(|(first, last)| (day(first), (last > first).then(|| day(last)))).collect();
        (!spans.is_empty()).then(|| words::over_on(reader.language, &spans))
    }
}

impl Plan<'_> {
    /// The vessels in each incubator; a word where none is in culture and none is registered.
    pub fn loads(&self, reader: &Reader) -> Markup {
        let loads = self.by_incubator();
        if loads.is_empty() {
            return html! { p.empty { (reader.say(Said::NoVessels)) } };
        }
        let last = self.from.checked_add_days(Days::new(u64::from(DAYS) - 1)).unwrap_or(self.from);
        let x = self.times(reader);
        let unregistered = loads.iter().filter(|load| load.capacity().is_none());
        let most = unregistered.map(Load::most).max().unwrap_or(0);
        let height = HEAD + float(loads.len()) * ROW;
        let names = html! {
            ol.row-names.tall { @for load in &loads {
                li {
                    strong { (load.name) }
                    small {
                        (load.now())
                        @if let Some(capacity) = load.capacity() { " / " (capacity) }
                    }
                }
            } }
        };
        let picture = Picture {
            id: "incubators",
            title: reader.say(Said::UsePicture),
            told: reader.say(Said::UseTold),
            size: (WIDTH, height),
            beside: Some(names),
            drawing: html! {
                (self.calendar(reader, x, height))
                @for (index, load) in loads.iter().enumerate() { (steps(load, most, x, HEAD + float(index) * ROW)) }
                (self.today(x, height))
            },
            legend: signs(reader),
            table: table(reader, &loads, last),
        };
        html! {
            ul.loads {
                @for load in &loads {
                    li {
                        strong { (load.name) }
                        (Room::of(load.registered, load.now()).chip(reader))
                        span { (vessels_of(reader, load.registered, load.now())) }
                        @if let Some(over) = load.over_told(reader, last) { span.over { (over) } }
                    }
                }
            }
            (picture.show(reader))
        }
    }

    /// Each incubator that is registered and used or that vessels are in: until when how many vessels are in it, if each
    /// batch is harvested as expected.
    fn by_incubator(&self) -> Vec<Load<'_>> {
        let used = self.incubators.iter().filter(|(_, incubator)| !incubator.retired);
        let mut ends: BTreeMap<String, Vec<Option<Time>>> =
            used.map(|(name, _)| (name.clone(), Vec::new())).collect();
        let ahead = self.rows.iter().map(|row| (&row.batch, row.harvest().map(|at| at.max(self.now))));
        let others = self.others.iter().map(|batch| (batch, None));
        for (batch, harvest) in ahead.chain(others) {
            for vessel in batch.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture) {
                ends.entry(vessel.seeded.incubator.to_string()).or_default().push(harvest);
            }
        }
        let load = |(name, ends): (String, Vec<Option<Time>>)| {
            let mut at: Vec<Time> = ends.iter().flatten().copied().collect();
            at.sort();
            at.dedup();
            let left = |at: &Time| ends.iter().filter(|end| end.is_none_or(|end| end > *at)).count();
            let after = at.iter().map(|at| (*at, left(at)));
            let steps = [(self.now, ends.len())].into_iter().chain(after).collect();
            Load { registered: self.incubators.get(&name), name, steps }
        };
        ends.into_iter().map(load).collect()
    }
}

fn steps(load: &Load, most: usize, x: Times, top: f64) -> Markup {
    let bottom = top + ROW - 4.0;
    let tallest = load.capacity().map_or(most, |capacity| capacity.max(load.most())).max(1);
    let y = |vessels: usize| bottom - (ROW - 4.0 - ABOVE) * float(vessels) / float(tallest);
    let mut path: Vec<(f64, f64)> = Vec::new();
    let mut numbers: Vec<(f64, f64, usize)> = Vec::new();
    let mut over: Vec<(f64, f64, usize)> = Vec::new();
    for (index, (at, vessels)) in load.steps.iter().enumerate() {
        let end = load.steps.get(index + 1).map_or(WIDTH, |(next, _)| x.within(*next));
        let left = x.within(*at);
        path.extend([(left, y(*vessels)), (end, y(*vessels))]);
        if load.capacity().is_some_and(|capacity| *vessels > capacity) {
            over.push((left, end, *vessels));
        }
        let free = numbers.last().is_none_or(|(before, _, _)| left > before + 24.0);
        if free && left < WIDTH - 20.0 {
            numbers.push((left, y(*vessels), *vessels));
        }
    }
    html! {
        (stroke("axis", (0.0, bottom), (WIDTH, bottom)))
        @if let Some(capacity) = load.capacity() {
            @for (left, right, vessels) in &over {
                (area("over", (*left, y(*vessels)), (right - left, y(capacity) - y(*vessels))))
            }
            (stroke("fits", (0.0, y(capacity)), (WIDTH, y(capacity))))
        }
        path.steps d=(line(path)) {}
        @for (left, at, vessels) in numbers { (text("small", Side::Right, (left + 4.0, at - 4.0), &vessels.to_string())) }
    }
}

fn signs(reader: &Reader) -> Markup {
    legend(&[
        Sign { sign: html! { path.steps d="M0 12H16V5H32" {} }, word: reader.say(Said::VesselsSign) },
        Sign { sign: stroke("fits", (0.0, 8.0), (32.0, 8.0)), word: reader.say(Said::CapacitySign) },
        Sign {
            sign: html! { (area("over", (0.0, 2.0), (32.0, 8.0))) (stroke("fits", (0.0, 10.0), (32.0, 10.0))) },
            word: reader.say(Said::OverCapacity),
        },
    ])
}

fn table(reader: &Reader, loads: &[Load], last: NaiveDate) -> Markup {
    html! {
        table.dense {
            thead { tr {
                th scope="col" { (reader.say(Ui::Incubator)) }
                th.number scope="col" { (reader.say(Said::InUse)) }
                th.number scope="col" { (reader.say(Said::CapacitySign)) }
                th scope="col" { (reader.say(Said::OverCapacity)) }
                th scope="col" { (reader.say(Said::AfterHarvests)) }
            } }
            tbody {
                @for load in loads {
                    tr {
                        th scope="row" { (load.name) }
                        td.number { (load.now()) }
                        td.number { @if let Some(capacity) = load.capacity() { (capacity) } @else { (dash()) } }
                        td { @if let Some(over) = load.over_told(reader, last) { (over) } @else { (dash()) } }
                        td {
                            @for (day, vessels) in by_day(&load.steps, reader.zone) {
                                div { (words::short_date(reader.language, day)) ": " (vessels) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is left at the end of each day on which something changes.
fn by_day(steps: &[(Time, usize)], zone: Tz) -> BTreeMap<NaiveDate, usize> {
    steps.iter().skip(1).map(|(at, vessels)| (day_of(*at, zone), *vessels)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::pictures::scale::midnight;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, number).unwrap()
    }

    fn noon(number: u32) -> Time {
        midnight(day(number), Tz::Asia__Tokyo).plus_hours(12)
    }

    #[test]
    fn the_days_on_which_an_incubator_is_over_are_told_and_end_with_the_harvest_that_makes_room() {
        let incubator = Incubator { shelves: 1, vessels_per_shelf: 4, retired: false };
        let over = |registered, steps: &[(Time, usize)]| {
            Load { name: "INC-1".into(), registered, steps: steps.to_vec() }.over(day(20), Tz::Asia__Tokyo)
        };
        let steps = [(noon(3), 6), (noon(5), 4), (noon(8), 0)];
        assert_eq!(over(Some(&incubator), &steps), [(day(3), day(5))]);
        assert_eq!(over(None, &steps), [], "what is not registered is never over");
        assert_eq!(over(Some(&incubator), &[(noon(3), 4)]), [], "full is not over");
        let again = [(noon(3), 6), (noon(4), 5), (noon(5), 4), (noon(9), 5)];
        assert_eq!(over(Some(&incubator), &again), [(day(3), day(5)), (day(9), day(20))]);
        let load = Load { name: "INC-1".into(), registered: Some(&incubator), steps: again.to_vec() };
        let told = |language| load.over_told(&Reader::new(language, Tz::Asia__Tokyo), day(20));
        assert_eq!(
            told(words::Language::En).as_deref(),
            Some("over on Thu 3 Dec – Sat 5 Dec, Wed 9 Dec – Sun 20 Dec")
        );
        assert_eq!(
            told(words::Language::Ja).as_deref(),
            Some("12/3(木)～12/5(土)、12/9(水)～12/20(日)に超過")
        );
        let retired = Incubator { retired: true, ..incubator };
        assert_eq!(over(Some(&retired), &steps), []);
    }
}
