//! To whom patients' names were shown: asked by patient, of the clinic's own or of the centre's, and by person. Here it
//! is also said who is told names at all.

use super::board::Asked;
use super::items::{DisclosureItem, Page};
use super::problem::{Kind, Problem};
use super::reading::{Answer, PAGE, Query, after_of, identifier, next_of, paged, read, time};
use crate::server::State;
use crate::session::{self, Caller};
use actix_web::{HttpRequest, web};
use baiyo_domain::ids::{ClinicId, PatientId, PersonId};
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::{self, Disclosure, Of, Viewer};
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Conn, StoreError};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// To whom names may be told on this page or by this operation: clinic staff, of their own clinic's patients.
pub fn viewer(request: &HttpRequest, caller: &Caller) -> Option<Viewer> {
    let may = caller.may("read.patient_name");
    let route = request.match_pattern().unwrap_or_default();
    caller.clinic.filter(|_| may).map(|clinic: ClinicId| Viewer { person: caller.person, clinic, route })
}

/// Who saw a patient.
pub async fn of_patient(
    request: HttpRequest,
    id: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.disclosures").await?;
    let id = identifier(&id, &caller)?;
    let page = format!("/patients/{id}/disclosures");
    let scope = caller.scope();
    let known = read(&state, &caller, move |conn| Ok(disclosure::pseudonym(conn, scope, PatientId(id))?));
    known.await?.ok_or_else(|| Problem::new(Kind::NotFound, caller.language))?;
    listed(&state, &caller, &query, Of::Patient(PatientId(id)), &page).await
}

/// Whom a person saw.
pub async fn of_person(
    request: HttpRequest,
    id: web::Path<String>,
    query: Query,
    state: web::Data<State>,
) -> Answer {
    let caller = session::admit(&request, &state, "read.access").await?;
    let id = identifier(&id, &caller)?;
    let page = format!("/people/{id}/disclosures");
    let names = read(&state, &caller, |conn| Ok(reading::names(conn)?)).await?;
    if !names.contains_key(&PersonId(id)) {
        return Err(Problem::new(Kind::NotFound, caller.language));
    }
    listed(&state, &caller, &query, Of::Person(PersonId(id)), &page).await
}

/// A period from its first day to its last, in the centre's zone; open at a side that is not named.
///
/// # Errors
/// A day that is none, or a last day before the first.
pub fn period(
    query: &HashMap<String, String>,
    caller: &Caller,
    state: &State,
) -> Result<(Option<Time>, Option<Time>), Problem> {
    let days = query.iter().filter(|(name, _)| matches!(name.as_str(), "from" | "to"));
    let days: HashMap<String, String> = days.map(|(name, day)| (name.clone(), day.clone())).collect();
    let asked = Asked::of(&days).map_err(|parameter| super::board::not_asked(parameter, caller))?;
    let period = asked.map(|asked| asked.period(state.zone));
    Ok(period.map_or((None, None), |period| (period.from, period.until)))
}

async fn listed(state: &web::Data<State>, caller: &Caller, query: &Query, of: Of, path: &str) -> Answer {
    let after = after_of(query, caller)?;
    let period = period(query, caller, state)?;
    let found = read(state, caller, move |conn| {
        let rows = disclosure::disclosures(conn, of, period, after, PAGE)?;
        Ok((pseudonyms(conn, &rows)?, reading::names(conn)?, rows))
    });
    let (pseudonyms, names, rows) = found.await?;
    let next = next_of(rows.len(), rows.last().map(|row| (row.shown_at, row.id.0)));
    let items = rows.into_iter().map(|row| DisclosureItem {
        patient: row.patient.0,
        pseudonym: pseudonyms.get(&row.patient.0).cloned(),
        person: PersonId(row.person.0),
        person_name: names.get(&PersonId(row.person.0)).cloned().unwrap_or_default(),
        route: row.route,
        shown_at: time(row.shown_at),
    });
    let days = ["from", "to"].iter().filter_map(|name| Some(format!("{name}={}", query.get(*name)?)));
    let days: Vec<String> = days.collect();
    let path = if days.is_empty() { path.to_string() } else { format!("{path}?{}", days.join("&")) };
    Ok(paged(&path, Page { items: items.collect(), next }))
}

/// What staff call the patients of these rows, by the newest order of each.
///
/// # Errors
/// The database.
pub fn pseudonyms(conn: &mut Conn, rows: &[Disclosure]) -> Result<BTreeMap<Uuid, String>, StoreError> {
    let mut pseudonyms = BTreeMap::new();
    for row in rows {
        if !pseudonyms.contains_key(&row.patient.0) {
            let known = disclosure::pseudonym(conn, ClinicScope::Centre, PatientId(row.patient.0))?;
            pseudonyms.extend(known.map(|known| (row.patient.0, known)));
        }
    }
    Ok(pseudonyms)
}
