//! What attacks and forgeries are made of, as each engine says it.

use super::engine;
use baiyo_domain::journal::Hash;
use uuid::Uuid;

fn either<T>(embedded: T, postgres: T) -> T {
    if engine::is_postgres() { postgres } else { embedded }
}

/// An identifier.
pub fn id(id: Uuid) -> String {
    either(format!("X'{}'", id.simple()), format!("'{id}'::uuid"))
}

/// Bytes, given in hexadecimal.
pub fn bytes(hex: &str) -> String {
    either(format!("X'{hex}'"), format!("decode('{hex}', 'hex')"))
}

/// A hash.
pub fn hash(hash: Hash) -> String {
    bytes(&hash.to_string())
}

/// An identifier that nothing else has.
pub fn any_id() -> &'static str {
    either("randomblob(16)", "gen_random_uuid()")
}

/// A hash that nothing else has.
pub fn any_hash() -> &'static str {
    either("randomblob(32)", "sha256(uuid_send(gen_random_uuid()))")
}

/// The hash before the first.
pub fn no_hash() -> &'static str {
    either("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
}

/// A text as bytes.
pub fn payload(text: &str) -> String {
    either(format!("CAST({text} AS BLOB)"), format!("convert_to(({text})::text, 'UTF8')"))
}

/// A JSON object.
pub fn object(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("'{name}', {value}")).collect();
    format!("{}({})", either("json_object", "jsonb_build_object"), fields.join(", "))
}

/// A JSON array of one number.
pub fn array(number: &str) -> String {
    format!("{}({number})", either("json_array", "jsonb_build_array"))
}

/// A JSON text as JSON.
pub fn json(text: &str) -> String {
    either(format!("json('{text}')"), format!("'{text}'::jsonb"))
}

/// The column by which the engine itself names a row.
pub fn row() -> &'static str {
    either("rowid", "ctid")
}

/// Where the real tables stand.
pub fn real() -> &'static str {
    either("main", "public")
}

/// Where a connection's own tables stand.
pub fn own() -> &'static str {
    either("temp", "pg_temp")
}
