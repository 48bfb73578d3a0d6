//! How often one address may ask: strictly where a password or a link could be guessed, generously for everything else.
//! A whole centre may sit behind one address, so this slows machines; each account is guarded by a limit of its own.

use crate::api::BASE;
use crate::connection::Network;
use crate::pages::switch::SWITCH;
use crate::settings::Settings;
use actix_web::http::Method;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use lru::LruCache;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Mutex;

/// Addresses whose requests are counted at a time; of more, those that asked least lately are forgotten.
pub const ADDRESSES: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// How many more turns at shared tablets one address may take than sign-ins. A badge cannot be guessed, and a PIN is
/// guarded by counts of its own; but a room of tablets behind one address changes hands all at once, with two scans each,
/// and neither keeps the others from signing in nor is kept by them.
const TURNS: u32 = 4;

/// Requests of each address, counted.
pub struct Rates {
    guesses: Counted,
    turns: Counted,
    requests: Counted,
    probes: Counted,
}

impl Rates {
    /// As a site chose.
    pub fn of(settings: &Settings) -> Self {
        Self {
            guesses: Counted::per_minute(settings.sign_ins_per_minute),
            turns: Counted::per_minute(settings.sign_ins_per_minute.saturating_mul(TURNS)),
            requests: Counted::per_minute(settings.requests_per_minute),
            probes: Counted::per_minute(settings.requests_per_minute),
        }
    }

    /// Counts a look whether the server is well.
    ///
    /// # Errors
    /// There were too many: the seconds after which one more is answered.
    pub fn count_probe(&self, client: IpAddr) -> Result<(), u64> {
        self.probes.count(Network::around(client))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// There were too many: the seconds after which one more is answered.
    pub fn count(&self, client: IpAddr, method: &Method, path: &str) -> Result<(), u64> {
        let household = Network::around(client);
        self.requests.count(household)?;
        match path {
            SWITCH if *method == Method::POST => self.turns.count(household),
            _ if tries_a_secret(method, path) => self.guesses.count(household),
            _ => Ok(()),
        }
    }
}

/// The pages on which somebody gives a password, a code or a PIN.
const OWN_PAGES: &[&str] = &[
    "/sign-in",
    "/setup",
    "/me/password",
    "/me/factor",
    "/me/passkeys",
    "/me/provider",
    "/me/tokens",
    "/me/badge",
    "/me/pin",
];

/// Whether a request tries a password, or a link.
fn tries_a_secret(method: &Method, path: &str) -> bool {
    let (places, own) = match path.strip_prefix(BASE) {
        Some(own) => (&["/session", "/setup", "/me/password", "/me/tokens"][..], own),
        None => (OWN_PAGES, path),
    };
    let at = places
        .iter()
        .any(|place| own.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    at && *method == Method::POST
}

struct Counted {
    quota: Quota,
    clock: DefaultClock,
    known: Mutex<LruCache<Network, DefaultDirectRateLimiter>>,
}

impl Counted {
    fn per_minute(most: u32) -> Self {
        Self {
            quota: Quota::per_minute(NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN)),
            clock: DefaultClock::default(),
            known: Mutex::new(LruCache::new(ADDRESSES)),
        }
    }

    fn count(&self, household: Network) -> Result<(), u64> {
        let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let counted =
            known.get_or_insert(household, || RateLimiter::direct_with_clock(self.quota, self.clock.clone()));
        let counted = counted.check().map_err(|until| until.wait_time_from(self.clock.now()));
        counted.map_err(|wait| wait.as_secs() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates {
        Rates::of(&Settings { sign_ins_per_minute: 5, requests_per_minute: 60, ..Settings::default() })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn guesses_are_counted_strictly_and_others_are_not_affected() {
        let rates = rates();
        let guess =
            |address: &str| rates.count(address.parse().unwrap(), &Method::POST, "/api/v1/session").is_ok();
        assert_eq!((0..20).filter(|_| guess("2001:db8::1")).count(), 5);
        assert!(!guess("2001:db8::2"), "as many addresses as he likes, and one network");
        assert!(guess("2001:db8:0:1::1"));
        let wait = rates.count(address("2001:db8::1"), &Method::POST, "/sign-in").unwrap_err();
        assert!((1..=13).contains(&wait), "a twelfth of a minute, and no longer: {wait}");
        assert_eq!(rates.count(address("2001:db8::1"), &Method::GET, "/batches"), Ok(()));
    }

    #[test]
    fn turns_at_a_tablet_and_sign_ins_are_counted_apart() {
        let rates = rates();
        let from = |path: &str| rates.count(address("192.0.2.1"), &Method::POST, path).is_ok();
        assert_eq!((0..30).filter(|_| from("/switch")).count(), 20);
        assert_eq!((0..30).filter(|_| from("/sign-in")).count(), 5, "those who sign in have theirs still");
        assert!(!from("/switch"), "and nobody's turns are without end");
        assert!((0..20).all(|_| rates.count(address("192.0.2.2"), &Method::POST, "/switch").is_ok()));
    }

    #[test]
    fn what_is_counted_strictly_is_what_can_be_guessed() {
        for (method, path, strict) in [
            (Method::POST, "/sign-in", true),
            (Method::GET, "/sign-in", false),
            (Method::POST, "/sign-in/code", true),
            (Method::GET, "/setup", false),
            (Method::POST, "/setup", true),
            (Method::POST, "/api/v1/session", true),
            (Method::DELETE, "/api/v1/session", false),
            (Method::POST, "/api/v1/setup", true),
            (Method::POST, "/api/v1/sessions", false),
            (Method::GET, "/", false),
        ] {
            assert_eq!(tries_a_secret(&method, path), strict, "{method} {path}");
        }
    }

    #[test]
    fn memory_is_bounded_however_many_addresses_ask() {
        let rates = rates();
        for n in 0..30_000u32 {
            let address = IpAddr::V6(std::net::Ipv6Addr::from_bits(u128::from(n) << 64));
            assert_eq!(rates.count(address, &Method::GET, "/"), Ok(()));
        }
        assert_eq!(rates.requests.known.lock().unwrap().len(), ADDRESSES.get());
    }
}
