//! A SuccessFactors that keeps its rules: a token for an assertion of the right user, application and company, users
//! page by page out of a snapshot, and only those who are active unless the status is asked for.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials};
use serde_json::{Value, json};
use transport::ErpError;

use super::odata::Asking;
use super::{mapped, s4};
use crate::conformance::{Answer, Asked, Server, Unkept, Vendor, transport};
use crate::sap::Sap;
use crate::{Connector, Pull};

const KEY: &str = include_str!("../../../../transport/src/session/fixtures/rsa.pem");

const FIELDS: [&str; 17] = [
    "userId",
    "username",
    "firstName",
    "lastName",
    "defaultFullName",
    "email",
    "empId",
    "hireDate",
    "department",
    "division",
    "location",
    "title",
    "jobTitle",
    "status",
    "businessPhone",
    "lastModifiedDateTime",
    "manager",
];

#[derive(Default)]
struct Sf {
    users: Vec<Value>,
    tokens: AtomicUsize,
    seen: Mutex<Vec<String>>,
}

impl Sf {
    fn give_token(&self, asked: &Asked) -> Answer {
        let form: std::collections::HashMap<String, String> =
            url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
        let right = form["grant_type"] == "urn:ietf:params:oauth:grant-type:saml2-bearer"
            && form["client_id"] == "app"
            && form["company_id"] == "ACME";
        let assertion = String::from_utf8(BASE64.decode(&form["assertion"]).unwrap()).unwrap();
        let says = [
            ">sfadmin</saml2:NameID>".to_owned(),
            "<saml2:Audience>www.successfactors.com</saml2:Audience>".to_owned(),
            format!("Recipient=\"{}/oauth/token\"", asked.origin),
            "<saml2:Attribute Name=\"api_key\"><saml2:AttributeValue>app<".to_owned(),
            "<ds:SignatureValue>".to_owned(),
        ];
        if !right || !says.iter().all(|part| assertion.contains(part)) {
            let why = "Unable to verify the signature of the SAML assertion";
            return (401, json!({"errorHttpCode": "401", "errorMessage": why, "error": why}).to_string());
        }
        let number = self.tokens.fetch_add(1, Ordering::SeqCst) + 1;
        let token =
            json!({"access_token": format!("t{number}"), "token_type": "Bearer", "expires_in": 86_399});
        (200, token.to_string())
    }
}

impl Vendor for Sf {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.path.ends_with("/User")
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if asked.path == "/oauth/token" {
            return self.give_token(asked);
        }
        if asked.header("authorization") != format!("Bearer t{}", self.tokens.load(Ordering::SeqCst)) {
            return (401, json!({"error": {"message": {"value": "[LGN0022]HTTP/1.1 401"}}}).to_string());
        }
        let mut query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        query.sort();
        self.seen.lock().unwrap().push(format!("{} {}", asked.path, query.join("&")));
        let option = |name: &str| asked.query.get(name).cloned().unwrap_or_default();
        let size = option("customPageSize").parse::<usize>();
        if asked.path != "/odata/v2/User" || size.is_ok_and(|size| size > 1_000) {
            return (404, json!({"error": {"message": {"value": "[COE0021]Invalid request"}}}).to_string());
        }
        let asks_for_status = option("$filter").contains("status");
        let is_shown = |user: &&Value| asks_for_status || user["status"] == "t";
        let users: Vec<_> = self.users.iter().filter(is_shown).cloned().collect();
        match (Asking { v4: false, fields: &FIELDS, page: None }).answer(asked, &users) {
            Ok(answer) => (200, answer.to_string()),
            Err(why) => {
                (400, json!({"error": {"code": "COE_PROPERTY", "message": {"value": why}}}).to_string())
            }
        }
    }
}

fn users() -> Vec<Value> {
    let user = |n: usize| {
        json!({"userId": format!("u{n}"), "username": format!("U{n}"), "empId": format!("9{n}"), "firstName": "Ada",
            "lastName": "H", "defaultFullName": "Ada H", "email": "ada@example.com", "jobTitle": "Tester",
            "hireDate": "/Date(1577923200000)/", "department": "QA", "status": if n == 2 { "f" } else { "t" },
            "lastModifiedDateTime": format!("/Date({}+0000)/", 1_763_632_800_000_i64 + 1000 * n as i64),
            "manager": {"userId": "u1"}})
    };
    (1..=5).map(user).collect()
}

fn connector(erp: &Server<Sf>, company: &str) -> Box<dyn Connector> {
    let credentials = Credentials {
        api_url: Some(erp.origin.clone()),
        company: Some(company.to_owned()),
        client_id: Some("app".to_owned()),
        username: Some("sfadmin".to_owned()),
        private_key: Some(KEY.to_owned().into()),
        ..Credentials::default()
    };
    let mut settings = ConnectionSettings { retry_attempts: 0, ..ConnectionSettings::default() };
    settings.sap = serde_json::from_value(json!({"system": "success_factors"})).unwrap();
    Box::new(Sap::new(&settings, credentials, &transport(), std::sync::Arc::new(Unkept)).unwrap())
}

async fn start() -> Server<Sf> {
    Server::start(Sf { users: users(), ..Sf::default() }).await
}

async fn pulled(erp: &Server<Sf>, pull: Pull) -> Vec<Value> {
    let mut pages = connector(erp, "ACME").pull(pull).await.unwrap();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(mapped(DataType::Employees, &page));
    }
    all
}

const EMPLOYEES: Pull = Pull { data_type: DataType::Employees, page_size: 2, resume: None, since: None };

#[tokio::test]
async fn employees_come_with_those_who_left_page_by_page() {
    let erp = start().await;
    let all = pulled(&erp, EMPLOYEES).await;
    let ids: Vec<_> = all.iter().map(|one| (one["employeeId"].as_str().unwrap(), &one["active"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(ids, [("u1", &yes), ("u2", &no), ("u3", &yes), ("u4", &yes), ("u5", &yes)]);
    insta::assert_json_snapshot!(all[1]);
    let since = Some("2025-11-20T10:00:03.5Z".parse().unwrap());
    let changed = pulled(&erp, Pull { since, ..EMPLOYEES }).await;
    assert_eq!(changed.len(), 2, "those after the third second: {changed:?}");
    insta::assert_snapshot!(erp.vendor.seen.lock().unwrap().join("\n"));
}

#[tokio::test]
async fn an_assertion_that_is_refused_names_the_fields() {
    let erp = start().await;
    connector(&erp, "ACME").test().await.unwrap();
    let error = connector(&erp, "OTHER").test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Unauthorized(why) if why.contains("company, clientId, username")),
        "{error:?}"
    );
}

#[tokio::test]
async fn it_has_employees_and_nothing_else() {
    let erp = start().await;
    let orders = Pull { data_type: DataType::Orders, ..EMPLOYEES };
    let error = connector(&erp, "ACME").pull(orders).await.err().unwrap();
    assert!(error.to_string().contains("settings.sap.system is s4hana"), "{error}");
}

#[test]
fn s4hana_is_not_signed_in_to_by_an_assertion() {
    let credentials = Credentials {
        api_url: Some("https://my300000-api.s4hana.example.com".to_owned()),
        private_key: Some(KEY.to_owned().into()),
        ..Credentials::default()
    };
    let error = s4(credentials).err().unwrap();
    assert!(error.to_string().contains("settings.sap.system must be success_factors"), "{error}");
}
