//! Who may do what, since when and by whom; who left, who has not been here for long, and which tokens are in force:
//! what somebody reads who reviews access, and when that was done last.

use super::items::{AccessItem, AccessView, HeldDeputyship, HeldRole, KeyState, ReviewItem, TokenItem};
use super::reading::{Answer, read, time};
use crate::server::State;
use crate::session;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{ClinicId, PersonId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::time::Time;
use baiyo_domain::{people, site};
use baiyo_persistence::reading::{self, PersonRow};
use baiyo_persistence::{Conn, StoreError, access, journal};
use std::collections::BTreeMap;

/// Days without a sign-in after which an account counts as unused.
pub const UNUSED_DAYS: i64 = 90;
/// Days after a review until the next one is due: twelve months.
pub const REVIEW_DAYS: i64 = 365;

/// Answers with everybody's access.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.access").await?;
    let (now, _) = state.store.now();
    Ok(HttpResponse::Ok().json(read(&state, &caller, move |conn| view(conn, now)).await?))
}

/// Everybody's access at an instant, by sign-in name.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn view(conn: &mut Conn, now: Time) -> Result<AccessView, StoreError> {
    let names = reading::names(conn)?;
    let mut items = Vec::new();
    for row in reading::people(conn)? {
        items.extend(item(conn, &row, &names, now)?);
    }
    let last_review = last_review(conn, &names)?;
    let old = |review: &ReviewItem| now.since(review.recorded_at).num_days() >= REVIEW_DAYS;
    Ok(AccessView { review_due: last_review.as_ref().is_none_or(old), last_review, items })
}

fn item(
    conn: &mut Conn,
    row: &PersonRow,
    names: &BTreeMap<PersonId, String>,
    now: Time,
) -> Result<Option<AccessItem>, StoreError> {
    let id = PersonId(row.id.0);
    let stream = StreamId { kind: StreamKind::Person, id: id.0 };
    let Some(world) = reading::stream(conn, stream)? else { return Ok(None) };
    let Some(person) = world.people.get(&id) else { return Ok(None) };
    let name = |person: PersonId| names.get(&person).cloned().unwrap_or_default();
    let mut invited_at = now;
    let (mut left_at, mut roles, mut deputyships) = (None, Vec::new(), Vec::new());
    for entry in world.entries(stream) {
        let (at, by) = (entry.recorded_at, name(entry.recorder));
        let Event::Person(event) = Event::read(entry)?.0 else { continue };
        match event {
            people::Event::Invited(_) => invited_at = at,
            people::Event::RoleGrant(grant) => {
                roles.push(HeldRole { role: grant.role, since: at, granted_by: by });
            }
            people::Event::RoleEnd(end) => roles.retain(|held: &HeldRole| held.role != end.role),
            people::Event::Deputyship(named) => deputyships.push(HeldDeputyship {
                role: named.role,
                from: named.from,
                until: named.until,
                named_by: by,
            }),
            people::Event::DeputyshipEnded(end) => {
                for held in deputyships.iter_mut().filter(|held: &&mut HeldDeputyship| held.role == end.role)
                {
                    held.until = held.until.min(end.at.max(held.from));
                }
            }
            people::Event::Departure(_) => {
                left_at = Some(at);
                roles.clear();
                deputyships.clear();
            }
            people::Event::SetupLink(_)
            | people::Event::KeyMade(_)
            | people::Event::IdentityConfirmed(_)
            | people::Event::KeyRegistered(_) => {}
        }
    }
    deputyships.retain(|held| held.until > now);
    let signed_in_last = access::signed_in_last(conn, id)?.map(time);
    let here_last = signed_in_last.unwrap_or(invited_at);
    let tokens = access::tokens_in_force(conn, id, now)?.into_iter();
    Ok(Some(AccessItem {
        person: id,
        name: row.name.clone(),
        sign_in: row.sign_in.clone(),
        clinic: row.clinic.map(|clinic| ClinicId(clinic.0)),
        left_at,
        roles,
        deputyships,
        key: match (person.waiting_key(), person.keys.is_empty()) {
            (Some(_), _) => KeyState::Waiting,
            (None, true) => KeyState::None,
            (None, false) => KeyState::Registered,
        },
        signed_in_last,
        unused: left_at.is_none() && now.since(here_last).num_days() >= UNUSED_DAYS,
        tokens: tokens
            .map(|token| TokenItem { name: token.name, device: token.device, until: time(token.until) })
            .collect(),
    }))
}

/// The newest review that was recorded.
fn last_review(
    conn: &mut Conn,
    names: &BTreeMap<PersonId, String>,
) -> Result<Option<ReviewItem>, StoreError> {
    let Some(stream) = journal::site_stream(conn)? else { return Ok(None) };
    let Some(world) = reading::stream(conn, stream)? else { return Ok(None) };
    for entry in world.entries(stream).rev() {
        if let Event::Site(site::Event::AccessReview(review)) = Event::read(entry)?.0 {
            return Ok(Some(ReviewItem {
                recorded_at: entry.recorded_at,
                reviewed_by: names.get(&entry.recorder).cloned().unwrap_or_default(),
                from: review.from,
                until: review.until,
                findings: review.findings.to_string(),
            }));
        }
    }
    Ok(None)
}
