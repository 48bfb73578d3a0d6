//! `baiyo verify`: an honest journal is sound, and whatever the owner of the database forges is found.

mod common;

use baiyo_persistence::verify::verify;
use common::story;

#[test]
fn an_honest_journal_is_sound() {
    let story = story();
    let folder = story.copy();
    let mut steps = Vec::new();
    let report =
        verify(folder.path(), &story.outside, &mut |done, total| steps.push((done, total))).unwrap();
    assert_eq!(report.findings, []);
    assert!(report.is_sound());
    println!("{report:?}");
}
