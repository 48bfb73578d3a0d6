//! Every screen of the table, in both languages, both colours and three sizes: it breaks no rule of accessibility,
//! fits its window, weighs little, and nothing goes wrong on it unseen.

use browser_stories::{Breach, Browser, Device, Language, Person, Place, SCREENS, Screen, Theme, by_person};
use std::collections::BTreeMap;
use std::time::Instant;
use stories::Centre;

/// The most that a page may weigh on its way, with everything that belongs to it.
const HEAVIEST: u64 = 100_000;

/// The rules that a screen breaks as it looks now. Sizes are tried in light colours; dark ones can break only what is
/// about colours. A long screen looks like itself all over, and is tried once in each language, each time otherwise.
fn breaches(
    person: &Person,
    screen: &Screen,
    language: Language,
    device: Device,
    theme: Theme,
) -> Vec<Breach> {
    let look_of_long = match language {
        Language::En => (Device::Tablet, Theme::Light),
        Language::Ja => (Device::Phone, Theme::Dark),
    };
    match theme {
        _ if screen.is_long && (device, theme) != look_of_long => Vec::new(),
        Theme::Light => person.axe(),
        Theme::Dark => person.axe_of_colours(),
    }
}

/// What is wrong with the screen that this person has opened.
fn faults(person: &Person, screen: &Screen, language: Language) -> Vec<String> {
    let began = Instant::now();
    let mut faults = Vec::new();
    let weight = person.weight();
    if weight.transferred > HEAVIEST {
        faults.push(format!("{} in {}: weighs {weight:?}", screen.name, language.tag()));
    }
    for theme in Theme::ALL {
        for device in Device::ALL {
            person.moves_to(device, theme);
            let breaches = breaches(person, screen, language, device, theme);
            let wider = person.overflow();
            let wider = (wider > 0.0).then(|| format!("{wider} px wider than its window"));
            let found: Vec<String> = breaches.iter().map(ToString::to_string).chain(wider).collect();
            let look = format!("{} in {}, {}, {}", screen.name, language.tag(), theme.name(), device.name());
            faults.extend(found.iter().map(|fault| format!("{look}: {fault}")));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("{} in {}: {seconds:.1} s, {} bytes", screen.name, language.tag(), weight.transferred);
    faults
}

/// What is wrong with any screen in a language.
fn faults_in(language: Language, place: &Place, paths: &BTreeMap<&str, String>) -> Vec<String> {
    let browser = Browser::start();
    let mut wrong = Vec::new();
    for (who, screens) in by_person(SCREENS) {
        let person = place.seats(&browser, who, Device::Tablet, language, Theme::Light);
        for screen in &screens {
            person.moves_to(Device::Tablet, Theme::Light).open(&paths[screen.name]);
            wrong.extend(faults(&person, screen, language));
        }
        wrong.extend(person.leaves());
    }
    wrong
}

#[test]
fn every_screen_can_be_read_by_everybody_on_every_device() {
    let mut centre = Centre::open();
    let mut place = Place::full(&mut centre);
    let (mut unfounded, link) = Centre::empty();
    place.call("unfounded", &format!("{}/setup/{link}", unfounded.address()));
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
}
