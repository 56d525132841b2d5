//! Which fields an ERP's records have, for people who write a mapping.

use axum::Json;
use axum::extract::State;
use domain::DataType;
use domain::json::Kind;
use domain::mapping::{FilledBy, Unfilled};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sync::{SeenField, SeenFields};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::connections::find;
use crate::path::{ConnectionPath, Path};
use crate::preview::json_or_text;
use crate::query::Query;
use crate::rules::saved_rules;
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_fields))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FieldsQuery {
    /// The kind of record.
    data_type: DataType,
}

/// The fields that an ERP's first records have.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ErpFields)]
pub(crate) struct FieldsAnswer {
    /// The kind of record.
    data_type: DataType,
    /// How many records were looked at.
    #[schema(example = 77)]
    records: u64,
    /// The fields, in the order they were first seen.
    fields: Vec<ErpField>,
    /// Our fields that nothing fills.
    unfilled: Vec<Unfilled>,
    /// What a person should know.
    warnings: Vec<String>,
}

/// One field of an ERP's records.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErpField {
    /// Its path, as a mapping takes it: names joined by dots, `[0]` behind a list, whose first item stands for all.
    #[schema(example = "unitPrice")]
    path: String,
    /// What it holds in these records.
    types: Vec<JsonType>,
    /// In how many of the records it stands.
    #[schema(example = 77)]
    seen_in: u64,
    /// Up to three of its values; secrets masked, cut where they are long.
    #[schema(value_type = Vec<Object>, example = json!(["18.00", "19.00"]))]
    samples: Vec<Box<RawValue>>,
    /// Which of our fields it fills.
    fills: Vec<Fill>,
}

/// A field of ours that is filled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Fill {
    /// Its name; dotted inside an object or a list.
    #[schema(example = "price")]
    field: String,
    /// How it comes by its value.
    by: FilledBy,
}

/// A type of JSON.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JsonType {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A text.
    String,
    /// A list.
    Array,
    /// An object.
    Object,
}

impl From<Kind> for JsonType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Boolean,
            Kind::Number => Self::Number,
            Kind::String => Self::String,
            Kind::Array => Self::Array,
            Kind::Object => Self::Object,
        }
    }
}

/// List the fields of an ERP's records
///
/// Reads the first records from the ERP and tells which fields they have, what they hold, and which of our fields each
/// fills under the sync config that a sync by hand would take. Nothing is stored, and files are left where they are.
#[utoipa::path(get, path = "/erp/connections/{id}/fields", tag = "mapping", params(ConnectionPath, FieldsQuery),
    responses((status = 200, description = "The fields", body = FieldsAnswer), (status = 404), (status = 502)))]
pub(crate) async fn list_fields(
    State(state): State<ApiState>,
    Path(path): Path<ConnectionPath>,
    Query(FieldsQuery { data_type }): Query<FieldsQuery>,
) -> Result<Json<FieldsAnswer>, ApiError> {
    let connection = find(&state, &path.id).await?;
    let rules = saved_rules(&state, &connection, data_type).await?;
    let seen = state.engine.seen_fields(&connection, data_type, &rules).await.map_err(ApiError::erp)?;
    let SeenFields { records, fields, unfilled, warnings } = seen;
    let fields = fields.into_iter().map(ErpField::from).collect();
    Ok(Json(FieldsAnswer { data_type, records, fields, unfilled, warnings }))
}

impl From<SeenField> for ErpField {
    fn from(SeenField { path, kinds, seen_in, samples, fills }: SeenField) -> Self {
        Self {
            path,
            types: kinds.into_iter().map(JsonType::from).collect(),
            seen_in,
            samples: samples.into_iter().map(json_or_text).collect(),
            fills: fills.into_iter().map(|(field, by)| Fill { field, by }).collect(),
        }
    }
}
