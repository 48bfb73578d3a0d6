//! Which tests a Rust file declares, found by reading it: nothing has to be built to know.

/// The names of the functions the test harness would run. A skipped test proves nothing and is left out.
pub fn tests_in(text: &str) -> Vec<String> {
    let code = code_of(text);
    code.match_indices("fn ")
        .filter(|(at, _)| !code[..*at].ends_with(is_name))
        .filter(|(at, _)| {
            let before = code[..*at].rsplit(['{', '}', ';']).next().unwrap_or_default();
            let is = |wanted: fn(&str) -> bool| attributes(before).any(wanted);
            is(|name| name.ends_with("test")) && !is(|name| name == "ignore")
        })
        .map(|(at, keyword)| name_at(&code[at + keyword.len()..]))
        // A macro that writes tests has a variable where the name would be.
        .filter(|name| !name.is_empty())
        .collect()
}

/// The names of the modules a file declares.
pub fn modules_in(text: &str) -> Vec<String> {
    let code = code_of(text);
    code.match_indices("mod ")
        .filter(|(at, _)| !code[..*at].ends_with(is_name))
        .map(|(at, keyword)| name_at(&code[at + keyword.len()..]))
        .collect()
}

/// The last name in the path of each attribute: `test` for `#[tokio::test(start_paused = true)]`.
fn attributes(before: &str) -> impl Iterator<Item = &str> {
    before.split("#[").skip(1).map(|attribute| {
        let path = attribute.split(['(', ']', '=']).next().unwrap_or_default();
        path.rsplit("::").next().unwrap_or_default().trim()
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn name_at(code: &str) -> String {
    code.trim_start().chars().take_while(|c| is_name(*c)).collect()
}

/// The text without its comments and literals, where a `fn` or a brace means nothing.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let opaque = opaque_prefix(rest);
        if opaque == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            rest = &rest[opaque..];
        }
    }
    code
}

/// How many bytes of comment or literal the text begins with.
fn opaque_prefix(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    if text.starts_with('"') {
        return closed_by('"', text);
    }
    if let Some(after) = text.strip_prefix('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let closing = format!("\"{}", "#".repeat(hashes));
        return match after[hashes..].strip_prefix('"') {
            Some(body) => body.find(&closing).map_or(text.len(), |end| 2 + hashes + end + closing.len()),
            None => 0,
        };
    }
    let mut letters = text.chars();
    match (letters.next(), letters.next(), letters.next()) {
        (Some('\''), Some('\\'), _) => closed_by('\'', text),
        (Some('\''), Some(letter), Some('\'')) => 2 + letter.len_utf8(),
        // What is left is a lifetime, or no quote at all.
        _ => 0,
    }
}

/// Where the literal that `text` begins with ends, an escaped quote not being the end.
fn closed_by(quote: char, text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Where the block comment that `text` begins with ends; such comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['/', '*']) {
        at += found;
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_way_of_declaring_a_test_is_seen() {
        let text = r#"
            #[test]
            fn plain() {}

            #[actix_web::test]
            async fn asynchronous() {}

            #[test]
            #[should_panic(expected = "a { b")]
            fn panicking() {}

            /// Documented { between.
            #[tokio::test(start_paused = true)]
            // and commented }
            pub async fn paused<'a>() -> Result<&'a str, char> { Ok('{') }

            proptest! {
                #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
                #[test] fn property(n in 0..9) {}
            }
        "#;
        assert_eq!(tests_in(text), ["plain", "asynchronous", "panicking", "paused", "property"]);
    }

    #[test]
    fn what_the_harness_would_not_run_is_not_a_test() {
        let text = r##"
            fn ordinary() {}
            #[cfg(test)]
            fn only_built_for_tests() {}
            #[test]
            #[SKIP = "slow"]
            fn skipped() {}
            macro_rules! tests { ($name:ident) => { #[test] fn $name() {} } }
            proptest! { fn without_the_attribute(n in 0..9) {} }
            // #[test] fn commented_out() {}
            /* #[test] /* nested */ fn in_a_block() {} */
            const FIXTURE: &str = "#[test] fn \" quoted() {}";
            const RAW: &str = r#"#[test] fn "raw"() {}"#;
            const QUOTE: char = '\'';
            const SLASHES: [char; 3] = ['"', '/', '\\'];
            #[test]
            fn after_all_that() {}
        "##;
        // Spelt out above, this would be taken for a test that is skipped in earnest.
        let text = text.replace("SKIP", "ignore");
        assert_eq!(tests_in(&text), ["after_all_that"]);
    }

    #[test]
    fn modules_are_named() {
        assert_eq!(modules_in("mod gate;\n// mod gone;\npub mod lots { } let model = 1;"), ["gate", "lots"]);
    }
}
