//! The board: batches by their newest change, of one status, or of a period in which something happened to them.

use super::items::{BatchItem, Page};
use super::problem::{Kind, Problem};
use super::reading::{Answer, PAGE, Query, after_of, next_of, paged, read, time};
use super::unchanged::{Standing, unless_unchanged};
use crate::pages::{encoded, midnight};
use crate::server::State;
use crate::session::Caller;
use crate::words::Language;
use actix_web::{HttpRequest, web};
use baiyo_persistence::happenings::{self, Happening, Period};
use baiyo_persistence::reading::{self, BatchRow};
use chrono::NaiveDate;
use chrono_tz::Tz;
use std::collections::HashMap;

/// A period as people ask for it: in days of the centre, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What happened in it.
    pub what: Happening,
    /// Its first day.
    pub from: Option<NaiveDate>,
    /// Its last day.
    pub to: Option<NaiveDate>,
}

impl Asked {
    /// The period that a query asks for, if it asks for one.
    ///
    /// # Errors
    /// The parameter that says nothing.
    pub fn of(query: &HashMap<String, String>) -> Result<Option<Self>, &'static str> {
        let given = |name: &str| query.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let day = |name: &'static str| given(name).map(|text| text.parse().map_err(|_| name)).transpose();
        let by = given("by");
        let what = match by {
            None => Some(Happening::Opened),
            Some(by) => Happening::ALL.into_iter().find(|what| what.name() == by),
        };
        let asked = Self { what: what.ok_or("by")?, from: day("from")?, to: day("to")? };
        match (asked.from, asked.to) {
            (None, None) if by.is_none() => Ok(None),
            (Some(from), Some(to)) if to < from => Err("to"),
            _ => Ok(Some(asked)),
        }
    }

    /// Its instants in the centre's zone.
    pub fn period(self, zone: Tz) -> Period {
        let after = self.to.and_then(|last| last.succ_opt());
        let begins = |day: Option<NaiveDate>| day.map(|day| midnight(day, zone));
        Period { what: self.what, from: begins(self.from), until: begins(after) }
    }

    /// The query that asks for it.
    pub fn query(self) -> String {
        let day = |name, day: Option<NaiveDate>| day.map(|day| format!("&{name}={day}")).unwrap_or_default();
        format!("by={}{}{}", self.what.name(), day("from", self.from), day("to", self.to))
    }
}

/// Answers with a page of the board.
pub async fn batches(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.batch", async |caller| {
        let after = after_of(&query, &caller)?;
        let status = query.get("status").cloned();
        let asked = Asked::of(&query).map_err(|parameter| not_asked(parameter, &caller))?;
        let scope = caller.scope();
        let (now, _) = state.store.now();
        let Some(asked) = asked else {
            let kept = status.as_ref().map(|status| format!("/batches?status={}", encoded(status)));
            let page = read(&state, &caller, move |conn| {
                reading::batches(conn, scope, status.as_deref(), after, PAGE, now)
            });
            let page = page.await?;
            let next = next_of(page.rows.len(), page.rows.last().map(|row| (row.changed_at, row.id.0)));
            let items = page.rows.into_iter().map(item).collect();
            let path = kept.as_deref().unwrap_or("/batches");
            return Ok(Standing(paged(path, Page { items, next }), page.until));
        };
        if status.is_some() {
            return Err(not_asked("status", &caller));
        }
        let period = asked.period(state.zone);
        let page =
            read(&state, &caller, move |conn| happenings::batches(conn, scope, period, after, PAGE, now));
        let page = page.await?;
        let last = page.rows.last().map(|(at, row)| (at.micros(), row.id.0));
        let next = next_of(page.rows.len(), last);
        let items = page.rows.into_iter().map(|(_, row)| item(row)).collect();
        let path = format!("/batches?{}", asked.query());
        Ok(Standing(paged(&path, Page { items, next }), page.until))
    })
    .await
}

pub(super) fn not_asked(parameter: &'static str, caller: &Caller) -> Problem {
    let (pointer, sentence) = match (parameter, caller.language) {
        ("by", Language::En) => ("?by", "`by` is `opened`, `decided`, `shipped` or `infused`."),
        ("by", Language::Ja) => {
            ("?by", "`by` には `opened`、`decided`、`shipped`、`infused` のいずれかを指定してください。")
        }
        ("status", Language::En) => ("?status", "Ask for a status or for a period, not for both."),
        ("status", Language::Ja) => ("?status", "状況と期間は同時に指定できません。"),
        ("from", Language::En) => ("?from", "`from` is a day, e.g. 2026-04-01."),
        ("from", Language::Ja) => ("?from", "`from` には日付（例：2026-04-01）を指定してください。"),
        (_, Language::En) => ("?to", "`to` is a day, e.g. 2026-04-30, not before `from`."),
        (_, Language::Ja) => ("?to", "`to` には `from` 以降の日付（例：2026-04-30）を指定してください。"),
    };
    Problem::because(Kind::Form, caller.language, parameter, Some(pointer), sentence.into())
}

fn item(row: BatchRow) -> BatchItem {
    BatchItem {
        id: row.id.0,
        label: row.label,
        clinic: row.clinic.0,
        order: row.order_id.0,
        pseudonym: row.pseudonym,
        standard: row.standard,
        purpose: row.purpose,
        status: row.status,
        blockers: row.blockers,
        containers: row.containers,
        released: row.released,
        opened_at: time(row.opened_at),
        changed_at: time(row.changed_at),
        version: row.version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baiyo_domain::time::Time;

    fn asked(pairs: &[(&str, &str)]) -> Result<Option<Asked>, &'static str> {
        Asked::of(&pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
    }

    #[test]
    fn a_period_is_of_days_of_the_centre_and_says_what_it_cannot_read() {
        let found = asked(&[("from", "2026-04-01"), ("to", "2026-04-30"), ("by", "")]).unwrap().unwrap();
        assert_eq!(found.query(), "by=opened&from=2026-04-01&to=2026-04-30");
        let period = found.period(chrono_tz::Asia::Tokyo);
        let instant = |at: Option<Time>| at.unwrap().to_string();
        assert_eq!(instant(period.from), "2026-03-31T15:00:00.000000Z");
        assert_eq!(instant(period.until), "2026-04-30T15:00:00.000000Z");
        // In Santiago clocks went from 0 to 1 o'clock on this day.
        let forward = asked(&[("from", "2026-09-06")]).unwrap().unwrap().period(chrono_tz::America::Santiago);
        assert_eq!((instant(forward.from), forward.until), ("2026-09-06T04:00:00.000000Z".into(), None));
        assert_eq!(asked(&[("from", ""), ("to", ""), ("status", "closed")]), Ok(None));
        for (pairs, wrong) in [
            (&[("by", "baked")][..], "by"),
            (&[("from", "yesterday")], "from"),
            (&[("to", "2026-02-30")], "to"),
            (&[("from", "2026-04-02"), ("to", "2026-04-01")], "to"),
        ] {
            assert_eq!(asked(pairs), Err(wrong));
        }
        assert!(asked(&[("from", "2026-04-01"), ("to", "2026-04-01")]).is_ok());
    }
}
