use serde_json::{Value, json};

use crate::connection::{ConnectionSettings, wrong};

const URL: &str = "https://erp.example.com/soap";

/// What is wrong with `soap`, each with its field.
fn wrong(soap: Value) -> Vec<String> {
    wrong::texts(wrong::settings(json!({"soap": soap})))
}

fn wrong_connection(credentials: Value, soap: Value) -> Vec<String> {
    wrong::fields(wrong::connection(json!({"name": "x", "provider": "soap",
        "connectionMethod": "api", "credentials": credentials, "settings": {"soap": soap}})))
}

fn whole() -> Value {
    json!({
        "version": "1.2", "auth": "password_digest", "timestampSeconds": 300,
        "read": {"products": {
            "soapAction": "urn:erp/GetProducts", "sinceFormat": "date",
            "body": "<e:Get xmlns:e=\"urn:erp\"><e:Page>{{page}}</e:Page><e:Since>{{since}}</e:Since></e:Get>",
            "recordPath": "GetResponse.Product",
            "paging": {"style": "page", "firstPage": 0, "totalPath": "GetResponse.total"},
        }},
        "push": {"orders": {
            "create": {
                "soapAction": "", "body": "<o><r>{{reference}}</r>{{#lines}}<l>{{sku}}</l>{{/lines}}</o>",
                "keyPath": "CreateResponse.No",
                "refusal": {"path": "CreateResponse.Ok", "values": ["false"], "wordsPath": "CreateResponse.Why"},
            },
            "delete": {"soapAction": "", "body": "<d c='{{company}}'>{{key}}</d>"},
            "find": {"soapAction": "", "body": "<f>{{reference}}</f>", "recordPath": "FindResponse.Order",
                "keyPath": "No"},
        }},
    })
}

#[test]
fn settings_that_fit_are_accepted_and_come_back_as_they_were() {
    assert_eq!(wrong(whole()), Vec::<String>::new());
    let settings: ConnectionSettings = serde_json::from_value(json!({"soap": whole()})).unwrap();
    assert_eq!(serde_json::to_value(&settings).unwrap()["soap"], whole());
}

#[test]
fn what_does_not_fit_is_told_with_its_field() {
    let found = wrong(json!({
        "timestampSeconds": 5,
        "read": {
            "products": {"soapAction": "a \"b\"", "body": "<s:a/>", "recordPath": "a..b"},
            "invoices": {"body": "<a/>", "recordPath": "s:a",
                "paging": {"style": "cursor", "totalPath": ""}, "refusal": {"path": "", "wordsPath": "a/b"}},
        },
        "push": {"orders": {
            "create": {"body": "<a>{{#lines}}</a>", "keyPath": "."},
            "update": {"body": "<a>{{colour}}</a>"},
            "delete": {"body": "<!DOCTYPE a><a/>", "refusal": {"path": "a b"}},
            "find": {"body": "<a>{{orderNumber}}</a>", "recordPath": "a", "keyPath": ""},
        }},
    }));
    let begins = [
        "settings.soap.timestampSeconds must be between",
        "settings.soap.read.products.soapAction must be an action",
        "settings.soap.read.products.recordPath must be names of elements",
        "settings.soap.read.products.body is no well-formed XML",
        "settings.soap.read.invoices.recordPath must be names",
        "settings.soap.read.invoices.paging.totalPath must be names",
        "settings.soap.read.invoices.paging.cursorPath is needed",
        "settings.soap.read.invoices.refusal.path must be names",
        "settings.soap.read.invoices.refusal.wordsPath must be names",
        "settings.soap.read.invoices.body must hold {{cursor}}",
        "settings.soap.push.orders.create.keyPath must be names",
        "settings.soap.push.orders.create.body has {{#lines}} without {{/lines}}",
        "settings.soap.push.orders.update.body colour is no field of orders",
        "settings.soap.push.orders.delete.refusal.path must be names",
        "settings.soap.push.orders.delete.body is no well-formed XML",
        "settings.soap.push.orders.find.keyPath must be names",
        "settings.soap.push.orders.find.body must hold {{reference}}, and no other",
    ];
    for begin in begins {
        assert!(found.iter().any(|error| error.contains(begin)), "{begin}: {found:#?}");
    }
    assert_eq!(found.len(), begins.len(), "{found:#?}");
}

#[test]
fn user_and_password_go_together_and_something_must_be_called() {
    let signed = json!({"apiUrl": URL, "username": "u", "password": "p", "company": "1"});
    assert_eq!(wrong_connection(signed, whole()), Vec::<String>::new());
    let mut open = whole();
    open.as_object_mut().unwrap().remove("auth");
    assert_eq!(wrong_connection(json!({"apiUrl": URL}), open.clone()), Vec::<String>::new());
    assert_eq!(wrong_connection(json!({"apiUrl": URL, "username": "u"}), open), ["credentials.password"]);
    let both = ["credentials.username", "credentials.password"];
    assert_eq!(wrong_connection(json!({"apiUrl": URL}), whole()), both);
    assert_eq!(wrong_connection(json!({}), json!({})), ["credentials.apiUrl", "settings.soap.read"]);
}
