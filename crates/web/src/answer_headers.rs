//! What browsers are told with every answer, whatever it is: what a page may load and who may show it, that nothing is
//! guessed, kept or passed on, and over TLS that they come back over TLS alone.

use crate::connection::Connection;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;

const ALWAYS: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), bluetooth=(), \
         hid=(), midi=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action \
         'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    // What may be kept says so itself. A list's tag serves programs all the same: it is for whoever kept the answer.
    ("cache-control", "no-store"),
];

/// Two years.
const OVER_TLS_ALONE: &str = "max-age=63072000";

/// Says so with an answer. What an answer says itself stands.
///
/// # Errors
/// As the route.
pub async fn say<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let encrypted = Connection::before(&request).encrypted;
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if encrypted {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(OVER_TLS_ALONE));
    }
    name_the_charset(headers);
    Ok(response)
}

/// Text is UTF-8, and says so.
fn name_the_charset(headers: &mut HeaderMap) {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let bare = kind.filter(|kind| kind.starts_with("text/") && !kind.contains("charset"));
    if let Some(Ok(kind)) = bare.map(|kind| HeaderValue::from_str(&format!("{kind}; charset=utf-8"))) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}
