//! The controls of this harness: whatever it is there to notice, it does notice, and an ordinary page has nothing of it.

use browser_stories::{Browser, Device, Language, Person, Scripts, Theme, Ui};
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use stories::Centre;

fn visitor<'a>(browser: &'a Browser, centre: &Centre) -> Person<'a> {
    let person = browser.visitor(centre.address(), Device::Tablet, Language::En, Theme::Light, Scripts::On);
    person.open("/sign-in");
    person
}

/// Waits until something has gone wrong on a page, and takes it back.
#[track_caller]
fn notices(person: &Person, kind: &str, text: &str) {
    let began = Instant::now();
    let found = |problem: &String| problem.starts_with(kind) && problem.contains(text);
    while !person.problems().iter().any(found) {
        assert!(began.elapsed() < Duration::from_secs(5), "no {kind} with {text} in {:?}", person.problems());
    }
    person.forgives("");
}

fn said(panicked: Box<dyn std::any::Any + Send>) -> String {
    panicked.downcast::<String>().map(|text| *text).unwrap_or_default()
}

#[test]
fn whatever_goes_wrong_on_a_page_unseen_is_noticed() {
    let centre = Centre::open();
    let browser = Browser::start();
    let person = visitor(&browser, &centre);
    person.open("/nowhere");
    assert_eq!(person.problems(), [] as [String; 0], "a page that says it is not there is an answer");

    person.run("const s = document.createElement('script'); s.textContent = 'go()'; document.body.append(s)");
    notices(&person, "content policy", "script");
    person.run("const i = new Image(); i.src = 'https://elsewhere.example/x.png'; document.body.append(i)");
    notices(&person, "content policy", "elsewhere.example");
    person.run("fetch('/nowhere').then(() => 0)");
    notices(&person, "console", "404");
    person.run("setTimeout(() => { throw new Error('a slip') }, 0); 0");
    notices(&person, "script", "a slip");

    person.loses_network();
    person.run("fetch('/sign-in').catch(() => 0)");
    person.finds_network();
    assert_eq!(person.problems(), [] as [String; 0], "what fails without a network is nobody's fault");
    person.open("/sign-in");

    person.run("open('http://127.0.0.1:1/'); 0");
    notices(&person, "third party", "127.0.0.1:1");
    person.open("/sign-in").run("console.error('left behind')");
    let left = catch_unwind(AssertUnwindSafe(|| drop(person)));
    assert!(said(left.expect_err("he may not leave so")).contains("left behind"));
}

#[test]
fn a_page_that_is_hard_to_use_is_noticed() {
    let centre = Centre::open();
    let browser = Browser::start();
    let person = visitor(&browser, &centre);
    person.breaks_no_rule().can_tap("form", 48.0, 8.0);
    assert_eq!(person.overflow(), 0.0);
    let light = person.weight();
    assert!(1_000 < light.transferred && light.transferred * 2 < light.plain, "{light:?}");

    let breaks = |script: &str, rule: &str| {
        person.open("/sign-in").run(&format!("{script}; 0"));
        let broken: Vec<String> = person.axe().into_iter().map(|breach| breach.rule).collect();
        assert_eq!(broken, [rule], "{script}");
    };
    breaks("document.querySelector('label').remove()", "label");
    breaks("document.documentElement.removeAttribute('lang')", "html-has-lang");
    breaks("document.querySelector('h1').style.color = '#999'", "color-contrast");
    let left_open = |script: &str| {
        person.open("/sign-in").run(&format!("{script}; 0"));
        let found = person.looks();
        assert!(found.breaches.is_empty(), "{:?}", found.breaches);
        found.open.into_iter().map(|open| (open.rule, open.reason, open.within)).collect::<Vec<_>>()
    };
    assert_eq!(left_open("1"), []);
    let over_a_picture = "document.querySelector('h1').style.backgroundImage = 'linear-gradient(#fff, #eee)'";
    let open =
        |reason: &str, within: &str| ("color-contrast".to_string(), reason.to_string(), within.to_string());
    assert_eq!(left_open(over_a_picture), [open("bgGradient", "page")]);
    let drawn = "document.querySelector('h1').innerHTML = '<svg width=\"90\" height=\"30\"><text y=\"20\">9 cells</text></svg>'";
    assert_eq!(left_open(drawn), [open("imgNode", "drawing")]);
    // What is hidden by a window that scrolls is no excuse: it is laid open and looked at.
    let scrolled = |colour: &str| {
        format!(
            "document.querySelector('h1').innerHTML = '<div class=\"scroll\" tabindex=\"0\"><p class=\"wide\">\
             <span>cells</span></p></div>'; const s = document.querySelector('h1 span'); s.style.marginLeft = '1400px'; \
             s.style.color = '{colour}'"
        )
    };
    assert_eq!(left_open(&scrolled("#1a1a1a")), []);
    breaks(&scrolled("#999999"), "color-contrast");
    let small = "document.querySelector('.languages').style.display = 'block'; for (const a of document.querySelectorAll('.languages a')) \
                 Object.assign(a.style, { minHeight: '0', height: '10px', display: 'block' })";
    breaks(small, "target-size");
    assert!(!person.misses_in_gloves(".languages").is_empty());
    let refused = catch_unwind(AssertUnwindSafe(|| {
        person.can_tap(".languages", 24.0, 0.0);
    }));
    assert!(said(refused.expect_err("they are 10 pixels high")).contains("日本語"));

    person.open("/sign-in").run("document.querySelector('main').style.minWidth = '1500px'");
    assert_eq!(person.overflow(), 320.0);
}

#[test]
fn a_scanner_types_in_a_burst_and_an_input_method_hides_what() {
    let centre = Centre::open();
    let browser = Browser::start();
    let person = visitor(&browser, &centre);
    let name = person.say(Ui::SignInName);
    // A page without our script, which would take the scan for itself.
    let field = format!("document.body.innerHTML = '<label>{name} <input id=\"sign_in\"></label>'");
    person.open("/healthz").run(&field);
    let listen = "window.keys = []; document.querySelector('#sign_in').focus(); \
                  addEventListener('keydown', (e) => keys.push([e.key, e.code, e.shiftKey, e.timeStamp]))";
    let label = "C1-V02/a";
    person.run(listen);
    person.begins("a scan").scan(label);
    assert_eq!(person.value(name), label);
    assert_eq!(person.interactions(), 1);
    let keys = person.run("keys.filter(([key]) => key != 'Shift')");
    let keys: Vec<_> = keys.as_array().unwrap().iter().map(|key| key.as_array().unwrap().clone()).collect();
    let codes = ["KeyC", "Digit1", "Minus", "KeyV", "Digit0", "Digit2", "Slash", "KeyA", "Enter"];
    assert_eq!(keys.iter().map(|key| key[1].as_str().unwrap()).collect::<Vec<_>>(), codes);
    assert_eq!((&keys[0][0], &keys[0][2], &keys[1][2]), (&json!("C"), &json!(true), &json!(false)));
    let span = keys[8][3].as_f64().unwrap() - keys[0][3].as_f64().unwrap();
    // Nobody's fingers are as fast, on however busy a machine this runs.
    assert!(span / 8.0 < 50.0, "{span} ms");

    person.open("/healthz").run(&field);
    person.run(listen);
    person.scan_through_ime(label);
    assert_eq!(person.value(name), "");
    let keys = person.run("keys.filter(([, code]) => code != 'ShiftLeft').map(([key, code]) => [key, code])");
    assert_eq!(keys, json!(codes.map(|code| ["Process", code])));
}

#[test]
fn a_story_that_fails_says_where() {
    let centre = Centre::open();
    let browser = Browser::start();
    let person = visitor(&browser, &centre);
    let failed = |does: &dyn Fn()| said(catch_unwind(AssertUnwindSafe(does)).expect_err("it fails"));
    let message = failed(&|| {
        person.see("no such words");
    });
    for part in ["no such words", "/sign-in", "Sign-in name", "target/browser/failed-a_story_that_fails"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    let message = failed(&|| {
        person.tap("Release");
    });
    assert!(message.contains("Release") && message.contains("| Sign in"), "{message}");
    let message = failed(&|| {
        person.does_not_see("Sign-in name");
    });
    assert!(message.contains("is to be seen"), "{message}");
    let message = failed(&|| {
        person.begins("a wish").press("Tab").took_at_most(0);
    });
    assert!(message.contains("a wish took 1, more than 0: press Tab"), "{message}");
}
