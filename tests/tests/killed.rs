//! Servers that are killed under load: the product at any moment, and on PostgreSQL the database as well. Whatever was
//! acknowledged is there, whole and once, and after a moment everything goes on. That the ledgers would show it
//! otherwise is shown in `once_and_for_whom.rs`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stories::ledger::{Client, Due, clients, entries, faults, half_applied};
use stories::{Centre, engine};
use xtask::postgres::Server;

const CLIENTS: usize = 4;

fn whole_proof() -> bool {
    std::env::var("BAIYO_PROOF").is_ok_and(|proof| proof == "full")
}

/// How soon it must serve again: a figure for a quiet machine; elsewhere only that it comes back by itself.
fn soon() -> Duration {
    Duration::from_secs(if whole_proof() { 2 } else { 15 })
}

/// How often the product is killed, ten times or as often as the whole proof wants; the database half as often.
fn kills() -> usize {
    match (whole_proof(), engine::is_postgres()) {
        (false, _) => 10,
        (true, false) => 100,
        (true, true) => 50,
    }
}

/// Moments spread over the first third of a second, in no order that requests could fall into step with.
fn moment(round: usize) -> Duration {
    Duration::from_millis(10 + (round as u64 * 89) % 330)
}

#[derive(Default)]
struct Tally {
    rounds: usize,
    unanswered: usize,
    unknown: usize,
    /// Of those two, what was kept all the same.
    kept: usize,
    unavailable: usize,
    slowest: Duration,
}

/// Lets all clients work, and ends that as `disturb` does: with a server gone, or having come back.
fn under_load(centre: &Centre, clients: &mut [Client], disturb: impl FnOnce(&AtomicBool)) {
    let go_on = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| client.work(centre, &go_on));
        }
        disturb(&go_on);
        go_on.store(false, Ordering::Relaxed);
    });
}

/// Sends again whatever was not acknowledged, and holds the records against the ledgers; each fifth time, as that takes
/// long, also the evidence and the rows against the journal. That it verifies is seen when the centre is dropped: what
/// is wrong in a journal stays so.
fn settle(centre: &Centre, clients: &mut [Client], before: i64, tally: &mut Tally) {
    let mut conn = centre.database();
    for client in &mut *clients {
        if client.due() == Due::Unsent {
            continue;
        }
        let kept = client.is_due_kept(&mut conn);
        let count = match client.due() {
            Due::Unavailable => &mut tally.unavailable,
            Due::Unknown => &mut tally.unknown,
            _ => &mut tally.unanswered,
        };
        *count += 1;
        tally.kept += usize::from(kept);
        assert!(
            !kept || client.due() != Due::Unavailable,
            "who is told that nothing was kept is told the truth"
        );
        assert_eq!(client.send(centre), Due::Unsent, "it serves again");
    }
    assert_eq!(faults(clients, before, &mut conn).expect("the records"), [""; 0]);
    tally.rounds += 1;
    if tally.rounds.is_multiple_of(5) {
        assert_eq!(half_applied(&mut conn).expect("the records"), None);
    }
}

#[test]
fn what_was_acknowledged_is_kept_whole_and_once_whenever_a_server_is_killed() {
    let database = engine::is_postgres().then(|| Server::start_durable().expect("a server of its own"));
    if let Some(database) = &database {
        engine::use_own(database.url());
    }
    let mut centre = Centre::open();
    let mut clients = clients(&centre, CLIENTS);
    centre.stop();
    let before = entries(&mut centre.database());
    let mut tally = Tally::default();

    centre.start_apart();
    for round in 0..kills() {
        under_load(&centre, &mut clients, |_| {
            std::thread::sleep(moment(round));
            centre.kill();
        });
        if round.is_multiple_of(3) {
            // Once more, while it takes up what it finds.
            centre.start_and_kill(moment(round) / 4);
        }
        tally.slowest = tally.slowest.max(centre.start_apart());
        settle(&centre, &mut clients, before, &mut tally);
        assert_eq!(tally.unavailable, 0, "a killed server says nothing");
    }
    println!("the product was killed {} times and served again after {:?} at most", kills(), tally.slowest);
    println!("{} requests were unanswered, {} of them kept", tally.unanswered, tally.kept);
    assert!(tally.slowest <= soon(), "{:?}", tally.slowest);
    assert!(tally.unanswered > 0, "it was killed at work");

    if let Some(database) = &database {
        let mut tally = Tally::default();
        let crashes = kills() / 2;
        for round in 0..crashes {
            under_load(&centre, &mut clients, |go_on| {
                std::thread::sleep(moment(round));
                // Some clients ask until they are served again; of others it is seen what became of their last request.
                go_on.store(round.is_multiple_of(2), Ordering::Relaxed);
                crash_and_start_again(&centre, database, &mut tally);
                std::thread::sleep(moment(round));
            });
            settle(&centre, &mut clients, before, &mut tally);
        }
        println!("the database crashed {crashes} times, served from after {:?} at most", tally.slowest);
        println!("{} requests could not be kept, of {} it was not known", tally.unavailable, tally.unknown);
        println!("of those, {} were kept", tally.kept);
        assert!(tally.slowest <= soon(), "{:?}", tally.slowest);
        assert_eq!(tally.unanswered, 0, "the product answers whatever becomes of its database");
    }
    println!("{} requests acknowledged", clients.iter().map(Client::acknowledged).sum::<usize>());
}

/// While the database is away, whoever asks is told so; when it is back, the product goes on by itself.
fn crash_and_start_again(centre: &Centre, database: &Server, tally: &mut Tally) {
    database.crash().expect("the database ends");
    for path in ["/batches", "/orders"] {
        let answer = centre.inspector().get(path);
        assert_eq!(answer.body["type"], "/problems/unavailable", "{}", answer.text);
        answer.refused(503);
    }
    assert_eq!(centre.stranger().get("//readyz").status, 503);
    database.start_again().expect("the database starts");
    tally.slowest = tally.slowest.max(centre.await_readiness());
    centre.inspector().get("/batches").ok();
}
