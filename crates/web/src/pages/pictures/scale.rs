//! Scales: from a quantity to its place in a picture, and the ticks beside it. Whatever is asked of them, odd or
//! huge, the answer is a finite number, so that no path is ever broken.

use baiyo_domain::time::Time;
use chrono::{Datelike, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// Beyond this no place is drawn; whatever lies further stands here, outside of every picture.
const FAR: f64 = 20_000.0;
/// The largest value that is told apart from larger ones.
const HUGE: f64 = 1e18;
/// Microseconds of an hour.
const HOUR: f64 = 3_600_000_000.0;

/// A linear scale.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Linear {
    /// A scale that has these values at its ends. Where both are the same, it is widened around them.
    pub fn new(values: (f64, f64), places: (f64, f64)) -> Self {
        let (a, b) = (tame(values.0), tame(values.1));
        let (least, most) = (a.min(b), a.max(b));
        let (least, most) = if most - least > least.abs().max(most.abs()) * 1e-12 {
            (least, most)
        } else {
            let around = (least.abs() * 0.1).max(1.0);
            (least - around, most + around)
        };
        Self { least, most, from: places.0, to: places.1 }
    }

    /// A scale that holds all these values with room around them; nothing finite is shown as 0 to 1.
    pub fn around(values: impl IntoIterator<Item = f64>, places: (f64, f64)) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite()).map(tame);
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
        });
        let Some((least, most)) = ends else { return Self::new((0.0, 1.0), places) };
        let tight = Self::new((least, most), places);
        let room = (tight.most - tight.least) * 0.08;
        Self::new((tight.least - room, tight.most + room), places)
    }

    /// Where a value stands; beyond the ends where it lies beyond them.
    pub fn at(&self, value: f64) -> f64 {
        let part = (tame(value) - self.least) / (self.most - self.least);
        (self.from + part * (self.to - self.from)).clamp(-FAR, FAR)
    }

    /// Whether a value lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (self.least..=self.most).contains(&value)
    }

    /// Round values between the ends, about as many as asked for: steps of 1, 2 or 5.
    pub fn ticks(&self, about: u8) -> Vec<f64> {
        let rough = (self.most - self.least) / f64::from(about.max(1));
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough);
        let step = step.unwrap_or(10.0 * power);
        let first = (self.least / step).ceil();
        let ticks = (0..=4 * u32::from(about.max(1))).map(|number| (first + f64::from(number)) * step);
        // Zero is never shown as −0.
        ticks.take_while(|tick| *tick <= self.most + step * 1e-9).map(|tick| tick + 0.0).collect()
    }
}

/// A logarithmic scale of counts.
#[derive(Clone, Copy, Debug)]
pub struct Log(Linear);

impl Log {
    /// A scale of whole powers of ten that holds all these counts; what is not positive is not looked at.
    pub fn around(counts: impl IntoIterator<Item = f64>, places: (f64, f64)) -> Self {
        let positive = counts.into_iter().filter(|count| *count > 0.0 && count.is_finite());
        let powers: Vec<f64> = positive.map(|count| count.min(HUGE).log10()).collect();
        let least = powers.iter().copied().fold(f64::INFINITY, f64::min).floor();
        let most = powers.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil();
        if !least.is_finite() || !most.is_finite() {
            return Self(Linear::new((0.0, 1.0), places));
        }
        Self(Linear::new((least, most.max(least + 1.0)), places))
    }

    /// Where a count stands; what is not positive, at the bottom.
    pub fn at(&self, count: f64) -> f64 {
        let power = if count > 0.0 { count.min(HUGE).log10() } else { self.0.least };
        self.0.at(power.max(self.0.least))
    }

    /// The whole powers of ten between the ends.
    pub fn powers(&self) -> Vec<i32> {
        let whole = |value: f64| value.clamp(-30.0, 30.0) as i32;
        (whole(self.0.least.ceil())..=whole(self.0.most.floor())).collect()
    }
}

/// A power of ten as people write it: `10⁶`.
pub fn power_of_ten(power: i32) -> String {
    let superscript = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit.to_digit(10).and_then(|digit| char::from_u32(0x2070 + digit)).unwrap_or(digit),
    };
    format!("10{}", power.to_string().chars().map(superscript).collect::<String>())
}

/// A scale of instants.
#[derive(Clone, Copy, Debug)]
pub struct Times(Linear);

impl Times {
    /// A scale that has these instants at its ends.
    pub fn new(from: Time, until: Time, places: (f64, f64)) -> Self {
        let until = until.max(from.plus(TimeDelta::hours(1)));
        Self(Linear::new((hours(from), hours(until)), places))
    }

    /// Where an instant stands.
    pub fn at(&self, instant: Time) -> f64 {
        self.0.at(hours(instant))
    }

    /// Where an instant stands, held between the ends.
    pub fn within(&self, instant: Time) -> f64 {
        self.0.at(hours(instant).clamp(self.0.least, self.0.most))
    }

    /// Whether an instant lies between the ends.
    pub fn holds(&self, instant: Time) -> bool {
        self.0.holds(hours(instant))
    }

    /// So many days after an instant, as long as they lie between the ends: 0, `step`, twice `step` …
    pub fn days_from(&self, first: Time, step: u16) -> Vec<(u32, Time)> {
        let step = step.max(1);
        let day = |number: u32| {
            let days = number * u32::from(step);
            (days, first.plus_hours(i64::from(days) * 24))
        };
        (0..400).map(day).take_while(|(_, at)| hours(*at) <= self.0.most).collect()
    }

    /// Days between the ends.
    pub fn days(&self) -> f64 {
        (self.0.most - self.0.least) / 24.0
    }
}

fn hours(instant: Time) -> f64 {
    // The calendar's microseconds are told apart to far less than a minute.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a float tells microseconds of a calendar apart to less than a second"
    )]
    let micros = instant.micros() as f64;
    micros / HOUR
}

/// The midnight that a day begins with in a zone. Where the clocks are put forward over it, the first instant after.
pub fn midnight(day: NaiveDate, zone: Tz) -> Time {
    let local = day.and_time(chrono::NaiveTime::MIN);
    let at = |local| zone.from_local_datetime(&local).earliest();
    let found = at(local).or_else(|| at(local + TimeDelta::hours(1)));
    Time::from(found.map_or_else(|| local.and_utc(), |found| found.to_utc()))
}

/// The day of an instant in a zone.
pub fn day_of(instant: Time, zone: Tz) -> NaiveDate {
    instant.utc().with_timezone(&zone).date_naive()
}

/// The Monday of a day's week.
pub fn monday(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(chrono::Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day)
}

/// A path through points: `M1.0 2.0L…`; empty where there are none.
pub fn line(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        path.push(if path.is_empty() { 'M' } else { 'L' });
        path.push_str(&format!("{} {}", place(x), place(y)));
    }
    path
}

/// A place as it stands in a picture: one decimal.
pub fn place(value: f64) -> String {
    // Zero is never shown as −0.
    let rounded = (if value.is_finite() { value.clamp(-FAR, FAR) } else { 0.0 } * 10.0).round() / 10.0 + 0.0;
    format!("{rounded}")
}

/// How wide a text is about, at a font size of one: half-width characters count a little more than half.
pub fn width(text: &str) -> f64 {
    text.chars().map(|c| if c < '\u{2e80}' { 0.6 } else { 1.0 }).sum()
}

fn tame(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-HUGE, HUGE) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_linear_scale_puts_its_ends_at_the_ends_and_ticks_at_round_values() {
        let scale = Linear::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!([0.0, 5.0, 10.0].map(|value| scale.at(value)), [100.0, 50.0, 0.0]);
        assert_eq!(scale.ticks(5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Linear::new((83.0, 97.0), (0.0, 1.0)).ticks(4), [85.0, 90.0, 95.0]);
        assert_eq!(Linear::new((-1.0, 1.0), (0.0, 1.0)).ticks(2), [-1.0, 0.0, 1.0]);
    }

    #[test]
    fn a_scale_of_one_value_has_it_in_the_middle() {
        assert_eq!(Linear::new((5.0, 5.0), (0.0, 100.0)).at(5.0), 50.0);
        assert_eq!(Linear::around([], (0.0, 100.0)).at(0.5), 50.0);
    }

    #[test]
    fn a_log_scale_has_whole_powers_at_its_ends() {
        let scale = Log::around([2e5, 3e7, 0.0], (300.0, 0.0));
        assert_eq!(scale.powers(), [5, 6, 7, 8]);
        assert_eq!([1e5, 1e6, 1e8].map(|count| scale.at(count)), [300.0, 200.0, 0.0]);
        assert_eq!(scale.at(0.0), 300.0, "what is not positive stands at the bottom");
        assert_eq!([power_of_ten(6), power_of_ten(12), power_of_ten(-1)], ["10⁶", "10¹²", "10⁻¹"]);
    }

    #[test]
    fn days_of_culture_are_ticked_from_the_first_seeding_on() {
        let first: Time = serde_json::from_str("\"2026-11-01T01:30:00Z\"").unwrap();
        let scale = Times::new(first, first.plus_hours(24 * 20), (0.0, 200.0));
        let ticks: Vec<(u32, f64)> =
            scale.days_from(first, 7).into_iter().map(|(day, at)| (day, scale.at(at).round())).collect();
        assert_eq!(ticks, [(0, 0.0), (7, 70.0), (14, 140.0)]);
    }

    #[test]
    fn a_day_begins_at_its_own_midnight() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 29).unwrap();
        assert_eq!(midnight(day, Tz::Asia__Tokyo).to_string(), "2026-11-28T15:00:00.000000Z");
        assert_eq!(day_of(midnight(day, Tz::Asia__Tokyo), Tz::Asia__Tokyo), day);
        assert_eq!(monday(day).to_string(), "2026-11-23");
        assert_eq!(monday(monday(day)).to_string(), "2026-11-23");
        // In Cairo the clocks went from 23:59 to 01:00.
        let forward = NaiveDate::from_ymd_opt(2026, 4, 24).unwrap();
        assert_eq!(day_of(midnight(forward, Tz::Africa__Cairo), Tz::Africa__Cairo), forward);
    }

    fn odd() -> impl Strategy<Value = f64> {
        let special = prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            1e-300,
            1e15,
        ]);
        prop_oneof![special, any::<f64>(), -1e3..1e3]
    }

    proptest! {
        #[test]
        fn no_place_is_broken_whatever_is_drawn(
            values in prop::collection::vec(odd(), 0..6),
            asked in prop::collection::vec(odd(), 1..6),
        ) {
            let linear = Linear::around(values.iter().copied(), (300.0, 10.0));
            let log = Log::around(values.iter().copied(), (300.0, 10.0));
            let path = line(asked.iter().map(|value| (linear.at(*value), log.at(*value))));
            prop_assert!(!path.contains("NaN") && !path.contains("inf"), "{}", path);
            prop_assert!(linear.ticks(5).len() <= 21 && log.powers().len() <= 61);
            for value in asked {
                prop_assert!(linear.at(value).is_finite() && log.at(value).is_finite());
            }
        }
    }
}
