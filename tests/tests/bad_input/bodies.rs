//! Requests that are wrong as a whole: bodies that are no JSON or no form, headers, addresses, signs of attack.

use super::{Bad, Wrong};

fn row(name: &str, form: &'static str, wrong: Wrong, status: u16, pointer: Option<&str>) -> Bad {
    Bad { name: name.into(), form, wrong, status, pointer: pointer.map(String::from) }
}

fn body(name: &str, body: impl Into<Vec<u8>>, status: u16, pointer: &str) -> Bad {
    row(name, "consent", Wrong::Body(body.into()), status, Some(pointer))
}

/// All of them.
pub fn all() -> Vec<Bad> {
    let good = r#""signed_at": "2026-01-05T00:00:00Z""#;
    let mut all = vec![
        body("no body", "", 400, ""),
        body("white space for a body", "  \n ", 400, ""),
        body("no JSON", "version=2.1", 400, ""),
        body("cut off", r#"{"version": "2.1", "signed_at""#, 400, ""),
        body("a text that does not end", r#"{"version": "2.1"#, 400, ""),
        body("trailing garbage", format!(r#"{{"version": "2.1", {good}}} x"#), 400, ""),
        body("two forms at once", format!(r#"{{"version": "2.1", {good}}}{{}}"#), 400, ""),
        body("a trailing comma", format!(r#"{{"version": "2.1", {good},}}"#), 400, ""),
        body("a comment", format!(r#"{{"version": "2.1", /* new */ {good}}}"#), 400, ""),
        body("single quotes", "{'version': '2.1'}", 400, ""),
        body("names without quotes", "{version: 1}", 400, ""),
        body("a byte order mark", format!("\u{feff}{{\"version\": \"2.1\", {good}}}"), 400, ""),
        body("a lone high surrogate", format!(r#"{{"version": "\ud800", {good}}}"#), 400, ""),
        body("a lone low surrogate", format!(r#"{{"version": "\udc00x", {good}}}"#), 400, ""),
        body("a raw control character", format!("{{\"version\": \"2\u{1}\", {good}}}"), 400, ""),
        body("a raw NUL", format!("{{\"version\": \"2\u{0}\", {good}}}"), 400, ""),
        body("1e999 as a number", format!(r#"{{"version": 1e999, {good}}}"#), 400, ""),
        body("NaN as a number", format!(r#"{{"version": NaN, {good}}}"#), 400, ""),
        body("a number with a leading zero", format!(r#"{{"version": 01, {good}}}"#), 400, ""),
        body("a hexadecimal number", format!(r#"{{"version": 0x1, {good}}}"#), 400, ""),
        body("invalid UTF-8", b"{\"version\": \"\xff\xfe\"}".to_vec(), 400, ""),
        body("overlong UTF-8", b"{\"version\": \"\xc0\x80\"}".to_vec(), 400, ""),
        body("Shift_JIS", b"{\"version\": \"\x93\xaf\x88\xd3\"}".to_vec(), 400, ""),
        body("UTF-16", "{}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(), 400, ""),
        body("lists 10,000 deep", "[".repeat(10_000), 400, ""),
        body("lists 10,000 deep and closed", "[".repeat(10_000) + &"]".repeat(10_000), 400, ""),
        body("objects 10,000 deep", r#"{"version":"#.repeat(10_000) + "1" + &"}".repeat(10_000), 400, ""),
        body(
            "10,000 deep within a field",
            format!(r#"{{"version": {}, {good}}}"#, "[".repeat(10_000)),
            400,
            "",
        ),
        body("a list for a form", "[]", 422, ""),
        body("a list of forms", format!(r#"[{{"version": "2.1", {good}}}]"#), 422, ""),
        body("a number for a form", "5", 422, ""),
        body("a text for a form", r#""2.1""#, 422, ""),
        body("null for a form", "null", 422, ""),
        body("true for a form", "true", 422, ""),
        body("a field twice", format!(r#"{{"version": "2.1", {good}, "version": "2.2"}}"#), 400, "/version"),
        body(
            "a field twice, the same",
            format!(r#"{{"version": "2.1", {good}, "version": "2.1"}}"#),
            400,
            "/version",
        ),
        body(
            "a field twice, once escaped",
            format!(r#"{{"version": "2.1", {good}, "\u0076ersion": "2"}}"#),
            400,
            "/version",
        ),
        body(
            "a field twice that there is not",
            format!(r#"{{"version": "2.1", {good}, "x": 1, "x": 1}}"#),
            400,
            "/x",
        ),
        row(
            "a field twice within a list",
            "passage",
            Wrong::Body(
                br#"{"count": {"replicates": [{"live": "1"}, {"live": "2", "live": "3"}]}}"#.to_vec(),
            ),
            400,
            Some("/count/replicates/1/live"),
        ),
        row(
            "a password twice",
            "sign-in",
            Wrong::Body(br#"{"sign_in": "a", "password": "b", "password": "c"}"#.to_vec()),
            400,
            Some("/password"),
        ),
        row("a body over the limit", "consent", Wrong::Body(vec![b' '; 128 * 1024 + 1]), 413, None),
        row("a remark over the limit", "quality event", Wrong::Body(huge()), 413, None),
        row("a sign-in over the limit", "sign-in", Wrong::Body(huge()), 413, None),
        row(
            "a list for a sign-in",
            "sign-in",
            Wrong::Body(b"[\"admin\", \"admin\"]".to_vec()),
            422,
            Some(""),
        ),
    ];
    for (name, media_type) in [
        ("plain text", "text/plain"),
        ("a web form", "application/x-www-form-urlencoded"),
        ("a file upload", "multipart/form-data; boundary=x"),
        ("another type that begins so", "application/json-patch+json"),
        ("XML", "application/xml"),
        ("an empty type", ""),
    ] {
        all.push(row(&format!("sent as {name}"), "consent", Wrong::MediaType(media_type), 415, None));
    }
    for (name, value) in [
        ("a word", "latest"),
        ("any", "*"),
        ("negative", "\"-1\""),
        ("a fraction", "\"1.5\""),
        ("too great", "\"99999999999999999999\""),
        ("two", "\"1\", \"2\""),
        ("empty", ""),
        ("full-width digits", "\"１２\""),
    ] {
        all.push(row(
            &format!("If-Match: {name}"),
            "consent",
            Wrong::Header("if-match", value.into()),
            422,
            None,
        ));
    }
    for (name, value) in [
        ("empty", String::new()),
        ("too short", "abc".into()),
        ("too long", "k".repeat(101)),
        ("Japanese", "一度だけ一度だけ".into()),
        ("tabs", "a\tb\tc\td\te".into()),
    ] {
        all.push(row(
            &format!("Idempotency-Key: {name}"),
            "consent",
            Wrong::Header("idempotency-key", value),
            422,
            None,
        ));
    }
    for (name, value) in [
        ("no token", "Bearer "),
        ("another's guess", "Bearer baiyo_0000000000000000000000000000000000000000"),
        ("SQL", "Bearer ' OR 1=1 --"),
        ("a password", "Basic YWRtaW46YWRtaW4="),
        ("a very long token", LONG),
    ] {
        all.push(row(
            &format!("Authorization: {name}"),
            "consent",
            Wrong::Header("authorization", value.into()),
            401,
            None,
        ));
    }
    for (path, status, pointer) in [
        ("/batches?after=yesterday", 422, Some("?after")),
        ("/batches?after=1_2", 422, Some("?after")),
        ("/batches?after=", 422, Some("?after")),
        ("/orders?after=99999999999999999999_0192d3a4-5b6c-7d8e-9f00-112233445566", 422, Some("?after")),
        ("/orders?after=%00", 422, Some("?after")),
        ("/orders?after=1%0d%0aSet-Cookie:%20a=b", 422, Some("?after")),
        ("/batches/not-an-identifier", 404, None),
        ("/batches/not-an-identifier/gate", 404, None),
        ("/batches/0192d3a4-5b6c-7d8e-9f00-112233445566", 404, None),
        ("/batches/0192d3a4-5b6c-7d8e-9f00-112233445566/history", 404, None),
        ("/batches/%00", 404, None),
        ("/batches/%ff%fe/gate", 404, None),
        ("/batches/..%2f..%2fetc%2fpasswd", 404, None),
        ("/batches/%2e%2e%2f%2e%2e%2fkeys", 404, None),
        ("/batches/%252e%252e%252fkeys", 404, None),
        ("/batches/1'%20OR%20'1'='1", 404, None),
        ("/batches/%0d%0aX-Released:%20yes", 404, None),
        ("/orders/%E6%B3%A8%E6%96%87", 404, None),
        ("/labels/C1-B-TKYO-26-000123-Y", 422, Some("/label")),
        ("/labels/4901234567894", 422, Some("/label")),
        ("/labels/C1-B-TKYO-26-000123-X", 404, None),
        ("/labels/%F0%28%8C%28", 422, Some("/label")),
        ("/nowhere", 404, None),
        ("/batches/%20/gate/", 404, None),
    ] {
        all.push(row(&format!("GET {path}"), "consent", Wrong::Sent("GET", path), status, pointer));
    }
    for (method, path, status) in [
        ("DELETE", "/batches", 405),
        ("PUT", "/orders", 405),
        ("PATCH", "/orders/0192d3a4-5b6c-7d8e-9f00-112233445566", 405),
        ("DELETE", "/nowhere", 404),
        ("POST", "/orders/not-an-identifier/consent", 404),
        ("POST", "/orders/%ff/consent", 404),
        ("POST", "/orders/..%2f/consent", 404),
        ("POST", "/orders/0192d3a4-5b6c-7d8e-9f00-112233445566/consent", 404),
    ] {
        all.push(row(&format!("{method} {path}"), "consent", Wrong::Sent(method, path), status, None));
    }
    all
}

const LONG: &str = "Bearer baiyo_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn huge() -> Vec<u8> {
    let text = "x".repeat(200 * 1024);
    format!(r#"{{"title": "t", "description": "{text}"}}"#).into_bytes()
}
