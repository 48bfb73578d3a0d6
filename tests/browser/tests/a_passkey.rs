//! A person makes a passkey in a real browser, on a device that the browser plays, and signs in by it.

use baiyo::settings::Settings;
use baiyo::words::{Account, Ways};
use browser_stories::{Browser, Device, Language, Scripts, Theme, Ui};
use std::net::TcpListener;
use stories::Centre;

/// What opens the menu.
const MENU: &str = "details.menu > summary";

#[test]
fn somebody_makes_a_passkey_signs_in_by_it_with_one_tap_and_ends_it() {
    let browser = Browser::start();
    for (language, device) in [(Language::En, Device::Desktop), (Language::Ja, Device::Phone)] {
        let mut centre = Centre::open();
        // Browsers make passkeys for a name and a port that are known beforehand.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let origin = format!("http://localhost:{port}");
        let passkey_origin = Some(origin.parse().unwrap());
        let settings = Settings { passkey_origin, ..stories::unhurried() };
        centre.is_set_up_at(&format!("127.0.0.1:{port}"), settings);
        let member = centre.technician().account();
        let person = browser.visitor(&origin, device, language, Theme::Light, Scripts::On);
        person.shows_a_device(true).signs_in(&member.sign_in, &member.password);
        person.open("/me").tap(person.say(Ways::AddPasskey)).arrives_at("/me/passkeys").breaks_no_rule();
        person.enter(person.say(Ways::PasskeyName), "Tablet 3");
        person.enter(person.say(Account::PasswordSoFar), &member.password).tap(person.say(Ways::GoOn));
        person.see(person.say(Ways::MakePasskeyHelp)).breaks_no_rule();
        // Whoever does not show the device who he is has none made.
        person.shows_a_device(false).tap(person.say(Ways::MakePasskey));
        person.see(person.say(Ways::NoPasskeyMade)).breaks_no_rule();
        person.shows_a_device(true).tap(person.say(Ways::MakePasskey)).arrives_at("/me");
        person.see("Tablet 3").see(person.say(Ways::ByPasskey)).breaks_no_rule();

        let leaves = || person.tap_at(MENU).tap(person.say(Ui::SignOut)).arrives_at("/sign-in");
        leaves().breaks_no_rule();
        person.begins("signing in by a passkey");
        person.tap(person.say(Ways::WithPasskey)).arrives_at("/").took_at_most(1);
        leaves();
        person.shows_a_device(false).tap(person.say(Ways::WithPasskey)).see(person.say(Ways::NoPasskeyShown));
        person.breaks_no_rule();
        // Ended, it is shown in vain.
        person.shows_a_device(true).tap(person.say(Ways::WithPasskey)).arrives_at("/");
        person
            .open("/me")
            .tap(person.say(Ways::EndPasskey))
            .see(person.say(Ui::None))
            .does_not_see("Tablet 3");
        leaves();
        person.tap(person.say(Ways::WithPasskey)).see(person.say(Ways::PasskeyRefused)).breaks_no_rule();
        assert!(person.overflow() <= 0.0);
        // Without scripts nothing is offered that would not work.
        let plain = browser.visitor(&origin, device, language, Theme::Light, Scripts::Off);
        plain.open("/sign-in").see(plain.say(Ui::SignIn)).does_not_see(plain.say(Ways::WithPasskey));
    }
}
