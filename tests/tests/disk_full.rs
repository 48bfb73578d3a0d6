//! A disk that runs full at many points of what is written. Whoever asks is told so and nothing of his is kept; nothing
//! that was acknowledged is lost; and as soon as there is room the next request is served, without a restart. On
//! PostgreSQL, whose disk is its own, it is the folder of keys and checkpoints that runs full.

use std::io::Write;
use std::path::Path;
use stories::disk::Disk;
use stories::ledger::{Client, Due, clients, entries, faults, half_applied};
use stories::{Centre, engine};

const CLIENTS: usize = 3;

fn text_files(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file"));
    let read = files.map(|file| {
        let bytes = std::fs::read(file.path()).expect("a file");
        (file.file_name().to_string_lossy().into_owned(), String::from_utf8_lossy(&bytes).into_owned())
    });
    read.collect()
}

/// Runs the disk full at these points, each so many pages from where it is now.
fn fills_up(disk: impl FnOnce(&Centre) -> Disk, points: impl Iterator<Item = usize>) {
    let mut centre = Centre::open();
    let mut clients = clients(&centre, CLIENTS);
    let before = entries(&mut centre.database());
    centre.stop();
    let disk = disk(&centre);
    // Dropped before its disk is.
    let mut centre = centre;
    centre.start_apart();
    let mut hit = 0;
    for pages in points {
        let mut conn = centre.database();
        if !engine::is_postgres() {
            // The log begins anew, so that it must grow from the first entry on.
            conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
        }
        disk.leave(&centre, pages);
        std::thread::scope(|scope| {
            for client in &mut clients {
                let centre = &centre;
                scope.spawn(move || while client.send(centre) == Due::Unsent {});
            }
        });
        for client in &clients {
            // Where a file may not grow, the engine cannot tell a commit that is not there from one that is not safe.
            let told = [Due::Unavailable, Due::Unknown];
            let told = if disk.is_limited() { &told[..] } else { &told[..1] };
            assert!(told.contains(&client.due()), "with room for {pages} pages: {}", centre.log());
            assert!(!client.is_due_kept(&mut conn), "what was refused is not kept");
        }
        centre.inspector().get("/batches").ok();
        disk.make_room(&centre);
        for client in &mut clients {
            assert_eq!(client.send(&centre), Due::Unsent, "served again at once: {}", centre.log());
        }
        assert_eq!(faults(&clients, before, &mut conn).expect("the records"), [""; 0]);
        if hit % 10 == 0 {
            assert_eq!(half_applied(&mut conn).expect("the records"), None);
        }
        for client in clients.iter().filter(|client| !client.order().is_nil()) {
            centre.coordinator().get(&format!("/orders/{}/recipient", client.order())).ok();
        }
        hit += 1;
    }
    for (name, note) in text_files(&centre.folder().join("checkpoints")) {
        assert!(name.starts_with('.') || note.contains("\n\n— "), "{name} is a whole checkpoint: {note}");
    }
    for (name, _) in text_files(&centre.folder().join("keys/patients")) {
        assert!(name.ends_with(".key"), "{name}: no half-written key stays");
    }
    // Past the runner, which keeps what a passing test prints: on what it ran must be seen.
    let told = writeln!(
        std::io::stderr(),
        "on {}: full at {hit} points, {} requests acknowledged",
        disk.name(),
        clients.iter().map(Client::acknowledged).sum::<usize>()
    );
    told.expect("it can be told");
}

/// The points at which the disk is full, in pages of room that are left. What PostgreSQL leaves to the folder is so
/// little that it fails with no room only.
fn points(number: usize, apart: usize) -> impl Iterator<Item = usize> {
    let number = if engine::is_postgres() { 1 } else { number };
    (0..number).map(move |point| point * apart)
}

#[test]
fn a_full_disk_loses_nothing_is_named_and_is_forgotten_as_soon_as_there_is_room() {
    fills_up(Disk::small_under, points(50, 3));
}

#[test]
fn a_file_that_may_not_grow_is_like_a_full_disk_even_where_it_is_the_log() {
    fills_up(|_| Disk::Limited, points(10, 7));
}
