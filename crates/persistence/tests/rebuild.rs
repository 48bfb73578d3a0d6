//! `baiyo rebuild`: after an honest story nothing changes; what was changed by hand comes right and is listed.

mod centre;

use baiyo_persistence::progress::{telling, unwatched};
use baiyo_persistence::rebuild::{Rebuilt, check, rebuild};
use baiyo_persistence::{Store, StoreError};
use centre::forger::Forger;
use centre::story;
use std::ops::ControlFlow;

fn checked(store: &Store) -> Rebuilt {
    store.read(check).unwrap()
}

#[test]
fn after_an_honest_story_nothing_changes() {
    let story = story();
    let place = story.copy();
    let store = place.open();
    let mut steps = Vec::new();
    let rebuilt = rebuild(&store, &mut telling(|done, total| steps.push((done, total)))).unwrap();
    assert_eq!((&rebuilt.differing, &rebuilt.disagreeing), (&vec![], &vec![]));
    // A batch, its place on its clinic's board, its opening and two decisions, its three containers, an order, a standard,
    // six people.
    assert_eq!(rebuilt.rows, 1 + 1 + 3 + 3 + 1 + 1 + 6);
    assert_eq!(steps, (1..=10).map(|done| (done, 10)).collect::<Vec<_>>());
    assert_eq!(checked(&store), rebuilt);
    drop(store);
    assert_eq!(place.verify(&story.outside).findings, []);
}

#[test]
fn a_read_model_changed_by_hand_comes_right_and_is_listed() {
    let story = story();
    let place = story.copy();
    let mut forger = Forger::at(&place);
    forger.sql("UPDATE batch_row SET status = 'shipped'");
    forger.sql("DELETE FROM person_row WHERE sign_in = 'maker'");
    forger.sql("INSERT INTO stop_row SELECT id, id, 1, clinic, 0, NULL FROM batch_row");
    forger.leave();
    let store = place.open();
    let before = checked(&store);
    let tables: Vec<_> =
        before.differing.iter().map(|d| (d.table, d.was.is_some(), d.due.is_some())).collect();
    let due = [("batch_row", true, true), ("person_row", false, true), ("stop_row", true, false)];
    assert_eq!(tables, due);
    assert!(before.differing[0].was.as_ref().is_some_and(|row| row.contains("status: \"shipped\"")));
    assert_eq!(rebuild(&store, &mut unwatched).unwrap(), before);
    assert!(checked(&store).agrees());
}

#[test]
fn stopped_at_any_step_it_leaves_everything_as_it_was() {
    let story = story();
    let place = story.copy();
    let mut forger = Forger::at(&place);
    forger.sql("UPDATE batch_row SET status = 'shipped'");
    forger.leave();
    let store = place.open();
    let before = checked(&store);
    assert!(!before.agrees());
    for last in 1..10 {
        let stopped = rebuild(&store, &mut |done, _| match done {
            done if done < last => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        });
        assert!(matches!(stopped, Err(StoreError::Stopped)), "{last}: {stopped:?}");
        assert_eq!(checked(&store), before, "stopped after {last}");
    }
    assert_eq!(rebuild(&store, &mut unwatched).unwrap(), before);
    assert!(checked(&store).agrees());
}

#[test]
fn records_from_before_batches_were_found_by_period_are_found_by_it_once_they_are_opened() {
    let story = story();
    let place = story.copy();
    let mut forger = Forger::at(&place);
    forger.sql("DELETE FROM happening_row");
    forger.leave();
    let store = place.open();
    assert!(checked(&store).agrees());
    drop(store);
    // Of some that are there and wrong, only a rebuild says so.
    let mut forger = Forger::at(&place);
    forger.sql("UPDATE happening_row SET happened_at = happened_at + 1 WHERE kind = 'opened'");
    forger.leave();
    assert!(!checked(&place.open()).agrees());
}

#[test]
fn evidence_is_compared_and_left_alone() {
    let story = story();
    let place = story.copy();
    let mut forger = Forger::at(&place);
    forger.sql("DELETE FROM duty WHERE duty = 'enterer'");
    forger.leave();
    let store = place.open();
    for rebuilt in [checked(&store), rebuild(&store, &mut unwatched).unwrap()] {
        assert_eq!((rebuilt.disagreeing, rebuilt.differing), (vec![story.batch], vec![]));
    }
    let duties = store.read(|conn| {
        use baiyo_persistence::engine::prelude::*;
        Ok::<i64, StoreError>(baiyo_persistence::schema::duty::table.count().get_result(conn)?)
    });
    assert!(duties.unwrap() > 0);
}
