use std::collections::BTreeSet;

use crate::{Statement, Template};

/// Every grant of every function, with the function's folder.
fn grants(template: &Template) -> Vec<(&str, Statement)> {
    let of = |function: crate::Function<'_>| function.policy().statements;
    template
        .functions()
        .flat_map(|function| of(function).into_iter().map(move |it| (function.folder(), it)))
        .collect()
}

#[test]
fn nobody_may_change_or_delete_an_audit_event() {
    let harmless = ["GetItem", "BatchGetItem", "Query", "PutItem"].map(|action| format!("dynamodb:{action}"));
    for (function, grant) in grants(&Template::default()) {
        let event = "audit_event:2026-11-21".to_owned();
        for action in grant.actions.iter().filter(|action| !harmless.contains(action)) {
            let request = crate::Request {
                action: action.clone(),
                resource: "${Table.Arn}".to_owned(),
                leading_keys: vec![event.clone()],
            };
            assert!(!grant.allows(&request), "{function} may {action} of audit events");
        }
    }
}

#[test]
fn actions_and_resources_are_named_one_by_one() {
    for (function, grant) in grants(&Template::default()) {
        for word in grant.actions.iter().chain(&grant.resources) {
            assert!(!word.contains('*'), "{function}: {word}");
        }
        assert!(!grant.actions.is_empty() && !grant.resources.is_empty(), "{function}: {grant:?}");
    }
}

#[test]
fn nobody_reads_the_table_but_item_by_item() {
    let item_by_item = [
        "GetItem",
        "BatchGetItem",
        "Query",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "ConditionCheckItem",
    ];
    for (function, grant) in grants(&Template::default()) {
        let of_table = grant.resources.iter().any(|resource| resource.starts_with("${Table.Arn}"));
        assert!(!of_table || grant.leading_keys.is_some(), "{function} may see every item: {grant:?}");
        for action in grant.actions.iter().filter_map(|action| action.strip_prefix("dynamodb:")) {
            assert!(item_by_item.contains(&action), "{function}: {action}");
        }
    }
}

#[test]
fn every_pattern_of_keys_is_a_kind_of_item() {
    let spelled = include_str!("../../../../shared/store/src/key.rs");
    for (function, grant) in grants(&Template::default()) {
        for pattern in grant.leading_keys.iter().flatten() {
            let kind = pattern.strip_suffix(":*").unwrap_or(pattern);
            let known = spelled.contains(&format!("\"{kind}\"")) || spelled.contains(&format!("\"{kind}:"));
            assert!(known && !kind.contains('*'), "{function}: {pattern} is no key that key.rs spells");
        }
    }
}

#[test]
fn every_index_that_is_granted_is_there() {
    let template = Template::default();
    let table = &template.resource("Table")["Properties"];
    let of_kind = |kind: &str| table[kind].as_array().cloned().unwrap_or_default();
    let indexes: BTreeSet<String> = [of_kind("GlobalSecondaryIndexes"), of_kind("LocalSecondaryIndexes")]
        .concat()
        .iter()
        .map(|index| format!("${{Table.Arn}}/index/{}", index["IndexName"].as_str().unwrap()))
        .collect();
    for (function, grant) in grants(&template) {
        for resource in grant.resources.iter().filter(|resource| resource.contains("/index/")) {
            assert!(indexes.contains(resource), "{function}: {resource}");
            assert_eq!(grant.actions, ["dynamodb:Query"], "{function} on {resource}");
        }
    }
}

#[test]
fn only_those_who_need_the_data_key_can_have_it_unwrapped() {
    let template = Template::default();
    let able = |action: &str| -> BTreeSet<&str> {
        let granted = |grant: &Statement| grant.actions.iter().any(|granted| granted == action);
        grants(&template)
            .into_iter()
            .filter(|(_, grant)| granted(grant))
            .map(|(function, _)| function)
            .collect()
    };
    assert_eq!(able("kms:GenerateDataKey"), BTreeSet::from(["auth", "connections"]));
    assert_eq!(
        able("kms:Decrypt"),
        BTreeSet::from(["auth", "connection-test", "connections", "doi", "health", "preview", "sync-worker"])
    );
    assert_eq!(able("secretsmanager:GetSecretValue"), BTreeSet::from(["auth"]));
}
