//! The server speaks HTTPS by itself: with a certificate of the site's, TLS 1.2 and 1.3 and nothing older. What does not
//! fit keeps it from starting, with a sentence.

use baiyo::settings::Settings;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stories::{Centre, baiyo, unhurried};

/// A certificate for `localhost` with its key, as files.
fn certificate(folder: &Path, name: &str) -> [PathBuf; 2] {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let files = [".pem", ".key"].map(|end| folder.join(format!("{name}{end}")));
    std::fs::write(&files[0], own.pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    files
}

/// Asks over TLS, and says with which version; an error where none is agreed on.
fn ask(
    address: &str,
    trusting: &Path,
    versions: &[&'static SupportedProtocolVersion],
    request: &str,
) -> std::io::Result<(String, String)> {
    let mut roots = RootCertStore::empty();
    let own = rustls::pki_types::CertificateDer::from_pem_file(trusting).unwrap();
    roots.add(own).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(config, name).map_err(std::io::Error::other)?;
    let socket = TcpStream::connect(address.trim_start_matches("http://"))?;
    socket.set_read_timeout(Some(std::time::Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(request.replace('\n', "\r\n").as_bytes())?;
    let mut answer = Vec::new();
    // Some servers do not say goodbye; what came is the answer.
    let _ = stream.read_to_end(&mut answer);
    let version = format!("{:?}", stream.conn.protocol_version());
    Ok((version, String::from_utf8_lossy(&answer).into_owned()))
}

#[test]
fn a_centre_is_served_over_tls_with_its_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate_file, key_file] = certificate(folder.path(), "own");
    let mut centre = Centre::open();
    let (tls_certificate, tls_key) = (Some(certificate_file.clone()), Some(key_file));
    // Bound and let go, so that it is free.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let metrics_listen = Some(([0, 0, 0, 0], port).into());
    centre.is_set_up(Settings { tls_certificate, tls_key, metrics_listen, ..unhurried() });
    let address = centre.address().to_string();
    // Figures to whatever other machine asks for them as well.
    let figures = "GET /metrics HTTP/1.1\nHost: localhost\nConnection: close\n\n";
    let at = format!("127.0.0.1:{port}");
    // The first answer says that the server is there, and with it the figures.
    ask(
        &address,
        &certificate_file,
        &[&rustls::version::TLS13],
        "GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n",
    )
    .unwrap();
    let (_, answer) = ask(&at, &certificate_file, &[&rustls::version::TLS13], figures).unwrap();
    assert!(answer.contains("baiyo_requests_total"), "{answer}");
    let mut plain = TcpStream::connect(&at).unwrap();
    plain.write_all(figures.replace('\n', "\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("baiyo_"), "{}", String::from_utf8_lossy(&answer));
    let page = "GET /sign-in HTTP/1.1\nHost: localhost\nConnection: close\n\n";
    for (version, name) in [(&rustls::version::TLS12, "TLSv1_2"), (&rustls::version::TLS13, "TLSv1_3")] {
        let (spoken, answer) = ask(&address, &certificate_file, &[version], page).unwrap();
        assert!(spoken.contains(name), "{spoken}");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age=63072000"), "{answer}");
    }
    // Signed in over TLS: the cookie is for encrypted ways alone, and a form of ours is ours.
    let member = centre.technician().account();
    let typed = format!("sign_in={}&password={}", member.sign_in, member.password.replace(' ', "+"));
    let sign_in = |origin: &str| {
        let head = format!(
            "POST /sign-in HTTP/1.1\nHost: localhost\nOrigin: {origin}\nConnection: close\n\
             Content-Type: application/x-www-form-urlencoded\nContent-Length: {}\n\n{typed}",
            typed.len()
        );
        ask(&address, &certificate_file, &[&rustls::version::TLS13], &head).unwrap().1
    };
    let signed_in = sign_in("https://localhost");
    assert!(signed_in.starts_with("HTTP/1.1 303"), "{signed_in}");
    let cookie = signed_in.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
    assert!(sign_in("http://localhost").starts_with("HTTP/1.1 403"), "the same host, by a plain way");
    // Who does not trust the certificate, or speaks no TLS, hears nothing.
    let [stranger, _] = certificate(folder.path(), "stranger");
    assert!(ask(&address, &stranger, &[&rustls::version::TLS13], page).is_err());
    let mut plain = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    plain.write_all(page.replace('\n', "\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1 200"));
    // The centre is looked into by its own server, as every story's is.
    centre.is_set_up(unhurried());
}

#[test]
fn what_does_not_fit_keeps_the_server_from_starting_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate_file, key_file] = certificate(folder.path(), "own");
    let [other, _] = certificate(folder.path(), "other");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let centre = Centre::open();
    let refused = |text: String, expected: &[&str]| {
        let file = folder.path().join("baiyo.toml");
        std::fs::write(&file, &text).unwrap();
        let data = folder.path().join("never-made");
        let arguments = ["serve", "--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
        let ran = baiyo(centre.location(), &arguments);
        assert_eq!(ran.code, 1, "{text}: {ran:?}");
        let sentence = ran.printed.trim_end();
        assert_eq!(sentence.lines().count(), 1, "one sentence: {sentence}");
        for part in expected {
            assert!(sentence.contains(part), "{part}: {sentence}");
        }
        assert!(!data.exists(), "nothing was made");
    };
    let tls =
        |certificate: &Path, key: &Path| format!("tls_certificate = {certificate:?}\ntls_key = {key:?}");
    refused(tls(&other, &key_file), &["tls_key", "own.key", "not the key of", "other.pem"]);
    refused(tls(&empty, &key_file), &["tls_certificate", "empty.pem", "no certificate"]);
    refused(tls(&certificate_file, &certificate_file), &["tls_key", "own.pem"]);
    refused(tls(&certificate_file, &folder.path().join("gone.key")), &["tls_key", "gone.key"]);
    refused(format!("tls_certificate = {certificate_file:?}"), &["line 1", "tls_certificate needs tls_key"]);
    refused("\nsecond_factor = \"nobody\"".into(), &["baiyo.toml, line 2", "second_factor takes", "by_role"]);
    refused("# a\ngate = \"off\"".into(), &["baiyo.toml, line 2", "there is no setting \"gate\""]);
    refused("listen = ".into(), &["baiyo.toml, line 1"]);
}

/// What a client says first that knows TLS 1.2 and these cipher suites alone.
fn hello(suites: &[u16]) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let of = |kind: u16, content: Vec<u8>| [&kind.to_be_bytes()[..], &sized(&content)].concat();
    let numbers =
        |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    let extensions = [
        of(10, sized(&numbers(&[0x001d, 0x0017]))),
        of(13, sized(&numbers(&[0x0403, 0x0804, 0x0401]))),
        of(11, vec![1, 0]),
        of(23, Vec::new()),
    ];
    let body = [&[3, 3][..], &[7; 32], &[0], &sized(&numbers(suites)), &[1, 0], &sized(&extensions.concat())];
    let body = body.concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    [&[22, 3, 1][..], &sized(&message)].concat()
}

#[test]
fn who_knows_only_weak_ciphers_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate_file, key_file] = certificate(folder.path(), "own");
    let mut centre = Centre::open();
    let (tls_certificate, tls_key) = (Some(certificate_file), Some(key_file));
    centre.is_set_up(Settings { tls_certificate, tls_key, ..unhurried() });
    let answer = |suites: &[u16]| {
        let mut socket = TcpStream::connect(centre.address().trim_start_matches("http://")).unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        socket.write_all(&hello(suites)).unwrap();
        let mut first = [0; 7];
        socket.read_exact(&mut first).unwrap();
        first
    };
    // By ECDHE and AES-GCM or ChaCha20 somebody gets a hello back, so that the others are refused for their ciphers.
    for strong in [0xc02b, 0xc02c, 0xcca9] {
        let first = answer(&[strong]);
        assert_eq!((first[0], first[5]), (22, 2), "{strong:04x}: {first:?}");
    }
    // None, export, RC4, DES, 3DES, CBC, without forward secrecy, anonymous.
    let weak = [
        0x0000, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0009, 0x000a, 0x0016, 0x002f, 0x0033, 0x0035,
        0x003c, 0x003d, 0x009c, 0x009d, 0x0018, 0x0034, 0xc007, 0xc008, 0xc009, 0xc00a, 0xc012, 0xc013,
        0xc014, 0xc023, 0xc024, 0xc018,
    ];
    for suite in weak {
        let first = answer(&[suite]);
        assert_eq!((first[0], first[5], first[6]), (21, 2, 40), "{suite:04x}: no handshake, {first:?}");
    }
    assert_eq!(answer(&weak)[0], 21, "nor by all of them");
    centre.is_set_up(unhurried());
}
