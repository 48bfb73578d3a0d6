//! The calendar from which an infusion is wanted: eight weeks of days, which of them the cells can be ready for, how
//! many of the clinic's own infusions are wanted then, and what follows backwards from the day chosen.

use super::readiness::{after_harvest, days_of, hours_of};
use baiyo_domain::standard::Standard;
use baiyo_domain::time::Time;
use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use rust_decimal::Decimal;

/// Weeks that are shown.
pub const WEEKS: u64 = 8;

/// A span of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The last.
    pub until: NaiveDate,
}

impl Span {
    /// Whether a day lies inside.
    pub fn holds(&self, day: NaiveDate) -> bool {
        (self.from..=self.until).contains(&day)
    }
}

/// What is known of the days.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The day it is.
    pub today: NaiveDate,
    /// The first day on which cells can be there.
    pub earliest: NaiveDate,
    /// The days between which they are likely to become ready.
    pub likely: Option<Span>,
    /// The last day on which they may be used.
    pub latest: Option<NaiveDate>,
    /// What the clinic's other orders want.
    pub wanted: Vec<Span>,
}

/// Whether a day can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    /// It is over, or cells cannot be there yet.
    TooSoon,
    /// Cells may become ready on that day.
    Likely,
    /// Cells should be there.
    Possible,
    /// They are past their expiry.
    TooLate,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Whether it can be chosen.
    pub chance: Chance,
    /// How many of the clinic's other infusions are wanted then.
    pub wanted: usize,
    /// Whether it is a Saturday or Sunday.
    pub weekend: bool,
}

/// The calendar's days, from the Monday of this week.
pub fn days(ground: &Ground) -> Vec<Day> {
    let monday = ground.today.week(Weekday::Mon).first_day();
    let all = (0..WEEKS * 7).filter_map(|ahead| monday.checked_add_days(Days::new(ahead)));
    all.map(|date| day(ground, date)).collect()
}

fn day(ground: &Ground, date: NaiveDate) -> Day {
    let chance = match date {
        _ if date < ground.today || date < ground.earliest => Chance::TooSoon,
        _ if ground.latest.is_some_and(|latest| date > latest) => Chance::TooLate,
        _ if ground.likely.is_some_and(|likely| likely.holds(date)) => Chance::Likely,
        _ => Chance::Possible,
    };
    Day {
        date,
        chance,
        wanted: ground.wanted.iter().filter(|span| span.holds(date)).count(),
        weekend: matches!(date.weekday(), Weekday::Sat | Weekday::Sun),
    }
}

/// What an infusion on a day asks for, reckoned backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backwards {
    /// The cells leave the centre.
    pub leaves: Time,
    /// They are harvested and filled.
    pub harvest: Time,
    /// The tissue is at the centre at the latest, for the usual days of culture.
    pub tissue: Time,
}

/// Reckons backwards from an infusion: the way and the preparation, the tests of what is filled, the middle of the days
/// of culture.
pub fn backwards(standard: &Standard, infusion: Time) -> Backwards {
    let leaves = infusion.plus(-way(standard));
    let harvest = leaves.plus(-after_harvest(standard));
    let days = standard.process.culture_days;
    let middle = days.map(|days| (days.least.value() + days.most.value()) / Decimal::from(2));
    Backwards { leaves, harvest, tissue: harvest.plus(-middle.map(days_of).unwrap_or_default()) }
}

/// The shortest time from tissue to infusion that a standard allows.
pub fn shortest(standard: &Standard) -> TimeDelta {
    let days = standard.process.culture_days.map(|days| days_of(days.least.value()));
    days.unwrap_or_default() + after_harvest(standard) + way(standard)
}

/// The longest way to the clinic, and the preparation there.
pub fn way(standard: &Standard) -> TimeDelta {
    let keeping = &standard.keeping;
    hours_of(keeping.transport.most_hours.value() + keeping.preparation.value() / Decimal::from(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    #[test]
    fn a_day_is_offered_from_the_earliest_to_the_expiry_and_the_calendar_begins_on_a_monday() {
        let ground = Ground {
            today: on(11, 25),
            earliest: on(12, 1),
            likely: Some(Span { from: on(12, 1), until: on(12, 4) }),
            latest: Some(on(12, 20)),
            wanted: vec![
                Span { from: on(12, 2), until: on(12, 4) },
                Span { from: on(12, 4), until: on(12, 4) },
            ],
        };
        let days = days(&ground);
        assert_eq!((days.len(), days[0].date), (56, on(11, 23)));
        let at = |date| *days.iter().find(|day| day.date == date).unwrap();
        assert_eq!(at(on(11, 23)).chance, Chance::TooSoon);
        assert_eq!(at(on(11, 30)).chance, Chance::TooSoon);
        assert_eq!(at(on(12, 1)).chance, Chance::Likely);
        assert_eq!(at(on(12, 5)).chance, Chance::Possible);
        assert_eq!(at(on(12, 20)).chance, Chance::Possible);
        assert_eq!(at(on(12, 21)).chance, Chance::TooLate);
        assert_eq!([1, 2, 4, 5].map(|day| at(on(12, day)).wanted), [0, 1, 2, 0]);
        assert!(at(on(12, 5)).weekend && !at(on(12, 4)).weekend);
    }

    #[test]
    fn an_infusion_is_reckoned_back_to_its_tissue() {
        let text = include_str!("../../../../../config/standards/adipose-msc-autologous-fresh.toml");
        let standard: Standard = toml::from_str(text).unwrap();
        let at = |text: &str| Time::from(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc());
        // 12 h way and 1 h preparation, 24 h rapid sterility, 24.5 days of culture in the middle.
        let planned = backwards(&standard, at("2026-12-23T00:00:00Z"));
        assert_eq!(planned.leaves, at("2026-12-22T11:00:00Z"));
        assert_eq!(planned.harvest, at("2026-12-21T11:00:00Z"));
        assert_eq!(planned.tissue, at("2026-11-26T23:00:00Z"));
        assert_eq!(shortest(&standard), TimeDelta::hours(21 * 24 + 24 + 13));
    }
}
