//! Answers go out compressed where whoever asks takes gzip. Around actix-web's own compression stands what it does not
//! see to: small answers and streams of events pass it by, and what is said of an answer stays true of its bytes.

use actix_web::HttpMessage;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AcceptEncoding, Encoding, HeaderMap, HeaderValue};
use actix_web::middleware::Next;

/// Fewer bytes than this go out as they are: they fit into one packet with their headers.
const WORTH_IT: u64 = 1024;

const AS_IT_IS: &str = "identity";

/// Inside the compression: keeps from it what gains nothing by it, or must not wait.
pub async fn sparing(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let small = match response.response().body().size() {
        BodySize::None => true,
        BodySize::Sized(bytes) => bytes < WORTH_IT,
        BodySize::Stream => false,
    };
    if small || is_stream_of_events(response.headers()) {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(AS_IT_IS));
    }
    Ok(response)
}

/// Outside the compression: offers it only gzip, and says of each answer what is true of it as it goes out.
pub async fn honest(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if takes_gzip(&request) {
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    } else {
        // Whatever else is asked for, an answer as it is serves better than none.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    match headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        Some(coding) if coding == AS_IT_IS.as_bytes() => {
            headers.remove(header::CONTENT_ENCODING);
        }
        Some(_) => weaken(headers),
        None => {}
    }
    vary(headers);
    Ok(response)
}

fn takes_gzip(request: &ServiceRequest) -> bool {
    let offered = [Encoding::gzip(), Encoding::identity()];
    let wanted = request.get_header::<AcceptEncoding>();
    wanted.is_some_and(|wanted| wanted.negotiate(offered.iter()) == Some(Encoding::gzip()))
}

fn is_stream_of_events(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}

/// A tag that promised the same bytes promises the same content now.
fn weaken(headers: &mut HeaderMap) {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let weak = tag.filter(|tag| !tag.starts_with("W/")).map(|tag| format!("W/{tag}"));
    if let Some(weak) = weak.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        headers.insert(header::ETAG, weak);
    }
}

/// Whoever keeps an answer keeps it apart from the one that is coded otherwise.
fn vary(headers: &mut HeaderMap) {
    let named = headers.get_all(header::VARY).filter_map(|value| value.to_str().ok());
    let others = named.flat_map(|names| names.split(',')).map(str::trim);
    let others = others.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("accept-encoding"));
    let all: Vec<&str> = others.chain(["Accept-Encoding"]).collect();
    if let Ok(all) = HeaderValue::from_str(&all.join(", ")) {
        headers.insert(header::VARY, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::middleware::{Compress, from_fn};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::web::Bytes;
    use actix_web::{App, HttpResponse, web};
    use std::convert::Infallible;

    async fn large() -> HttpResponse {
        HttpResponse::Ok().insert_header((header::ETAG, "\"7\"")).body("cells ".repeat(1000))
    }

    async fn small() -> HttpResponse {
        HttpResponse::Ok().insert_header((header::ETAG, "\"7\"")).body("cells")
    }

    async fn events() -> HttpResponse {
        let told =
            futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"event: change\n\n"))]);
        HttpResponse::Ok().content_type("text/event-stream").streaming(told)
    }

    fn routes(config: &mut web::ServiceConfig) {
        config.route("/large", web::get().to(large)).route("/small", web::get().to(small));
        config.route("/events", web::get().to(events));
    }

    fn asking(path: &str, wanted: &str) -> TestRequest {
        TestRequest::get().uri(path).insert_header((header::ACCEPT_ENCODING, wanted))
    }

    /// Coding, tag and what it varies by.
    fn said<B>(answer: &ServiceResponse<B>) -> [String; 3] {
        assert_eq!(answer.status(), 200);
        [header::CONTENT_ENCODING, header::ETAG, header::VARY].map(|name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_ascii_lowercase()
        })
    }

    #[actix_web::test]
    async fn only_large_answers_are_compressed_and_their_tags_promise_no_bytes() {
        let app = App::new().wrap(from_fn(sparing)).wrap(Compress::default()).wrap(from_fn(honest));
        let app = init_service(app.configure(routes)).await;
        let answered =
            async |path, wanted| said(&call_service(&app, asking(path, wanted).to_request()).await);
        for wanted in ["gzip", "br, gzip, deflate", "gzip;q=0.5, *;q=0", "identity;q=0, gzip"] {
            assert_eq!(answered("/large", wanted).await, ["gzip", "w/\"7\"", "accept-encoding"]);
        }
        for wanted in ["identity", "br", "gzip;q=0", "deflate", "identity;q=0", "*;q=0", ";;", ""] {
            assert_eq!(answered("/large", wanted).await, ["", "\"7\"", "accept-encoding"], "{wanted}");
        }
        assert_eq!(answered("/small", "gzip").await, ["", "\"7\"", "accept-encoding"]);
        assert_eq!(answered("/events", "gzip").await, ["", "", "accept-encoding"]);
    }

    #[actix_web::test]
    async fn by_itself_the_compression_would_take_all_and_say_what_is_not_so() {
        let app = init_service(App::new().wrap(Compress::default()).configure(routes)).await;
        let answered =
            async |path, wanted| said(&call_service(&app, asking(path, wanted).to_request()).await);
        assert_eq!(answered("/large", "gzip").await, ["gzip", "\"7\"", "accept-encoding"]);
        assert_eq!(answered("/large", "identity").await, ["", "\"7\"", ""]);
        assert_eq!(answered("/small", "gzip").await[0], "gzip");
        assert_eq!(answered("/events", "gzip").await[0], "gzip");
        let nothing = call_service(&app, asking("/large", "identity;q=0").to_request()).await;
        assert_eq!(nothing.status(), 406);
    }
}
