//! What each provider wants to know and what it can sync, told so that a form can be drawn without knowing any ERP. It
//! is read from the lists that check connections and make connectors.

use std::sync::LazyLock;

use axum::Json;
use axum::response::{IntoResponse, Response};
use connectors::{Offer, offers};
use domain::connection::{ConnectionMethod, Provider};
use domain::mapping::FieldMapping;
use domain::records::{Field, FieldKind, fields_of};
use domain::{DataType, Direction};
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ApiError;
use crate::path::Path;
use crate::provider_schemas::{credentials_schema, settings_schema};

/// The routes.
pub fn routes() -> OpenApiRouter<crate::ApiState> {
    OpenApiRouter::new().routes(routes!(list_providers)).routes(routes!(get_provider))
}

/// Names a provider.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ProviderPath {
    /// The provider; case, spaces, `-` and `_` do not matter.
    #[param(example = "business_central")]
    id: String,
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErpProvider)]
pub(crate) struct ProviderAnswer {
    /// Its name, as `provider` of a connection.
    name: Provider,
    /// How it can be reached.
    methods: Vec<ReachedBy>,
}

/// A way to reach a provider.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReachedBy {
    /// As `connectionMethod` of a connection.
    connection_method: ConnectionMethod,
    /// Whether the ERP is spoken to natively; else by the generic connector of the method.
    native: bool,
    /// A JSON Schema of `credentials`. Each member of `anyOf` is a way to sign in.
    #[schema(value_type = Object)]
    credentials: Value,
    /// A JSON Schema of `settings`.
    #[schema(value_type = Object)]
    settings: Value,
    /// What can be synced.
    data_types: Vec<Syncable>,
}

/// A data type that can be synced.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Syncable {
    /// The kind of record.
    data_type: DataType,
    /// The directions a sync config may have.
    directions: Vec<Direction>,
    /// Whether changes alone can be asked for. `false` where it depends on the settings.
    pulls_changes: bool,
    /// Which of their fields fills ours unless `fieldMapping` says otherwise; others are found by their usual names.
    #[schema(value_type = HashMap<String, Option<String>>)]
    default_mapping: FieldMapping,
    /// Our fields.
    fields: Vec<CanonicalField>,
}

/// A field of ours.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CanonicalField {
    /// Its name; dotted inside an object, with `[]` behind a list.
    #[schema(example = "shippingAddress.city")]
    name: String,
    /// What it holds: text, money, quantity, flag, day or moment.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: &'static str,
    /// Whether a record without it is set aside.
    required: bool,
}

/// List providers
///
/// What each wants to know of a connection, and what can be synced with it.
#[utoipa::path(get, path = "/erp/providers", tag = "connections",
    responses((status = 200, description = "The providers", body = Vec<ProviderAnswer>)))]
pub(crate) async fn list_providers() -> Result<Response, ApiError> {
    /// The answer: it is the same each time, and takes longer to make than to send.
    static PROVIDERS: LazyLock<serde_json::Result<String>> = LazyLock::new(|| {
        let all: Vec<_> = Provider::ALL.into_iter().map(describe).collect();
        serde_json::to_string(&all)
    });
    let all = PROVIDERS.as_ref().map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/json")], all.as_str()).into_response())
}

/// Read a provider
///
/// What it wants to know of a connection, and what can be synced with it.
#[utoipa::path(get, path = "/erp/providers/{id}", tag = "connections", params(ProviderPath),
    responses((status = 200, description = "The provider", body = ProviderAnswer), (status = 404)))]
pub(crate) async fn get_provider(Path(path): Path<ProviderPath>) -> Result<Json<ProviderAnswer>, ApiError> {
    let named = Provider::named(&path.id);
    named.map(|provider| Json(describe(provider))).ok_or_else(|| ApiError::not_found("provider", path.id))
}

fn describe(provider: Provider) -> ProviderAnswer {
    let reached_by = |method| ReachedBy {
        connection_method: method,
        native: provider.is_native(method),
        credentials: credentials_schema(provider, method),
        settings: settings_schema(provider, method),
        data_types: offers(provider, method).iter().map(syncable).collect(),
    };
    ProviderAnswer { name: provider, methods: ConnectionMethod::ALL.map(reached_by).into() }
}

fn syncable(offer: &Offer) -> Syncable {
    let mut fields = Vec::new();
    list_fields(fields_of(offer.data_type), "", &mut fields);
    Syncable {
        data_type: offer.data_type,
        directions: offer.directions.to_vec(),
        pulls_changes: offer.pulls_changes,
        default_mapping: offer.field_mapping(),
        fields,
    }
}

fn list_fields(fields: &[Field], before: &str, out: &mut Vec<CanonicalField>) {
    for field in fields {
        let name = format!("{before}{}", field.name);
        let kind = match field.kind {
            FieldKind::Text => "text",
            FieldKind::Money => "money",
            FieldKind::Quantity => "quantity",
            FieldKind::Flag => "flag",
            FieldKind::Day => "day",
            FieldKind::Moment => "moment",
            FieldKind::Object(inner) => {
                list_fields(inner, &format!("{name}."), out);
                continue;
            }
            FieldKind::List(inner) => {
                list_fields(inner, &format!("{name}[]."), out);
                continue;
            }
        };
        out.push(CanonicalField { name, kind, required: field.required });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_is_described_by_the_lists_that_check_and_connect() {
        let answer = serde_json::to_value(describe(Provider::BusinessCentral)).unwrap();
        let api = &answer["methods"][0];
        assert_eq!((&api["connectionMethod"], &api["native"]), (&"api".into(), &true.into()));
        let way = &api["credentials"]["anyOf"][0];
        assert_eq!(way["required"], serde_json::json!(["tenant", "clientId", "clientSecret"]));
        let secret = &api["credentials"]["properties"]["clientSecret"];
        assert_eq!((&secret["type"], &secret["format"]), (&"string".into(), &"password".into()));
        assert!(secret["description"].as_str().unwrap().contains("clientId"));
        assert!(api["credentials"]["properties"].get("sftpHost").is_none());
        assert!(api["settings"]["properties"].get("businessCentral").is_some());
        assert!(api["settings"]["properties"].get("files").is_none());
        let orders =
            api["dataTypes"].as_array().unwrap().iter().find(|one| one["dataType"] == "orders").unwrap();
        assert_eq!(orders["defaultMapping"]["orderNumber"], "number");
        assert_eq!(orders["directions"][1], "push");
        let fields = orders["fields"].as_array().unwrap();
        assert!(fields.iter().any(|field| field["name"] == "lines[].sku" && field["type"] == "text"));
    }

    #[test]
    fn every_reference_in_a_schema_leads_somewhere() {
        for provider in Provider::ALL {
            for method in ConnectionMethod::ALL {
                let schema = settings_schema(provider, method);
                let text = schema.to_string();
                for reference in text.split("\"#/$defs/").skip(1) {
                    let name = reference.split('"').next().unwrap();
                    assert!(schema["$defs"].get(name).is_some(), "{name}");
                }
                let definitions = schema["$defs"].as_object().unwrap();
                let idle = definitions.keys().find(|name| !text.contains(&format!("\"#/$defs/{name}\"")));
                assert_eq!(idle, None, "nothing refers to it");
                let credentials = credentials_schema(provider, method).to_string();
                assert!(
                    !text.contains("#/components") && !credentials.contains("$ref"),
                    "{credentials} {text}"
                );
            }
        }
    }
}
