//! What all share, and how much of it one address or one person may have: requests answered at a time, connections, and
//! open pages that are told of changes. Whoever takes more is told so; nobody else waits for it.

use crate::connection::Network;
use crate::rates::ADDRESSES;
use crate::settings::Settings;
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use baiyo_domain::ids::PersonId;
use lru::LruCache;
use socket2::SockRef;
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// One address has at most this part of what all share: half, so that no single one keeps everybody else out.
const PART: u32 = 2;

/// Requests answered at a time: so many of all, and no address more than half of them.
pub struct AtOnce {
    all: Arc<Semaphore>,
    share: usize,
    shares: Mutex<LruCache<Network, Arc<Semaphore>>>,
}

/// Why nobody else is answered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Everybody's turns are taken.
    All,
    /// His address has as many as it may.
    Address,
}

impl AtOnce {
    /// As a site chose.
    pub fn of(settings: &Settings) -> Self {
        Self {
            all: Arc::new(Semaphore::new(settings.requests_at_once as usize)),
            share: (settings.requests_at_once / PART) as usize,
            shares: Mutex::new(LruCache::new(ADDRESSES)),
        }
    }

    /// A turn for a request from there, which lasts as long as what is given back is kept.
    ///
    /// # Errors
    /// There is none left.
    pub fn turn(&self, client: IpAddr) -> Result<Turn, Busy> {
        let share = Arc::new(Semaphore::new(self.share));
        let own = Arc::clone(locked(&self.shares).get_or_insert(Network::around(client), || share));
        let of_own = Arc::clone(&own).try_acquire_owned().map_err(|_| Busy::Address)?;
        let of_all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Busy::All)?;
        Ok(Turn { all: Arc::clone(&self.all), own, held: Some((of_own, of_all)) })
    }
}

/// The turn of one request.
pub struct Turn {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
    held: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Turn {
    /// Somebody else has it, for as long as this request is waited for.
    pub fn give_back(&mut self) {
        self.held = None;
    }

    /// Waits until there is one again.
    pub async fn take_again(&mut self) {
        // Nobody closes them: where one were closed, the request would go on without.
        let own = Arc::clone(&self.own).acquire_owned().await;
        let all = Arc::clone(&self.all).acquire_owned().await;
        self.held = own.ok().zip(all.ok());
    }
}

/// Open connections of each address.
pub struct Connections {
    most: u32,
    trusted: Vec<Network>,
    open: Mutex<HashMap<Network, u32>>,
}

impl Connections {
    /// As a site chose. A trusted proxy has as many as it needs: it is the one to count who comes through it.
    pub fn of(settings: &Settings) -> Self {
        let (most, trusted) = (settings.connections / PART, settings.trusted_proxies.clone());
        Self { most, trusted, open: Mutex::default() }
    }

    /// Counts a connection for as long as it is open (`of_connection` is kept with it), or ends it where its address has
    /// as many as it may.
    pub fn greet(self: &Arc<Self>, stream: &dyn Any, of_connection: &mut Extensions) {
        let plain = stream.downcast_ref::<TcpStream>();
        let encrypted = stream.downcast_ref::<TlsStream<TcpStream>>().map(|stream| stream.get_ref().0);
        let Some(stream) = plain.or(encrypted) else { return };
        let Ok(peer) = stream.peer_addr() else { return };
        if self.trusted.iter().any(|proxy| proxy.holds(peer.ip())) {
            return;
        }
        match self.opened(Network::around(peer.ip())) {
            Some(open) => _ = of_connection.insert(open),
            // It reads as closed by the other side, and is put away as such.
            None => _ = SockRef::from(stream).shutdown(Shutdown::Both),
        }
    }

    fn opened(self: &Arc<Self>, of: Network) -> Option<Open> {
        let mut open = locked(&self.open);
        let count = open.entry(of).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Open { all: Arc::clone(self), of })
    }
}

/// One open connection, counted until it is dropped.
struct Open {
    all: Arc<Connections>,
    of: Network,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = locked(&self.all.open);
        if let Some(count) = open.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.of);
            }
        }
    }
}

/// Open pages of one person that are told of changes. Of more, the oldest is told no longer: often it is one that was left
/// and whose connection nobody has yet found dead. One that is still looked at is told so, and does not take another's place.
const LISTENING: usize = 24;

/// Who has pages open that are told of changes.
#[derive(Default)]
pub struct Listeners(Mutex<HashMap<PersonId, VecDeque<oneshot::Sender<Infallible>>>>);

impl Listeners {
    /// One more page of a person; what is given back ends once newer ones took its place.
    pub fn join(&self, person: PersonId) -> oneshot::Receiver<Infallible> {
        let (kept, ended) = oneshot::channel();
        let mut listeners = locked(&self.0);
        let own = listeners.entry(person).or_default();
        own.retain(|page| !page.is_closed());
        if own.len() >= LISTENING {
            own.pop_front();
        }
        own.push_back(kept);
        ended
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot::error::TryRecvError;
    use uuid::Uuid;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[actix_web::test]
    async fn no_address_takes_more_than_half_and_who_is_waited_for_holds_nothing() {
        let at_once = AtOnce::of(&Settings { requests_at_once: 4, ..Settings::default() });
        let (one, other, third) = (address("192.0.2.1"), address("192.0.2.2"), address("192.0.2.3"));
        let mut own: Vec<Turn> = (0..2).map(|_| at_once.turn(one).ok().unwrap()).collect();
        assert_eq!(at_once.turn(one).err(), Some(Busy::Address));
        let others: Vec<Turn> = (0..2).map(|_| at_once.turn(other).ok().unwrap()).collect();
        assert_eq!(at_once.turn(third).err(), Some(Busy::All));
        own[0].give_back();
        let taken = at_once.turn(third).ok().unwrap();
        let again = tokio::time::timeout(std::time::Duration::from_millis(20), own[0].take_again()).await;
        assert!(again.is_err(), "it is somebody else's meanwhile");
        drop(taken);
        own[0].take_again().await;
        assert_eq!(at_once.turn(third).err(), Some(Busy::All));
        drop((own, others));
        assert!(at_once.turn(one).is_ok());
    }

    #[test]
    fn connections_of_an_address_are_counted_until_they_end() {
        let connections = Arc::new(Connections::of(&Settings { connections: 16, ..Settings::default() }));
        let of = |text: &str| Network::around(address(text));
        let own: Vec<Open> = (0..8).map(|_| connections.opened(of("192.0.2.1")).unwrap()).collect();
        assert!(connections.opened(of("192.0.2.1")).is_none());
        assert!(connections.opened(of("192.0.2.2")).is_some());
        drop(own);
        assert!(connections.opened(of("192.0.2.1")).is_some());
        assert!(locked(&connections.open).is_empty(), "nobody is remembered who has gone");
    }

    #[test]
    fn of_too_many_pages_the_oldest_is_told_no_longer() {
        let listeners = Listeners::default();
        let (one, other) = (PersonId(Uuid::now_v7()), PersonId(Uuid::now_v7()));
        let mut theirs = listeners.join(other);
        let mut own: Vec<_> = (0..=LISTENING).map(|_| listeners.join(one)).collect();
        assert_eq!(own[0].try_recv(), Err(TryRecvError::Closed));
        assert!(own[1..].iter_mut().all(|page| page.try_recv() == Err(TryRecvError::Empty)));
        assert_eq!(theirs.try_recv(), Err(TryRecvError::Empty));
        own.truncate(3);
        drop((0..LISTENING).map(|_| listeners.join(one)).collect::<Vec<_>>());
        assert!(own[1..].iter_mut().all(|page| page.try_recv().is_err()));
    }
}
