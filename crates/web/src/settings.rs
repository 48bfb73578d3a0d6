//! What a site may choose: each key with what holds where nothing was chosen, and how it is read. A key stands in a file
//! (TOML), in a variable of the environment, or on the command line; what is nearer to whoever starts the server wins.
//! No key weakens a promise: none turns off the gate, a guard or the log of what concerns safety.

use crate::connection::Network;
use crate::malware::Scanner;
use baiyo_domain::authority::Role;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::de::{DeTable, DeValue};
use tracing_subscriber::EnvFilter;

/// What every variable of the environment begins with; the key in capitals follows.
const PREFIX: &str = "BAIYO_";
/// The variable that names the file.
pub const FILE_VARIABLE: &str = "BAIYO_CONFIG";
/// Variables that begin so and are no keys; `standard import` reads two of them.
const OTHER_VARIABLES: [&str; 3] = [FILE_VARIABLE, "BAIYO_SIGN_IN", "BAIYO_PASSWORD"];
/// Variables that are read for a key as well, below its own.
const ALSO: [(&str, &str); 3] =
    [("DATABASE_URL", "database_url"), ("DATABASE_CA", "database_ca"), ("RUST_LOG", "log_level")];

/// One key.
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What is accepted.
    pub accepted: &'static str,
    set: fn(&mut Settings, &str) -> Option<()>,
}

macro_rules! settings {
    ($($(#[$doc:meta])* $key:ident: $kind:ty = $default:expr, $read:expr, $accepted:literal;)*) => {
        /// What a site chose.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings { $($(#[$doc])* pub $key: $kind,)* }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        /// Every key, in the order of the file that explains them.
        pub const KEYS: &[Key] = &[$(Key {
            name: stringify!($key),
            accepted: $accepted,
            set: |settings, text| {
                let read: fn(&str) -> Option<$kind> = $read;
                settings.$key = read(text)?;
                Some(())
            },
        },)*];
    };
}

settings! {
    /// Where to listen.
    listen: String = "127.0.0.1:8080".into(), address, "an address and a port, such as 127.0.0.1:8080";
    /// The folder of the records; where none is chosen it depends on the command.
    data: Option<PathBuf> = None, path, "a folder";
    /// The PostgreSQL database; the embedded one where none is chosen.
    database_url: Option<String> = None, |text| (!text.is_empty()).then(|| Some(text.into())),
        "an address, postgres://user@host/database";
    /// The certificates that a PostgreSQL server's must chain to.
    database_ca: Option<PathBuf> = None, path, "a file of certificates (PEM)";
    /// The certificate that the server shows, with those between it and its authority.
    tls_certificate: Option<PathBuf> = None, path, "a file of certificates (PEM)";
    /// The private key of that certificate.
    tls_key: Option<PathBuf> = None, path, "a file with one private key (PEM)";
    /// Whose word counts on where a request comes from.
    trusted_proxies: Vec<Network> = Vec::new(), |text| list(text, |one| one.parse().ok().filter(Network::is_narrow)),
        "a list of addresses, or of networks of at most 65536 addresses (IPv6: /64), such as [\"10.0.0.5\"]";
    /// The names under which the server is asked for; any where none is chosen.
    public_hosts: Vec<String> = Vec::new(), |text| list(text, host),
        "a list of host names, each with a port or for every port, such as [\"baiyo.example.jp\"]";
    /// Who gives a second factor when he signs in.
    second_factor: SecondFactor = SecondFactor::default(), SecondFactor::named,
        "\"voluntary\", \"by_role\" or \"everybody\"";
    /// The list of breached passwords, in the form of Pwned Passwords ordered by hash; none are known where none is chosen.
    breached_passwords: Option<PathBuf> = None, path, "a file of Pwned Passwords ordered by hash";
    /// The scanner that looks files from outside through for malware; none does where none is chosen.
    malware_scanner: Option<Scanner> = None, |text| text.parse().ok().map(Some),
        "clamd on this machine, such as tcp://127.0.0.1:3310 or unix:/run/clamav/clamd.ctl";
    /// The address under which browsers reach the server, for which passkeys are made; none are where none is chosen.
    passkey_origin: Option<Origin> = None, |text| text.parse().ok().map(Some),
        "an address such as https://baiyo.example.jp, or http://localhost:8080 on one machine";
    /// The provider at which people may sign in (OpenID Connect), as it names itself.
    openid_issuer: Option<String> = None, |text| issuer(text).map(Some),
        "an address such as https://id.example.jp, over https unless it is on this machine";
    /// What the provider calls this server.
    openid_client: Option<String> = None, |text| (!text.trim().is_empty()).then(|| Some(text.into())),
        "the identifier that the provider gave out";
    /// The file with the secret that the provider shares with this server.
    openid_secret_file: Option<PathBuf> = None, path, "a file with the secret that the provider gave out";
    /// The address under which browsers reach the server, to which the provider sends them back.
    openid_origin: Option<Origin> = None, |text| text.parse().ok().map(Some),
        "an address such as https://baiyo.example.jp, or http://localhost:8080 on one machine";
    /// The certificates that the provider's must chain to; those that browsers know where none are chosen.
    openid_ca: Option<PathBuf> = None, path, "a file of certificates (PEM)";
    /// Of `acr` and `amr`, what says that the provider saw a second factor.
    openid_factors: Vec<String> = Vec::new(), |text| list(text, |one| Some(one.into())),
        "a list of values of acr or amr, such as [\"mfa\"]";
    /// Tries to sign in, set a password or the like that one address may make in a minute.
    sign_ins_per_minute: u32 = 60, |text| within(text, 5, 100_000), "a whole number from 5 to 100000";
    /// Requests that one address may make in a minute.
    requests_per_minute: u32 = 6_000, |text| within(text, 60, 10_000_000), "a whole number from 60 to 10000000";
    /// Connections at a time; more wait until one ends.
    connections: u32 = 2_000, |text| within(text, 16, 100_000), "a whole number from 16 to 100000";
    /// Requests answered at a time; more are told to come again.
    requests_at_once: u32 = 500, |text| within(text, 4, 100_000), "a whole number from 4 to 100000";
    /// Seconds in which a request's headers must have come.
    seconds_for_headers: u32 = 10, |text| within(text, 1, 300), "a whole number of seconds from 1 to 300";
    /// Seconds in which a request's body must have come.
    seconds_for_body: u32 = 60, |text| within(text, 1, 900), "a whole number of seconds from 1 to 900";
    /// How a line of the log is written.
    log_format: LogFormat = LogFormat::default(), LogFormat::named, "\"text\" or \"json\"";
    /// How much is logged.
    log_level: String = "warn,baiyo=info".into(), log_level,
        "a level (error, warn, info, debug or trace), or several by part, such as \"warn,baiyo=info\"";
    /// Where the figures for Prometheus are asked for; nowhere where none is chosen.
    metrics_listen: Option<SocketAddr> = None, |text| text.parse().ok().map(Some),
        "an address and a port, such as 127.0.0.1:9464";
    /// Where traces are sent; nowhere where none is chosen.
    otlp_endpoint: Option<String> = None, |text| by_http(text).then(|| Some(text.into())),
        "the address of a collector, such as http://127.0.0.1:4318/v1/traces";
}

/// An address under which browsers reach the server: over https, or on this very machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As browsers write it, such as `https://baiyo.example.jp`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host's name alone.
    pub fn host(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.split(':').next().unwrap_or_default()
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, place) = text.split_once("://")?;
        let (name, port) = place.split_once(':').map_or((place, None), |(name, port)| (name, Some(port)));
        let usual = if scheme == "https" { "443" } else { "80" };
        let written = port.is_none_or(|port| {
            port.parse::<u16>().is_ok_and(|number| number.to_string() == port) && port != usual
        });
        let label = |label: &str| {
            let allowed = label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            allowed && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        // A last part of digits would be an address of the network, which can have no passkey.
        let named = name.split('.').all(label)
            && name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
        let safe = scheme == "https" || (scheme == "http" && name == "localhost");
        (written && named && safe).then(|| Self(text.into()))
    }
}

impl FromStr for Origin {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::read(text).ok_or(())
    }
}

/// Who must give a second factor, a code from his own device, when he signs in. Whoever has set one up is asked for it
/// always. A demonstration asks nobody to set one up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondFactor {
    /// Nobody has to.
    Voluntary,
    /// The quality department and administrators.
    #[default]
    ByRole,
    /// Everybody.
    Everybody,
}

impl SecondFactor {
    /// Whether somebody with these roles, as a deputy too, must give one.
    pub fn is_asked_of(self, roles: &[Role]) -> bool {
        match self {
            Self::Voluntary => false,
            Self::ByRole => roles
                .iter()
                .any(|role| matches!(role, Role::QcAnalyst | Role::Releaser | Role::Administrator)),
            Self::Everybody => true,
        }
    }

    fn named(text: &str) -> Option<Self> {
        match text {
            "voluntary" => Some(Self::Voluntary),
            "by_role" => Some(Self::ByRole),
            "everybody" => Some(Self::Everybody),
            _ => None,
        }
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: an object of JSON on each line.
    Json,
}

impl LogFormat {
    fn named(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Why a server does not start: one sentence that names the key, where it was given and what is accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAccepted(pub String);

/// What was given on the command line: the key, the flag, the value.
pub type Flag = (&'static str, &'static str, String);

impl Settings {
    /// Reads what was chosen: in a file, in the environment (as `std::env::vars_os` has it), and by flags; the later wins.
    ///
    /// # Errors
    /// The file cannot be read; a key is unknown; a value is not accepted; a key lacks the one it goes with.
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        flags: &[Flag],
    ) -> Result<Self, NotAccepted> {
        let mut reading = Reading::default();
        if let Some(file) = file {
            reading.file(file)?;
        }
        reading.environment(environment)?;
        for (key, flag, value) in flags {
            reading.set(key, value, (*flag).into())?;
        }
        for (built, beginning, feature) in [
            (cfg!(feature = "passkeys"), "passkey_", "passkeys"),
            (cfg!(feature = "openid"), "openid_", "openid"),
            (cfg!(feature = "otlp"), "otlp_", "otlp"),
        ] {
            let given = reading.given.iter().find(|(key, _)| key.starts_with(beginning));
            if let Some((key, place)) = given.filter(|_| !built) {
                return Err(NotAccepted(format!(
                    "{place}: {key} needs a program built with the feature {feature}"
                )));
            }
        }
        for (one, other) in [
            ("tls_certificate", "tls_key"),
            ("tls_key", "tls_certificate"),
            ("openid_issuer", "openid_client"),
            ("openid_client", "openid_secret_file"),
            ("openid_secret_file", "openid_origin"),
            ("openid_origin", "openid_issuer"),
            ("openid_ca", "openid_issuer"),
            ("openid_factors", "openid_issuer"),
        ] {
            if let (Some(given), None) = (reading.given.get(one), reading.given.get(other)) {
                return Err(NotAccepted(format!("{given}: {one} needs {other} as well")));
            }
        }
        // What is counted tells nobody's name, and still goes to no other machine in the clear (ASVS 5.0, 12.3.1).
        let far = reading.settings.metrics_listen.is_some_and(|address| !address.ip().is_loopback());
        if let (true, None, Some(given)) =
            (far, &reading.settings.tls_certificate, reading.given.get("metrics_listen"))
        {
            return Err(NotAccepted(format!(
                "{given}: metrics_listen needs tls_certificate as well, where another machine asks"
            )));
        }
        Ok(reading.settings)
    }

    /// How the server's own address begins.
    pub fn scheme(&self) -> &'static str {
        if self.tls_certificate.is_some() { "https" } else { "http" }
    }
}

#[derive(Default)]
struct Reading {
    settings: Settings,
    /// Where each key was given.
    given: BTreeMap<&'static str, String>,
}

impl Reading {
    fn set(&mut self, name: &str, value: &str, place: String) -> Result<(), NotAccepted> {
        let key = KEYS.iter().find(|key| key.name == name);
        let key = key.ok_or_else(|| NotAccepted(format!("{place}: there is no setting {name:?}")))?;
        (key.set)(&mut self.settings, value).ok_or_else(|| key.refusal(&place))?;
        self.given.insert(key.name, place);
        Ok(())
    }

    fn file(&mut self, file: &Path) -> Result<(), NotAccepted> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| NotAccepted(format!("{}: {error}", file.display())))?;
        let line = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let place = |at: usize| format!("{}, line {}", file.display(), line(at));
        let table = DeTable::parse(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            NotAccepted(format!("{}: {}", place(at), error.message()))
        })?;
        for (name, value) in table.get_ref() {
            let (place, name) = (place(name.span().start), name.get_ref());
            let key = KEYS.iter().find(|key| key.name == name);
            let text = plain(value.get_ref());
            match (key, text) {
                (Some(key), None) => return Err(key.refusal(&place)),
                (_, text) => self.set(name, &text.unwrap_or_default(), place)?,
            }
        }
        Ok(())
    }

    fn environment(
        &mut self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), NotAccepted> {
        let mut known: BTreeMap<String, OsString> = BTreeMap::new();
        known.extend(
            environment.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value))),
        );
        let text = |name: &str, value: &OsString| {
            let text = value.clone().into_string();
            text.map_err(|_| NotAccepted(format!("{name}: its value is no text")))
        };
        for (name, key) in ALSO {
            if let Some(value) = known.get(name) {
                self.set(key, &text(name, value)?, name.into())?;
            }
        }
        for (name, value) in &known {
            let Some(key) = name.strip_prefix(PREFIX) else { continue };
            if !OTHER_VARIABLES.contains(&name.as_str()) && !is_of_a_service(key) {
                self.set(&key.to_ascii_lowercase(), &text(name, value)?, name.clone())?;
            }
        }
        Ok(())
    }
}

impl Key {
    /// Never the value: an address of a database may carry a password.
    fn refusal(&self, place: &str) -> NotAccepted {
        NotAccepted(format!("{place}: {} takes {}", self.name, self.accepted))
    }
}

/// Whether a variable names a service called *baiyo*, as Kubernetes tells of each: `BAIYO_SERVICE_HOST`, `BAIYO_PORT_…`.
fn is_of_a_service(key: &str) -> bool {
    key == "PORT" || ["SERVICE_", "PORT_"].iter().any(|beginning| key.starts_with(beginning))
}

/// A value of the file as a variable would carry it; lists are parted by commas.
fn plain(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| plain(item.get_ref())).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

fn address(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| text.into())
}

fn by_http(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.starts_with('/') && rest.contains('/') && text.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

fn path(text: &str) -> Option<Option<PathBuf>> {
    (!text.is_empty()).then(|| Some(PathBuf::from(text)))
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(read).collect()
}

fn issuer(text: &str) -> Option<String> {
    let near = ["http://localhost", "http://127.0.0.1"].iter().any(|near| {
        text.strip_prefix(near).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    let address = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) || near;
    (address && text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains(['?', '#', '@']))
        .then(|| text.into())
}

fn host(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    text.chars().all(allowed).then(|| text.to_ascii_lowercase())
}

fn within(text: &str, least: u32, most: u32) -> Option<u32> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

fn log_level(text: &str) -> Option<String> {
    (!text.trim().is_empty() && EnvFilter::builder().parse(text).is_ok()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/baiyo.toml");
    /// Keys without a default: what stands in the file is an example.
    const EXAMPLES: [&str; 18] = [
        "data",
        "database_url",
        "database_ca",
        "tls_certificate",
        "tls_key",
        "trusted_proxies",
        "public_hosts",
        "breached_passwords",
        "malware_scanner",
        "passkey_origin",
        "openid_issuer",
        "openid_client",
        "openid_secret_file",
        "openid_origin",
        "openid_ca",
        "openid_factors",
        "metrics_listen",
        "otlp_endpoint",
    ];

    /// What a provider needs together.
    const PROVIDER: [(&str, &str); 4] = [
        ("openid_issuer", "https://i"),
        ("openid_client", "c"),
        ("openid_secret_file", "f"),
        ("openid_origin", "https://o.jp"),
    ];

    fn of_file(text: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baiyo.toml");
        std::fs::write(&file, text).unwrap();
        let read = Settings::read(Some(&file), [], &[]);
        read.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    fn of(environment: &[(&str, &str)], flags: &[Flag]) -> Result<Settings, String> {
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
        Settings::read(None, environment, flags).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shipped_file_explains_every_key_and_changes_nothing() {
        assert_eq!(Settings::read(Some(Path::new(SHIPPED)), [], &[]), Ok(Settings::default()));
        let text = std::fs::read_to_string(SHIPPED).unwrap();
        let said: Vec<(&str, &str)> =
            text.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = ")).collect();
        let said: Vec<(&str, &str)> = said.into_iter().filter(|(name, _)| !name.starts_with(' ')).collect();
        let names: Vec<&str> = said.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
        for (name, value) in said {
            let pair = match name {
                "tls_certificate" => "\ntls_key = \"k\"",
                "tls_key" => "\ntls_certificate = \"c\"",
                _ => "",
            };
            let mut text = format!("{name} = {value}{pair}");
            if name.starts_with("openid_") {
                for (key, value) in PROVIDER.iter().filter(|(key, _)| *key != name) {
                    text += &format!("\n{key} = \"{value}\"");
                }
            }
            let lacking = [
                name.starts_with("passkey_") && !cfg!(feature = "passkeys"),
                name.starts_with("openid_") && !cfg!(feature = "openid"),
                name.starts_with("otlp_") && !cfg!(feature = "otlp"),
            ];
            if lacking.contains(&true) {
                let refused = of_file(&text).unwrap_err();
                assert!(refused.contains("needs a program built with the feature"), "{refused}");
                continue;
            }
            let read = of_file(&text).unwrap();
            assert_eq!(read == Settings::default(), !EXAMPLES.contains(&name), "{name} = {value}");
        }
    }

    #[test]
    fn an_origin_is_one_that_browsers_make_passkeys_for() {
        for (text, host) in [
            ("https://baiyo.example.jp", "baiyo.example.jp"),
            ("https://baiyo.example.jp:8443", "baiyo.example.jp"),
            ("http://localhost:8080", "localhost"),
        ] {
            assert_eq!(Origin::read(text).unwrap().host(), host);
        }
        for text in [
            "",
            "baiyo.example.jp",
            "http://baiyo.example.jp",
            "https://192.0.2.7",
            "https://[::1]",
            "https://Baiyo.example.jp",
            "https://baiyo.example.jp/",
            "https://baiyo.example.jp:443",
            "https://baiyo.example.jp:08443",
            "https://user@baiyo.example.jp",
            "http://localhost.example.jp",
            "ftp://localhost",
        ] {
            assert_eq!(Origin::read(text), None, "{text}");
        }
        for (text, accepted) in [
            ("https://id.example.jp/realms/hospital", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost", true),
            ("http://id.example.jp", false),
            ("http://localhost.example.jp", false),
            ("http://127.0.0.1@example.jp", false),
            ("https://id.example.jp?x", false),
            ("https://", false),
        ] {
            assert_eq!(issuer(text).is_some(), accepted, "{text}");
        }
    }

    #[test]
    fn what_is_nearer_to_whoever_starts_the_server_wins() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baiyo.toml");
        let text = "listen = \"127.0.0.1:1\"\ndatabase_url = \"postgres://file\"\nrequests_at_once = 7\n\
            trusted_proxies = [\"::1\", \"10.1.0.0/16\"]\nlog_format = \"json\"";
        std::fs::write(&file, text).unwrap();
        let read = |environment: &[(&str, &str)], flags: &[Flag]| {
            let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
            Settings::read(Some(&file), environment, flags).unwrap()
        };
        let settings = read(&[], &[]);
        assert_eq!((settings.requests_at_once, settings.log_format), (7, LogFormat::Json));
        assert_eq!(settings.trusted_proxies.len(), 2);
        let old = ("DATABASE_URL", "postgres://old");
        assert_eq!(read(&[old], &[]).database_url.unwrap(), "postgres://old");
        let new = ("BAIYO_DATABASE_URL", "postgres://new");
        assert_eq!(read(&[old, new], &[]).database_url.unwrap(), "postgres://new");
        let flag = ("database_url", "--database-url", "postgres://flag".to_string());
        assert_eq!(read(&[old, new], &[flag]).database_url.unwrap(), "postgres://flag");
        let listening =
            [("BAIYO_LISTEN", "[::1]:2"), ("BAIYO_TRUSTED_PROXIES", "10.0.0.1, 10.0.0.2,10.0.0.3")];
        let settings = read(&listening, &[]);
        assert_eq!((settings.listen.as_str(), settings.trusted_proxies.len()), ("[::1]:2", 3));
    }

    const ORIGIN_TAKES: &str = "baiyo.toml, line 1: passkey_origin takes an address such as https://baiyo.example.jp, or \
         http://localhost:8080 on one machine";
    const REFUSED_CLIENT: &str = if cfg!(feature = "openid") {
        "baiyo.toml, line 1: openid_client needs openid_secret_file as well"
    } else {
        "baiyo.toml, line 1: openid_client needs a program built with the feature openid"
    };

    #[test]
    fn what_is_not_accepted_is_refused_by_a_sentence_that_names_key_place_and_what_is() {
        let refused = [
            ("\nlistn = \"x\"", "baiyo.toml, line 2: there is no setting \"listn\""),
            ("openid_client = \"c\"", REFUSED_CLIENT),
            ("passkey_origin = \"http://baiyo.example.jp\"", ORIGIN_TAKES),
            (
                "listen = 8080",
                "baiyo.toml, line 1: listen takes an address and a port, such as 127.0.0.1:8080",
            ),
            ("# x\n\nlog_format = \"xml\"", "baiyo.toml, line 3: log_format takes \"text\" or \"json\""),
            ("connections = 1", "baiyo.toml, line 1: connections takes a whole number from 16 to 100000"),
            ("connections = true", "baiyo.toml, line 1: connections takes a whole number from 16 to 100000"),
            ("tls_key = \"k\"", "baiyo.toml, line 1: tls_key needs tls_certificate as well"),
            (
                "metrics_listen = \"0.0.0.0:9464\"",
                "baiyo.toml, line 1: metrics_listen needs tls_certificate as well, where another machine asks",
            ),
            ("csrf = false", "baiyo.toml, line 1: there is no setting \"csrf\""),
            ("[tls]\nkey = \"k\"", "baiyo.toml, line 1: there is no setting \"tls\""),
            ("listen = \"a:1\"\nlisten = \"b:1\"", "baiyo.toml, line 2: duplicate key"),
        ];
        for (text, sentence) in refused {
            assert_eq!(of_file(text), Err(sentence.to_string()), "{text}");
        }
        let secret = of(&[("BAIYO_SECOND_FACTOR", "none")], &[]).unwrap_err();
        assert_eq!(
            secret,
            "BAIYO_SECOND_FACTOR: second_factor takes \"voluntary\", \"by_role\" or \"everybody\""
        );
        let unknown = of(&[("BAIYO_LISTN", "x")], &[]).unwrap_err();
        assert_eq!(unknown, "BAIYO_LISTN: there is no setting \"listn\"");
        let flag = of(&[], &[("listen", "--listen", "here".into())]).unwrap_err();
        assert_eq!(flag, "--listen: listen takes an address and a port, such as 127.0.0.1:8080");
        assert_eq!(of(&[("BAIYO_PASSWORD", "secret"), ("PATH", "/bin")], &[]), Ok(Settings::default()));
        let gone = Settings::read(Some(Path::new("/nowhere/baiyo.toml")), [], &[]).unwrap_err();
        assert!(gone.to_string().starts_with("/nowhere/baiyo.toml: "), "{gone}");
    }
}
