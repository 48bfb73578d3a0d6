//! Figures for Prometheus, on an address of their own: how the server answers, what waits, how the record stands. No
//! label names a person or a thing; routes are named as they are documented.

use crate::server::State;
use actix_web::{App, HttpResponse, HttpServer, web};
use baiyo_persistence::StoreError;
use baiyo_persistence::queue::Waits;
use baiyo_persistence::sealing::{self, Standing};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds by which answers are sorted.
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What is counted of each answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    route: String,
    method: &'static str,
    status: &'static str,
}

impl Answered {
    /// Of an answer, its status by class.
    pub fn of(route: String, method: &'static str, status: u16) -> Self {
        let status = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).wrapping_sub(1));
        Self { route, method, status: status.unwrap_or(&"5xx") }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    method: &'static str,
}

/// The labels of a figure that is there or not, and has none.
type Unlabelled = Vec<(&'static str, &'static str)>;

/// All figures.
pub struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    took: Family<Route, Histogram>,
    listening: Gauge,
    checks_waiting: Gauge,
    sealed: Gauge,
    unsealed: Gauge,
    /// Nothing where there is no checkpoint yet.
    checkpoint_age: Family<Unlabelled, Gauge>,
    writes_waiting: Gauge,
    longest_wait: Gauge<f64, AtomicU64>,
    memory: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("baiyo");
        let answered = Family::default();
        let took = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let mut gauge = |name: &str, help: &str, unit: Option<Unit>| {
            let gauge = Gauge::default();
            match unit {
                Some(unit) => registry.register_with_unit(name, help, unit, gauge.clone()),
                None => registry.register(name, help, gauge.clone()),
            }
            gauge
        };
        let listening = gauge("live_listeners", "Open pages that are told of changes", None);
        let checks_waiting =
            gauge("password_checks_waiting", "Password checks that wait for their turn", None);
        let sealed = gauge("journal_sealed_entries", "Entries of the journal in the tree", None);
        let unsealed =
            gauge("journal_unsealed_entries", "Entries that wait for their place in the tree", None);
        let writes_waiting = gauge("writes_waiting", "Writes that wait for their turn", None);
        let memory = gauge("resident_memory", "Memory of the process", Some(Unit::Bytes));
        let (checkpoint_age, longest_wait) = (Family::default(), Gauge::default());
        registry.register_with_unit(
            "checkpoint_age",
            "Since the newest checkpoint",
            Unit::Seconds,
            Family::clone(&checkpoint_age),
        );
        registry.register_with_unit(
            "write_longest_wait",
            "The longest that a write waited, of those whose turn came since this was asked last",
            Unit::Seconds,
            Gauge::clone(&longest_wait),
        );
        registry.register("requests", "Requests answered", answered.clone());
        registry.register_with_unit("request_duration", "Until an answer began", Unit::Seconds, took.clone());
        Self {
            registry,
            answered,
            took,
            listening,
            checks_waiting,
            sealed,
            unsealed,
            checkpoint_age,
            writes_waiting,
            longest_wait,
            memory,
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, answered: Answered, took: Duration) {
        let route = Route { route: answered.route.clone(), method: answered.method };
        self.answered.get_or_create(&answered).inc();
        self.took.get_or_create(&route).observe(took.as_secs_f64());
    }

    /// Counts one more open page, for as long as what is given back is kept.
    pub fn listening(&self) -> Counting {
        Counting::up(&self.listening)
    }

    /// Turns to check a password, which count who waits for one.
    pub fn turns(&self, at_once: usize) -> Turns {
        Turns { turns: Semaphore::new(at_once), waiting: self.checks_waiting.clone() }
    }

    fn text(&self, standing: Option<Standing>, waits: Waits, now: i64) -> Result<String, std::fmt::Error> {
        if let Some(standing) = standing {
            let entries = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            self.sealed.set(entries(standing.sealed));
            self.unsealed.set(entries(standing.unsealed));
            if let Some(at) = standing.checkpoint_at {
                let age = now.saturating_sub(at.micros()).max(0) / 1_000_000;
                self.checkpoint_age.get_or_create(&Unlabelled::new()).set(age);
            }
        }
        self.writes_waiting.set(i64::try_from(waits.waiting).unwrap_or(i64::MAX));
        self.longest_wait.set(waits.longest.as_secs_f64());
        self.memory.set(resident_bytes().unwrap_or(0));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts one, until it is dropped.
pub struct Counting(Gauge);

impl Counting {
    fn up(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Turns of which so many are taken at a time.
pub struct Turns {
    turns: Semaphore,
    waiting: Gauge,
}

impl Turns {
    /// Waits for a turn, which lasts as long as what is given back is kept.
    ///
    /// # Errors
    /// There are no more turns; the server stops.
    pub async fn acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        let _waiting = Counting::up(&self.waiting);
        self.turns.acquire().await
    }
}

/// The process's memory, where the system says it.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<i64>().ok()? * 1024)
}

/// Serves the figures until what is given back is stopped; to another machine with the server's own certificate.
///
/// # Errors
/// The address cannot be listened on.
pub fn serve(
    state: &web::Data<State>,
    address: SocketAddr,
    tls: Option<ServerConfig>,
) -> std::io::Result<actix_web::dev::Server> {
    let state = web::Data::clone(state);
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::clone(&state)).route("/metrics", web::get().to(show))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(1);
    let bound = match tls.filter(|_| !address.ip().is_loopback()) {
        Some(tls) => server.bind_rustls_0_23(address, tls),
        None => server.bind(address),
    };
    let bound = bound.map_err(|error| {
        std::io::Error::new(error.kind(), format!("metrics_listen: cannot listen on {address}: {error}"))
    })?;
    Ok(bound.run())
}

async fn show(state: web::Data<State>) -> HttpResponse {
    let store = Arc::clone(&state.store);
    let standing = web::block(move || store.read(|conn| Ok::<_, StoreError>(sealing::standing(conn)?))).await;
    let standing = standing.ok().and_then(|standing| {
        standing.inspect_err(|error| tracing::warn!(%error, "the record's figures cannot be read")).ok()
    });
    match state.metrics.text(standing, state.store.waits(), state.store.now().0.micros()) {
        Ok(text) => HttpResponse::Ok().content_type(MEDIA_TYPE).body(text),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}
