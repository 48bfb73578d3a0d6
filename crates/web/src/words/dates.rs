//! Times in the site's zone, dates in the Japanese era for official forms, and numbers of cells.

use super::Language;
use baiyo_domain::quantity::Number;
use baiyo_domain::time::Time;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

/// A moment to the minute: `23 Nov 2026 14:05 JST`, `2026/11/23(月) 14:05`.
pub fn time(lang: Language, at: Time, zone: Tz) -> String {
    let local = at.utc().with_timezone(&zone);
    match lang {
        Language::En => local.format("%-d %b %Y %H:%M %Z").to_string(),
        Language::Ja => format!("{} {}", date(lang, local.date_naive()), local.format("%H:%M")),
    }
}

/// A day: `23 Nov 2026`, `2026/11/23(月)`.
pub fn date(lang: Language, day: NaiveDate) -> String {
    match lang {
        Language::En => day.format("%-d %b %Y").to_string(),
        Language::Ja => format!("{}({})", day.format("%Y/%m/%d"), weekday(day)),
    }
}

/// A day without its year: `Mon 23 Nov`, `11/23(月)`.
pub fn short_date(lang: Language, day: NaiveDate) -> String {
    match lang {
        Language::En => day.format("%a %-d %b").to_string(),
        Language::Ja => format!("{}({})", day.format("%-m/%-d"), weekday(day)),
    }
}

fn weekday(day: NaiveDate) -> &'static str {
    ["月", "火", "水", "木", "金", "土", "日"][day.weekday().num_days_from_monday() as usize]
}

/// The eras since 1926, newest first: name, first day as year, month and day.
const ERAS: [(&str, (i32, u32, u32)); 3] =
    [("令和", (2019, 5, 1)), ("平成", (1989, 1, 8)), ("昭和", (1926, 12, 25))];

/// A day in the Japanese era: `令和8年11月23日`; before 1926-12-25 in the common one.
pub fn wareki(day: NaiveDate) -> String {
    let date = (day.year(), day.month(), day.day());
    let (era, year) = match ERAS.into_iter().find(|(_, first)| *first <= date) {
        Some((era, first)) => (era, date.0 - first.0 + 1),
        None => ("", date.0),
    };
    let year = if year == 1 { "元".to_string() } else { year.to_string() };
    format!("{era}{year}年{}月{}日", date.1, date.2)
}

/// A number of cells, every digit kept: `24.1 × 10⁶`, and below 100,000 in full.
pub fn cells(number: Number) -> String {
    let million = Number::from(1_000_000).0;
    if number.0.abs() < Number::from(100_000).0 {
        return number.0.normalize().to_string();
    }
    match number.0.checked_div(million) {
        Some(millions) => format!("{} × 10⁶", millions.normalize()),
        None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_time_is_shown_in_the_sites_zone_with_its_weekday_or_zone() {
        let at = Time::from(chrono::DateTime::parse_from_rfc3339("2026-11-23T05:05:59Z").unwrap().to_utc());
        assert_eq!(time(Language::Ja, at, Tz::Asia__Tokyo), "2026/11/23(月) 14:05");
        assert_eq!(time(Language::En, at, Tz::Asia__Tokyo), "23 Nov 2026 14:05 JST");
        assert_eq!(time(Language::En, at, Tz::UTC), "23 Nov 2026 05:05 UTC");
        let late = Time::from(chrono::DateTime::parse_from_rfc3339("2026-12-31T15:00:00Z").unwrap().to_utc());
        assert_eq!(time(Language::Ja, late, Tz::Asia__Tokyo), "2027/01/01(金) 00:00");
        assert_eq!(date(Language::En, day(2026, 3, 1)), "1 Mar 2026");
        assert_eq!(date(Language::Ja, day(2026, 3, 1)), "2026/03/01(日)");
        assert_eq!(short_date(Language::En, day(2026, 3, 1)), "Sun 1 Mar");
        assert_eq!(short_date(Language::Ja, day(2026, 3, 1)), "3/1(日)");
    }

    #[test]
    fn an_era_begins_on_its_first_day_and_its_first_year_is_called_so() {
        for (date, expected) in [
            (day(2026, 11, 23), "令和8年11月23日"),
            (day(2020, 1, 1), "令和2年1月1日"),
            (day(2019, 12, 31), "令和元年12月31日"),
            (day(2019, 5, 1), "令和元年5月1日"),
            (day(2019, 4, 30), "平成31年4月30日"),
            (day(1990, 1, 1), "平成2年1月1日"),
            (day(1989, 1, 8), "平成元年1月8日"),
            (day(1989, 1, 7), "昭和64年1月7日"),
            (day(1926, 12, 25), "昭和元年12月25日"),
            (day(1926, 12, 24), "1926年12月24日"),
        ] {
            assert_eq!(wareki(date), expected);
        }
    }

    #[test]
    fn a_number_of_cells_keeps_every_digit() {
        for (digits, expected) in [
            ("24100000", "24.1 × 10⁶"),
            ("24123457", "24.123457 × 10⁶"),
            ("1000000000000000", "1000000000 × 10⁶"),
            ("100000", "0.1 × 10⁶"),
            ("99999", "99999"),
            ("5000.0", "5000"),
            ("0", "0"),
        ] {
            assert_eq!(cells(digits.parse().unwrap()), expected);
        }
    }
}
