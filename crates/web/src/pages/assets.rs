//! The style sheet, under an address made from its content, so that browsers keep it for ever.

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

pub(super) const STYLE: &str = concat!(
    include_str!("../../assets/baiyo.css"),
    include_str!("../../assets/forms.css"),
    include_str!("../../assets/bench.css"),
    include_str!("../../assets/quality.css"),
    include_str!("../../assets/clinic.css"),
    include_str!("../../assets/pictures.css"),
    include_str!("../../assets/small.css"),
);

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(STYLE.as_bytes());
    let short: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("baiyo-{short}.css")
});

/// The style sheet's address.
pub fn style_address() -> String {
    format!("/assets/{}", *STYLE_NAME)
}

/// Serves it.
pub async fn serve(name: web::Path<String>) -> HttpResponse {
    if *name != *STYLE_NAME {
        return HttpResponse::NotFound().finish();
    }
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(STYLE)
}

/// The type of every page.
pub fn html_type() -> ContentType {
    ContentType::html()
}
