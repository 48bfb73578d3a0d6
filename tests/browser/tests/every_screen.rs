//! Every screen of the table, in both languages, both colours and three sizes: it breaks no rule of accessibility and leaves
//! none open, fits its window, weighs little, nothing goes wrong on it unseen, and at the bench gloved hands meet it.

use browser_stories::{
    Breach, Browser, Device, Language, Open, Person, Place, SCREENS, Screen, Theme, by_person,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Instant;
use stories::Centre;

/// The most that a page may weigh on its way, with everything that belongs to it.
const HEAVIEST: u64 = 100_000;

/// What the rules cannot decide by themselves, and why it is in order: rule, reason, where.
const LEFT_OPEN: [(&str, &str, &str); 2] = [
    // Texts in drawings lie over other parts of them. Which colours may meet there is reckoned in a test of its own,
    // colours::every_text_in_a_drawing_stands_out_from_whatever_it_may_lie_over; labels are black on white.
    ("color-contrast", "imgNode", "drawing"),
    ("color-contrast", "bgOverlap", "drawing"),
];

/// What was left open anywhere and is in order.
static MET: Mutex<BTreeSet<(&str, &str, &str)>> = Mutex::new(BTreeSet::new());

fn is_in_order(open: &Open) -> bool {
    let known = (open.rule.as_str(), open.reason.as_str(), open.within.as_str());
    let found = LEFT_OPEN.into_iter().find(|left| *left == known);
    found.is_some_and(|left| {
        MET.lock().expect("a list").insert(left);
        true
    })
}

/// What is wrong with the screen that this person has opened.
fn faults(person: &Person, screen: &Screen, language: Language) -> Vec<String> {
    let began = Instant::now();
    let mut faults = Vec::new();
    let weight = person.weight();
    if weight.transferred > HEAVIEST {
        faults.push(format!("{} in {}: weighs {weight:?}", screen.name, language.tag()));
    }
    let mut left = 0;
    for theme in Theme::ALL {
        for device in Device::ALL {
            person.moves_to(device, theme);
            let looked = person.looks();
            let breaches = looked.breaches.iter().map(Breach::to_string);
            left += looked.open.len();
            let open = looked
                .open
                .iter()
                .filter(|open| !is_in_order(open))
                .map(|open| format!("left open: {open:?}"));
            let wider = person.overflow();
            let wider = (wider > 0.0).then(|| format!("{wider} px wider than its window"));
            let gloves = screen.is_of_the_bench() && (device, theme) == (Device::Tablet, Theme::Light);
            let missed = if gloves { missed(person) } else { Vec::new() };
            let look = format!("{} in {}, {}, {}", screen.name, language.tag(), theme.name(), device.name());
            let found = breaches.chain(open).chain(wider).chain(missed);
            faults.extend(found.map(|fault| format!("{look}: {fault}")));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let weight = weight.transferred;
    eprintln!("{} in {}: {seconds:.1} s, {weight} bytes, {left} left open", screen.name, language.tag());
    faults
}

/// What gloved hands miss, with everything that folds laid open; the menu, which lies over the page, by itself.
fn missed(person: &Person) -> Vec<String> {
    let fold = "for (const d of document.querySelectorAll('details')) d.open = !d.matches('.menu'); 0";
    person.run(fold);
    let mut missed = person.misses_in_gloves("body");
    person.run("document.querySelector('details.menu').open = true; 0");
    missed.extend(person.misses_in_gloves("details.menu"));
    person.run("document.querySelector('details.menu').open = false; 0");
    missed.iter().map(|target| format!("missed in gloves: {target}")).collect()
}

/// What is wrong with any screen in a language.
fn faults_in(language: Language, place: &Place, paths: &BTreeMap<&str, String>) -> Vec<String> {
    let browser = Browser::start();
    let mut wrong = Vec::new();
    for (who, screens) in by_person(SCREENS) {
        let person = place.seats(&browser, who, Device::Tablet, language, Theme::Light);
        for screen in screens.iter().filter(|screen| is_wanted(screen)) {
            person.moves_to(Device::Tablet, Theme::Light).open(&paths[screen.name]);
            wrong.extend(faults(&person, screen, language));
        }
        wrong.extend(person.leaves());
    }
    wrong
}

/// Whether a screen is to be looked at: `BAIYO_SCREENS` names a part of the names of those that are, where one works on them.
fn is_wanted(screen: &Screen) -> bool {
    std::env::var("BAIYO_SCREENS").map_or(true, |part| screen.name.contains(&part))
}

#[test]
fn every_screen_can_be_read_by_everybody_on_every_device() {
    let mut centre = Centre::open();
    let mut place = Place::full(&mut centre);
    let (mut unfounded, link) = Centre::empty();
    place.call("unfounded", &format!("{}/setup#{link}", unfounded.address()));
    let paths = SCREENS.iter().map(|screen| (screen.name, place.fill(screen.path))).collect();

    let (place, paths) = (&place, &paths);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let look = |language: Language| {
            let thread = std::thread::Builder::new().name(format!("every_screen-{}", language.tag()));
            thread.spawn_scoped(scope, move || faults_in(language, place, paths)).expect("a thread")
        };
        let looking = Language::ALL.map(look);
        looking.into_iter().flat_map(|looked| looked.join().expect("a look at every screen")).collect()
    });
    unfounded.stop();
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
    if std::env::var_os("BAIYO_SCREENS").is_none() {
        let met = MET.lock().expect("a list").len();
        assert_eq!(met, LEFT_OPEN.len(), "what is in order is still to be met");
    }
}
