//! Passkeys, as devices of our own make and show them: what signs somebody in, and everything that does not.

use baiyo::settings::{SecondFactor, Settings};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::cell::Cell;
use stories::{Answer, Authenticator, Browser, Centre, Member};

const HOST: &str = "baiyo.example.jp";
const ORIGIN: &str = "https://baiyo.example.jp";
/// A user was there, and showed who he is (WebAuthn, 6.1).
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const WITH_KEY: u8 = 64;

/// A security key that does as it is told, also what no real one would.
struct Device {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    counter: Cell<u32>,
    user: Vec<u8>,
}

/// What a device and its browser say.
#[derive(Clone)]
struct Says {
    kind: &'static str,
    origin: String,
    host: String,
    challenge: String,
    flags: u8,
    user: Vec<u8>,
    id: Vec<u8>,
    cross: bool,
}

impl Device {
    fn new() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
        let id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        Self { key, id, counter: Cell::new(0), user: Vec::new() }
    }

    fn says(&self, kind: &'static str, asked: &Value) -> Says {
        let challenge = asked["publicKey"]["challenge"].as_str().unwrap().to_string();
        Says {
            kind,
            origin: ORIGIN.into(),
            host: HOST.into(),
            challenge,
            flags: PRESENT | VERIFIED,
            user: self.user.clone(),
            id: self.id.clone(),
            cross: false,
        }
    }

    fn data(&self, says: &Says, flags: u8) -> Vec<u8> {
        let counter = self.counter.get() + 1;
        self.counter.set(counter);
        let host = digest(&SHA256, says.host.as_bytes());
        [host.as_ref(), &[flags], &counter.to_be_bytes()].concat()
    }

    /// A new passkey, as a page's script writes it.
    fn makes(&mut self, asked: &Value) -> String {
        let user = asked["publicKey"]["user"]["id"].as_str().unwrap();
        self.user = URL_SAFE_NO_PAD.decode(user).unwrap();
        self.makes_as(&self.says("webauthn.create", asked))
    }

    fn makes_as(&self, says: &Says) -> String {
        let point = self.key.public_key().as_ref();
        // COSE: EC2, ES256, P-256, x, y (RFC 9053).
        let cose: Vec<u8> = [
            &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..],
            &point[1..33],
            &[0x22, 0x58, 32],
            &point[33..65],
        ]
        .concat();
        let length = u16::try_from(says.id.len()).unwrap().to_be_bytes();
        let data = self.data(says, says.flags | WITH_KEY);
        let data = [&data[..], &[0; 16], &length, &says.id, &cose].concat();
        let size = u16::try_from(data.len()).unwrap().to_be_bytes();
        let made = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".as_slice(), &size, &data].concat();
        let response = json!({
            "attestationObject": URL_SAFE_NO_PAD.encode(made),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data(says)),
        });
        answer(&says.id, response)
    }

    /// A signature, as a page's script writes it.
    fn shows(&self, asked: &Value) -> String {
        self.shows_as(&self.says("webauthn.get", asked))
    }

    fn shows_as(&self, says: &Says) -> String {
        let (data, client) = (self.data(says, says.flags), client_data(says));
        let signed = [&data[..], digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let response = json!({
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": URL_SAFE_NO_PAD.encode(&says.user),
        });
        answer(&says.id, response)
    }
}

fn client_data(says: &Says) -> String {
    let Says { kind, challenge, origin, cross, .. } = says;
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": cross }).to_string()
}

fn answer(id: &[u8], response: Value) -> String {
    let id = URL_SAFE_NO_PAD.encode(id);
    json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
        .to_string()
}

fn settings() -> Settings {
    Settings { passkey_origin: Some(ORIGIN.parse().unwrap()), ..stories::unhurried() }
}

/// A centre whose people may make passkeys.
fn centre() -> Centre {
    let mut centre = Centre::open();
    centre.is_set_up(settings());
    centre
}

fn signed_in<'a>(centre: &'a Centre, member: &Member) -> Browser<'a> {
    let browser = Browser::new(centre);
    browser.sign_in(&member.sign_in, &member.password).ok();
    browser
}

/// What the page asks the browser for, after the password.
fn begun(browser: &Browser, member: &Member, code: &str) -> Result<Value, Answer> {
    let fields = [("name", "Key on the desk"), ("password", &*member.password), ("code", code)];
    let page = browser.fill_in("//me/passkeys", &fields);
    let Some((_, rest)) = page.text.split_once("data-options=\"") else { return Err(page) };
    let options = rest.split('"').next().unwrap().replace("&quot;", "\"").replace("&amp;", "&");
    Ok(serde_json::from_str(&options).unwrap())
}

/// A passkey of this person's, made in this browser.
fn made(browser: &Browser, member: &Member) -> Device {
    let mut device = Device::new();
    let asked = begun(browser, member, "").unwrap();
    goes_to(&browser.fill_in("//me/passkeys/made", &[("answer", &device.makes(&asked))]), "/me");
    device
}

fn asked(browser: &Browser) -> Value {
    browser.send(browser.call("POST", "//sign-in/passkey/challenge")).ok()
}

fn show(browser: &Browser, answer: &str) -> Answer {
    browser.fill_in("//sign-in/passkey", &[("answer", answer), ("to", "/batches")])
}

#[track_caller]
fn goes_to(answer: &Answer, place: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(place)), "{}", answer.text);
}

#[test]
fn its_doors_are_like_all_others() {
    assert_eq!(stories::doors::of_a_feature_are_like_all_others(&centre(), "/passkey"), 6);
}

#[test]
fn a_passkey_is_made_with_the_password_and_signs_in_without_it() {
    let centre = centre();
    let administrator = centre.administrator();
    let member = administrator.account().clone();
    let his = signed_in(&centre, &member);
    for (name, password, status) in [("Key", "not the password", 401), ("", &*member.password, 422)] {
        let fields = [("name", name), ("password", password)];
        assert_eq!(his.fill_in("//me/passkeys", &fields).status, status);
    }
    let asked_for = begun(&his, &member, "").unwrap();
    assert_eq!(asked_for["publicKey"]["rp"]["id"], HOST);
    let selection = &asked_for["publicKey"]["authenticatorSelection"];
    assert_eq!([&selection["userVerification"], &selection["residentKey"]], ["required", "required"]);
    let before = his.cookie("baiyo_session").unwrap();
    let mut device = Device::new();
    goes_to(&his.fill_in("//me/passkeys/made", &[("answer", &device.makes(&asked_for))]), "/me");
    his.get("/me").ok();
    his.put("baiyo_session", &before);
    his.get("/me").refused(401);

    let browser = Browser::new(&centre);
    assert!(browser.get("//sign-in").text.contains("data-passkey=\"show\" data-challenge="));
    let challenge = asked(&browser);
    assert_eq!(challenge["publicKey"]["userVerification"], "required");
    assert_eq!(
        challenge["publicKey"]["allowCredentials"],
        json!([]),
        "nobody is told whose passkeys there are"
    );
    goes_to(&show(&browser, &device.shows(&challenge)), "/batches");
    assert_eq!(browser.get("/me").ok()["person"], json!(member.id));
    let page = browser.get("//me").text;
    assert!(page.contains("Key on the desk") && page.contains("by a passkey"), "{page}");
    // A second device is asked for that is none of his.
    let excluded = begun(&browser, &member, "").unwrap()["publicKey"]["excludeCredentials"].clone();
    assert_eq!(excluded[0]["id"], URL_SAFE_NO_PAD.encode(&device.id));

    // Whoever signs gives the password as ever.
    let grant = format!("/people/{}/role_grant", centre.technician().id());
    let version = administrator.version_of(&grant);
    let signing = |password: &str| {
        let signature = json!({ "password": password, "meaning": "role_grant" });
        let form = json!({ "role": "manufacturing_lead", "signature": signature });
        browser.send(browser.call("POST", &grant).json(&form).header("if-match", &version))
    };
    signing("").refused(422);
    signing("not the password").refused(401).only(&["wrong_password"]);
    signing(&member.password).ok();
}

#[test]
fn a_passkey_serves_whoever_must_have_a_second_factor() {
    let mut centre = Centre::open();
    let (releaser, lead) = (centre.releaser().account().clone(), centre.lead().account().clone());
    // Somebody with codes gives one to make a passkey, and none to sign in by it.
    centre.is_set_up(settings());
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
    for wrong in ["", "000000", &first] {
        assert_eq!(begun(&hers, &lead, wrong).unwrap_err().status, 401, "{wrong}");
    }
    centre.set_clock(centre.now().plus(TimeDelta::seconds(60)));
    let mut key = Device::new();
    let asked_for = begun(&hers, &lead, &app.code(centre.now(), 0)).unwrap();
    goes_to(&hers.fill_in("//me/passkeys/made", &[("answer", &key.makes(&asked_for))]), "/me");
    let elsewhere = Browser::new(&centre);
    goes_to(&show(&elsewhere, &key.shows(&asked(&elsewhere))), "/batches");
    elsewhere.get("/batches").ok();

    // Whoever must have a second factor and has none makes a passkey instead.
    centre.is_set_up(Settings { second_factor: SecondFactor::ByRole, ..settings() });
    let his = signed_in(&centre, &releaser);
    his.get("/batches").refused(403).only(&["second_factor_needed"]);
    assert!(his.get("//me/factor").text.contains("href=\"/me/passkeys\""));
    let device = made(&his, &releaser);
    his.get("/batches").ok();
    let again = Browser::new(&centre);
    goes_to(&show(&again, &device.shows(&asked(&again))), "/batches");
    again.get("/batches").ok();
    // By the password alone he has shown none, and gives himself none: so whoever knows it is no further.
    let thief = signed_in(&centre, &releaser);
    thief.get("/batches").refused(403).only(&["second_factor_needed"]);
    let refused = begun(&thief, &releaser, "").unwrap_err();
    assert!(refused.status == 403 && refused.text.contains("sign in by it first"), "{}", refused.text);
    let page = thief.get("//me/factor").text;
    let (app, proposal) =
        (Authenticator::scan(&page), page.split_once("name=\"proposal\" value=\"").unwrap().1);
    let first = app.code(centre.now(), 0);
    let fields = [
        ("proposal", proposal.split('"').next().unwrap()),
        ("password", &*releaser.password),
        ("first", &*first),
    ];
    assert_eq!(thief.fill_in("//me/factor", &fields).status, 403);
    thief.get("/batches").refused(403).only(&["second_factor_needed"]);
    made(&again, &releaser);
}

#[test]
fn an_answer_that_is_not_right_signs_nobody_in() {
    let centre = centre();
    let (member, other) = (centre.technician().account().clone(), centre.analyst().account().clone());
    let device = made(&signed_in(&centre, &member), &member);
    let others = made(&signed_in(&centre, &other), &other);
    let browser = Browser::new(&centre);
    let mut accepted = 0;
    let mut tried = 0;
    let mut is_refused = |what: &str, answer: Answer| {
        tried += 1;
        if ![401, 413].contains(&answer.status)
            || answer.headers_named("set-cookie").any(|c| c.starts_with("baiyo_session"))
        {
            println!("{what}: {}", answer.status);
            accepted += 1;
        }
    };
    type Change = fn(&mut Says, &Device);
    let changes: [(&str, Change); 15] = [
        ("another origin", |says, _| says.origin = "https://baiyo.example.com".into()),
        ("a host below", |says, _| says.origin = "https://evil.baiyo.example.jp".into()),
        ("a plain connection", |says, _| says.origin = "http://baiyo.example.jp".into()),
        ("another port", |says, _| says.origin = "https://baiyo.example.jp:8443".into()),
        ("an origin with more", |says, _| says.origin = "https://baiyo.example.jp.example.com".into()),
        ("within another's page", |says, _| says.cross = true),
        ("a device's word for another host", |says, _| says.host = "example.jp".into()),
        ("a challenge of its own", |says, _| says.challenge = URL_SAFE_NO_PAD.encode([7; 32])),
        ("no challenge", |says, _| says.challenge = String::new()),
        ("a user who is not verified", |says, _| says.flags = PRESENT),
        ("nobody there", |says, _| says.flags = VERIFIED),
        ("the making of a passkey", |says, _| says.kind = "webauthn.create"),
        ("another's identifier", |says, others| says.id = others.id.clone()),
        ("another as its user", |says, others| says.user = others.user.clone()),
        ("another's identifier and user", |says, others| {
            (says.id, says.user) = (others.id.clone(), others.user.clone());
        }),
    ];
    for (what, change) in changes {
        let mut says = device.says("webauthn.get", &asked(&browser));
        change(&mut says, &others);
        is_refused(what, show(&browser, &device.shows_as(&says)));
    }
    let unknown = Device { user: device.user.clone(), ..Device::new() };
    is_refused("a passkey that nobody made here", show(&browser, &unknown.shows(&asked(&browser))));
    let mut without_user = device.says("webauthn.get", &asked(&browser));
    without_user.user = Vec::new();
    is_refused("no user", show(&browser, &device.shows_as(&without_user)));
    for (what, place) in
        [("signature", "signature"), ("data", "authenticatorData"), ("client", "clientDataJSON")]
    {
        let mut changed: Value = serde_json::from_str(&device.shows(&asked(&browser))).unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(changed["response"][place].as_str().unwrap()).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        changed["response"][place] = json!(URL_SAFE_NO_PAD.encode(bytes));
        is_refused(what, show(&browser, &changed.to_string()));
    }
    for nonsense in ["", "{}", "null", "[]", "\u{0}", &"x".repeat(20_000)] {
        asked(&browser);
        is_refused("no answer", show(&browser, nonsense));
    }

    // Once: neither again, nor in answer to what is asked next.
    let right = device.shows(&asked(&browser));
    let cookie = browser.cookie("baiyo_ceremony").unwrap();
    goes_to(&show(&browser, &right), "/batches");
    browser.put("baiyo_ceremony", &cookie);
    is_refused("the same again", show(&browser, &right));
    asked(&browser);
    is_refused("the same to another challenge", show(&browser, &right));
    // What one browser is asked for no other answers.
    let elsewhere = Browser::new(&centre);
    let meant_for_another = device.shows(&asked(&browser));
    is_refused("in a browser that was not asked", show(&elsewhere, &meant_for_another));
    asked(&elsewhere);
    is_refused("in a browser that was asked for something else", show(&elsewhere, &meant_for_another));
    // A wrong answer uses up what was asked for.
    let challenge = asked(&browser);
    let cookie = browser.cookie("baiyo_ceremony").unwrap();
    is_refused("a wrong one first", show(&browser, "{}"));
    browser.put("baiyo_ceremony", &cookie);
    is_refused("and the right one after it", show(&browser, &device.shows(&challenge)));
    // In its time.
    let late = device.shows(&asked(&browser));
    centre.minutes(5);
    is_refused("five minutes later", show(&browser, &late));
    // What was asked to make a passkey signs nobody in.
    let making = Browser::new(&centre);
    goes_to(&show(&making, &device.shows(&asked(&making))), "/batches");
    let asked_to_make = begun(&making, &member, "").unwrap();
    is_refused("what was asked to make one", show(&making, &device.shows(&asked_to_make)));

    goes_to(&show(&browser, &device.shows(&asked(&browser))), "/batches");
    assert_eq!((accepted, tried), (0, 34));
}

#[test]
fn a_counter_that_goes_back_is_refused_and_told() {
    let centre = centre();
    let member = centre.technician().account().clone();
    let device = made(&signed_in(&centre, &member), &member);
    let browser = Browser::new(&centre);
    device.counter.set(40);
    goes_to(&show(&browser, &device.shows(&asked(&browser))), "/batches");
    for behind in [40, 12, 0] {
        device.counter.set(behind);
        assert_eq!(show(&browser, &device.shows(&asked(&browser))).status, 401, "{behind}");
    }
    let attempts = centre.administrator().get("/attempts").ok();
    let told = attempts["items"].as_array().unwrap().iter().filter(|item| {
        item["event"].to_string().contains("passkey_copied")
            && item.to_string().contains(&member.id.to_string())
    });
    assert_eq!(told.count(), 3, "{attempts}");
    // The one that went on counting is the person's own.
    device.counter.set(41);
    goes_to(&show(&browser, &device.shows(&asked(&browser))), "/batches");
}

#[test]
fn what_was_made_is_kept_for_whoever_was_asked_and_as_it_was_asked() {
    let centre = centre();
    let (member, other) = (centre.technician().account().clone(), centre.analyst().account().clone());
    let (his, others) = (signed_in(&centre, &member), signed_in(&centre, &other));
    let keep = |browser: &Browser, answer: &str| browser.fill_in("//me/passkeys/made", &[("answer", answer)]);
    type Change = fn(&mut Says);
    let changes: [(&str, Change); 5] = [
        ("another origin", |says| says.origin = "https://baiyo.example.com".into()),
        ("another host", |says| says.host = "example.com".into()),
        ("another challenge", |says| says.challenge = URL_SAFE_NO_PAD.encode([7; 32])),
        ("a user who is not verified", |says| says.flags = PRESENT),
        ("a signature instead", |says| says.kind = "webauthn.get"),
    ];
    for (what, change) in changes {
        let device = Device::new();
        let mut says = device.says("webauthn.create", &begun(&his, &member, "").unwrap());
        change(&mut says);
        assert_eq!(keep(&his, &device.makes_as(&says)).status, 422, "{what}");
    }
    // What one is asked for another does not make: not even with its cookie.
    let mut device = Device::new();
    let meant_for_another = device.makes(&begun(&his, &member, "").unwrap());
    others.put("baiyo_ceremony", &his.cookie("baiyo_ceremony").unwrap());
    assert_eq!(keep(&others, &meant_for_another).status, 422);
    // Once, and no device twice.
    let asked_for = begun(&his, &member, "").unwrap();
    let (right, cookie) = (device.makes(&asked_for), his.cookie("baiyo_ceremony").unwrap());
    goes_to(&keep(&his, &right), "/me");
    his.put("baiyo_ceremony", &cookie);
    assert_eq!(keep(&his, &right).status, 422);
    let again = device.makes(&begun(&others, &other, "").unwrap());
    let known = keep(&others, &again);
    assert!(known.status == 422 && known.text.contains("known already"), "{}", known.text);
    assert_eq!(his.get("//me").text.matches("Key on the desk").count(), 1);
    assert_eq!(others.get("//me").text.matches("Key on the desk").count(), 0);
    // As many as twenty.
    (1..20).for_each(|_| {
        made(&his, &member);
    });
    let one_more = keep(&his, &Device::new().makes(&begun(&his, &member, "").unwrap()));
    assert!(one_more.status == 422 && one_more.text.contains("20 passkeys"), "{}", one_more.text);
    // Nobody who has not signed in makes any.
    let stranger = Browser::new(&centre);
    assert_eq!(
        stranger.fill_in("//me/passkeys", &[("name", "x"), ("password", &member.password)]).status,
        401
    );
}

#[test]
fn a_passkey_that_was_ended_signs_nobody_in() {
    let centre = centre();
    let (administrator, member) = (centre.administrator(), centre.technician().account().clone());
    let person = format!("//people/{}", member.id);
    let ended = |page: &str, place: &str| {
        let (_, rest) = page.split_once(&format!("action=\"{place}/")).unwrap();
        format!("/{place}/{}", rest.split('"').next().unwrap())
    };
    let by_passkey = |device: &Device| {
        let browser = Browser::new(&centre);
        let answer = show(&browser, &device.shows(&asked(&browser)));
        (answer.status == 303).then_some(browser)
    };
    // By its owner: what began by it ends, and this session goes on.
    let his = signed_in(&centre, &member);
    let device = made(&his, &member);
    let lost = by_passkey(&device).unwrap();
    let path = ended(&his.get("//me").text, "/me/passkeys");
    let strangers = signed_in(&centre, centre.analyst().account());
    assert_eq!(strangers.fill_in(&path, &[]).status, 404, "nobody else's");
    goes_to(&his.fill_in(&path, &[]), "/me");
    his.get("/me").ok();
    lost.get("/me").refused(401);
    assert!(by_passkey(&device).is_none());
    assert_eq!(his.fill_in(&path, &[]).status, 404);

    // By an administrator, and by nobody else.
    let device = made(&his, &member);
    let lost = by_passkey(&device).unwrap();
    let office = signed_in(&centre, administrator.account());
    let path = ended(&office.get(&person).text, &format!("/people/{}/passkeys", member.id));
    assert_eq!(strangers.fill_in(&path, &[]).status, 403);
    assert!(!signed_in(&centre, centre.inspector().account()).get(&person).text.contains("Key on the desk"));
    goes_to(&office.fill_in(&path, &[]), &person[1..]);
    lost.get("/me").refused(401);
    assert!(by_passkey(&device).is_none());

    // With a link by which the person sets up anew how he signs in.
    let his = signed_in(&centre, &member);
    let device = made(&his, &member);
    assert!(by_passkey(&device).is_some());
    let path = format!("/people/{}/setup_link", member.id);
    let token = administrator.post(&path, json!({ "reason": "lost the key" })).ok()["token"].clone();
    assert!(by_passkey(&device).is_some(), "a link that was not used ends nothing");
    centre.stranger().post("/setup", json!({ "token": token, "password": "eleven grey lanterns" })).ok();
    assert!(by_passkey(&device).is_none());

    // And when the person leaves.
    let leaving = centre.analyst().account().clone();
    let device = made(&signed_in(&centre, &leaving), &leaving);
    let session = by_passkey(&device).unwrap();
    administrator.post(&format!("/people/{}/departure", leaving.id), json!({ "reason": "moved" })).ok();
    session.get("/me").refused(401);
    assert!(by_passkey(&device).is_none());
}

#[test]
fn a_role_that_ends_ends_for_whoever_signed_in_by_a_passkey() {
    let centre = centre();
    let (administrator, member) = (centre.administrator(), centre.technician().account().clone());
    let device = made(&signed_in(&centre, &member), &member);
    let browser = Browser::new(&centre);
    goes_to(&show(&browser, &device.shows(&asked(&browser))), "/batches");
    browser.get("/batches").ok();
    let path = format!("/people/{}/role_end", member.id);
    let ended = administrator.post(&path, json!({ "role": "technician", "reason": "another task" }));
    assert!(ended.status < 300, "{}", ended.text);
    browser.get("/batches").refused(403);
    // And the session ends with its time, as every session.
    centre.minutes(31);
    browser.get("/me").refused(401);
}
