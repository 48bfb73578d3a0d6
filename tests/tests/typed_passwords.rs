//! Wherever a password is typed nobody reads it over a shoulder, and a password manager may fill it in.

use baiyo::api::form_routes;
use baiyo_domain::authority::roles_for;
use std::collections::BTreeSet;
use stories::{Browser, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// Signings on whose page it is first asked which result they are about.
const FIRST_ASKED: [&str; 3] =
    ["/batches/{id}/verification", "/batches/{id}/interpretation", "/batches/{id}/investigation"];

/// The fields of a page in which a password is typed, by their names, each as it stands there.
fn fields(page: &str) -> Vec<(String, String)> {
    let inputs =
        page.split("<input ").skip(1).filter_map(|rest| rest.split_once('>').map(|(input, _)| input));
    let named = inputs.filter_map(|input| {
        let name = input.split("name=\"").nth(1)?.split('"').next()?;
        let secret = ["password", "new_password", "repeated", "/signature/password"].contains(&name);
        secret.then(|| (name.to_string(), input.to_string()))
    });
    named.collect()
}

#[test]
fn every_field_for_a_password_hides_it_and_lets_a_manager_fill_it_in() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let (batch, order) = (course.batch.to_string(), course.order.to_string());
    let lead = centre.lead().account();
    let his = Browser::new(&centre);
    his.sign_in(&lead.sign_in, &lead.password).ok();
    let invited = centre.administrator().id();
    let link = serde_json::json!({ "reason": "a new password" });
    let link =
        centre.administrator().post(&format!("/people/{}/setup_link", centre.checker().id()), link).ok();
    let link = link["token"].as_str().or(link["link"].as_str()).expect("a link").to_string();
    let mut pages = vec![
        ("/sign-in".to_string(), centre.stranger().get("//sign-in").text),
        ("/setup".to_string(), Browser::new(&centre).fill_in("//setup", &[("link", &link)]).text),
        ("/me/password".to_string(), his.get("//me/password").text),
        ("/me/factor".to_string(), his.get("//me/factor").text),
    ];
    // Each signing, in which the password is asked for again.
    let signings: Vec<_> = form_routes().into_iter().filter(|form| form.meaning.is_some()).collect();
    for form in &signings {
        let collection = form.path.split('/').nth(1).unwrap_or_default();
        let id = match collection {
            "batches" => &batch,
            "orders" => &order,
            "people" => &invited.to_string(),
            _ => "",
        };
        let Some(role) = roles_for(&form.action).first() else { continue };
        let answer = centre.role(*role).get(&format!("//record{}", form.path.replace("{id}", id)));
        if answer.status == 200 {
            pages.push((form.path.clone(), answer.text));
        }
    }
    let (mut seen, mut with) = (BTreeSet::new(), 0);
    for (place, page) in &pages {
        let found = fields(page);
        assert!(!found.is_empty() || FIRST_ASKED.contains(&place.as_str()), "{place} has none");
        with += usize::from(!found.is_empty());
        for (name, input) in found {
            assert!(input.contains("type=\"password\""), "{place}: {input}");
            let filled = ["current-password", "new-password"].map(|kind| format!("autocomplete=\"{kind}\""));
            assert!(filled.iter().any(|kind| input.contains(kind)), "{place}: {input}");
            assert!(!input.contains("readonly") && !input.contains("onpaste"), "{place}: {input}");
            seen.insert(name);
        }
    }
    assert!(with >= 14, "{with} of {} pages", pages.len());
    assert_eq!(seen.len(), 4, "{seen:?}");
    // Nothing that runs on a page stands in the way of pasting.
    let script = std::fs::read_to_string(stories::workspace().join("crates/web/assets/baiyo.js")).unwrap();
    assert!(!script.contains("paste"), "no script listens to what is pasted");
    println!("{with} pages with {seen:?}");
}
