//! The API's document (OpenAPI 3.1). Handlers tell what is particular to them; what follows from where a route stands
//! (its guard, its surface, the headers and errors of its kind) is added here, so that it cannot be forgotten.

use domain::connection::PublicConnection;
use domain::mapping_template::MappingTemplate;
use domain::records::Record;
use domain::sync_config::SyncConfig;
use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Info, License, OpenApi, Ref, RefOr, Required, Response, Server, Tag};
use utoipa::{PartialSchema, ToSchema};

use crate::rendering::{ErrorBody, Meta, PLATFORM_PREFIX, PlatformErrorBody};
use crate::router::{guarded, public};

const JSON: &str = "application/json";
const BEARER: &str = "bearer";

const DESCRIPTION: &str = "Causeway keeps shops and ERP systems in step.\n\nSign in with `POST /api/v1/auth/login` \
    and send the token as `Authorization: Bearer`. Lists take `limit` and `cursor`; the address of the next page is in \
    the `Link` header. Every answer names its request in `X-Request-Id`.";

const TAGS: [(&str, &str); 11] = [
    ("connections", "How to reach each ERP."),
    ("sync configs", "What is synced over a connection, when and how."),
    ("mapping", "How their fields become ours: tried out, looked at, kept as templates."),
    ("syncs", "Starting syncs, and what they did."),
    ("assignments", "Which client or site uses which connection."),
    ("records", "The synced data itself."),
    ("changes", "Our own changes on their way to the ERP, and conflicts with changes made there."),
    ("doi", "For the other side of a connection: documents it sends by itself."),
    ("sign-in", "Tokens, and whose they are."),
    ("audit", "Who did what, to what, from where."),
    ("service", "Causeway itself."),
];

/// The API's document, made of the routes. What is served is `openapi.json`, which a test holds to it.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = public().into_openapi();
    complete(&mut document, false);
    let mut behind_guard = guarded().into_openapi();
    complete(&mut behind_guard, true);
    document.merge(behind_guard);
    document.info = Info::new("Causeway", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(DESCRIPTION.to_owned());
    document.info.license = Some(License::new("Apache-2.0"));
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(TAGS.iter().map(|(name, about)| tag(name, about)).collect());
    let components = document.components.get_or_insert_default();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert(BEARER.to_owned(), RefOr::T(token));
    let mut schemas = Vec::new();
    ErrorBody::schemas(&mut schemas);
    PlatformErrorBody::schemas(&mut schemas);
    Meta::schemas(&mut schemas);
    schemas.push((ErrorBody::name().into_owned(), ErrorBody::schema()));
    schemas.push((PlatformErrorBody::name().into_owned(), PlatformErrorBody::schema()));
    schemas.push((Meta::name().into_owned(), Meta::schema()));
    components.schemas.extend(schemas);
    document
}

fn tag(name: &str, about: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(about.to_owned());
    tag
}

fn complete(document: &mut OpenApi, guarded: bool) {
    for (path, item) in &mut document.paths.paths {
        let platform = path.starts_with(PLATFORM_PREFIX);
        for (method, operation) in operations(item) {
            if guarded {
                operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
            }
            add_headers(operation, guarded && method == HttpMethod::Post);
            add_errors(operation, guarded);
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                match status.parse::<u16>() {
                    Ok(status) if status >= 400 => describe_error(response, status, platform),
                    _ if platform => wrap(response),
                    _ => {}
                }
            }
        }
    }
}

/// The operations of a path, with their methods.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let slots = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    slots.into_iter().filter_map(|(method, slot)| slot.as_mut().map(|operation| (method, operation)))
}

/// Headers of the request and of good answers.
fn add_headers(operation: &mut Operation, takes_key: bool) {
    let responses = &mut operation.responses.responses;
    let mut headers = Vec::new();
    if takes_key {
        let about = "Makes a repetition harmless: the same key and body are done once and answered alike.";
        headers.push(("Idempotency-Key", about, "5f0c3a52-6a0e-4d0e-9a55-0d4cbb8a1a55"));
        responses.entry("409".to_owned()).or_insert_with(|| RefOr::T(Response::default()));
    }
    if responses.contains_key("412") {
        headers.push(("If-Match", "The `ETag` you know; refused with 412 if it is no longer that.", "\"3\""));
    }
    let parameters = operation.parameters.get_or_insert_default();
    parameters.extend(headers.into_iter().map(|(name, about, example)| {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(about))
            .schema(Some(Object::with_type(Type::String)))
            .example(Some(json!(example)));
        RefOr::T(parameter.build())
    }));
    let has_pages = parameters.iter().any(|known| matches!(known, RefOr::T(known) if known.name == "cursor"));
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        let is_versioned = is_versioned(response);
        let mut told = |name: &str, about: &str| {
            let header = HeaderBuilder::new()
                .schema(Some(Object::with_type(Type::String)))
                .description(Some(about))
                .build();
            response.headers.insert(name.to_owned(), RefOr::T(header));
        };
        if status == "200" && has_pages {
            told("Link", "The address of the next page, with `rel=\"next\"`, if there is one.");
        }
        if is_versioned {
            told("ETag", "Its version, for `If-Match`.");
        }
        match status.as_str() {
            "201" | "202" => told("Location", "The address of what was made or started."),
            "429" | "503" => told("Retry-After", "Seconds to wait before trying again."),
            _ => {}
        }
    }
}

/// Whether the answer is a thing with a version, which `If-Match` guards.
fn is_versioned(response: &Response) -> bool {
    let Some(RefOr::T(content)) = response.content.get(JSON) else { return false };
    let Some(RefOr::Ref(reference)) = &content.schema else { return false };
    let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
    [PublicConnection::name(), SyncConfig::name(), MappingTemplate::name(), Record::name()]
        .contains(&name.into())
}

/// The errors that follow from what an operation takes.
fn add_errors(operation: &mut Operation, guarded: bool) {
    let mut statuses = vec!["500", "503"];
    if guarded {
        statuses.extend(["401", "403", "429"]);
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        statuses.push("400");
    }
    if operation.request_body.is_some() {
        statuses.extend(["400", "413", "415", "422"]);
    }
    for status in statuses {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::default()));
    }
}

/// What each status means, its code, and a sentence such as it comes with.
fn known_error(status: u16) -> (&'static str, &'static str, &'static str) {
    match status {
        400 => (
            "Malformed: the parameter at fault is named",
            "INVALID_PARAMETER",
            "limit must be a whole number from 1 to 1000.",
        ),
        401 => (
            "No token, or none that is good",
            "UNAUTHORIZED",
            "The token is not good, or no longer: sign in again.",
        ),
        403 => (
            "The token is good but gives no role here",
            "FORBIDDEN",
            "https://login.example.com gives you no role here: ask whoever runs it for one that \
             CAUSEWAY_TRUSTED_ISSUERS maps to ours.",
        ),
        404 => ("There is no such thing", "NOT_FOUND", "There is no connection erp_001."),
        409 => (
            "The state of things forbids it",
            "CONFLICT",
            "Somebody else changed it at the same moment; try again.",
        ),
        412 => (
            "It is no longer as `If-Match` says",
            "PRECONDITION_FAILED",
            "It was changed since you read it; read it again and repeat your change.",
        ),
        413 => ("The body is larger than 1 MB", "PAYLOAD_TOO_LARGE", "The body is larger than 1024 KB."),
        415 => (
            "The body is not sent as JSON",
            "UNSUPPORTED_MEDIA_TYPE",
            "The body must be JSON; send it with the header Content-Type: application/json.",
        ),
        422 => (
            "Fields of the body are not accepted; each is named",
            "VALIDATION_ERROR",
            "The request was not accepted: name is needed.",
        ),
        429 => (
            "Too many requests within a minute",
            "RATE_LIMITED",
            "You sent more than 6000 requests within a minute; go on in 17 seconds.",
        ),
        502 => (
            "The ERP could not be reached, or refused; the sentence tells what to do",
            "ERP_ERROR",
            "https://sap.example.com/api/products answered 401 Unauthorized: check the connection's API key",
        ),
        503 => (
            "Busy, or something we need is not there; try again",
            "UNAVAILABLE",
            "Causeway cannot answer right now; try again in a moment.",
        ),
        _ => (
            "Our fault",
            "INTERNAL_ERROR",
            "Something went wrong on our side; the request id leads to the reason in the log.",
        ),
    }
}

fn describe_error(response: &mut Response, status: u16, platform: bool) {
    let (description, code, sentence) = known_error(status);
    if response.description.is_empty() {
        description.clone_into(&mut response.description);
    }
    let details = match status {
        400 => json!([{"field": "limit", "message": "must be a whole number from 1 to 1000"}]),
        422 => json!([{"field": "name", "message": "is needed"}]),
        _ => json!([]),
    };
    let (name, example) = error_example(platform, code, sentence, details);
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(name))).example(Some(example)).build();
    response.content.insert(JSON.to_owned(), RefOr::T(content));
}

fn error_example(platform: bool, code: &str, sentence: &str, details: Value) -> (String, Value) {
    let request = "01KAHV3Z8M6W6W1Z0Q3T4N5P6R";
    if platform {
        let meta = json!({"timestamp": "2026-11-21T06:00:00Z", "version": "1.0", "request_id": request});
        let error = json!({"code": code, "message": sentence, "details": details});
        return (
            PlatformErrorBody::name().into_owned(),
            json!({"success": false, "error": error, "meta": meta}),
        );
    }
    let mut example = json!({"error": sentence, "code": code, "requestId": request});
    if details.as_array().is_some_and(|details| !details.is_empty()) {
        example["details"] = details;
    }
    (ErrorBody::name().into_owned(), example)
}

/// Puts the platform surface's envelope around the body of a good answer.
fn wrap(response: &mut Response) {
    let Some(RefOr::T(content)) = response.content.get_mut(JSON) else { return };
    let Some(data) = content.schema.take() else { return };
    let success = ObjectBuilder::new().schema_type(Type::Boolean).examples([json!(true)]);
    let envelope = ObjectBuilder::new()
        .property("success", success)
        .property("data", data)
        .property("meta", Ref::from_schema_name(Meta::name()))
        .required("success")
        .required("data")
        .required("meta");
    content.schema = Some(RefOr::T(Schema::Object(envelope.build())));
}

#[cfg(test)]
mod tests;
