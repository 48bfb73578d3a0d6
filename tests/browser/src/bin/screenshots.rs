//! Takes pictures of every screen of the table, filled by the demonstration: `screenshots [--docs] [filter]`, which
//! `cargo xtask screenshots` runs.

use browser_stories::{Browser, Demonstration, Device, Extent, Language, SCREENS, Screen, Theme, by_person};
use std::path::PathBuf;
use stories::Centre;

/// What a screen is photographed on.
const LOOKS: [(Device, Theme); 3] =
    [(Device::Desktop, Theme::Light), (Device::Tablet, Theme::Dark), (Device::Phone, Theme::Light)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, filters): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    if let Some(unknown) = options.iter().find(|option| **option != "--docs") {
        eprintln!("{unknown} is no option: screenshots [--docs] [part of a screen's name]");
        std::process::exit(2);
    }
    let docs = options.contains(&"--docs");
    let wanted = |screen: &&Screen| {
        let named = filters.iter().all(|filter| screen.name.contains(filter));
        named && (!docs || screen.in_docs.is_some())
    };
    let screens: Vec<Screen> = SCREENS.iter().filter(wanted).copied().collect();
    if screens.is_empty() {
        eprintln!(
            "no screen is called so; there are: {}",
            SCREENS.iter().map(|screen| screen.name).collect::<Vec<_>>().join(", ")
        );
        std::process::exit(2);
    }

    eprintln!("seeding the demonstration");
    let mut demonstration = Demonstration::start();
    let (mut unfounded, link) = Centre::empty();
    let place = demonstration.place();
    place.call("unfounded", &format!("{}/setup#{link}", unfounded.address()));
    let browser = Browser::start();
    for (who, screens) in by_person(&screens) {
        for language in Language::ALL {
            let person = place.seats(&browser, who, Device::Desktop, language, Theme::Light);
            for screen in &screens {
                person.moves_to(Device::Desktop, Theme::Light).open(&place.fill(screen.path));
                for (file, device, theme, whole) in pictures(screen, language, docs) {
                    person.moves_to(device, theme).screenshot(&file, whole);
                    println!("{}", file.display());
                }
            }
        }
    }
    unfounded.stop();
}

/// Which pictures of a screen are taken: the file, and on what. The documentation's show one window in English.
fn pictures(screen: &Screen, language: Language, docs: bool) -> Vec<(PathBuf, Device, Theme, Extent)> {
    let root = stories::workspace();
    match screen.in_docs {
        Some(name) if docs && language == Language::En => {
            vec![(
                root.join(format!("docs/images/{name}.png")),
                Device::Desktop,
                Theme::Light,
                Extent::Window,
            )]
        }
        _ if docs => Vec::new(),
        _ => {
            let folder = root.join("target/screenshots").join(language.tag());
            let picture = |(device, theme): (Device, Theme)| {
                let file = format!("{}-{}-{}.png", screen.name, device.name(), theme.name());
                (folder.join(file), device, theme, Extent::Page)
            };
            LOOKS.into_iter().map(picture).collect()
        }
    }
}
