//! The connection to PostgreSQL is encrypted, and only to a server whose certificate comes from whom the operator trusts
//! and names the host that was asked for.

use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::store::Location;
use diesel::sql_types::Bool;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stories::engine;
use xtask::postgres::Server;

/// Somebody who signs servers' certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let file = folder.join(format!("{name}.pem"));
        let own = params.self_signed(&key).expect("a certificate");
        std::fs::write(&file, own.pem()).expect("a file");
        Self { issuer: Issuer::new(params, key), file }
    }

    /// A certificate for a host, with its key.
    fn sign(&self, host: &str) -> [String; 2] {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![host.to_string()]).expect("a name");
        let signed = params.signed_by(&key, &self.issuer).expect("a certificate");
        [signed.pem(), key.serialize_pem()]
    }
}

#[derive(QueryableByName)]
struct Encrypted {
    #[diesel(sql_type = Bool)]
    ssl: bool,
}

/// Whether what is said to a server is encrypted, as it says itself.
fn is_encrypted(location: &Location) -> bool {
    // The application may not look at connections of the one it is a role of.
    let mut conn = location.postgres.as_ref().expect("a server").connect_as_owner().expect("a connection");
    let asked = diesel::sql_query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    asked.get_result::<Encrypted>(&mut conn).expect("an answer").ssl
}

#[test]
fn a_server_is_believed_by_its_certificate_alone() {
    if !engine::is_postgres() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [trusted, other] = ["trusted", "other"].map(|name| Authority::new(folder.path(), name));
    let [certificate, key] = trusted.sign("127.0.0.1");
    let server = Server::start_encrypted(&certificate, &key).expect("a server");
    let url = server.url();
    let open = |url: &str, authority: Option<&Authority>| {
        let location = Location::read(folder.path(), Some(url), authority.map(|known| known.file.clone()))?;
        Store::open_at(&location, Arc::new(SystemClock)).map(|store| (store, location))
    };
    // Named authorities mean that it must be encrypted, whether the address says so or not.
    for mode in ["", "?sslmode=require", "?sslmode=prefer", "?sslmode=disable"] {
        let (store, location) = open(&format!("{url}{mode}"), Some(&trusted)).expect("the server is trusted");
        assert!(is_encrypted(&location), "{mode}");
        store.seal_what_waits().expect("it writes as well");
    }
    let refused = |url: &str, authority| match open(url, Some(authority)) {
        Ok(_) => panic!("{url} is believed"),
        Err(error) => error.to_string(),
    };
    let by_another = refused(&url, &other);
    assert!(by_another.contains("UnknownIssuer"), "{by_another}");
    let elsewhere = refused(&url.replace("127.0.0.1", "localhost"), &trusted);
    assert!(elsewhere.contains("NotValidForName") || elsewhere.contains("not valid for name"), "{elsewhere}");

    // The control: without authorities nothing is encrypted, and nothing is believed for a certificate's sake.
    let (_, location) = open(&url, None).expect("this server takes both");
    assert!(!is_encrypted(&location));
}
