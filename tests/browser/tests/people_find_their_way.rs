//! People sign in, look at the board and at a batch, change the language and sign out: with scripts and without.

use browser_stories::{Browser, Device, Language, Scripts, Theme, Ui};
use stories::{Centre, Course, Recipe, Step};

/// What opens the menu: without scripts too.
const MENU: &str = "details.menu > summary";
const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

#[test]
fn from_the_sign_in_to_what_blocks_a_batch_and_out_again() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let label = course.view()["label"].as_str().unwrap().to_string();
    let member = centre.inspector().account();
    let browser = Browser::start();
    for scripts in [Scripts::On, Scripts::Off] {
        let device = Device::Tablet;
        let person = browser.visitor(centre.address(), device, Language::En, Theme::Light, scripts);
        person.begins("finding what blocks a batch").open("/");
        person.enter(person.say(Ui::SignInName), &member.sign_in).enter(person.say(Ui::Password), "a guess");
        person.tap(person.say(Ui::SignIn)).see(person.say(Ui::WrongNameOrPassword));
        person.enter(person.say(Ui::Password), &member.password).tap(person.say(Ui::SignIn));
        person.arrives_at("/").see(&label).tap(&label).see("Viability");
        assert_eq!(person.interactions(), 6);
        person.tap_at(MENU).tap(Language::Ja.own_name()).see("生細胞率").does_not_see("Viability");
        person.tap_at(MENU).tap(Language::En.own_name());
        person.tap_at(MENU).tap(person.say(Ui::SignOut)).arrives_at("/sign-in");
        person.does_not_see(&label).open("/orders").arrives_at("/sign-in?to=/orders");
    }
}

#[test]
fn somebody_signs_in_in_his_own_language() {
    let centre = Centre::open();
    let browser = Browser::start();
    let member = centre.inspector().account();
    let person = browser.person(&centre, member, Device::Desktop, Language::Ja, Theme::Dark);
    person.see(person.say(Ui::Board)).see(person.say(Ui::NothingFound));
    assert_eq!(person.interactions(), 0, "signing in is no part of a task");
}

#[test]
fn the_header_is_one_line_on_a_tablet_and_low_on_a_telephone() {
    let centre = Centre::open();
    let browser = Browser::start();
    let height = "Math.round(document.querySelector('header.top').getBoundingClientRect().height)";
    for member in [centre.releaser().account(), centre.technician().account()] {
        for language in Language::ALL {
            let person = browser.person(&centre, member, Device::Tablet, language, Theme::Light);
            for device in [Device::Tablet, Device::Phone] {
                let found = person.moves_to(device, Theme::Light).run(height).as_u64().expect("a height");
                assert!(found <= 88, "{found} px for {} on a {}", member.sign_in, device.name());
            }
        }
    }
}
