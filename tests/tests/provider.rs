//! Signing in at a hospital's own provider: a small one that does as it is told, also what no honest one would.

use baiyo::settings::{SecondFactor, Settings};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use stories::{Answer, Authenticator, Browser, Centre, Member};
use tempfile::TempDir;

const ORIGIN: &str = "https://baiyo.example.jp";
const CLIENT: &str = "baiyo";
const SECRET: &str = "kept between the two";

/// What a provider signs with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Signing {
    Own,
    /// Another key, under the name of its own.
    Strangers,
    /// Nothing at all: `alg: none`.
    Nothing,
    /// What the client and anybody who reads the provider's keys have: the secret, or the public key.
    Secret,
    PublicKey,
}

/// What a code stands for.
struct Grant {
    claims: Value,
    kid: &'static str,
    signing: Signing,
    challenge: String,
}

struct Inner {
    own: EcdsaKeyPair,
    strangers: EcdsaKeyPair,
    grants: HashMap<String, Grant>,
    /// How it answers when it is not itself.
    broken: Option<&'static str>,
    names_itself: bool,
    address: String,
    codes: u32,
}

/// A provider on this machine.
struct Provider(Arc<Mutex<Inner>>);

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap()
}

impl Provider {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            own: key(),
            strangers: key(),
            grants: HashMap::new(),
            broken: None,
            names_itself: true,
            address,
            codes: 0,
        };
        let provider = Arc::new(Mutex::new(inner));
        let serving = Arc::clone(&provider);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serving.lock().unwrap().answer(stream);
            }
        });
        Self(provider)
    }

    fn address(&self) -> String {
        self.0.lock().unwrap().address.clone()
    }

    fn is(&self, broken: Option<&'static str>) {
        self.0.lock().unwrap().broken = broken;
    }

    /// Somebody signs in at it, where a browser was sent; with what it sends the browser back.
    fn sees(&self, centre: &Centre, sent: &Sent, subject: &str) -> Back {
        self.sees_twisted(centre, sent, subject, |_| {}, "own", Signing::Own)
    }

    fn sees_twisted(
        &self,
        centre: &Centre,
        sent: &Sent,
        subject: &str,
        twist: impl FnOnce(&mut Value),
        kid: &'static str,
        signing: Signing,
    ) -> Back {
        let mut inner = self.0.lock().unwrap();
        inner.codes += 1;
        let code = format!("code-{}", inner.codes);
        let now = centre.now().utc().timestamp();
        let mut claims = json!({
            "iss": inner.address, "sub": subject, "aud": [CLIENT], "nonce": sent.of("nonce"),
            "iat": now, "exp": now + 300, "auth_time": now, "email": "hanako@example.jp",
        });
        twist(&mut claims);
        let challenge = sent.of("code_challenge");
        inner.grants.insert(code.clone(), Grant { claims, kid, signing, challenge });
        Back { code, state: sent.of("state"), iss: Some(inner.address.clone()) }
    }
}

impl Inner {
    fn answer(&mut self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut first, mut length, mut authorization) = (String::new(), 0, String::new());
        reader.read_line(&mut first)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorization = value.into(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (status, said) = match (first.split(' ').nth(1), self.broken) {
            (_, Some("closed")) => return Ok(()),
            (_, Some("failing")) => (500, json!({})),
            (Some("/.well-known/openid-configuration"), _) => (200, self.metadata()),
            (Some("/jwks"), _) => (200, self.keys()),
            (Some("/token"), _) => self.tokens(&String::from_utf8(body).unwrap(), &authorization),
            _ => (404, json!({})),
        };
        let said = said.to_string();
        write!(
            stream,
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}",
            said.len()
        )
    }

    fn metadata(&self) -> Value {
        let address = &self.address;
        let issuer = if self.broken == Some("another") { "https://id.example.com" } else { address };
        json!({
            "issuer": issuer, "authorization_endpoint": format!("{address}/authorize"),
            "token_endpoint": format!("{address}/token"), "jwks_uri": format!("{address}/jwks"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            // It would take anything.
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": self.names_itself,
        })
    }

    fn keys(&self) -> Value {
        let point = self.own.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..65]].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "own", "x": x, "y": y }] })
    }

    /// As an honest provider gives tokens: to its client, once, and to whoever began.
    fn tokens(&mut self, body: &str, authorization: &str) -> (u16, Value) {
        let fields: HashMap<&str, String> =
            body.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k, decoded(v))).collect();
        let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+"))));
        if authorization != basic {
            return (401, json!({ "error": "invalid_client" }));
        }
        let Some(grant) = self.grants.remove(&fields["code"]) else {
            return (400, json!({ "error": "invalid_grant" }));
        };
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, fields["code_verifier"].as_bytes()));
        let back = format!("{ORIGIN}/sign-in/provider");
        if (challenge, &fields["redirect_uri"]) != (grant.challenge.clone(), &back) {
            return (400, json!({ "error": "invalid_grant" }));
        }
        let mut tokens = json!({ "access_token": "opens nothing", "token_type": "Bearer" });
        if self.broken != Some("without ID token") {
            tokens["id_token"] = json!(self.signed(&grant));
        }
        (200, tokens)
    }

    fn signed(&self, grant: &Grant) -> String {
        let algorithm = match grant.signing {
            Signing::Own | Signing::Strangers => "ES256",
            Signing::Nothing => "none",
            Signing::Secret | Signing::PublicKey => "HS256",
        };
        let header = json!({ "alg": algorithm, "kid": grant.kid, "typ": "JWT" });
        let [header, claims] =
            [header, grant.claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let mac = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
        let ecdsa = |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        let signature = match grant.signing {
            Signing::Own => ecdsa(&self.own).as_ref().to_vec(),
            Signing::Strangers => ecdsa(&self.strangers).as_ref().to_vec(),
            Signing::Nothing => Vec::new(),
            Signing::Secret => mac(SECRET.as_bytes()).as_ref().to_vec(),
            Signing::PublicKey => mac(self.own.public_key().as_ref()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        (bytes, rest) = match (first, hex) {
            (b'%', Some(byte)) => ([&bytes[..], &[byte]].concat(), &after[2..]),
            (b'+', _) => ([&bytes[..], b" "].concat(), after),
            (byte, _) => ([&bytes[..], &[*byte]].concat(), after),
        };
    }
    String::from_utf8(bytes).unwrap()
}

/// Where a browser was sent.
struct Sent(String);

impl Sent {
    fn of(&self, name: &str) -> String {
        let (_, query) = self.0.split_once('?').unwrap();
        let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        decoded(found.unwrap_or_else(|| panic!("no {name} in {}", self.0)).1)
    }
}

/// With what a browser comes back.
#[derive(Clone)]
struct Back {
    code: String,
    state: String,
    iss: Option<String>,
}

impl Back {
    fn path(&self) -> String {
        let iss = self.iss.as_ref().map(|iss| format!("&iss={iss}")).unwrap_or_default();
        format!("//sign-in/provider?code={}&state={}{iss}", self.code, self.state)
    }
}

/// A centre whose people may sign in at a provider. The secret lies in the folder.
fn centre() -> (Centre, Provider, TempDir, Settings) {
    let (mut centre, provider) = (Centre::open(), Provider::start());
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let settings = Settings {
        openid_issuer: Some(provider.address()),
        openid_client: Some(CLIENT.into()),
        openid_secret_file: Some(secret),
        openid_origin: Some(ORIGIN.parse().unwrap()),
        openid_factors: vec!["mfa".into()],
        ..stories::unhurried()
    };
    centre.is_set_up(settings.clone());
    (centre, provider, folder, settings)
}

fn signed_in<'a>(centre: &'a Centre, member: &Member) -> Browser<'a> {
    let browser = Browser::new(centre);
    browser.sign_in(&member.sign_in, &member.password).ok();
    browser
}

/// An administrator names the account, and its person accepts it.
fn linked(centre: &Centre, member: &Member, subject: &str) {
    let office = signed_in(centre, centre.administrator().account());
    let place = format!("//people/{}/provider", member.id);
    goes_to(&office.fill_in(&place, &[("subject", subject)]), &format!("/people/{}", member.id));
    let his = signed_in(centre, member);
    let accepted = his.fill_in("//me/provider", &[("subject", subject), ("password", &member.password)]);
    goes_to(&accepted, "/me");
}

/// The browser is sent to the provider.
fn sent(browser: &Browser, to: &str) -> Sent {
    let answer = browser.fill_in("//sign-in/provider", &[("to", to)]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    Sent(answer.header("refresh").unwrap().strip_prefix("0; url=").unwrap().to_string())
}

fn come_back(browser: &Browser, back: &Back) -> Answer {
    // A navigation from another site, as browsers say.
    browser.send(browser.call("GET", &back.path()).header("sec-fetch-site", "cross-site"))
}

fn go_on(browser: &Browser, code: &str) -> Answer {
    browser.fill_in("//sign-in/provider/enter", &[("code", code)])
}

#[track_caller]
fn goes_to(answer: &Answer, place: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(place)), "{}", answer.text);
}

#[test]
fn its_doors_are_like_all_others() {
    let (centre, _provider, _folder, _) = centre();
    assert_eq!(stories::doors::of_a_feature_are_like_all_others(&centre, "/provider"), 7);
}

#[test]
fn a_sign_in_that_was_left_is_over_for_whoever_copied_it() {
    let (centre, provider, _folder, _) = centre();
    let member = centre.technician().account().clone();
    linked(&centre, &member, "subject-1");
    type Leaves = fn(&Browser, &Member) -> Answer;
    let ways: [(&str, Leaves); 3] = [
        ("by signing in with a password", |browser, member| {
            browser.fill_in("//sign-in", &[("sign_in", &member.sign_in), ("password", &member.password)])
        }),
        ("by asking for the password", |browser, _| browser.get("//sign-in?anew=1")),
        ("by signing out", |browser, _| browser.fill_in("//sign-out", &[])),
    ];
    for (how, leaves) in ways {
        let (browser, copy) = (Browser::new(&centre), Browser::new(&centre));
        let asked = sent(&browser, "/");
        let back = provider.sees(&centre, &asked, "subject-1");
        assert_eq!(come_back(&browser, &back).status, 200, "{how}");
        copy.put("baiyo_ceremony", &browser.cookie("baiyo_ceremony").expect("a ceremony"));
        let left = leaves(&browser, &member);
        assert!(left.status < 400 && browser.cookie("baiyo_ceremony").is_none(), "{how}: {}", left.text);
        // It is ended behind the answer.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_ne!(go_on(&copy, "").status, 303, "{how}");
        copy.get("/me").refused(401);
    }
    // The control: one that was not left goes on.
    let browser = Browser::new(&centre);
    let asked = sent(&browser, "/");
    let back = provider.sees(&centre, &asked, "subject-1");
    come_back(&browser, &back);
    goes_to(&go_on(&browser, ""), "/");
}

#[test]
fn whoever_the_provider_names_goes_on_with_a_tap_and_signs_with_his_password() {
    let (centre, provider, _folder, _) = centre();
    let (administrator, member) = (centre.administrator().account(), centre.technician().account().clone());
    let own = format!("//people/{}/provider", administrator.id);
    let office = signed_in(&centre, administrator);
    assert_eq!(office.fill_in(&own, &[("subject", "s")]).status, 403, "nobody names his own");
    linked(&centre, &member, "subject-1");

    let browser = Browser::new(&centre);
    assert!(browser.get("//sign-in").text.contains("action=\"/sign-in/provider\""));
    let way = sent(&browser, "/batches");
    assert!(way.0.starts_with(&format!("{}/authorize?", provider.address())), "{}", way.0);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("scope", "openid"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "https://baiyo.example.jp/sign-in/provider"),
        ("prompt", "login"),
        ("max_age", "300"),
        ("acr_values", "mfa"),
    ] {
        assert_eq!(way.of(name), value);
    }
    let other_way = sent(&Browser::new(&centre), "");
    for secret in ["state", "nonce", "code_challenge"] {
        assert_ne!(way.of(secret), other_way.of(secret));
        assert!(way.of(secret).len() >= 43);
    }
    let name = centre.technician().get("/me").ok()["name"].clone();
    let page = come_back(&browser, &provider.sees(&centre, &way, "subject-1"));
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains(name.as_str().unwrap()), "he sees as whom he goes on: {}", page.text);
    assert!(!page.text.contains("opens nothing"), "no token of the provider's leaves the server");
    assert!(!page.headers().iter().any(|(_, value)| value.contains("opens nothing")));
    let cookies: Vec<&str> = page.headers_named("set-cookie").collect();
    assert!(
        !cookies.iter().any(|cookie| cookie.starts_with("baiyo_session")),
        "not signed in by coming back"
    );
    assert!(
        cookies.iter().any(|c| c.starts_with("baiyo_ceremony") && c.contains("SameSite=Strict")),
        "{cookies:?}"
    );
    browser.get("/me").refused(401);
    goes_to(&go_on(&browser, ""), "/batches");
    assert_eq!(browser.get("/me").ok()["person"], json!(member.id));
    assert!(browser.get("//me").text.contains("by the hospital's sign-in"));
    // Whatever is signed is signed with the password, as ever.
    let manager = centre.manager().account().clone();
    linked(&centre, &manager, "subject-2");
    let his = Browser::new(&centre);
    assert_eq!(come_back(&his, &provider.sees(&centre, &sent(&his, ""), "subject-2")).status, 200);
    goes_to(&go_on(&his, ""), "/");
    let from = centre.now();
    let until = from.plus(TimeDelta::days(3));
    let path = format!("/people/{}/deputyship", centre.analyst().id());
    let version = centre.manager().version_of(&path);
    let signing = |password: &str| {
        let signature = json!({ "password": password, "meaning": "deputyship" });
        let form = json!({
            "role": "technician", "from": from, "until": until, "reason": "leave", "signature": signature,
        });
        his.send(his.call("POST", &path).json(&form).header("if-match", &version))
    };
    assert_eq!(signing("").status, 422);
    signing("not the password").refused(401).only(&["wrong_password"]);
    // Signing out ends what is here.
    goes_to(&browser.fill_in("//sign-out", &[]), "/sign-in");
    browser.get("/me").refused(401);
}

#[test]
fn the_cookie_that_is_told_on_return_opens_nothing_and_is_lax_alone() {
    let (centre, _provider, _folder, _) = centre();
    let browser = Browser::new(&centre);
    let answer = browser.fill_in("//sign-in/provider", &[]);
    let cookies: Vec<&str> = answer.headers_named("set-cookie").collect();
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    assert!(cookie.starts_with("baiyo_provider=") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    let value = browser.cookie("baiyo_provider").unwrap();
    browser.put("baiyo_session", &value);
    browser.get("/me").refused(401);
    browser.put("baiyo_ceremony", &value);
    assert_eq!(go_on(&browser, "").status, 401);
}

#[test]
fn what_is_not_right_signs_nobody_in() {
    let (centre, provider, _folder, _) = centre();
    let (member, other) = (centre.technician().account().clone(), centre.analyst().account().clone());
    linked(&centre, &member, "subject-1");
    linked(&centre, &other, "subject-2");
    let (mut accepted, mut tried) = (0, 0);
    let mut is_refused = |what: &str, browser: &Browser, answer: Answer| {
        tried += 1;
        let entered = go_on(browser, "");
        if answer.status == 200 || entered.status == 303 || browser.get("/me").status == 200 {
            println!("{what}: {} {}", answer.status, entered.status);
            accepted += 1;
        }
    };
    type Twist = (&'static str, fn(&mut Value), &'static str, Signing);
    let twists: [Twist; 20] = [
        ("for another client", |c| c["aud"] = json!(["another"]), "own", Signing::Own),
        ("for another client besides", |c| c["aud"] = json!([CLIENT, "another"]), "own", Signing::Own),
        ("for nobody", |c| c["aud"] = json!([]), "own", Signing::Own),
        ("another party's", |c| c["azp"] = json!("another"), "own", Signing::Own),
        ("of another issuer", |c| c["iss"] = json!("https://id.example.com"), "own", Signing::Own),
        (
            "of an issuer whose name begins alike",
            |c| c["iss"] = json!(format!("{}0", c["iss"].as_str().unwrap())),
            "own",
            Signing::Own,
        ),
        ("expired", |c| c["exp"] = json!(c["iat"].as_i64().unwrap() - 1), "own", Signing::Own),
        ("expiring now", |c| c["exp"] = c["iat"].clone(), "own", Signing::Own),
        ("issued an hour ago", |c| c["iat"] = json!(c["iat"].as_i64().unwrap() - 3600), "own", Signing::Own),
        ("issued in an hour", |c| c["iat"] = json!(c["iat"].as_i64().unwrap() + 3600), "own", Signing::Own),
        (
            "of a session left open",
            |c| c["auth_time"] = json!(c["iat"].as_i64().unwrap() - 3600),
            "own",
            Signing::Own,
        ),
        (
            "of a session of unknown age",
            |c| {
                c.as_object_mut().unwrap().remove("auth_time");
            },
            "own",
            Signing::Own,
        ),
        ("with another nonce", |c| c["nonce"] = json!("another"), "own", Signing::Own),
        (
            "without a nonce",
            |c| {
                c.as_object_mut().unwrap().remove("nonce");
            },
            "own",
            Signing::Own,
        ),
        ("signed by a stranger as its own", |_| {}, "own", Signing::Strangers),
        ("signed by a stranger", |_| {}, "strangers", Signing::Strangers),
        ("not signed", |_| {}, "own", Signing::Nothing),
        ("signed with the secret", |_| {}, "own", Signing::Secret),
        ("signed with the public key", |_| {}, "own", Signing::PublicKey),
        (
            "of nobody",
            |c| {
                c.as_object_mut().unwrap().remove("sub");
            },
            "own",
            Signing::Own,
        ),
    ];
    for (what, twist, kid, signing) in twists {
        let browser = Browser::new(&centre);
        let way = sent(&browser, "");
        let back = provider.sees_twisted(&centre, &way, "subject-1", twist, kid, signing);
        is_refused(what, &browser, come_back(&browser, &back));
    }
    // An ID token of one's own earlier sign-in, and one of another browser's.
    let (first, second) = (Browser::new(&centre), Browser::new(&centre));
    let (way, earlier) = (sent(&first, ""), sent(&second, ""));
    let nonce = earlier.of("nonce");
    let back =
        provider.sees_twisted(&centre, &way, "subject-1", |c| c["nonce"] = json!(nonce), "own", Signing::Own);
    is_refused("a nonce of another sign-in", &first, come_back(&first, &back));

    // The browser that comes back is the one that was sent.
    let (his, hers) = (Browser::new(&centre), Browser::new(&centre));
    let (his_way, her_way) = (sent(&his, ""), sent(&hers, ""));
    let (his_back, her_back) =
        (provider.sees(&centre, &his_way, "subject-1"), provider.sees(&centre, &her_way, "subject-2"));
    is_refused("another's return", &hers, come_back(&hers, &his_back));
    let hers = Browser::new(&centre);
    let her_way = sent(&hers, "");
    let injected = Back { code: his_back.code.clone(), ..provider.sees(&centre, &her_way, "subject-2") };
    is_refused("another's code with one's own state", &hers, come_back(&hers, &injected));
    let stranger = Browser::new(&centre);
    is_refused("a browser that was not sent", &stranger, come_back(&stranger, &her_back));
    for (what, change) in [
        ("no state", (|back: &mut Back| back.state = String::new()) as fn(&mut Back)),
        ("a state of one's own", |back| back.state = "a".repeat(64)),
        ("no code", |back| back.code = String::new()),
        ("a code that was never given", |back| back.code = "code-0".into()),
        ("another provider's return", |back| back.iss = Some("https://id.example.com".into())),
        ("no provider's return", |back| back.iss = None),
    ] {
        let browser = Browser::new(&centre);
        let mut back = provider.sees(&centre, &sent(&browser, ""), "subject-1");
        change(&mut back);
        is_refused(what, &browser, come_back(&browser, &back));
    }
    let given_up = Browser::new(&centre);
    let state = sent(&given_up, "").of("state");
    let path = format!("//sign-in/provider?error=access_denied&state={state}&iss={}", provider.address());
    is_refused("given up there", &given_up, given_up.get(&path));
    let late = Browser::new(&centre);
    let back = provider.sees(&centre, &sent(&late, ""), "subject-1");
    centre.minutes(5);
    is_refused("five minutes later", &late, come_back(&late, &back));
    // Nobody's account.
    for subject in ["subject-3", "SUBJECT-1", "hanako@example.jp"] {
        let browser = Browser::new(&centre);
        let answer = come_back(&browser, &provider.sees(&centre, &sent(&browser, ""), subject));
        assert!(answer.text.contains("not linked"), "{}", answer.text);
        is_refused(subject, &browser, answer);
    }
    provider.is(Some("without ID token"));
    let browser = Browser::new(&centre);
    is_refused(
        "no ID token",
        &browser,
        come_back(&browser, &provider.sees(&centre, &sent(&browser, ""), "subject-1")),
    );
    provider.is(None);

    // Once: neither the return nor the tap.
    let browser = Browser::new(&centre);
    let back = provider.sees(&centre, &sent(&browser, ""), "subject-1");
    let asked = browser.cookie("baiyo_provider").unwrap();
    assert_eq!(come_back(&browser, &back).status, 200);
    let named = browser.cookie("baiyo_ceremony").unwrap();
    let thief = Browser::new(&centre);
    thief.put("baiyo_provider", &asked);
    is_refused("the same return again", &thief, come_back(&thief, &back));
    let posted = browser.call("POST", "//sign-in/provider/enter").header("sec-fetch-site", "cross-site");
    let elsewhere = posted.body(Vec::new(), "application/x-www-form-urlencoded").send();
    assert_eq!(elsewhere.status, 403, "nor by another site's form");
    goes_to(&go_on(&browser, ""), "/");
    let again = Browser::new(&centre);
    again.put("baiyo_ceremony", &named);
    let answer = go_on(&again, "");
    is_refused("the same tap again", &again, answer);
    assert_eq!((accepted, tried), (0, 38));
}

#[test]
fn nobody_is_led_to_another_site() {
    let (centre, provider, _folder, _) = centre();
    let member = centre.technician().account().clone();
    linked(&centre, &member, "subject-1");
    for to in
        ["https://example.com/", "//example.com", "/\\example.com", "\\\\example.com", "javascript:alert(1)"]
    {
        let browser = Browser::new(&centre);
        assert_eq!(
            come_back(&browser, &provider.sees(&centre, &sent(&browser, to), "subject-1")).status,
            200
        );
        goes_to(&go_on(&browser, ""), "/");
    }
}

#[test]
fn an_account_counts_from_when_its_person_accepts_it_until_it_is_ended() {
    let (centre, provider, _folder, _) = centre();
    let (member, other) = (centre.technician().account().clone(), centre.analyst().account().clone());
    let office = signed_in(&centre, centre.administrator().account());
    let place = |member: &Member| format!("//people/{}/provider", member.id);
    let enters = |subject: &str| {
        let browser = Browser::new(&centre);
        let answer = come_back(&browser, &provider.sees(&centre, &sent(&browser, ""), subject));
        (answer.status == 200 && go_on(&browser, "").status == 303).then_some(browser)
    };
    assert_eq!(signed_in(&centre, &other).fill_in(&place(&member), &[("subject", "s")]).status, 403);
    for nothing in ["", "  ", "ａ", "a\u{0}b", &"x".repeat(256)] {
        assert_eq!(office.fill_in(&place(&member), &[("subject", nothing)]).status, 422, "{nothing:?}");
    }
    goes_to(&office.fill_in(&place(&member), &[("subject", "subject-1")]), &format!("/people/{}", member.id));
    let taken = office.fill_in(&place(&other), &[("subject", "subject-1")]);
    assert!(taken.status == 422 && taken.text.contains("another person"), "{}", taken.text);
    // Named by an administrator, it opens nothing: else he could name his own.
    assert!(enters("subject-1").is_none());
    let his = signed_in(&centre, &member);
    assert!(his.get("//me").text.contains("not accepted yet"));
    let accept = |browser: &Browser, subject: &str, password: &str| {
        browser.fill_in("//me/provider", &[("subject", subject), ("password", password)])
    };
    assert_eq!(accept(&his, "subject-1", "not the password").status, 401);
    // Nor does somebody else accept it, nor the person what he did not see.
    goes_to(&accept(&signed_in(&centre, &other), "subject-1", &other.password), "/me");
    goes_to(&accept(&his, "subject-9", &member.password), "/me");
    assert!(enters("subject-1").is_none() && enters("subject-9").is_none());
    goes_to(&accept(&his, "subject-1", &member.password), "/me");
    let entered = enters("subject-1").unwrap();
    // Another account in its place is to be accepted anew, and what began by the old one ends.
    goes_to(&office.fill_in(&place(&member), &[("subject", "subject-5")]), &format!("/people/{}", member.id));
    entered.get("/me").refused(401);
    assert!(enters("subject-1").is_none() && enters("subject-5").is_none());
    goes_to(&accept(&his, "subject-5", &member.password), "/me");
    let entered = enters("subject-5").unwrap();
    goes_to(&his.fill_in("//me/provider/end", &[]), "/me");
    entered.get("/me").refused(401);
    assert!(enters("subject-5").is_none());

    // Ended between the return and the tap.
    linked(&centre, &other, "subject-2");
    let browser = Browser::new(&centre);
    assert_eq!(come_back(&browser, &provider.sees(&centre, &sent(&browser, ""), "subject-2")).status, 200);
    goes_to(&office.fill_in(&format!("{}/end", place(&other)), &[]), &format!("/people/{}", other.id));
    assert_eq!(go_on(&browser, "").status, 401);
    // And whoever leaves.
    linked(&centre, &other, "subject-2");
    let entered = enters("subject-2").unwrap();
    let browser = Browser::new(&centre);
    assert_eq!(come_back(&browser, &provider.sees(&centre, &sent(&browser, ""), "subject-2")).status, 200);
    let path = format!("/people/{}/departure", other.id);
    centre.administrator().post(&path, json!({ "reason": "moved" })).ok();
    entered.get("/me").refused(401);
    assert_eq!(go_on(&browser, "").status, 401);
    assert!(enters("subject-2").is_none());
    assert_eq!(office.fill_in(&place(&other), &[("subject", "subject-2")]).status, 404);
}

#[test]
fn a_second_factor_is_the_providers_where_it_says_so_and_else_our_own() {
    let (mut centre, provider, _folder, settings) = centre();
    let (lead, releaser) = (centre.lead().account().clone(), centre.releaser().account().clone());
    for (member, subject) in [(&lead, "lead"), (&releaser, "releaser")] {
        linked(&centre, member, subject);
    }
    let hers = signed_in(&centre, &lead);
    let page = hers.get("//me/factor").text;
    let (app, proposal) =
        (Authenticator::scan(&page), page.split_once("name=\"proposal\" value=\"").unwrap().1);
    let first = app.code(centre.now(), 0);
    let fields = [
        ("proposal", proposal.split('"').next().unwrap()),
        ("password", &*lead.password),
        ("first", &*first),
    ];
    goes_to(&hers.fill_in("//me/factor", &fields), "/me");
    centre.set_clock(centre.now().plus(TimeDelta::seconds(60)));
    let back = |centre: &Centre, browser: &Browser, subject: &str, factor: Option<(&'static str, Value)>| {
        let way = sent(browser, "");
        let twist = |claims: &mut Value| {
            if let Some((name, value)) = factor {
                claims[name] = value;
            }
        };
        let back = provider.sees_twisted(centre, &way, subject, twist, "own", Signing::Own);
        let page = come_back(browser, &back);
        assert_eq!(page.status, 200);
        page.text.contains("one-time-code")
    };
    // Her own code, where the provider saw none: counted as ever, and the tap stays open for the right one.
    let browser = Browser::new(&centre);
    assert!(back(&centre, &browser, "lead", None));
    assert_eq!(go_on(&browser, "000000").status, 401);
    assert_eq!(go_on(&browser, "").status, 200, "asked for again");
    browser.get("/me").refused(401);
    goes_to(&go_on(&browser, &app.code(centre.now(), 0)), "/");
    for (name, value) in [("amr", json!(["pwd", "mfa"])), ("acr", json!("mfa"))] {
        let browser = Browser::new(&centre);
        assert!(!back(&centre, &browser, "lead", Some((name, value))));
        goes_to(&go_on(&browser, ""), "/");
    }
    for (name, value) in [("amr", json!(["pwd"])), ("acr", json!("mfa2"))] {
        assert!(back(&centre, &Browser::new(&centre), "lead", Some((name, value))));
    }
    // Whoever must have one.
    centre.is_set_up(Settings { second_factor: SecondFactor::ByRole, ..settings });
    let browser = Browser::new(&centre);
    back(&centre, &browser, "releaser", None);
    goes_to(&go_on(&browser, ""), "/");
    browser.get("/batches").refused(403).only(&["second_factor_needed"]);
    let browser = Browser::new(&centre);
    back(&centre, &browser, "releaser", Some(("amr", json!(["mfa"]))));
    goes_to(&go_on(&browser, ""), "/");
    browser.get("/batches").ok();
}

#[test]
fn without_the_provider_the_password_signs_in_as_ever() {
    let (centre, provider, folder, _) = centre();
    let member = centre.technician().account().clone();
    linked(&centre, &member, "subject-1");
    let says = |language: &'static str| {
        let browser = Browser::new(&centre);
        let call = browser.call("POST", "//sign-in/provider").header("accept-language", language);
        let answer = browser.send(call.body(Vec::new(), "application/x-www-form-urlencoded"));
        assert_eq!(answer.status, 401);
        assert!(answer.text.contains("name=\"password\""), "the way in that is left");
        answer.text
    };
    for broken in ["closed", "failing", "another"] {
        provider.is(Some(broken));
        assert!(says("en").contains("does not answer, or not as it should"), "{broken}");
        assert!(says("ja").contains("病院の認証サービスに接続できないか"), "{broken}");
        signed_in(&centre, &member).get("/me").ok();
    }
    // It goes away between the way there and the way back.
    provider.is(None);
    let browser = Browser::new(&centre);
    let back = provider.sees(&centre, &sent(&browser, ""), "subject-1");
    provider.is(Some("failing"));
    assert!(come_back(&browser, &back).text.contains("does not answer"));
    provider.is(None);
    // Nor does anything open where our own secret is wrong.
    std::fs::write(folder.path().join("secret"), "another").unwrap();
    let browser = Browser::new(&centre);
    let back = provider.sees(&centre, &sent(&browser, ""), "subject-1");
    assert_eq!(come_back(&browser, &back).status, 401);
    std::fs::remove_file(folder.path().join("secret")).unwrap();
    assert!(says("en").contains("does not answer"));
    signed_in(&centre, &member).get("/me").ok();
}
