//! Every operation of the API is used, and every problem it documents is provoked: what the document says is what
//! the server does.

mod problems;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use stories::{Centre, Sent, Use, api, engine, tour};

/// Everything documented: method, path template, status.
fn documented() -> BTreeSet<Use> {
    let paths = api()["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (method.to_uppercase(), path, operation))
    });
    let responses = operations.flat_map(|(method, path, operation)| {
        let statuses = operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        statuses.into_iter().map(move |status| (method.clone(), path.clone(), status.parse().unwrap()))
    });
    // Beside other servers nothing is known to be unchanged.
    responses.filter(|(_, _, status)| *status != 304 || !engine::is_postgres()).collect()
}

/// Asks again for whatever was read, with the tag it came with.
fn read_again(centre: &Centre, sent: &BTreeMap<(String, String), Sent>) {
    for ((method, _), sent) in sent {
        let Some(member) = sent.member.as_ref().filter(|_| method == "GET") else { continue };
        let first = centre.member(member).get(&sent.path);
        if let Some(tag) = first.header("etag") {
            centre.member(member).call("GET", &sent.path).header("if-none-match", tag).send();
        }
    }
}

fn list(uses: &BTreeSet<&Use>) -> String {
    uses.iter().map(|(method, path, status)| format!("  {status} {method} {path}\n")).collect()
}

#[test]
fn every_operation_succeeds_and_every_documented_problem_is_provoked() {
    let mut centre = Centre::open();
    centre.be_careful();
    tour::take(&mut centre);
    let sent = centre.succeeded();
    read_again(&centre, &sent);
    problems::of_every_request(&centre, &sent);
    problems::of_what_is_over(&centre, &sent);
    problems::of_particular_states(&centre, &sent);
    problems::of_records_that_cannot_be_read(&centre, &sent);
    problems::of_too_many_tries(&centre, &sent);
    problems::of_too_many_attempts(&centre, &sent);
    problems::of_a_lacking_factor(&mut centre, &sent);

    let (used, documented) = (centre.used(), documented());
    let missing: BTreeSet<&Use> = documented.difference(&used).collect();
    assert!(missing.is_empty(), "documented and never seen:\n{}", list(&missing));
    let known = |path: &str| api()["paths"].get(path).is_some();
    let strange: BTreeSet<&Use> = used.difference(&documented).filter(|(_, path, _)| known(path)).collect();
    assert!(strange.is_empty(), "seen and not documented:\n{}", list(&strange));
}

#[test]
fn the_document_is_whole() {
    let mut ids = BTreeSet::new();
    for (path, item) in api()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(
                operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                "{at} has no summary"
            );
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{at} shares its id");
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let named = operation["parameters"].as_array().unwrap().iter();
                assert!(
                    named.clone().any(|p| p["name"] == part && p["in"] == "path"),
                    "{at} does not name {part}"
                );
            }
        }
    }
    let mut waiting = vec![api()];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = target.strip_prefix('#').expect("nothing refers elsewhere");
                    assert!(api().pointer(pointer).is_some(), "{target} leads nowhere");
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
}
