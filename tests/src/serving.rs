//! The real server in this process, on a port of its own.

use actix_web::web::Data;
use baiyo::server::{Centre, State, serve_until};
use baiyo::settings::{SecondFactor, Settings};
use baiyo_persistence::Store;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// What a story's server is set up with. Hundreds of people sign in at it, from one address: what a second factor does, and
/// who is slowed, has stories of its own.
pub fn unhurried() -> Settings {
    Settings {
        second_factor: SecondFactor::Voluntary,
        sign_ins_per_minute: 100_000,
        requests_per_minute: 10_000_000,
        ..Settings::default()
    }
}

/// A server that runs until it is stopped.
pub struct Serving {
    store: Arc<Store>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Serving {
    /// Starts it on these records, on any port.
    pub fn start(store: Arc<Store>) -> Self {
        Self::start_at("127.0.0.1:0", store)
    }

    /// Starts it on these records, where it is asked to listen.
    pub fn start_at(address: &str, store: Arc<Store>) -> Self {
        Self::start_with(address, store, unhurried())
    }

    /// Starts it as a site has set it up.
    pub fn start_with(address: &str, store: Arc<Store>, settings: Settings) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = State::new(Arc::clone(&store), Centre::of(&store).expect("the centre"), settings);
        let state = state.expect("what was chosen");
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let served = serve_until(Data::new(state), listener, async {
                let _ = stopped.await;
            });
            actix_web::rt::System::new().block_on(served).expect("the server");
        });
        Self { store, address, stop, thread }
    }

    /// What it serves.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, and waits until it has ended.
    pub fn stop(self) {
        let _ = self.stop.send(());
        self.thread.join().expect("the server ends in peace");
    }
}
