//! The tables as diesel knows them; kept beside `migrations/`, and a test compares both.

#![allow(missing_docs)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    journal (seq) {
        seq -> BigInt,
        id -> DbUuid,
        stream_kind -> Text,
        stream_id -> DbUuid,
        version -> Integer,
        occurred_at -> BigInt,
        recorded_at -> BigInt,
        performer -> DbUuid,
        recorder -> DbUuid,
        command -> DbUuid,
        kind -> Text,
        schema_version -> Integer,
        payload -> Binary,
        previous_hash -> Binary,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    tree_leaf (tree_index) {
        tree_index -> BigInt,
        entry -> DbUuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    unsealed (seq) {
        seq -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    tree_node (level, idx) {
        level -> Integer,
        idx -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    checkpoint (size) {
        size -> BigInt,
        root -> Binary,
        note -> Text,
        sealed_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    blob (sha256) {
        sha256 -> Binary,
        media_type -> Text,
        size -> BigInt,
        added_at -> BigInt,
        added_by -> DbUuid,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    gate_fact (serial) {
        serial -> BigInt,
        batch -> DbUuid,
        container -> Integer,
        requirement -> Text,
        state -> Text,
        valid_until -> Nullable<BigInt>,
        entry -> DbUuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    duty (batch, person, name) {
        batch -> DbUuid,
        person -> DbUuid,
        #[sql_name = "duty"]
        name -> Text,
        entry -> DbUuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    disposition (entry, container) {
        entry -> DbUuid,
        batch -> DbUuid,
        container -> Integer,
        decision -> Text,
        decided_by -> DbUuid,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    batch_row (id) {
        id -> DbUuid,
        label -> Text,
        serial -> Text,
        clinic -> DbUuid,
        order_id -> DbUuid,
        pseudonym -> Text,
        standard -> Text,
        purpose -> Text,
        status -> Text,
        blockers -> Integer,
        containers -> Integer,
        released -> Integer,
        opened_at -> BigInt,
        changed_at -> BigInt,
        stands_until -> Nullable<BigInt>,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    clinic_board_row (batch, clinic) {
        batch -> DbUuid,
        clinic -> DbUuid,
        status -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    happening_row (batch, clinic, kind, happened_at) {
        batch -> DbUuid,
        clinic -> DbUuid,
        kind -> Text,
        happened_at -> BigInt,
        again_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    container_row (batch, no) {
        batch -> DbUuid,
        no -> Integer,
        clinic -> DbUuid,
        label -> Text,
        status -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    stop_row (entry) {
        entry -> DbUuid,
        batch -> DbUuid,
        container -> Integer,
        clinic -> DbUuid,
        issued_at -> BigInt,
        acknowledged_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    order_row (id) {
        id -> DbUuid,
        label -> Text,
        clinic -> DbUuid,
        patient -> DbUuid,
        pseudonym -> Text,
        purpose -> Text,
        status -> Text,
        placed_at -> BigInt,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    person_row (id) {
        id -> DbUuid,
        sign_in -> Text,
        name -> Text,
        clinic -> Nullable<DbUuid>,
        roles -> Text,
        status -> Text,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    standard_row (id) {
        id -> DbUuid,
        code -> Text,
        edition -> Integer,
        title_en -> Text,
        title_ja -> Text,
        status -> Text,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    quality_event_row (id) {
        id -> DbUuid,
        title -> Text,
        status -> Text,
        opened_at -> BigInt,
        batches -> Integer,
        version -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    account (person) {
        person -> DbUuid,
        sign_in -> Text,
        password_hash -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    wrong_secret (subject, origin, slot) {
        subject -> DbUuid,
        origin -> Binary,
        slot -> Integer,
        given_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    known_device (token_hash, person) {
        token_hash -> Binary,
        person -> DbUuid,
        made_at -> BigInt,
        used_at -> BigInt,
        full_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    second_factor (person) {
        person -> DbUuid,
        nonce -> Binary,
        sealed -> Binary,
        step -> BigInt,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    pending_sign_in (token_hash) {
        token_hash -> Binary,
        person -> DbUuid,
        made_at -> BigInt,
        entered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    passkey (credential) {
        credential -> Binary,
        person -> DbUuid,
        name -> Text,
        public -> Text,
        made_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    provider_link (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        person -> DbUuid,
        made_by -> DbUuid,
        made_at -> BigInt,
        accepted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    ceremony (token_hash) {
        token_hash -> Binary,
        kind -> Text,
        person -> Nullable<DbUuid>,
        state -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    signing_key (id) {
        id -> DbUuid,
        person -> DbUuid,
        public_key -> Binary,
        salt -> Binary,
        nonce -> Binary,
        sealed -> Binary,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    setup_link (token_hash) {
        token_hash -> Binary,
        person -> DbUuid,
        made_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    session (token_hash) {
        token_hash -> Binary,
        person -> DbUuid,
        made_at -> BigInt,
        used_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        known_since -> Nullable<BigInt>,
        entered_by -> Nullable<Text>,
        tablet -> Nullable<DbUuid>,
        ends_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    api_token (token_hash) {
        token_hash -> Binary,
        person -> DbUuid,
        name -> Text,
        made_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        scopes -> Text,
        device -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    badge (code_hash) {
        code_hash -> Binary,
        person -> DbUuid,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    pin (person) {
        person -> DbUuid,
        hash -> Text,
        wrong -> Integer,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    bench_tablet (id) {
        id -> DbUuid,
        name -> Text,
        token_hash -> Binary,
        previous_hash -> Nullable<Binary>,
        made_by -> DbUuid,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    personal_data (patient) {
        patient -> DbUuid,
        clinic -> DbUuid,
        nonce -> Binary,
        ciphertext -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    disclosure (id) {
        id -> DbUuid,
        patient -> DbUuid,
        person -> DbUuid,
        route -> Text,
        day -> BigInt,
        shown_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    personal_index (digest, patient) {
        digest -> Binary,
        patient -> DbUuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    idempotency (person, key) {
        person -> DbUuid,
        key -> Text,
        fingerprint -> Binary,
        answer -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::sql_types::DbUuid;

    serial (kind, year) {
        kind -> Text,
        year -> Integer,
        last -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    key_store (one) {
        one -> Integer,
        mark -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    journal,
    tree_leaf,
    unsealed,
    tree_node,
    checkpoint,
    gate_fact,
    duty,
    disposition,
    batch_row,
    clinic_board_row,
    happening_row,
    container_row,
    stop_row,
    order_row,
    person_row,
    standard_row,
    quality_event_row,
    account,
    signing_key,
    wrong_secret,
    known_device,
    second_factor,
    pending_sign_in,
    passkey,
    provider_link,
    ceremony,
    setup_link,
    session,
    api_token,
    badge,
    pin,
    bench_tablet,
    personal_data,
    personal_index,
    disclosure,
    idempotency,
    serial,
    key_store
);
