//! Pages.
use actix_web::web::ServiceConfig;
/// Registers the pages.
pub fn configure(_: &mut ServiceConfig) {}
