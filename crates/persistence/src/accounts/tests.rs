//! Stories of accounts on a real database, with a clock that is told the time.

use super::throttle::{Count, Secret};
use super::*;
use crate::clock::SystemClock;
use crate::engine::sqlite;
use crate::error::StoreError;
use crate::keystore::{Key, KeyStore, Personal, load_personal, store_personal};
use crate::schema::{journal, wrong_secret};
use crate::store::{Location, Store};
use crate::writer::JobError;
use baiyo_domain::authority::{Meaning, Reauthenticated};
use baiyo_domain::ids::{ClinicId, PatientId};
use ed25519_dalek::{Signer, Verifier, VerifyingKey};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

const PASSWORD: &str = "three quiet herons";

/// An empty database in memory.
pub(crate) fn database() -> Conn {
    let mut conn = sqlite::in_memory().unwrap();
    conn.batch_execute("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;").unwrap();
    conn
}

fn at(seconds: i64) -> Time {
    Time::from_micros((1_795_000_000 + seconds) * 1_000_000).unwrap()
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn name(text: &str) -> SignIn {
    text.to_string().try_into().unwrap()
}

fn owner(sign_in: &SignIn) -> Owner<'_> {
    Owner { sign_in, name: "MORI Aki", centre: "Kamogawa CPC" }
}

fn credentials(person: PersonId, sign_in: &str, password: &str, now: Time) -> NewCredentials {
    NewCredentials::make(person, &Password::new(password, &owner(&name(sign_in)), None).unwrap(), now)
        .unwrap()
}

/// A database in which person 1, `hana`, has set her password.
fn with_hana() -> (Conn, NewCredentials) {
    let mut conn = database();
    let made = set_password(&mut conn, person(1), "hana", PASSWORD);
    (conn, made)
}

fn set_password(conn: &mut Conn, person: PersonId, sign_in: &str, password: &str) -> NewCredentials {
    open_account(conn, person, &name(sign_in)).unwrap();
    let link = make_setup_link(conn, person, at(0), 24).unwrap();
    let made = credentials(person, sign_in, password, at(0));
    store_credentials(conn, &made, link.as_str(), None, at(0)).unwrap().unwrap();
    made
}

fn keys() -> &'static KeyStore {
    static KEYS: OnceLock<(tempfile::TempDir, KeyStore)> = OnceLock::new();
    let (_, keys) = KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(folder.path()).unwrap();
        (folder, keys)
    });
    keys
}

/// Signs in with what a browser shows.
fn enter(
    conn: &mut Conn,
    sign_in_name: &str,
    password: &str,
    device: Option<&str>,
    now: Time,
) -> Result<SignedIn, PasswordRefused> {
    let secret = stored_secret(conn, keys(), sign_in_name, Through::Browser(device), now).unwrap()?;
    let shown = Shown { device, ..Shown::default() };
    sign_in(conn, &secret.check(password), None, shown, now).unwrap().map(|entered| match entered {
        Entered::In(signed_in) => signed_in,
        Entered::CodeAwaited(_) => panic!("nobody has a second factor"),
    })
}

fn attempt(
    conn: &mut Conn,
    sign_in_name: &str,
    password: &str,
    now: Time,
) -> Result<(PersonId, Token), PasswordRefused> {
    enter(conn, sign_in_name, password, None, now).map(|entered| (entered.person, entered.session))
}

const HERE: Origin = Origin::Session([1; 32]);

fn sign(conn: &mut Conn, password: &str, now: Time) -> Result<Reauthenticated, PasswordRefused> {
    sign_from(conn, HERE, password, now)
}

fn sign_from(
    conn: &mut Conn,
    origin: Origin,
    password: &str,
    now: Time,
) -> Result<Reauthenticated, PasswordRefused> {
    may_try(conn, person(1), origin, now).unwrap()?;
    let unlocked = locked_key(conn, person(1)).unwrap().unwrap().unlock(password, Meaning::Disposition);
    reauthenticate(conn, &unlocked, origin, now).unwrap()
}

/// A failure as in a throttle already counting; saves the test an Argon2 run.
fn fail(conn: &mut Conn, origin: Origin, now: Time) -> PasswordRefused {
    let count = Count { subject: person(1).0, secret: Secret::Password, origin };
    match throttle::blocked(conn, count, now).unwrap() {
        Some(blocked) => blocked,
        None => throttle::settle(conn, count, false, now).unwrap().unwrap_err(),
    }
}

#[test]
fn the_first_account_is_set_up_by_a_link_and_signs_in() {
    let mut conn = database();
    assert!(is_empty(&mut conn).unwrap());
    assert!(locked_key(&mut conn, person(1)).unwrap().is_none());
    let made = set_password(&mut conn, person(1), "hana", PASSWORD);
    assert!(!is_empty(&mut conn).unwrap());

    let (who, token) = attempt(&mut conn, "hana", PASSWORD, at(10)).unwrap();
    assert_eq!(who, person(1));
    let session = session(&mut conn, token.as_str(), at(10)).unwrap().unwrap();
    assert_eq!(
        session,
        Session {
            person: person(1),
            touch_due: false,
            until: at(70),
            entrance: Entrance::Password,
            tablet: None,
        }
    );

    let locked = locked_key(&mut conn, person(1)).unwrap().unwrap();
    assert_eq!((locked.key(), locked.public_key()), (made.key(), made.public_key()));
    assert!(open_account(&mut conn, person(2), &name("hana")).is_err(), "a name is given once");
    assert_eq!(person_named(&mut conn, &name("hana")).unwrap(), Some(person(1)));
    assert_eq!(person_named(&mut conn, &name("taro")).unwrap(), None);
    assert!(has_account(&mut conn, person(1)).unwrap() && !has_account(&mut conn, person(2)).unwrap());
}

#[test]
fn a_link_is_used_once_in_time_by_its_person_and_a_newer_one_ends_it() {
    let mut conn = database();
    for (n, sign_in) in [(1, "hana"), (2, "taro")] {
        open_account(&mut conn, person(n), &name(sign_in)).unwrap();
    }
    let older = make_setup_link(&mut conn, person(1), at(0), 1).unwrap();
    let link = make_setup_link(&mut conn, person(1), at(0), 1).unwrap();
    let invited = Invited { person: person(1), sign_in: name("hana") };
    assert_eq!(setup_link(&mut conn, older.as_str(), at(0)).unwrap(), None);
    assert_eq!(setup_link(&mut conn, link.as_str(), at(3599)).unwrap(), Some(invited));
    assert_eq!(setup_link(&mut conn, link.as_str(), at(3600)).unwrap(), None);
    assert_eq!(setup_link(&mut conn, "", at(0)).unwrap(), None);

    let hanas = credentials(person(1), "hana", PASSWORD, at(0));
    let taros = credentials(person(2), "taro", PASSWORD, at(0));
    for (made, token, now) in [(&hanas, &older, at(1)), (&hanas, &link, at(3600)), (&taros, &link, at(1))] {
        assert_eq!(store_credentials(&mut conn, made, token.as_str(), None, now).unwrap(), Err(LinkEnded));
    }
    assert!(locked_key(&mut conn, person(1)).unwrap().is_none());
    assert!(store_credentials(&mut conn, &hanas, link.as_str(), None, at(1)).unwrap().is_ok());
    assert_eq!(store_credentials(&mut conn, &hanas, link.as_str(), None, at(2)).unwrap(), Err(LinkEnded));
    assert_eq!(setup_link(&mut conn, link.as_str(), at(2)).unwrap(), None);
}

#[test]
fn ten_wrong_passwords_are_told_from_right_ones_in_any_quarter_of_an_hour_and_no_more() {
    let (mut conn, _) = with_hana();
    // 100,000 guesses over a day, at intervals that fit no period.
    let mut told: Vec<i64> = Vec::new();
    for guess in 0..100_000_i64 {
        let second = guess * 864 / 1000;
        if fail(&mut conn, Origin::Strangers, at(second)) == PasswordRefused::Wrong {
            told.push(second);
        }
    }
    assert!(
        told.windows(11).all(|eleven| eleven[10] - eleven[0] >= 900),
        "eleven within 15 minutes: {told:?}"
    );
    assert_eq!(told.len(), 96 * 10, "and as many as that allows are looked at");

    let last = *told.last().unwrap();
    let until = at(told[told.len() - 10] + 900);
    for password in [PASSWORD, "three quiet heron"] {
        let refused = attempt(&mut conn, "hana", password, at(last)).unwrap_err();
        assert_eq!(refused, PasswordRefused::Blocked { until });
    }
    let before = until.plus(chrono::TimeDelta::microseconds(-1));
    assert_eq!(attempt(&mut conn, "hana", PASSWORD, before).unwrap_err(), PasswordRefused::Blocked { until });
    attempt(&mut conn, "hana", PASSWORD, until).unwrap();
    // A right one neither takes a slot nor frees the others.
    for _ in 0..12 {
        sign(&mut conn, PASSWORD, until).unwrap();
    }
    fail(&mut conn, HERE, until);
    sign(&mut conn, PASSWORD, until).unwrap();
    let wrong = (0..12).filter(|_| fail(&mut conn, HERE, until) == PasswordRefused::Wrong);
    assert_eq!(wrong.count(), 9);
}

#[test]
fn whoever_guesses_in_one_place_keeps_nobody_out_elsewhere() {
    let (mut conn, _) = with_hana();
    let known = enter(&mut conn, "hana", PASSWORD, None, at(0)).unwrap().device;
    let guess = |conn: &mut Conn, origin| (0..20).map(|_| fail(conn, origin, at(1))).last().unwrap();
    let blocked = PasswordRefused::Blocked { until: at(901) };
    assert_eq!(guess(&mut conn, Origin::Strangers), blocked);
    assert_eq!(attempt(&mut conn, "hana", PASSWORD, at(1)).unwrap_err(), blocked);
    sign(&mut conn, PASSWORD, at(1)).unwrap();
    sign_from(&mut conn, Origin::Programs, PASSWORD, at(1)).unwrap();
    let again = enter(&mut conn, "hana", PASSWORD, Some(known.as_str()), at(1)).unwrap();

    // What the browser showed before is known no longer, and never was for anybody else.
    assert_eq!(enter(&mut conn, "hana", PASSWORD, Some(known.as_str()), at(1)).err(), Some(blocked));
    set_password(&mut conn, person(2), "taro", "seven loud magpies");
    let taros = enter(&mut conn, "taro", "seven loud magpies", None, at(1)).unwrap().device;
    assert_eq!(enter(&mut conn, "hana", PASSWORD, Some(taros.as_str()), at(1)).err(), Some(blocked));
    // Two who share a browser are both known there.
    let shared = enter(&mut conn, "taro", "seven loud magpies", Some(again.device.as_str()), at(1)).unwrap();
    let shared = enter(&mut conn, "hana", PASSWORD, Some(shared.device.as_str()), at(1)).unwrap();

    // A device has a count of its own, a session, and the programs.
    let device = Origin::Device(session::digest_of(shared.device.as_str()));
    assert_eq!(guess(&mut conn, device), blocked);
    assert_eq!(enter(&mut conn, "hana", PASSWORD, Some(shared.device.as_str()), at(1)).err(), Some(blocked));
    assert_eq!(guess(&mut conn, Origin::Session([2; 32])), blocked);
    sign(&mut conn, PASSWORD, at(1)).unwrap();
    sign_from(&mut conn, Origin::Programs, PASSWORD, at(1)).unwrap();
    assert_eq!(guess(&mut conn, Origin::Programs), blocked);
    sign(&mut conn, PASSWORD, at(1)).unwrap();
    assert_eq!(guess(&mut conn, HERE), blocked);
    assert_eq!(sign(&mut conn, PASSWORD, at(1)).err(), Some(blocked));
    assert_eq!(guessed_at(&mut conn, at(900)).unwrap(), [(person(1), 50)]);
    assert_eq!(guessed_at(&mut conn, at(901)).unwrap(), []);
}

#[test]
fn whoever_begins_a_session_without_the_password_has_no_new_guesses_in_the_next() {
    let (mut conn, _) = with_hana();
    let [one, other] = [[2; 32], [3; 32]].map(Origin::OtherSession);
    for _ in 0..MOST_WRONG {
        assert_eq!(fail(&mut conn, one, at(1)), PasswordRefused::Wrong);
    }
    assert!(matches!(sign_from(&mut conn, other, PASSWORD, at(1)), Err(PasswordRefused::Blocked { .. })));
    sign(&mut conn, PASSWORD, at(1)).unwrap();
}

#[test]
fn a_cookie_made_anew_frees_no_guesses() {
    let (mut conn, _) = with_hana();
    let known = enter(&mut conn, "hana", PASSWORD, None, at(0)).unwrap().device;
    for _ in 0..MOST_WRONG {
        fail(&mut conn, Origin::Device(session::digest_of(known.as_str())), at(1));
    }
    // Somebody else signs in there, or takes a turn by badge and PIN: for both the cookie is made anew.
    let (renewed, _) = tablet::renewed(&mut conn, Some(known.as_str())).unwrap();
    let refused = enter(&mut conn, "hana", PASSWORD, Some(renewed.as_str()), at(1)).err();
    assert!(matches!(refused, Some(PasswordRefused::Blocked { .. })), "{refused:?}");
}

#[test]
fn a_device_is_forgotten_with_a_new_password_a_departure_half_a_year_and_the_eleventh_after_it() {
    let (mut conn, _) = with_hana();
    let known = |conn: &mut Conn, device: &Token, second| {
        device::origin(conn, person(1).0, Some(device.as_str()), at(second)).unwrap() != Origin::Strangers
    };
    let first = device::remember(&mut conn, person(1), None, true, at(0)).unwrap().0;
    let kept = DEVICE_KEPT.num_seconds();
    assert!(known(&mut conn, &first, kept - 1) && !known(&mut conn, &first, kept));
    let others: Vec<Token> =
        (1..=10).map(|n| device::remember(&mut conn, person(1), None, true, at(n)).unwrap().0).collect();
    assert!(!known(&mut conn, &first, 11) && others.iter().all(|other| known(&mut conn, other, 11)));
    // Whoever plants a cookie is not known by it.
    let planted = device::remember(&mut conn, person(1), Some("planted"), true, at(12)).unwrap().0;
    assert!(known(&mut conn, &planted, 12));
    assert_eq!(device::origin(&mut conn, person(1).0, Some("planted"), at(12)).unwrap(), Origin::Strangers);

    let link = make_setup_link(&mut conn, person(1), at(20), 24).unwrap();
    let new = credentials(person(1), "hana", "seven loud magpies", at(20));
    store_credentials(&mut conn, &new, link.as_str(), None, at(20)).unwrap().unwrap();
    assert!(!known(&mut conn, &planted, 20));
    let last = device::remember(&mut conn, person(1), None, true, at(21)).unwrap().0;
    close_account(&mut conn, person(1), at(22)).unwrap();
    assert!(!known(&mut conn, &last, 22));
}

#[test]
fn guesses_side_by_side_gain_nothing() {
    let (mut conn, _) = with_hana();
    let through = Through::Browser(None);
    let secret = stored_secret(&mut conn, keys(), "hana", through, at(0)).unwrap().unwrap();
    let checked = secret.check(PASSWORD);
    let unlocked = locked_key(&mut conn, person(1)).unwrap().unwrap().unlock(PASSWORD, Meaning::Disposition);
    for _ in 0..10 {
        fail(&mut conn, Origin::Strangers, at(0));
        fail(&mut conn, HERE, at(0));
    }
    let blocked = PasswordRefused::Blocked { until: at(900) };
    assert_eq!(sign_in(&mut conn, &checked, None, Shown::default(), at(0)).unwrap().err(), Some(blocked));
    assert_eq!(reauthenticate(&mut conn, &unlocked, HERE, at(0)).unwrap().err(), Some(blocked));
}

#[test]
fn names_that_are_no_account_are_counted_like_those_that_are_and_not_kept() {
    let (mut conn, _) = with_hana();
    for name in ["nobody", "hana"] {
        for _ in 0..10 {
            assert_eq!(attempt(&mut conn, name, "wrong", at(0)).unwrap_err(), PasswordRefused::Wrong);
        }
        let refused = attempt(&mut conn, name, "wrong", at(0)).unwrap_err();
        assert_eq!(refused, PasswordRefused::Blocked { until: at(900) });
    }
    assert_eq!(guessed_at(&mut conn, at(0)).unwrap(), [(person(1), 10)], "only accounts are told of");
    let crate::engine::Engine::Sqlite(inner) = &mut conn.engine else { panic!("the embedded engine") };
    let image = inner.serialize_database_to_buffer();
    assert!(!image.windows(6).any(|bytes| bytes == b"nobody"));
    assert_eq!(attempt(&mut conn, "nobody", "wrong", at(900)).unwrap_err(), PasswordRefused::Wrong);
}

#[test]
fn a_strangers_name_and_an_account_without_password_are_refused_alike() {
    let (mut conn, _) = with_hana();
    open_account(&mut conn, person(2), &name("taro")).unwrap();
    for sign_in in ["nobody", "taro", "HANA", ""] {
        assert_eq!(attempt(&mut conn, sign_in, PASSWORD, at(0)).unwrap_err(), PasswordRefused::Wrong);
    }
}

#[test]
fn a_password_proves_who_signs_for_one_meaning() {
    let (mut conn, made) = with_hana();
    assert_eq!(sign(&mut conn, "three quiet heron", at(0)).err(), Some(PasswordRefused::Wrong));
    let proof = sign(&mut conn, PASSWORD, at(1)).ok().unwrap();
    assert_eq!((proof.person(), proof.key(), proof.meaning()), (person(1), made.key(), Meaning::Disposition));
    let public = VerifyingKey::from_bytes(&made.public_key().0).unwrap();
    public.verify(b"text", &proof.signing().sign(b"text")).unwrap();
}

#[test]
fn a_sealed_key_opens_for_its_person_under_its_name_untouched_only() {
    let (mut conn, _) = with_hana();
    open_account(&mut conn, person(2), &name("taro")).unwrap();
    let mut opens = |change: &str, whose| {
        conn.begin().unwrap();
        conn.batch_execute(change).unwrap();
        let locked = locked_key(&mut conn, whose).unwrap().unwrap();
        let unlocked = locked.unlock(PASSWORD, Meaning::Disposition);
        let opened = reauthenticate(&mut conn, &unlocked, HERE, at(0)).unwrap().is_ok();
        conn.roll_back().unwrap();
        opened
    };
    assert!(opens("", person(1)));
    assert!(!opens("UPDATE signing_key SET person = x'00000000000000000000000000000002'", person(2)));
    for change in [
        "UPDATE signing_key SET id = x'00000000000000000000000000000009'",
        "UPDATE signing_key SET sealed = zeroblob(48)",
        "UPDATE signing_key SET sealed = x''",
        "UPDATE signing_key SET nonce = zeroblob(24)",
        "UPDATE signing_key SET salt = zeroblob(16)",
        "UPDATE signing_key SET salt = x''",
        "UPDATE signing_key SET public_key = zeroblob(32)",
    ] {
        assert!(!opens(change, person(1)), "{change}");
    }
    let sealed: Vec<u8> = stored_key::table.select(stored_key::sealed).first(&mut conn).unwrap();
    for byte in [0, 31, 32, 47] {
        let mut flipped = sealed.clone();
        flipped[byte] ^= 1;
        diesel::update(stored_key::table).set(stored_key::sealed.eq(flipped)).execute(&mut conn).unwrap();
        assert_eq!(sign(&mut conn, PASSWORD, at(0)).err(), Some(PasswordRefused::Wrong), "byte {byte}");
    }
}

#[test]
fn a_new_password_ends_sessions_tokens_and_the_old_key() {
    let (mut conn, old) = with_hana();
    let (_, session_token) = attempt(&mut conn, "hana", PASSWORD, at(0)).unwrap();
    let api = make_api_token(&mut conn, person(1), "balance", at(0), 30).unwrap();
    let through = Through::Browser(None);
    let secret = stored_secret(&mut conn, keys(), "hana", through, at(0)).unwrap().unwrap();
    let checked = secret.check(PASSWORD);
    let unlocked = locked_key(&mut conn, person(1)).unwrap().unwrap().unlock(PASSWORD, Meaning::Disposition);
    for _ in 0..10 {
        fail(&mut conn, HERE, at(1));
    }

    let link = make_setup_link(&mut conn, person(1), at(1), 24).unwrap();
    let new = credentials(person(1), "hana", "seven loud magpies", at(1));
    store_credentials(&mut conn, &new, link.as_str(), None, at(2)).unwrap().unwrap();

    assert_eq!(session(&mut conn, session_token.as_str(), at(2)).unwrap(), None);
    assert_eq!(api_token(&mut conn, api.as_str(), at(2)).unwrap(), None);
    let refused = sign_in(&mut conn, &checked, None, Shown::default(), at(2)).unwrap().err().unwrap();
    assert_eq!(
        refused,
        PasswordRefused::Replaced,
        "checked against the old password, settled after the new one"
    );
    assert_eq!(
        reauthenticate(&mut conn, &unlocked, HERE, at(2)).unwrap().err(),
        Some(PasswordRefused::Replaced)
    );
    assert_eq!(sign(&mut conn, PASSWORD, at(2)).err(), Some(PasswordRefused::Wrong));
    assert_eq!(sign(&mut conn, "seven loud magpies", at(2)).ok().unwrap().key(), new.key());
    assert_ne!(old.key(), new.key());
}

#[test]
fn a_closed_account_opens_nothing() {
    let (mut conn, _) = with_hana();
    let (_, token) = attempt(&mut conn, "hana", PASSWORD, at(0)).unwrap();
    let link = make_setup_link(&mut conn, person(1), at(0), 24).unwrap();
    close_account(&mut conn, person(1), at(1)).unwrap();
    assert_eq!(session(&mut conn, token.as_str(), at(1)).unwrap(), None);
    assert_eq!(setup_link(&mut conn, link.as_str(), at(1)).unwrap(), None);
    assert_eq!(attempt(&mut conn, "hana", PASSWORD, at(1)).unwrap_err(), PasswordRefused::Wrong);
    assert!(locked_key(&mut conn, person(1)).unwrap().is_none());
    assert!(open_account(&mut conn, person(2), &name("hana")).is_err(), "the name stays taken");
}

#[test]
fn a_session_ends_when_idle_when_old_and_when_ended() {
    let (mut conn, _) = with_hana();
    let token = session::open(&mut conn, person(1), None, Entrance::Password, at(0)).unwrap();
    let alive = |conn: &mut Conn, second| session(conn, token.as_str(), at(second)).unwrap();
    assert!(!alive(&mut conn, 59).unwrap().touch_due);
    assert!(alive(&mut conn, 60).unwrap().touch_due);
    assert!(alive(&mut conn, 1799).is_some());
    assert_eq!(alive(&mut conn, 1800), None);

    touch_session(&mut conn, token.as_str(), at(1800)).unwrap();
    assert_eq!(alive(&mut conn, 1800), None, "what has ended is not revived");
    for second in (0..43_200).step_by(1200) {
        touch_session(&mut conn, token.as_str(), at(second)).unwrap();
    }
    assert!(alive(&mut conn, 43_199).is_some());
    assert_eq!(alive(&mut conn, 43_200), None);

    let other = session::open(&mut conn, person(1), None, Entrance::Password, at(0)).unwrap();
    end_session(&mut conn, other.as_str(), at(1)).unwrap();
    assert_eq!(session(&mut conn, other.as_str(), at(1)).unwrap(), None);
    assert_eq!(session(&mut conn, "guess", at(1)).unwrap(), None);
}

#[test]
fn an_api_token_expires_and_is_no_session() {
    let (mut conn, _) = with_hana();
    let api = make_api_token(&mut conn, person(1), "balance", at(0), 1).unwrap();
    assert!(api.as_str().starts_with("baiyo_") && api.as_str().len() == 6 + 43);
    let program = api_token(&mut conn, api.as_str(), at(86_399)).unwrap().unwrap();
    assert_eq!((program.person, program.until), (person(1), at(86_400)));
    assert_eq!(api_token(&mut conn, api.as_str(), at(86_400)).unwrap(), None);
    assert_eq!(session(&mut conn, api.as_str(), at(0)).unwrap(), None);
    let browser = session::open(&mut conn, person(1), None, Entrance::Password, at(0)).unwrap();
    assert_eq!(api_token(&mut conn, browser.as_str(), at(0)).unwrap(), None);
    end_all(&mut conn, person(1), at(1)).unwrap();
    assert_eq!(api_token(&mut conn, api.as_str(), at(1)).unwrap(), None);
    assert_eq!(session(&mut conn, browser.as_str(), at(1)).unwrap(), None);
}

#[test]
fn no_secret_stands_in_the_database_or_in_a_log() {
    let (mut conn, made) = with_hana();
    let link = make_setup_link(&mut conn, person(1), at(0), 24).unwrap();
    let api = make_api_token(&mut conn, person(1), "balance", at(0), 1).unwrap();
    let (_, browser) = attempt(&mut conn, "hana", PASSWORD, at(0)).unwrap();
    let proof = sign(&mut conn, PASSWORD, at(0)).ok().unwrap();
    assert_eq!(proof.key(), made.key());

    let crate::engine::Engine::Sqlite(inner) = &mut conn.engine else { panic!("the embedded engine") };
    let image = inner.serialize_database_to_buffer();
    let holds = |secret: &[u8]| image.windows(secret.len()).any(|bytes| bytes == secret);
    assert!(holds(b"balance") && holds(&made.public_key().0), "the image is what is searched");
    for secret in [link.as_str(), api.as_str(), &api.as_str()[6..], browser.as_str(), PASSWORD] {
        assert!(!holds(secret.as_bytes()), "{secret}");
    }
    assert!(!holds(&proof.signing().to_bytes()));
    let password = Password::new(PASSWORD, &owner(&name("hana")), None).unwrap();
    assert_eq!(format!("{link:?} {password:?}"), "Token(…) Password(…)");
}

#[test]
fn a_password_of_another_cost_still_opens_and_is_brought_to_todays_at_the_next_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::read(folder.path(), None, None).unwrap();
    let store = Store::open_at(&location, Arc::new(SystemClock)).unwrap();
    let made = credentials(person(1), "hana", PASSWORD, at(0));
    let public = made.public_key();
    let write = |job: fn(&mut Conn, NewCredentials) -> QueryResult<()>, made: NewCredentials| {
        store.write(move |conn| job(conn, made).map_err(JobError::<StoreError>::from)).unwrap();
    };
    write(
        |conn, made| {
            open_account(conn, person(1), &name("hana"))?;
            made.store(conn, at(0))
        },
        made,
    );
    let locked = || store.read(|conn| Ok::<_, StoreError>(locked_key(conn, person(1))?)).unwrap().unwrap();
    let stored = || {
        let hash = account::table.find(Id(person(1).0)).select(account::password_hash);
        store.read(|conn| Ok::<_, StoreError>(hash.first::<Option<String>>(conn)?)).unwrap().unwrap()
    };
    let opens = |password: &str| locked().unlock(password, Meaning::Disposition).signing.is_some();
    let sign_in = |password: &str| {
        let now = store.now().0;
        let secret = store
            .read(|conn| {
                Ok::<_, StoreError>(stored_secret(conn, store.keys(), "hana", Through::Machine, now)?)
            })
            .unwrap();
        store.sign_in(secret.unwrap().check(password), None, Carried::default()).unwrap().is_ok()
    };

    // Of today's cost it stays as it is, to the letter.
    let todays = stored();
    assert!(todays.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && sign_in(PASSWORD));
    assert_eq!(stored(), todays);

    // As an earlier version made it, at less.
    let less = argon2::Params::new(9 * 1024, 1, 1, Some(32)).unwrap();
    let older = locked().sealed_at(PASSWORD, PASSWORD, less).unwrap().unwrap();
    assert!(store.write(move |conn| older.store(conn).map_err(JobError::<StoreError>::from)).unwrap());
    let weaker = stored();
    assert!(weaker.starts_with("$argon2id$v=19$m=9216,t=1,p=1$"), "{weaker}");
    assert!(opens(PASSWORD) && !opens("another password"), "it signs before anybody signs in");
    assert!(!sign_in("another password"));
    assert_eq!(stored(), weaker, "a wrong password changes nothing");

    assert!(sign_in(PASSWORD));
    let anew = stored();
    assert!(anew.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && anew != todays, "{anew}");
    assert!(opens(PASSWORD) && !opens("another password"));
    assert_eq!(locked().public_key(), public, "it is the same key");
    assert!(sign_in(PASSWORD));
    assert_eq!(stored(), anew);
}

/// A store in which person 1, `hana`, has set her password, of less than today's cost.
fn with_hana_of_earlier(folder: &tempfile::TempDir) -> Store {
    let location = Location::read(folder.path(), None, None).unwrap();
    let store = Store::open_at(&location, Arc::new(SystemClock)).unwrap();
    let made = credentials(person(1), "hana", PASSWORD, at(0));
    let less = argon2::Params::new(9 * 1024, 1, 1, Some(32)).unwrap();
    let stored = store.write(move |conn| {
        open_account(conn, person(1), &name("hana")).map_err(JobError::<StoreError>::from)?;
        made.store(conn, at(0)).map_err(JobError::<StoreError>::from)?;
        let locked = locked_key(conn, person(1)).map_err(JobError::<StoreError>::from)?.unwrap();
        let older = locked.sealed_at(PASSWORD, PASSWORD, less).unwrap().unwrap();
        older.store(conn).map_err(JobError::<StoreError>::from)
    });
    assert!(stored.unwrap());
    store
}

#[test]
fn a_right_password_that_was_hashed_anew_meanwhile_is_no_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = with_hana_of_earlier(&folder);
    let now = store.now().0;
    let loaded = || {
        let secret = |conn: &mut Conn| {
            Ok::<_, StoreError>(stored_secret(conn, store.keys(), "hana", Through::Machine, now)?)
        };
        store.read(secret).unwrap().unwrap()
    };
    let locked = || store.read(|conn| Ok::<_, StoreError>(locked_key(conn, person(1))?)).unwrap().unwrap();
    let counted = || {
        let slots = wrong_secret::table.count();
        let recorded = journal::table.count();
        let both = |conn: &mut Conn| {
            Ok::<_, StoreError>((slots.get_result::<i64>(conn)?, recorded.get_result::<i64>(conn)?))
        };
        store.read(both).unwrap()
    };
    let before = counted();

    // Three requests load what was there; the first is settled, and brings it to today's cost.
    let (first, second, third, signing) = (loaded(), loaded(), loaded(), locked());
    assert!(store.sign_in(first.check(PASSWORD), None, Carried::default()).unwrap().is_ok());
    let late = store.sign_in(second.check(PASSWORD), None, Carried::default()).unwrap();
    assert_eq!(late.err(), Some(PasswordRefused::Replaced));
    let late = store.reauthenticate(signing.unlock(PASSWORD, Meaning::Disposition), HERE).unwrap();
    assert_eq!(late.err(), Some(PasswordRefused::Replaced));
    assert_eq!(counted(), before, "nothing wrong is counted or recorded");
    // Given again it opens; and what was wrong when it was looked at is counted, whatever happened meanwhile.
    assert!(store.sign_in(loaded().check(PASSWORD), None, Carried::default()).unwrap().is_ok());
    let wrong = store.sign_in(third.check("another password"), None, Carried::default()).unwrap();
    assert_eq!(wrong.err(), Some(PasswordRefused::Wrong));
    assert_eq!(counted().0, before.0 + 1, "the control");
}

#[test]
fn of_two_changes_of_one_password_the_second_changes_nothing() {
    let (mut conn, _) = with_hana();
    let locked = locked_key(&mut conn, person(1)).unwrap().unwrap();
    let (one, other) = ("seven loud magpies", "eleven grey wagtails");
    let owner_name = name("hana");
    let changed = |text: &str| {
        let password = Password::new(text, &owner(&owner_name), None).unwrap();
        locked.sealed_anew(PASSWORD, &password).unwrap().unwrap()
    };
    let (first, second) = (changed(one), changed(other));
    assert!(first.store(&mut conn).unwrap());
    assert!(!second.store(&mut conn).unwrap(), "the old password is no longer the old one");
    for (password, opens) in [(one, true), (other, false), (PASSWORD, false)] {
        assert_eq!(sign(&mut conn, password, at(1)).is_ok(), opens, "{password}");
        assert_eq!(attempt(&mut conn, "hana", password, at(1)).is_ok(), opens, "{password}");
    }
}

#[test]
fn what_is_sealed_in_a_form_that_is_not_known_is_refused_with_a_sentence() {
    let (mut conn, _) = with_hana();
    let (key, patient) = (Key::new([7; 32]), PatientId(Uuid::from_u128(3)));
    factor::store(&mut conn, &key, person(1), &FactorSecret::random().unwrap(), 1, at(0)).unwrap();
    keys().new_patient_key(patient).unwrap();
    let yamada = Personal {
        name: "YAMADA".to_string().try_into().unwrap(),
        kana: None,
        birth_date: "1970-01-31".to_string().try_into().unwrap(),
    };
    let clinic = ClinicId(Uuid::from_u128(4));
    let sealed = keys().seal_personal(patient, clinic, &yamada).unwrap();
    store_personal(&mut conn, patient, clinic, &sealed, &[]).unwrap();
    let mut read = |table: &str, change: &str| {
        conn.batch_execute(change).unwrap();
        match table {
            "signing_key" => locked_key(&mut conn, person(1)).map(|_| ()),
            "second_factor" => factor::is_spent(&mut conn, Some(&key), person(1), "000000").map(|_| ()),
            _ => load_personal(&mut conn, patient).map(|_| ()),
        }
    };
    for table in ["signing_key", "second_factor", "personal_data"] {
        read(table, "").expect(table);
        let change = format!("UPDATE {table} SET nonce = CAST(x'02' || nonce AS BLOB)");
        let refused = read(table, &change).expect_err(table).to_string();
        assert!(
            refused.contains("is sealed in form 2, and this version opens form 1 alone"),
            "{table}: {refused}"
        );
    }
}
