//! What the programs of the functions serve.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// Method, in capitals, and path.
pub(super) type Operation = (String, String);

/// The operations of an API document.
pub(super) fn operations(document: &Value) -> BTreeSet<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let of_path = |(path, item): (&String, &Value)| {
        let methods: Vec<_> = item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        let path = path.clone();
        methods.into_iter().map(move |method| (method, path.clone()))
    };
    paths.flat_map(of_path).collect()
}

macro_rules! routes_of {
    ($($module:ident)*) => { vec![$((
        concat!(stringify!($module), "::routes()"),
        serde_json::to_value(api::$module::routes().into_openapi()).unwrap(),
    )),*] };
}

/// What the API has to serve, by what a program calls to serve it.
fn served_by_call() -> Vec<(&'static str, Value)> {
    let mut calls = routes_of!(
        audit_events auth client_assignments conflicts connection_health connection_test connections dead_letters dependencies
        effective_erp fields inventory mapping_templates pending_changes preview providers record_changes records
        schedules set_aside signing_keys site_assignments statistics sync_configs sync_control sync_events sync_logs
        sync_trigger
    );
    let document = |routes| serde_json::to_value(routes).unwrap();
    calls.push(("auth::public_routes()", document(api::auth::public_routes().into_openapi())));
    calls.push(("doi::public_routes()", document(api::doi::public_routes().into_openapi())));
    calls.push(("health::public_routes()", document(api::health::public_routes().into_openapi())));
    calls
        .push(("signing_keys::public_routes()", document(api::signing_keys::public_routes().into_openapi())));
    calls
}

fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "functions"].iter().collect()
}

/// The folders of the functions.
pub(super) fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(root()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().join("Cargo.toml").exists());
    folders.map(|folder| folder.file_name().into_string().unwrap()).collect()
}

/// What the program of a folder serves, as its `main.rs` reads.
pub(super) fn served_by(folder: &str) -> BTreeSet<Operation> {
    let program = fs::read_to_string(root().join(folder).join("main.rs")).unwrap();
    let called = |call: &str| {
        program
            .match_indices(call)
            .any(|(at, _)| !program[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
    };
    served_by_call()
        .iter()
        .filter(|(call, _)| called(call))
        .flat_map(|(_, document)| operations(document))
        .collect()
}

#[test]
fn every_documented_operation_is_known_by_the_call_that_serves_it() {
    let all = operations(&serde_json::to_value(api::openapi()).unwrap());
    let known: BTreeSet<_> = served_by_call().iter().flat_map(|(_, document)| operations(document)).collect();
    assert_eq!(known, all, "served_by_call() above lacks a module of the API");
}
