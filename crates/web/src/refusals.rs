//! Requests that are refused before any route sees them, in the log: of each address the first of a kind within a minute as
//! it comes, the others as one line with their count. So a flood of them fills no disk, and hides nothing else.

use crate::connection::{Connection, Network};
use crate::logging::SECURITY;
use crate::security_log::{self, Happened};
use crate::server::State;
use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

/// How often they are summed up.
pub const EVERY: Duration = Duration::from_secs(60);
/// Kinds of refusal, by address, that are counted apart within a minute; what is beyond counts as one address.
const APART: usize = 10_000;

/// Marks a request whose refusal is told in the sum alone.
pub struct InSum;

/// Notes that a request is refused with this status, and what that means for safety where it does.
pub fn note(state: &State, request: &ServiceRequest, status: u16, happened: Option<Happened>) {
    if !state.refusals.is_first(Connection::before(request).client, status) {
        request.extensions_mut().insert(InSum);
    } else if let Some(happened) = happened {
        security_log::note(happened, None);
    }
}

/// What was refused since it was summed up last.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<(Option<Network>, u16), u64>>);

impl Refusals {
    /// Counts one. Whether it is the first of its kind from there.
    fn is_first(&self, client: IpAddr, status: u16) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let own = (Some(Network::around(client)), status);
        let kind = if counted.len() < APART || counted.contains_key(&own) { own } else { (None, status) };
        let count = counted.entry(kind).or_default();
        *count += 1;
        *count == 1
    }

    /// Logs what was not told one by one, and begins anew.
    pub fn sum_up(&self) {
        let counted = std::mem::take(&mut *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        for ((from, status), count) in counted.into_iter().filter(|(_, count)| *count > 1) {
            let from = from.map_or("others".to_string(), |from| from.to_string());
            tracing::warn!(target: SECURITY, event = "refused_more", from, status, count = count - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_each_kind_from_each_address_is_told_once() {
        let refusals = Refusals::default();
        let from = |n: u32| IpAddr::V4(std::net::Ipv4Addr::from_bits(n));
        assert!(refusals.is_first(from(1), 429) && refusals.is_first(from(1), 421));
        assert!(!refusals.is_first(from(1), 429));
        let told = (0..30_000).filter(|n| refusals.is_first(from(*n), 429)).count();
        assert_eq!((told, refusals.0.lock().unwrap().len()), (APART - 2 + 1, APART + 1));
        refusals.sum_up();
        assert!(refusals.is_first(from(1), 429), "a new minute");
    }
}
