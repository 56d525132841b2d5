use std::collections::BTreeSet;

use super::*;

/// Operations that need no token. This list may only shrink. A document comes with the credentials of its connection.
const PUBLIC: [&str; 4] = ["login", "get_jwks", "get_health", "receive_document"];

fn each_operation(mut look: impl FnMut(&str, HttpMethod, &Operation)) {
    let mut document = openapi();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            look(path, method, operation);
        }
    }
}

fn id(operation: &Operation) -> &str {
    operation.operation_id.as_deref().unwrap_or_default()
}

/// As snapshots are, it is written anew under `INSTA_UPDATE=always`.
#[test]
fn the_document_that_is_served_is_the_one_of_the_routes() {
    let of_the_routes = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"), &of_the_routes).unwrap();
        return;
    }
    let differs =
        include_str!("../../openapi.json").lines().zip(of_the_routes.lines()).position(|(a, b)| a != b);
    assert_eq!(
        differs, None,
        "the line of openapi.json: write it with INSTA_UPDATE=always, then read what changed"
    );
    assert_eq!(include_str!("../../openapi.json").len(), of_the_routes.len());
}

#[test]
fn every_operation_is_public_by_name_or_needs_a_token() {
    let mut public = BTreeSet::new();
    each_operation(|path, _, operation| {
        if operation.security.as_ref().is_some_and(|needed| !needed.is_empty()) {
            assert!(operation.responses.responses.contains_key("401"), "{path} tells of 401");
        } else {
            public.insert(id(operation).to_owned());
        }
    });
    assert_eq!(public, PUBLIC.map(str::to_owned).into());
}

#[test]
fn every_operation_tells_what_it_is_and_how_it_fails() {
    let mut ids = BTreeSet::new();
    let tags = TAGS.map(|(name, _)| name);
    each_operation(|path, method, operation| {
        let name = id(operation);
        assert!(ids.insert(name.to_owned()), "{name} stands once");
        assert!(
            operation.summary.as_ref().is_some_and(|summary| !summary.is_empty()),
            "{name} has a summary"
        );
        assert!(operation.description.is_some(), "{name} has a description");
        assert!(
            operation.tags.iter().flatten().all(|tag| tags.contains(&tag.as_str())),
            "{name} has a known tag"
        );
        let responses = &operation.responses.responses;
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} can succeed");
        assert!(responses.contains_key("500") && responses.contains_key("503"), "{name} can fail");
        if path.contains("{id}") || path.contains("Id}/erp-assignments/{") {
            assert!(
                responses.contains_key("404") && responses.contains_key("400"),
                "{name} may find nothing"
            );
        }
        if operation.request_body.is_some() {
            let refusals = ["400", "413", "415", "422"];
            assert!(refusals.iter().all(|status| responses.contains_key(*status)), "{name} refuses bodies");
        }
        if matches!(method, HttpMethod::Put | HttpMethod::Patch) {
            assert!(responses.contains_key("412"), "{name} takes If-Match");
        }
    });
}

#[test]
fn every_error_has_a_body_with_an_example_and_every_parameter_a_description() {
    each_operation(|path, _, operation| {
        for (status, response) in &operation.responses.responses {
            let RefOr::T(response) = response else { panic!("{path} {status} is told in place") };
            assert!(!response.description.is_empty(), "{path} {status} is described");
            if status.as_str() >= "400" {
                let Some(RefOr::T(content)) = response.content.get(JSON) else {
                    panic!("{path} {status} has a body")
                };
                assert!(
                    content.example.is_some() && content.schema.is_some(),
                    "{path} {status} has an example"
                );
            }
        }
        for parameter in operation.parameters.iter().flatten() {
            let RefOr::T(parameter) = parameter else { panic!("{path} tells its parameters in place") };
            assert!(parameter.description.is_some(), "{path}: {} is described", parameter.name);
        }
    });
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut missing = BTreeSet::new();
    references(&document, &mut |reference| {
        let pointer = reference.trim_start_matches('#');
        if document.pointer(pointer).is_none() {
            missing.insert(reference.to_owned());
        }
    });
    assert_eq!(missing, BTreeSet::new());
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if name == "$ref" => found(reference),
                    member => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn a_platform_answer_is_described_in_its_envelope() {
    let document = serde_json::to_value(openapi()).unwrap();
    let login = &document["paths"]["/api/v1/auth/login"]["post"]["responses"];
    let good = &login["200"]["content"][JSON]["schema"];
    assert_eq!(good["required"], json!(["success", "data", "meta"]));
    assert_eq!(login["401"]["content"][JSON]["example"]["success"], json!(false));
    let erp = &document["paths"]["/erp/connections"]["get"]["responses"]["401"]["content"][JSON]["example"];
    assert!(erp["error"].is_string() && erp["requestId"].is_string());
}
