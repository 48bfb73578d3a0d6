//! Instants: UTC to the microsecond, because that is what every engine keeps and what is hashed.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant in UTC, cut to the microsecond. In JSON an RFC 3339 text with an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "DateTime<Utc>", into = "DateTime<Utc>")]
pub struct Time(DateTime<Utc>);

impl Time {
    /// The beginning of its minute.
    pub fn minute(self) -> Self {
        Self::from_micros(self.micros() - self.micros().rem_euclid(60_000_000)).unwrap_or(self)
    }

    /// The instant that many microseconds after 1970-01-01T00:00:00Z; nothing outside the calendar.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// The instant as chrono has it.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This instant moved by a number of hours, held at the calendar's end.
    pub fn plus_hours(self, hours: i64) -> Self {
        self.plus(TimeDelta::try_hours(hours).unwrap_or(TimeDelta::MAX))
    }

    /// This instant moved by a span, held at the calendar's end.
    pub fn plus(self, span: TimeDelta) -> Self {
        let end = if span < TimeDelta::zero() { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        Self(self.0.checked_add_signed(span).unwrap_or(end))
    }

    /// The span from `earlier` to this instant; negative where `earlier` is the later one.
    pub fn since(self, earlier: Time) -> TimeDelta {
        self.0 - earlier.0
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }
}

impl From<Time> for DateTime<Utc> {
    fn from(at: Time) -> Self {
        at.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").fmt(f)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "An instant with its offset (RFC 3339); kept in UTC to the microsecond.",
            "examples": ["2026-11-23T14:05:00+09:00"]
        })
    }
}
