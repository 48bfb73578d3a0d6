//! Who is at the other end of a request: the address it comes from, whether its way was encrypted, and the name the
//! server was asked for. What a reverse proxy says of these counts only where the proxy is among those that the site
//! trusts; anybody else's word is ignored.

use crate::server::State;
use crate::settings::Settings;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, web};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address that asks.
    pub client: IpAddr,
    /// Whether the way from there is encrypted, as far as the server or a trusted proxy knows.
    pub encrypted: bool,
    /// The name asked for, in small letters, with its port where it has one.
    pub host: String,
}

impl Connection {
    /// That of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let state = request.app_data::<web::Data<State>>();
        Self::read(
            request.peer_addr(),
            request.app_config().secure(),
            request.headers(),
            request.uri().authority().map(|named| named.as_str()),
            state.map(|state| &state.settings),
        )
    }

    /// That of a request that no handler has yet.
    pub fn before(request: &ServiceRequest) -> Self {
        Self::of(request.request())
    }

    /// The origin of its pages, as browsers name it.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.encrypted { "https" } else { "http" }, self.host)
    }

    fn read(
        peer: Option<SocketAddr>,
        encrypted: bool,
        headers: &HeaderMap,
        named: Option<&str>,
        settings: Option<&Settings>,
    ) -> Self {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let trusted = |address: IpAddr| {
            settings.is_some_and(|settings| settings.trusted_proxies.iter().any(|proxy| proxy.holds(address)))
        };
        let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(named);
        let own = Self { client: peer, encrypted, host: asked.unwrap_or_default().to_ascii_lowercase() };
        if !trusted(peer) {
            return own;
        }
        // Each proxy writes at the end: what stands before that is somebody else's word.
        let mut client = peer;
        for hop in said(headers, "x-forwarded-for").into_iter().rev() {
            let Some(hop) = address(hop) else { break };
            client = hop;
            if !trusted(hop) {
                break;
            }
        }
        let encrypted = match said(headers, "x-forwarded-proto").last() {
            Some(&"https") => true,
            Some(&"http") => false,
            _ => encrypted,
        };
        let host = said(headers, "x-forwarded-host").last().map(|host| host.to_ascii_lowercase());
        Self { client, encrypted, host: host.unwrap_or(own.host) }
    }
}

/// What a header says, in its order, over all lines of that name.
fn said<'a>(headers: &'a HeaderMap, name: &'static str) -> Vec<&'a str> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty()).collect()
}

/// An address as proxies write it, some with the port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// A network of addresses; one address is a network as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// The network that counts as one household where requests are counted: an IPv4 address, or 64 bits of an IPv6 one,
    /// of which anybody has as many addresses as he likes.
    pub fn around(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self { first: address.into(), bits: 32 },
            IpAddr::V6(address) => Self { first: masked(address.into(), 64), bits: 64 },
        }
    }

    /// Whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.bits) == self.first
    }
}

impl Network {
    /// Whether it is narrow enough to be believed whole: at most 65,536 addresses, or one network of IPv6.
    pub fn is_narrow(&self) -> bool {
        self.bits >= if self.first.is_ipv4() { 16 } else { 64 }
    }
}

impl fmt::Display for Network {
    /// One address stands without its bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = if self.first.is_ipv4() { 32 } else { 128 };
        if self.bits == one { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.bits) }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| ())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| ()))?;
        if bits > most || masked(first, bits) != first {
            return Err(());
        }
        Ok(Self { first, bits })
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn of(peer: &str, headers: &[(&str, &str)], trusted: &[&str]) -> (String, bool, String) {
        let trusted_proxies = trusted.iter().map(|one| one.parse().unwrap()).collect();
        let settings = Settings { trusted_proxies, ..Settings::default() };
        let mut map = HeaderMap::new();
        map.insert(header::HOST, HeaderValue::from_static("Baiyo.example"));
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        let read = Connection::read(Some(peer), false, &map, None, Some(&settings));
        (read.client.to_string(), read.encrypted, read.host)
    }

    const FORGED: [(&str, &str); 4] = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=203.0.113.9;proto=https;host=evil.example"),
    ];

    #[test]
    fn a_strangers_word_on_where_he_comes_from_is_ignored() {
        let own = ("198.51.100.7".into(), false, "baiyo.example".into());
        assert_eq!(of("198.51.100.7", &FORGED, &[]), own);
        assert_eq!(of("198.51.100.7", &FORGED, &["10.0.0.5", "2001:db8::/32"]), own);
    }

    #[test]
    fn a_trusted_proxys_word_counts_and_not_what_a_stranger_told_the_proxy() {
        let told = ("203.0.113.9".into(), true, "evil.example".into());
        assert_eq!(of("10.0.0.5", &FORGED, &["10.0.0.5"]), told);
        assert_eq!(of("::ffff:10.0.0.5", &FORGED, &["10.0.0.0/8"]), told, "as a socket of both kinds has it");
        let client = |words: &[&str]| {
            let headers: Vec<_> = words.iter().map(|words| ("x-forwarded-for", *words)).collect();
            of("10.0.0.5", &headers, &["10.0.0.0/8", "2001:db8:1::/48"]).0
        };
        assert_eq!(client(&["127.0.0.1, 203.0.113.9"]), "203.0.113.9", "the first is the stranger's word");
        assert_eq!(client(&["127.0.0.1", "203.0.113.9, 10.9.9.9"]), "203.0.113.9", "two proxies, two lines");
        assert_eq!(client(&["203.0.113.9:443"]), "203.0.113.9");
        assert_eq!(client(&["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client(&["2001:db8::7, 2001:db8:1::2"]), "2001:db8::7");
        assert_eq!(
            client(&["203.0.113.9, unknown"]),
            "10.0.0.5",
            "beyond what cannot be read nobody is believed"
        );
        assert_eq!(client(&[]), "10.0.0.5");
        let chain = [("x-forwarded-proto", "https, http"), ("x-forwarded-host", "evil.example, own.example")];
        assert_eq!(of("10.0.0.5", &chain, &["10.0.0.5"]), ("10.0.0.5".into(), false, "own.example".into()));
    }

    #[test]
    fn networks_are_read_and_hold_what_is_in_them() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "::1") && holds("::/0", "::1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::") && !holds("2001:db8::/33", "2001:db8:8000::"));
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0", "10.0.0.0/", "baiyo.example", ""] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let around = |address: &str| Network::around(address.parse().unwrap());
        assert_eq!(around("2001:db8::1"), around("2001:db8::ffff"));
        assert_ne!(around("2001:db8::1"), around("2001:db8:0:1::1"));
        assert_ne!(around("192.0.2.1"), around("192.0.2.2"));
        assert_eq!(around("192.0.2.1").to_string(), "192.0.2.1");
        assert_eq!(around("2001:db8::1").to_string(), "2001:db8::/64");
        assert_eq!(around("::ffff:192.0.2.1"), around("192.0.2.1"));
    }
}
