//! What is asked of a connection before it is saved.

use serde_json::{Value, json};

use super::*;

/// What is wrong with a connection, each with its field.
fn wrong(provider: &str, method: &str, credentials: Value, settings: Value) -> Vec<String> {
    wrong::texts(wrong::connection(json!({
        "name": "ERP", "provider": provider, "connectionMethod": method,
        "credentials": credentials, "settings": settings,
    })))
}

fn wrong_credentials(provider: &str, method: &str, credentials: Value) -> Vec<String> {
    wrong(provider, method, credentials, json!({}))
}

const NOTHING: [&str; 0] = [];

#[test]
fn the_credentials_of_the_seed_are_accepted_as_they_were() {
    let url = "https://sap.example.com/api";
    let cases = [
        ("SAP", "api", json!({"apiUrl": url, "apiKey": "k"})),
        ("Custom", "api", json!({"apiUrl": url})),
        ("Oracle", "api", json!({"apiUrl": url, "apiKey": "k", "apiSecret": "s"})),
        ("Custom", "doi", json!({"doiUrl": url, "doiUsername": "u", "doiPassword": "p"})),
        (
            "Custom",
            "sftp",
            json!({"sftpHost": "files.example.com", "sftpUsername": "u", "sftpPrivateKey": "k"}),
        ),
    ];
    for (provider, method, credentials) in cases {
        assert_eq!(wrong_credentials(provider, method, credentials.clone()), NOTHING, "{credentials}");
    }
}

#[test]
fn what_every_way_to_sign_in_needs_is_just_needed() {
    assert_eq!(wrong_credentials("Custom", "api", json!({})), ["credentials.apiUrl is needed"]);
    let doi = [
        "credentials.doiEndpoint is needed",
        "credentials.doiUsername is needed",
        "credentials.doiPassword is needed",
    ];
    assert_eq!(wrong_credentials("Custom", "doi", json!({})), doi);
}

#[test]
fn of_the_ways_to_sign_in_the_one_that_was_begun_is_asked_for() {
    let of = |credentials| wrong_credentials("Business Central", "api", credentials);
    let whole = json!({"tenant": "t", "clientId": "c", "clientSecret": "s"});
    assert_eq!(of(whole), NOTHING);
    let secret = ["credentials.clientSecret is needed to sign in with Microsoft Entra and a client secret"];
    assert_eq!(of(json!({"tenant": "t", "clientId": "c"})), secret);
    let certificate = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
    let key = ["credentials.privateKey is needed to sign in with Microsoft Entra and a certificate"];
    assert_eq!(of(json!({"tenant": "t", "clientId": "c", "certificate": certificate})), key);
    let user =
        ["credentials.password is needed to sign in with a user's web service access key, on premises"];
    assert_eq!(of(json!({"apiUrl": "https://bc.example.com", "username": "u"})), user);
}

#[test]
fn each_field_is_checked_by_itself_and_named() {
    let credentials = json!({
        "apiUrl": "ftp://x", "tokenUrl": "https://u:p@x.example.com", "certificate": "none",
        "clientId": "", "apiSecret": "s", "privateKeyPassphrase": "p", "tenant": "a\nb", "account": "x".repeat(3000),
        "sftpHost": "whatever this is",
    });
    let found = wrong_credentials("Custom", "api", credentials);
    let begins = [
        "credentials.apiUrl must be an http or https address",
        "credentials.tokenUrl must not carry a password",
        "credentials.certificate must be a certificate in PEM form",
        "credentials.clientId must not be empty",
        "credentials.tenant must not be empty, nor hold control characters",
        "credentials.account must be at most 2048 bytes",
        "credentials.apiSecret is only used together with apiKey",
        "credentials.privateKeyPassphrase is only used together with privateKey",
    ];
    for begin in begins {
        assert!(found.iter().any(|error| error.starts_with(begin)), "{begin}: {found:#?}");
    }
    assert_eq!(found.len(), begins.len(), "{found:#?}");
}

#[test]
fn oauth_2_wants_its_token_endpoint_and_its_client() {
    let settings = json!({"api": {"auth": "oauth2", "tokenAuth": "body"}});
    let url = "https://erp.example.com";
    let found = wrong("Custom", "api", json!({"apiUrl": url, "tokenUrl": url}), settings.clone());
    let missing = [
        "credentials.clientId is needed: settings.api.auth is oauth2",
        "credentials.clientSecret is needed, or privateKey instead: settings.api.auth is oauth2",
    ];
    assert_eq!(found, missing);
    let whole = json!({"apiUrl": url, "tokenUrl": url, "clientId": "c", "clientSecret": "s", "scope": "a b"});
    assert_eq!(wrong("Custom", "api", whole, settings), NOTHING);
}

#[test]
fn every_way_to_sign_in_names_fields_that_there_are() {
    for provider in Provider::ALL {
        for method in ConnectionMethod::ALL {
            for name in provider.sign_ins(method).iter().flat_map(SignIn::names) {
                assert!(CredentialsOf::<Masked>::NAMES.contains(&name), "{name}");
            }
        }
    }
}

#[test]
fn new_secrets_are_masked_as_the_old_ones_are() {
    let text = json!({"clientId": "c", "clientSecret": "v1.x", "privateKey": "v1.y", "tokenSecret": "v1.z"});
    let sealed: CredentialsOf<SealedSecret> = serde_json::from_value(text).unwrap();
    let shown = serde_json::to_value(sealed.masked()).unwrap();
    let masked = json!({"clientId": "c", "clientSecret": MASK, "privateKey": MASK, "tokenSecret": MASK});
    assert_eq!(shown, masked);
}

#[test]
fn an_oracle_connection_says_who_signs_in_and_how_fusion_is_asked() {
    let url = "https://pod.fa.us2.oraclecloud.com";
    let of = |credentials| wrong_credentials("Oracle", "api", credentials);
    for whole in [
        json!({"apiUrl": url, "apiKey": "k"}),
        json!({"apiUrl": url, "username": "u", "password": "p"}),
        json!({"apiUrl": url, "tokenUrl": url, "clientId": "c", "clientSecret": "s", "scope": "urn:x"}),
    ] {
        assert_eq!(of(whole), NOTHING);
    }
    let begun = of(json!({"apiUrl": url, "tokenUrl": url, "clientId": "c", "clientSecret": "s"}));
    assert_eq!(
        begun,
        ["credentials.scope is needed to sign in with OAuth 2.0 client credentials of an identity domain"]
    );
    let settings = json!({"oracle": {
        "frameworkVersion": 3, "resourceVersion": "latest/..", "sourceSystem": "A:B", "organization": "{{key}}",
        "reads": {"orders": {"fields": "", "changed": ["Last Update"]}},
    }});
    let found = wrong("Oracle", "api", json!({"apiUrl": url, "apiKey": "k"}), settings);
    let begins = [
        "settings.oracle.frameworkVersion must be between 4 and 9",
        "settings.oracle.resourceVersion must be a version",
        "settings.oracle.sourceSystem must be 1 to 30",
        "settings.oracle.organization must be 1 to 240 characters",
        "settings.oracle.reads.orders.fields must be 1 to 2048",
        "settings.oracle.reads.orders.changed must be at most 5 names",
    ];
    for begin in begins {
        assert!(found.iter().any(|error| error.starts_with(begin)), "{begin}: {found:#?}");
    }
    assert_eq!(found.len(), begins.len(), "{found:#?}");
}
