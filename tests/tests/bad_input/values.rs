//! Fields with a wrong value: every kind of field on forms of every stage, and every kind of wrong value.

use super::{Bad, Wrong};
use serde_json::{Value, json};

fn bad(form: &'static str, pointer: &str, what: &str, value: Value) -> Bad {
    at(form, pointer, what, value, pointer)
}

/// A wrong value that is refused with 422 and named at another place.
fn at(form: &'static str, pointer: &str, what: &str, value: Value, named: &str) -> Bad {
    Bad {
        name: format!("{form} {pointer}: {what}"),
        form,
        wrong: Wrong::Value(pointer.into(), value),
        status: 422,
        pointer: Some(named.into()),
    }
}

fn missing(form: &'static str, pointer: &str) -> Bad {
    Bad {
        name: format!("{form} {pointer}: missing"),
        form,
        wrong: Wrong::Missing(pointer.into()),
        status: 422,
        pointer: Some(pointer.into()),
    }
}

/// Each of some fields with each wrong value.
fn each(all: &mut Vec<Bad>, fields: &[(&'static str, &str)], wrong: &[(&str, Value)]) {
    for (form, pointer) in fields {
        all.extend(wrong.iter().map(|(what, value)| bad(form, pointer, what, value.clone())));
    }
}

/// All of them.
pub fn all() -> Vec<Bad> {
    let mut all = Vec::new();

    // Short texts and remarks.
    each(
        &mut all,
        &[("tissue", "/pseudonym"), ("quality event", "/description")],
        &[
            ("a number", json!(5)),
            ("true", json!(true)),
            ("null", json!(null)),
            ("a list", json!(["P-001"])),
            ("an object", json!({ "text": "P-001" })),
            ("empty", json!("")),
            ("white space", json!(" \t\n")),
            ("Japanese white space", json!("\u{3000}\u{3000}")),
            ("too long", json!("長".repeat(2001))),
            ("NUL", json!("P\u{0}001")),
            ("a control character", json!("P\u{7}001")),
            ("a carriage return", json!("P\r001")),
            ("an escape sequence", json!("\u{1b}[31mP-001")),
            ("a bidirectional override", json!("P\u{202e}100")),
            ("a zero-width space", json!("P\u{200b}001")),
            ("a byte order mark", json!("P-001\u{feff}x")),
        ],
    );
    each(
        &mut all,
        &[("isolation", "/method"), ("shipment", "/carrier"), ("invitation", "/name")],
        &[("121 characters", json!("x".repeat(121))), ("a zero-width joiner", json!("a\u{200d}b"))],
    );

    // Decimals, which are texts.
    each(
        &mut all,
        &[("tissue", "/mass"), ("receipt", "/transport")],
        &[
            ("a JSON number", json!(12)),
            ("a fraction as a JSON number", json!(1.5)),
            ("null", json!(null)),
            ("empty", json!("")),
            ("white space", json!(" ")),
            ("white space around it", json!(" 12 ")),
            ("1e999", json!("1e999")),
            ("NaN", json!("NaN")),
            ("Infinity", json!("Infinity")),
            ("minus nothing", json!("-0")),
            ("negative", json!("-1")),
            ("20 digits", json!("12345678901234567890")),
            ("30 digits", json!("1".repeat(30))),
            ("full-width digits", json!("１２０")),
            ("kanji digits", json!("百二十")),
            ("a decimal comma", json!("1,5")),
            ("a thousands comma", json!("1,000")),
            ("no digit before the point", json!(".5")),
            ("no digit after the point", json!("5.")),
            ("two points", json!("1.2.3")),
            ("a plus sign", json!("+5")),
            ("hexadecimal", json!("0x1F")),
            ("with its unit", json!("120 g")),
            ("a typographic minus", json!("−5")),
        ],
    );
    each(
        &mut all,
        &[("observation", "/confluence")],
        &[
            ("101 percent", json!("101")),
            ("a hair over 100 percent", json!("100.0000001")),
            ("with a percent sign", json!("70%")),
        ],
    );
    each(
        &mut all,
        &[("tissue", "/least_temperature"), ("receipt", "/most_temperature")],
        &[("below absolute zero", json!("-273.16")), ("hotter than any", json!("200.1"))],
    );
    all.push(bad("infusion", "/volume", "more than there is", json!("100000.1")));
    all.push(bad("passage", "/count/replicates/1/live", "negative in a list", json!("-5")));
    all.push(bad("passage", "/count/factor", "too great", json!("9999999999999")));
    all.push(bad("harvest", "/enzyme", "negative", json!("-5")));
    all.push(bad("fill", "/containers/0/viable_cells", "more than a quadrillion", json!("1000000000000001")));

    // Whole numbers.
    each(
        &mut all,
        &[("harvest", "/washes")],
        &[
            ("as a text", json!("3")),
            ("a fraction", json!(3.5)),
            ("negative", json!(-1)),
            ("too many", json!(21)),
            ("20 digits", serde_json::from_str("99999999999999999999").expect("a number")),
            ("1e3", serde_json::from_str("1e3").expect("a number")),
        ],
    );
    each(
        &mut all,
        &[("result", "/sample"), ("fill", "/harvests/0")],
        &[("nothing", json!(0)), ("beyond all", json!(65_536)), ("null", json!(null))],
    );

    // Instants.
    each(
        &mut all,
        &[("consent", "/signed_at"), ("tissue", "/collected_at")],
        &[
            ("a number", json!(1_767_571_200)),
            ("null", json!(null)),
            ("empty", json!("")),
            ("a word", json!("yesterday")),
            ("no offset", json!("2026-01-05T09:00:00")),
            ("no time", json!("2026-01-05")),
            ("an impossible day", json!("2026-02-30T09:00:00+09:00")),
            ("an impossible month", json!("2026-13-01T09:00:00+09:00")),
            ("an impossible hour", json!("2026-01-05T25:00:00+09:00")),
            ("year 10000", json!("10000-01-01T00:00:00Z")),
            ("year 10000 with its sign", json!("+10000-01-01T00:00:00Z")),
            ("full-width digits", json!("２０２６-01-05T09:00:00+09:00")),
            ("an era", json!("令和8年1月5日")),
            ("in the future", json!("2099-01-01T00:00:00Z")),
        ],
    );
    all.push(bad("screening", "/sampled_at", "in the future", json!("9999-12-31T23:59:59Z")));
    all.push(bad("tissue", "/performed/at", "in the future", json!("2099-01-01T00:00:00Z")));
    all.push(bad("infusion", "/ended_at", "in the future", json!("2099-01-01T00:00:00Z")));

    // Days.
    each(
        &mut all,
        &[("order", "/personal/birth_date")],
        &[
            ("an impossible day", json!("2026-02-30")),
            ("slashes", json!("1955/02/28")),
            ("no leading zeros", json!("1955-2-28")),
            ("the century before last", json!("1899-12-31")),
            ("a number", json!(19_550_228)),
            ("an instant", json!("1955-02-28T00:00:00Z")),
        ],
    );
    // Labels.
    each(
        &mut all,
        &[("tissue", "/order_label"), ("infusion", "/container"), ("medium", "/vessels/0")],
        &[
            ("a number", json!(123)),
            ("empty", json!("")),
            ("something else", json!("4901234567894")),
            ("a wrong check character", json!("C1-B-TKYO-26-000123-Y")),
            ("too long", json!("C1-B-TKYO-26-000123-X".repeat(3))),
            ("no such kind", json!("C1-Z-TKYO-26-000123-X")),
        ],
    );
    // Identifiers.
    each(
        &mut all,
        &[("opening", "/order"), ("correction", "/entry"), ("quality event", "/batches/0")],
        &[
            ("a number", json!(1)),
            ("empty", json!("")),
            ("no identifier", json!("the one of yesterday")),
            ("a letter too many", json!("0192d3a4-5b6c-7d8e-9f00-1122334455667")),
            ("SQL", json!("' OR 1=1; --")),
        ],
    );
    // Words of a list.
    each(
        &mut all,
        &[("order", "/purpose"), ("order", "/plan/class"), ("screening", "/results/0/finding")],
        &[
            ("unknown", json!("perhaps")),
            ("capital letters", json!("THERAPY")),
            ("a number", json!(2)),
            ("null", json!(null)),
        ],
    );
    all.push(bad("tissue", "/decision", "neither accepted nor refused", json!("maybe")));
    all.push(bad("deciding", "/decision", "released with conditions", json!("conditional_release")));
    all.push(missing_in("deciding", "/decision", json!({ "reject": {} }), "/decision/reject/reason"));
    all.push(missing_in("sampling", "/subjects/0", json!({ "harvests": 1 }), "/subjects/0"));

    // Yes or no.
    each(
        &mut all,
        &[("tissue", "/seal_intact"), ("receipt", "/accepted")],
        &[("a text", json!("true")), ("a number", json!(1)), ("null", json!(null))],
    );
    // Lists.
    each(
        &mut all,
        &[("passage", "/into"), ("shipment", "/containers"), ("result", "/values")],
        &[
            ("a text", json!("one")),
            ("an object", json!({ "0": "one" })),
            ("null", json!(null)),
            ("empty", json!([])),
            ("too many", json!(vec!["x"; 201])),
        ],
    );
    all.push(bad("isolation", "/count/replicates", "no replicates", json!([])));
    all.push(bad(
        "screening",
        "/results",
        "the same thirteen times",
        json!(vec![json!({"analyte": "hbv", "finding": "negative"}); 13]),
    ));
    all.push(bad(
        "quality event",
        "/batches",
        "a hundred and one",
        json!(vec!["0192d3a4-5b6c-7d8e-9f00-112233445566"; 101]),
    ));

    // What only the standard or the batch can tell.
    all.push(bad("result", "/unit", "a wrong unit", json!("EU/mL")));
    all.push(bad("result", "/unit", "a unit in full width", json!("％")));
    all.push(bad("result", "/method", "a wrong method", json!("by eye")));
    all.push(bad(
        "result",
        "/values",
        "too many replicates",
        json!(["92", "93", "91", "94", "90", "92", "93"]),
    ));
    all.push(at("result", "/values", "a word for a number", json!(["many"]), "/values/0"));
    all.push(at("result", "/values", "full-width digits", json!(["９２"]), "/values/0"));
    all.push(at("result", "/values", "not a number", json!(["NaN"]), "/values/0"));
    all.push(at("result", "/values", "1e999", json!(["1e999"]), "/values/0"));
    all.push(bad("result", "/read_at", "read in the future", json!("2099-01-01T00:00:00Z")));
    all.push(at(
        "sampling",
        "/tests",
        "a test the standard does not know",
        json!(["KARYOTYPE-X"]),
        "/tests/0",
    ));
    all.push(at("sampling", "/tests", "a code in small letters", json!(["viability"]), "/tests/0"));
    all.push(at("sampling", "/subjects", "a fill that there is not", json!([{ "fill": 99 }]), "/subjects/0"));
    all.push(bad("tissue", "/least_temperature", "least above most", json!("9")));
    all.push(bad("receipt", "/least_temperature", "least above most", json!("7")));
    all.push(bad("invitation", "/sign_in", "taken", json!("admin")));
    all.push(bad("invitation", "/sign_in", "capital letters", json!("Shinjin")));
    all.push(bad("invitation", "/sign_in", "two letters", json!("ab")));
    all.push(bad("invitation", "/sign_in", "kanji", json!("新人")));
    all.push(at("draft", "/standard/version", "a version that is taken", json!(1), "/standard/version"));
    all.push(bad("draft", "/standard/version", "version 0", json!(0)));
    all.push(bad("draft", "/standard/code", "a code with a blank", json!("ADIPOSE MSC")));
    let criterion = "/standard/tests/0/criterion";
    let about = "/standard/tests/0/criterion/about";
    all.push(at("draft", criterion, "a criterion that there is not", json!({ "about": "80" }), about));
    all.push(bad("draft", "/standard/keeping/storage/least", "below absolute zero", json!("-300")));
    all.push(bad("order", "/patient", "somebody unknown in place of the patient", json!("someone")));
    all.push(at(
        "order",
        "/patient",
        "a patient both known and new",
        json!("0192d3a4-5b6c-7d8e-9f00-112233445566"),
        "/personal",
    ));

    // Fields that there are not.
    for (form, pointer) in [
        ("order", "/colour"),
        ("order", "/plan/colour"),
        ("consent", "/signed"),
        ("tissue", "/Mass"),
        ("tissue", "/performed/when"),
        ("isolation", "/count/replicates/0/alive"),
        ("fill", "/containers/0/cells"),
        ("result", "/verdict"),
        ("deciding", "/override"),
        ("deciding", "/signature/key"),
        ("correction", "/replacement/culture/medium_change/colour"),
        ("draft", "/standard/process/speed"),
        ("token", "/__proto__"),
        ("sign-in", "/remember"),
        ("quality event", "/"),
    ] {
        all.push(bad(form, pointer, "no such field", json!("1")));
    }

    // What is said not to apply: a reason, of a field that may be so, and none of one that is given.
    each(
        &mut all,
        &[("result", "/not_applicable/kit_lot"), ("medium", "/performed/not_applicable/room")],
        &[("a number", json!(0)), ("empty", json!("")), ("too long", json!("x".repeat(121)))],
    );
    all.push(bad("result", "/not_applicable/values", "a field that always applies", json!("none")));
    all.push(bad("passage", "/not_applicable", "a text", json!("all of it")));
    all.push(bad("medium", "/performed/not_applicable/at", "a field that always applies", json!("none")));
    for (form, field) in [("result", "kit_lot"), ("sampling", "quantity")] {
        let why = json!({ field: "none" });
        for named in [format!("/{field}"), format!("/not_applicable/{field}")] {
            let what = format!("given and said not to apply: {named}");
            all.push(at(form, "/not_applicable", &what, why.clone(), &named));
        }
    }

    // Fields that are missing.
    for (form, pointer) in [
        ("order", "/pseudonym"),
        ("order", "/plan/number"),
        ("consent", "/version"),
        ("screening", "/results"),
        ("opening", "/standard"),
        ("tissue", "/order_label"),
        ("isolation", "/into/0/position"),
        ("medium", "/volume"),
        ("passage", "/count/replicates/0/live"),
        ("harvest", "/washes"),
        ("fill", "/containers/0/volume"),
        ("sampling", "/tests"),
        ("result", "/method"),
        ("deciding", "/signature"),
        ("deciding", "/signature/password"),
        ("deciding", "/containers"),
        ("correction", "/reason"),
        ("correction", "/replacement"),
        ("shipment", "/carrier"),
        ("receipt", "/appearance"),
        ("infusion", "/ended_at"),
        ("invitation", "/sign_in"),
        ("draft", "/standard/tests/0/method"),
        ("quality event", "/title"),
        ("sign-in", "/password"),
        ("token", "/name"),
    ] {
        all.push(missing(form, pointer));
    }

    // Signatures.
    all.push(bad("deciding", "/signature", "a text", json!("herons")));
    all.push(bad("deciding", "/signature/password", "empty", json!("")));
    all.push(bad("deciding", "/signature/password", "a number", json!(1234)));
    all.push(bad("deciding", "/signature/password", "too long", json!("x".repeat(257))));
    all.push(bad("deciding", "/signature/meaning", "no meaning", json!("looks fine")));
    let unasked = bad(
        "medium",
        "/signature",
        "where none belongs",
        json!({ "password": "x", "meaning": "instruction" }),
    );
    all.push(unasked);
    all
}

fn missing_in(form: &'static str, pointer: &str, value: Value, named: &str) -> Bad {
    at(form, pointer, "incomplete", value, named)
}
