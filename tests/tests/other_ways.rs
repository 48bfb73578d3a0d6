//! What the records keep of passkeys and of accounts at a provider, on each engine and whatever the program was built with:
//! taken once, also where many take it at once, and gone with their person.

use baiyo_domain::ids::PersonId;
use baiyo_persistence::accounts::{
    self, Carried, Ceremony, NewPasskey, NotKept, Origin, PasswordRefused, UsedPasskey,
};
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{Conn, StoreError};
use diesel::QueryResult;
use ring::digest::{SHA256, digest};
use serde_json::json;
use std::sync::Barrier;
use stories::{Browser, Centre, Member};

/// As many as try the same at once.
const CROWD: usize = 12;

fn write<T: Send + 'static>(
    centre: &Centre,
    job: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
) -> T {
    let job = move |conn: &mut Conn| job(conn).map_err(JobError::<StoreError>::Database);
    centre.store().write(job).unwrap_or_else(|_| panic!("the records can be written"))
}

/// How many of a crowd that tries the same at once had it.
fn had_it(attempt: impl Fn() -> bool + Sync) -> usize {
    let barrier = Barrier::new(CROWD);
    std::thread::scope(|scope| {
        let one = || {
            barrier.wait();
            attempt()
        };
        let crowd: Vec<_> = (0..CROWD).map(|_| scope.spawn(one)).collect();
        crowd.into_iter().map(|tried| usize::from(tried.join().unwrap())).sum()
    })
}

fn person(member: &Member) -> PersonId {
    PersonId(member.id)
}

fn new(credential: &[u8]) -> NewPasskey {
    NewPasskey { credential: credential.to_vec(), name: "Key".into(), public: "0".into() }
}

fn used(credential: &[u8], member: &Member, before: &str, after: &str) -> UsedPasskey {
    let (before, after) = (before.into(), after.into());
    UsedPasskey { credential: credential.to_vec(), person: person(member), before, after }
}

/// A session that began with the password.
fn in_session(centre: &Centre, member: &Member) -> Origin {
    let browser = Browser::new(centre);
    browser.sign_in(&member.sign_in, &member.password).ok();
    let token = browser.cookie("baiyo_session").unwrap();
    Origin::Session(digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap())
}

fn keep(centre: &Centre, member: &Member, origin: Origin, credential: &[u8]) -> Result<(), NotKept> {
    let (now, person, new) = (centre.now(), person(member), new(credential));
    write(centre, move |conn| accounts::keep_passkey(conn, person, origin, &new, &Carried::default(), now))
        .map(|_| ())
}

fn enters(centre: &Centre, used: &UsedPasskey) -> bool {
    let (now, used) = (centre.now(), used.clone());
    write(centre, move |conn| accounts::enter_by_passkey(conn, &used, &Carried::default(), now)).is_some()
}

#[test]
fn a_ceremony_is_taken_once_as_what_it_is_and_in_its_time() {
    let centre = Centre::open();
    let begin = || {
        let now = centre.now();
        write(&centre, move |conn| accounts::begin_ceremony(conn, Ceremony::PasskeyShown, None, "state", now))
    };
    let take = |kind: Ceremony, token: &accounts::Token| {
        let (now, token) = (centre.now(), token.as_str().to_string());
        write(&centre, move |conn| accounts::take_ceremony(conn, kind, &token, now))
    };
    let token = begin();
    assert_eq!(take(Ceremony::PasskeyMade, &token), None);
    assert_eq!(had_it(|| take(Ceremony::PasskeyShown, &token).is_some()), 1);
    let token = begin();
    centre.minutes(4);
    assert_eq!(take(Ceremony::PasskeyShown, &token), Some((None, "state".into())));
    let token = begin();
    centre.minutes(5);
    assert_eq!(take(Ceremony::PasskeyShown, &token), None);
}

#[test]
fn a_signature_by_a_passkey_enters_once_however_many_hand_it_in_at_once() {
    let centre = Centre::open();
    let (member, other) = (centre.technician().account(), centre.analyst().account());
    let [his_own, others] = [member, other].map(|one| in_session(&centre, one));
    keep(&centre, member, his_own, b"one").unwrap();
    assert_eq!(keep(&centre, other, others, b"one"), Err(NotKept::Known));
    assert_eq!(keep(&centre, member, others, b"two"), Err(NotKept::Ended), "another's session");
    assert_eq!(keep(&centre, member, Origin::Programs, b"two"), Err(NotKept::Ended));
    let first = used(b"one", member, "0", "1");
    assert_eq!(had_it(|| enters(&centre, &first)), 1);
    assert!(!enters(&centre, &used(b"one", other, "1", "2")), "nobody else by it");
    assert!(!enters(&centre, &used(b"two", member, "1", "2")));
    assert!(enters(&centre, &used(b"one", member, "1", "2")));
    // Twenty at most, however many are kept at once.
    let number = std::sync::atomic::AtomicU8::new(0);
    for _ in 0..2 {
        had_it(|| {
            keep(&centre, member, his_own, &[number.fetch_add(1, std::sync::atomic::Ordering::Relaxed)])
                .is_ok()
        });
    }
    let his = write(&centre, {
        let person = person(member);
        move |conn| accounts::passkeys_of(conn, person)
    });
    assert_eq!(his.len(), 20);
    // Who has the password alone does not rid him of them; his administrator does, and he himself by one of them.
    let end = |himself: Option<Origin>| {
        let (now, person, id) = (centre.now(), person(member), his[0].id);
        write(&centre, move |conn| accounts::end_passkey(conn, person, id, himself, now))
    };
    assert_eq!(end(Some(his_own)), Err(PasswordRefused::PasskeyFirst));
    assert_eq!([end(None), end(None)], [Ok(true), Ok(false)]);
    write(&centre, {
        let (now, person) = (centre.now(), person(member));
        move |conn| accounts::end_all(conn, person, now)
    });
    assert_eq!(keep(&centre, member, his_own, b"late"), Err(NotKept::Ended), "it ended meanwhile");
    let leaving = format!("/people/{}/departure", member.id);
    centre.administrator().post(&leaving, json!({ "reason": "moved" })).ok();
    assert!(!enters(&centre, &used(b"one", member, "2", "3")));
}

#[test]
fn an_account_at_a_provider_is_one_persons_and_goes_with_him() {
    let centre = Centre::open();
    let members = [centre.technician().account(), centre.analyst().account()];
    let link = |member: &Member, subject: &'static str| {
        let (now, person, by) = (centre.now(), person(member), PersonId(centre.administrator().id()));
        write(&centre, move |conn| accounts::link_provider(conn, "https://i", subject, person, by, now))
    };
    let of = |member: &Member| {
        let person = person(member);
        write(&centre, move |conn| accounts::provider_link(conn, "https://i", person))
            .map(|link| link.subject)
    };
    assert!(link(members[0], "a"));
    assert!(!link(members[1], "a"), "not two people's");
    assert_eq!(of(members[1]), None);
    assert!(link(members[0], "b"), "another in its place");
    assert!(link(members[1], "a"), "which frees the first");
    assert_eq!([of(members[0]), of(members[1])], [Some("b".into()), Some("a".into())]);
    let nobody = |subject: &'static str| {
        write(&centre, move |conn| accounts::person_at_provider(conn, "https://i", subject)).is_none()
    };
    assert!(nobody("a") && nobody("b"), "nobody has accepted");
    let leaving = format!("/people/{}/departure", members[1].id);
    centre.administrator().post(&leaving, json!({ "reason": "moved" })).ok();
    assert_eq!(of(members[1]), None);
}
