//! Looking before syncing: what a sync would make of an ERP's first records.

use axum::Json;
use axum::extract::State;
use domain::ids::{ClientId, SiteId};
use domain::mapping::drift::SchemaPolicy;
use domain::mapping::{FieldMapping, Filters, Rules, Transformation};
use domain::validation::Checks;
use domain::{DataType, FieldError, Invalid};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Collection;
use sync::{Preview, PreviewOutcome, PreviewedRecord};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Form, Input};
use crate::connections::find;
use crate::path::{ConnectionPath, Path};
use crate::rules::{Whose, saved_rules};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(preview_sync))
}

/// What to preview.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"dataType": "products", "limit": 5, "fieldMapping": {"sku": "productID"},
    "filters": {"discontinued": false}}))]
pub(crate) struct PreviewInput {
    /// The kind of record.
    data_type: DataType,
    /// How many records: 1 to 50.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 50, default = 10)]
    limit: u32,
    /// The mapping to try; the sync config's if left out.
    #[serde(default)]
    #[schema(value_type = Option<HashMap<String, Option<String>>>)]
    field_mapping: Option<FieldMapping>,
    /// The transformations to try; the sync config's if left out.
    #[serde(default)]
    transformations: Option<Vec<Transformation>>,
    /// The filters to try; the sync config's if left out.
    #[serde(default)]
    #[schema(value_type = Option<HashMap<String, Object>>)]
    filters: Option<Filters>,
    /// The policy for unknown fields to try; the sync config's if left out.
    #[serde(default)]
    schema_policy: Option<SchemaPolicy>,
    /// Lay over what the assignment of the connection overrides that counts for this site: its own, else its client's.
    #[serde(default)]
    #[schema(example = "site_001")]
    site_id: Option<SiteId>,
    /// Lay over what this client's assignment of the connection overrides. Not together with `siteId`.
    #[serde(default)]
    #[schema(example = "client_001")]
    client_id: Option<ClientId>,
}

const fn ten() -> u32 {
    10
}

impl Input for PreviewInput {
    fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        checks.require((1..=50).contains(&self.limit), "limit", "must be a whole number from 1 to 50");
        self.whose().check(&mut checks);
        self.over(Rules::default()).check(self.data_type, &mut checks);
        checks.finish()
    }
}

impl PreviewInput {
    const fn whose(&self) -> Whose<'_> {
        Whose { site: self.site_id.as_ref(), client: self.client_id.as_ref() }
    }

    /// What is given, in the place of what is saved.
    fn over(&self, saved: Rules) -> Rules {
        Rules {
            field_mapping: self.field_mapping.clone().unwrap_or(saved.field_mapping),
            transformations: self.transformations.clone().unwrap_or(saved.transformations),
            filters: self.filters.clone().unwrap_or(saved.filters),
            schema_policy: self.schema_policy.unwrap_or(saved.schema_policy),
            deleted_when: saved.deleted_when,
        }
    }
}

/// What a sync would make of an ERP's first records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub(crate) struct PreviewAnswer {
    /// The records, in the order the ERP sent them.
    records: Vec<PreviewRecord>,
    /// How many there are of each outcome.
    counts: PreviewCounts,
    /// What a person should know.
    warnings: Vec<String>,
}

/// One record, and what a sync would make of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewRecord {
    /// Its place among the records, from 1.
    #[schema(example = 1)]
    position: u64,
    /// The record as the ERP sent it, secrets masked. A text where it is no JSON, or was cut because it is long.
    #[schema(value_type = Object, example = json!({"productID": "1", "productName": "Chai", "unitPrice": "18.00"}))]
    raw: Box<RawValue>,
    /// What becomes of it.
    outcome: Outcome,
    /// Its canonical form; of a record that is set aside, what could be mapped of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<domain::records::RecordData>)]
    mapped: Option<Box<RawValue>>,
    /// Its key, if that much could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    key: Option<String>,
    /// What is wrong with it, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Fields that it is stored without, or not as they were sent, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<FieldError>,
}

/// What a sync would do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PreviewOutcome)]
pub(crate) enum Outcome {
    /// Store it.
    Mapped,
    /// Delete it, for it says that it is deleted at the ERP.
    Deleted,
    /// Leave it out, as a filter says.
    Skipped,
    /// Set it aside.
    Failed,
}

/// How many records there are of each outcome.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct PreviewCounts {
    /// All of them.
    #[schema(example = 10)]
    read: usize,
    /// Would be stored.
    #[schema(example = 8)]
    mapped: usize,
    /// Would be deleted.
    #[schema(example = 0)]
    deleted: usize,
    /// Would be left out by a filter.
    #[schema(example = 1)]
    skipped: usize,
    /// Would be set aside.
    #[schema(example = 1)]
    failed: usize,
}

/// Preview a sync
///
/// Reads the first records from the ERP and shows what a sync would make of each. Nothing is stored, and files are
/// left where they are. What is left out of mapping, transformations, filters and policy is taken from the connection's oldest
/// enabled sync config of the data type, else from its oldest.
#[utoipa::path(post, path = "/erp/connections/{id}/preview", tag = "mapping", params(ConnectionPath),
    request_body = PreviewInput,
    responses((status = 200, description = "The first records", body = PreviewAnswer), (status = 404), (status = 502)))]
pub(crate) async fn preview_sync(
    State(state): State<ApiState>,
    Path(path): Path<ConnectionPath>,
    Form(input): Form<PreviewInput>,
) -> Result<Json<PreviewAnswer>, ApiError> {
    let connection = find(&state, &path.id).await?;
    let mut rules = input.over(saved_rules(&state, &connection, input.data_type).await?);
    let mut of = Collection::plain(connection.id.clone(), input.data_type);
    if let Some(own) = input.whose().own_rules(&state, &connection.id, input.data_type).await?? {
        rules = own.overrides.over(rules);
        of.scope = Some(own.scope);
    }
    let shape = state.store().profile(&of).await?.shape;
    let preview = state.engine.preview(&connection, input.data_type, &rules, shape, input.limit).await;
    Ok(Json(preview.map_err(ApiError::erp)?.into()))
}

impl From<Preview> for PreviewAnswer {
    fn from(Preview { records, warnings }: Preview) -> Self {
        let records: Vec<_> = (1..).zip(records).map(|(position, record)| shown(position, record)).collect();
        let count = |outcome| records.iter().filter(|record| record.outcome == outcome).count();
        let counts = PreviewCounts {
            read: records.len(),
            mapped: count(Outcome::Mapped),
            deleted: count(Outcome::Deleted),
            skipped: count(Outcome::Skipped),
            failed: count(Outcome::Failed),
        };
        Self { records, counts, warnings }
    }
}

fn shown(position: u64, PreviewedRecord { raw, outcome }: PreviewedRecord) -> PreviewRecord {
    let mut warnings = Vec::new();
    let (outcome, mapped, key, errors) = match outcome {
        PreviewOutcome::Mapped { key, data, warnings: told } => {
            warnings = told;
            let data = String::from_utf8(data).ok().map(json_or_text);
            (Outcome::Mapped, data, Some(key), Vec::new())
        }
        PreviewOutcome::Deleted { key } => (Outcome::Deleted, None, Some(key), Vec::new()),
        PreviewOutcome::Skipped => (Outcome::Skipped, None, None, Vec::new()),
        PreviewOutcome::Failed { key, errors, data } => {
            let data = data.and_then(|data| String::from_utf8(data).ok()).map(json_or_text);
            (Outcome::Failed, data, key, errors)
        }
    };
    PreviewRecord { position, raw: json_or_text(raw), outcome, mapped, key, errors, warnings }
}

/// A text as the JSON it is, every digit kept; as a JSON text if it is none.
pub(crate) fn json_or_text(text: String) -> Box<RawValue> {
    RawValue::from_string(text.clone())
        .or_else(|_| serde_json::value::to_raw_value(&text))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}
