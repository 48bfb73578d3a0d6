//! The server: what every request shares, and how it is started and stopped.

use crate::api::openapi::Schemas;
use crate::api::{FormRoute, form_routes};
use crate::jobs::Jobs;
use crate::metrics::{self, Metrics, Turns};
use crate::pages::live::{self, Change, Told};
use crate::rates::Rates;
use crate::refusals::{self, Refusals};
use crate::session::{Callers, Standings};
use crate::settings::{NotAccepted, Settings};
use crate::shares::{AtOnce, Connections, Listeners};
use crate::{answer_headers, api, compression, cross_site, limits, pages, request_log, tls};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::{App, HttpServer, web};
use baiyo_persistence::accounts::BreachedPasswords;
use baiyo_persistence::{Store, StoreError};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Semaphore, broadcast};
use uuid::Uuid;

/// What every request shares.
pub struct State {
    /// The records.
    pub store: Arc<Store>,
    /// What the site chose.
    pub settings: Settings,
    /// Passwords that thieves have published, where the site has a list of them.
    pub breached: Option<Arc<BreachedPasswords>>,
    /// The zone times are shown in.
    pub zone: Tz,
    /// Who the centre is, once it is founded.
    centre: OnceLock<Centre>,
    /// The forms' schemas and the API's document.
    pub schemas: Schemas,
    /// Every form of the domain, by its path below the API's base.
    pub forms: BTreeMap<String, Arc<FormRoute>>,
    /// Password checks at a time: each takes 19 MiB and a core for some 40 ms.
    pub checks: Turns,
    /// Files that are taken in at a time, each of some MiB in memory.
    pub uploads: Arc<Semaphore>,
    /// Files that are looked through for malware at a time.
    pub scans: Semaphore,
    /// Requests that are answered at a time.
    pub at_once: AtOnce,
    /// Connections of each address.
    pub connections: Arc<Connections>,
    /// What was refused lately.
    pub refusals: Refusals,
    /// Requests of each address.
    pub rates: Rates,
    /// Figures of how the server does.
    pub metrics: Metrics,
    /// Who asked lately.
    pub callers: Callers,
    /// Who has pages open that are told of changes.
    pub listeners: Listeners,
    /// By what they have them open.
    pub standings: Standings,
    /// Tells those who listen that something changed.
    pub changes: broadcast::Sender<Told>,
    /// Long work.
    pub jobs: Jobs,
    /// Of this run alone: what it told before a restart it does not know.
    pub started: Uuid,
}

/// Changes that are kept for one who listens slowly.
const CHANGES: usize = 256;

/// For so long a server that stops waits for its line to the others.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Password checks at a time.
const CHECKS: usize = 2;

/// Files that are taken in at a time.
const UPLOADS: usize = 4;

/// Files that are looked through at a time: each holds a thread for as long as the scanner takes.
const SCANS: usize = 4;

/// A file that has not come by then is not waited for, so that a slow line keeps nobody else from sending.
pub const SLOWEST_UPLOAD: Duration = Duration::from_secs(60);

/// How often new entries are sealed, beside once after each release.
pub const SEALING: Duration = Duration::from_secs(120);

impl State {
    /// The shared state over a store.
    ///
    /// # Errors
    /// The list of breached passwords that the site chose cannot be used.
    pub fn new(store: Arc<Store>, centre: Centre, settings: Settings) -> Result<Self, NotAccepted> {
        let metrics = Metrics::default();
        Ok(Self {
            breached: breached(&settings)?.map(Arc::new),
            jobs: Jobs::of(store.folder()),
            store,
            at_once: AtOnce::of(&settings),
            connections: Arc::new(Connections::of(&settings)),
            refusals: Refusals::default(),
            rates: Rates::of(&settings),
            settings,
            zone: centre.zone,
            centre: if centre.name.is_empty() { OnceLock::new() } else { OnceLock::from(centre) },
            schemas: Schemas::new(),
            forms: form_routes().into_iter().map(|route| (route.path.clone(), Arc::new(route))).collect(),
            checks: metrics.turns(CHECKS),
            metrics,
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            scans: Semaphore::new(SCANS),
            callers: Callers::default(),
            listeners: Listeners::default(),
            standings: Standings::default(),
            changes: broadcast::channel(CHANGES).0,
            started: Uuid::now_v7(),
        })
    }

    /// The centre's name; empty before it is founded.
    pub fn centre(&self) -> &str {
        self.centre.get().map_or("", |centre| centre.name.as_str())
    }

    /// Whether this is a demonstration.
    pub fn is_demonstration(&self) -> bool {
        self.centre.get().is_some_and(|centre| centre.demonstration)
    }
}

/// The list of breached passwords that the site chose.
///
/// # Errors
/// It cannot be read, or is no such list.
pub fn breached(settings: &Settings) -> Result<Option<BreachedPasswords>, NotAccepted> {
    let Some(file) = &settings.breached_passwords else { return Ok(None) };
    let list = BreachedPasswords::open(file);
    let refused =
        |fault| NotAccepted(format!("breached_passwords: {} cannot be used: {fault}", file.display()));
    list.map(Some).map_err(refused)
}

/// Who the centre is, for every page.
#[derive(Clone, Debug)]
pub struct Centre {
    /// Its name.
    pub name: String,
    /// Its zone.
    pub zone: Tz,
    /// Whether it is a demonstration.
    pub demonstration: bool,
}

impl Centre {
    /// Who the centre is; before it is founded, only its default zone is known.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn of(store: &Store) -> Result<Self, StoreError> {
        let founding = store.founding()?;
        let zone = founding.as_ref().and_then(|founding| founding.zone.as_str().parse::<Tz>().ok());
        Ok(Self {
            name: founding.as_ref().map(|founding| founding.name.to_string()).unwrap_or_default(),
            zone: zone.unwrap_or(chrono_tz::Asia::Tokyo),
            demonstration: founding.is_some_and(|founding| founding.demonstration),
        })
    }
}

/// Learns who the centre is once it is founded, here or at another server.
pub async fn knowing_the_centre(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if state.centre.get().is_none() {
        let store = Arc::clone(&state.store);
        if let Ok(Ok(centre)) = web::block(move || Centre::of(&store)).await
            && !centre.name.is_empty()
        {
            state.centre.get_or_init(|| centre);
        }
    }
    next.call(request).await
}

/// Serves until the process is told to stop.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve(state: web::Data<State>, listener: TcpListener) -> std::io::Result<()> {
    serve_until(state, listener, std::future::pending()).await
}

/// Serves until `stop` is ready, or the process is told to stop.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve_until(
    state: web::Data<State>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + 'static,
) -> std::io::Result<()> {
    let sealing = web::Data::clone(&state);
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(SEALING).await;
            let store = Arc::clone(&sealing.store);
            if let Ok(Err(error)) = web::block(move || store.seal_what_waits()).await {
                tracing::error!(%error, "cannot seal the journal");
            }
            let store = Arc::clone(&sealing.store);
            if let Ok(Err(error)) = web::block(move || store.finish_new_erasures()).await {
                tracing::error!(%error, "cannot destroy what is there still of an erased name");
            }
        }
    });
    let counting = web::Data::clone(&state);
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(refusals::EVERY).await;
            counting.refusals.sum_up();
        }
    });
    let between = actix_web::rt::spawn(live::between_servers(web::Data::clone(&state)));
    let last = web::Data::clone(&state);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let settings = state.settings.clone();
    let tls = tls::of(&settings).map_err(std::io::Error::other)?;
    let figures =
        settings.metrics_listen.map(|address| metrics::serve(&state, address, tls.clone())).transpose()?;
    let connections = Arc::clone(&state.connections);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::clone(&state))
            .app_data(web::PayloadConfig::new(api::forms::MAX_BODY))
            .wrap(from_fn(compression::sparing))
            .wrap(Compress::default())
            .wrap(from_fn(compression::honest))
            .wrap(from_fn(cross_site::refuse))
            .wrap(from_fn(limits::keep))
            .wrap(from_fn(answer_headers::say))
            .wrap(from_fn(request_log::observe))
            .configure(api::configure)
            .configure(pages::configure)
    })
    .on_connect(move |stream, of_connection| connections.greet(stream, of_connection))
    .workers(workers)
    // The listener's queue holds the rest.
    .max_connections((settings.connections as usize).div_ceil(workers))
    .client_request_timeout(Duration::from_secs(settings.seconds_for_headers.into()))
    .shutdown_timeout(5);
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    let server = server.run();
    let handle = server.handle();
    let figures_handle = figures.as_ref().map(|figures| figures.handle());
    if let Some(figures) = figures {
        actix_web::rt::spawn(figures);
    }
    let changes = last.changes.clone();
    actix_web::rt::spawn(async move {
        stop.await;
        let _ = changes.send(Change::Stop.here());
        handle.stop(true).await;
    });
    let outcome = server.await;
    if let Some(figures) = figures_handle {
        figures.stop(false).await;
    }
    // Told by signal, nobody else has said so.
    let _ = last.changes.send(Change::Stop.here());
    // A database that does not answer keeps no server from ending.
    if tokio::time::timeout(LAST_WORDS, between).await.is_err() {
        tracing::warn!("the line to the other servers did not end in time");
    }
    last.refusals.sum_up();
    let ending = web::Data::clone(&last);
    if web::block(move || ending.jobs.close()).await.is_err() {
        tracing::error!("the jobs at work could not be stopped");
    }
    let store = Arc::clone(&last.store);
    if let Ok(Err(error)) = web::block(move || store.seal()).await {
        tracing::error!(%error, "cannot seal the journal");
    }
    outcome
}
