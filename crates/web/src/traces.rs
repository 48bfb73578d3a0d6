//! Traces by OpenTelemetry: one span for each request, sent as OTLP over HTTP to a collector of the site's. A span carries
//! what the request's line in the log does (identifiers, the route as it is documented, the status) and nothing that anybody
//! wrote. Built in with the feature `otlp` alone.

use async_trait::async_trait;
use baiyo_domain::ids::PersonId;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::sync::OnceLock;
use std::time::Duration;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// A collector that does not answer by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What sends spans to a collector at this address. Spans are gathered and sent by a thread of their own: no request waits.
///
/// # Errors
/// The address is none.
pub fn to<S>(endpoint: &str) -> Result<impl Layer<S> + Send + Sync, String>
where
    S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender::new())
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| error.to_string())?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(
            Resource::builder_empty()
                .with_attributes([
                    opentelemetry::KeyValue::new("service.name", "baiyo"),
                    opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                ])
                .build(),
        )
        .build();
    let tracer = PROVIDER.get_or_init(|| provider).tracer("baiyo");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false);
    // No event: an error's sentence may name what somebody sent.
    Ok(layer.with_filter(filter_fn(|told| told.is_span() && told.target() == crate::request_log::TARGET)))
}

/// Completes the span of a request that was answered.
pub fn answered(span: &Span, route: &str, status: u16, person: Option<PersonId>) {
    span.set_attribute("http.route", route.to_string());
    span.set_attribute("http.response.status_code", i64::from(status));
    if let Some(person) = person {
        span.set_attribute("person", person.0.to_string());
    }
}

/// Sends what is gathered, when the server ends.
pub fn end() {
    if let Some(Err(error)) = PROVIDER.get().map(SdkTracerProvider::shutdown) {
        tracing::warn!(%error, "the last traces were not sent");
    }
}

/// Sends over HTTP, or HTTPS where the address says so. It follows no redirect.
#[derive(Debug)]
struct Sender(ureq::Agent);

impl Sender {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self(config.into())
    }
}

#[async_trait]
impl HttpClient for Sender {
    /// Waits on the thread that sends, which does nothing else.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let mut answer = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let told = answer.body_mut().with_config().limit(1 << 16).read_to_vec()?;
        let (head, _) = answer.into_parts();
        Ok(Response::from_parts(head, told.into()))
    }
}
