//! What the centre itself has: its clinics and its incubators.

use super::items::{ClinicItem, IncubatorItem, Page};
use super::reading::{Answer, read};
use super::unchanged::unless_unchanged;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use baiyo_domain::site::Site;
use baiyo_persistence::{Conn, StoreError, journal, reading};
use std::sync::Arc;

/// The centre as it stands; nothing before it is founded.
///
/// # Errors
/// The records cannot be read.
pub fn site(conn: &mut Conn) -> Result<Option<Arc<Site>>, StoreError> {
    Ok(match journal::site_stream(conn)? {
        Some(stream) => reading::stream(conn, stream)?.and_then(|world| world.site),
        None => None,
    })
}

/// All clinics.
pub async fn clinics(request: HttpRequest, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.clinics", async |caller| {
        let site = read(&state, &caller, site).await?;
        let items = site.into_iter().flat_map(|site| site.clinics.clone()).map(|(id, clinic)| ClinicItem {
            id,
            name: clinic.name.to_string(),
            number: clinic.number.map(|number| number.to_string()),
            closed: clinic.closed,
        });
        Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: None }).into())
    })
    .await
}

/// All incubators.
pub async fn incubators(request: HttpRequest, state: web::Data<State>) -> Answer {
    unless_unchanged(&request, &state, "read.incubators", async |caller| {
        let site = read(&state, &caller, site).await?;
        let incubators = site.into_iter().flat_map(|site| site.incubators.clone());
        let items = incubators.map(|(name, incubator)| IncubatorItem {
            name: name.to_string(),
            shelves: incubator.shelves,
            vessels_per_shelf: incubator.vessels_per_shelf,
            capacity: incubator.capacity(),
            retired: incubator.retired,
        });
        Ok(HttpResponse::Ok().json(Page { items: items.collect(), next: None }).into())
    })
    .await
}
