//! Long work seen in a browser: how far it is without reading the page anew, left and found again by signing in somewhere
//! else, and stopped by one tap; in both languages.

use baiyo::jobs::{Begun, Jobs, Kind, Outcome, Said, Standing, Unfinished, Work};
use baiyo::words::Records;
use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use baiyo_persistence::progress::Watch;
use browser_stories::{Browser, Device, Language, Theme, Ui};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use stories::Centre;

/// Work of a hundred steps that goes as far as it is told.
fn work() -> (Work, Sender<u64>) {
    let (go, far) = channel::<u64>();
    let work = Box::new(move |watch: &mut Watch, _: &Path| {
        let mut done = 0;
        while done < 100 {
            done = far.recv_timeout(Duration::from_millis(20)).unwrap_or(done);
            if watch(done, 100).is_break() {
                return Err(Unfinished::Stopped);
            }
        }
        let summary = Said { en: "everything agrees".into(), ja: "すべて一致しました".into() };
        Ok(Outcome { good: true, summary, findings: Vec::new(), notes: Vec::new(), file: false })
    });
    (work, go)
}

#[test]
fn how_far_it_is_shows_by_itself_it_is_found_again_and_ends_before_the_eyes() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let account = centre.inspector().account();
        // Another server of the centre does it.
        let elsewhere = Jobs::of(centre.folder());
        let (work, go) = work();
        let now = Time::from(chrono::Utc::now());
        elsewhere.start(Kind::Verification, PersonId(account.id), now, work).unwrap();
        let person = browser.person(&centre, account, Device::Desktop, language, Theme::Light);
        person.open("/").begins("find the work").tap(person.say(Records::Title));
        person.tap_at("#jobs tbody a").took_at_most(2);
        person.see(person.say(Records::Running)).breaks_no_rule();
        for percent in [7, 42] {
            go.send(percent).unwrap();
            person.see(&format!("{percent} {}", person.say(Records::Percent)));
        }
        // Left, and found again by somebody else at another device.
        person.leaves();
        let lead = centre.releaser().account();
        let other = browser.person(&centre, lead, Device::Phone, language, Theme::Dark);
        other.open("/records").tap_at("#jobs tbody a");
        other.see(&format!("42 {}", other.say(Records::Percent))).breaks_no_rule();
        go.send(100).unwrap();
        other.see(other.say(Records::Finished));
        other.see(if language == Language::En { "everything agrees" } else { "すべて一致しました" });
        assert_eq!(other.count("#job progress, #job button"), 0, "nothing is left to stop");
    }
}

#[test]
fn a_page_that_reads_itself_anew_keeps_nobody_signed_in() {
    let browser = Browser::start();
    let centre = Centre::open();
    let account = centre.inspector().account();
    let elsewhere = Jobs::of(centre.folder());
    let (work, go) = work();
    let now = Time::from(chrono::Utc::now());
    let begun = elsewhere.start(Kind::Verification, PersonId(account.id), now, work).unwrap();
    let Begun::Now(id) = begun else { panic!("{begun:?}") };
    let person = browser.person(&centre, account, Device::Desktop, Language::En, Theme::Light);
    person.open(&format!("/records/{id}"));
    for (minutes, percent) in [(20, 7), (9, 42)] {
        centre.minutes(minutes);
        go.send(percent).unwrap();
        person.see(&format!("{percent} {}", person.say(Records::Percent)));
    }
    centre.minutes(2);
    person.see(person.say(Ui::SignInName));
    go.send(100).unwrap();
}

#[test]
fn it_is_stopped_by_one_tap_wherever_it_is_at_work() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let account = centre.administrator().account();
        let elsewhere = Jobs::of(centre.folder());
        let (work, go) = work();
        let now = Time::from(chrono::Utc::now());
        let begun = elsewhere.start(Kind::Rebuild, PersonId(account.id), now, work).unwrap();
        let Begun::Now(id) = begun else { panic!("{begun:?}") };
        go.send(3).unwrap();
        let person = browser.person(&centre, account, Device::Desktop, language, Theme::Light);
        // Whoever starts one of the same kind meanwhile is led to it.
        person.open("/records").tap_at("#rebuild button").arrives_at(&format!("/records/{id}"));
        person.see(&format!("3 {}", person.say(Records::Percent)));
        person.begins("stop it").tap(person.say(Records::StopIt)).see(person.say(Records::StoppedExplained));
        person.took_at_most(1).breaks_no_rule();
        assert_eq!(elsewhere.job(id).unwrap().standing, Standing::Stopped);
    }
}
