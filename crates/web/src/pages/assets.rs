//! The style sheet and the script, under addresses made from their content, so that browsers keep them for ever.

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
    include_str!("../../assets/inspection.css"),
    include_str!("../../assets/photos.css"),
    include_str!("../../assets/small.css"),
);

/// Scanning, drafts and live hints.
pub(super) const SCRIPT: &str = include_str!("../../assets/baiyo.js");

/// What a page that asks for a passkey needs.
#[cfg(feature = "passkeys")]
const PASSKEYS: &str = include_str!("../../assets/passkeys.js");
#[cfg(feature = "passkeys")]
static PASSKEYS_NAME: LazyLock<String> = LazyLock::new(|| named(PASSKEYS, "js"));

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named(STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named(SCRIPT, "js"));

fn named(content: &str, kind: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    let short: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("baiyo-{short}.{kind}")
}

/// The style sheet's address.
pub fn style_address() -> String {
    format!("/assets/{}", *STYLE_NAME)
}

/// The script's address.
pub fn script_address() -> String {
    format!("/assets/{}", *SCRIPT_NAME)
}

/// The address of the script for passkeys.
#[cfg(feature = "passkeys")]
pub fn passkeys_address() -> String {
    format!("/assets/{}", *PASSKEYS_NAME)
}

/// Serves them.
pub async fn serve(name: web::Path<String>) -> HttpResponse {
    let (kind, content) = match &*name {
        name if *name == *STYLE_NAME => ("text/css; charset=utf-8", STYLE),
        name if *name == *SCRIPT_NAME => ("text/javascript; charset=utf-8", SCRIPT),
        #[cfg(feature = "passkeys")]
        name if *name == *PASSKEYS_NAME => ("text/javascript; charset=utf-8", PASSKEYS),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(content)
}

/// The type of every page.
pub fn html_type() -> ContentType {
    ContentType::html()
}
