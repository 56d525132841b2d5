//! Mappings kept under a name: made, listed, read, replaced, deleted, and applied to sync configs.

use axum::extract::State;
use domain::audit::AuditAction;
use domain::ids::{SyncConfigId, TemplateId};
use domain::mapping_template::{MappingTemplate, MappingTemplateInput};
use domain::sync_config::{SyncConfig, SyncConfigInput};
use domain::{DataType, Invalid};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use store::StoreError;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Created, IfMatch, Versioned};
use crate::body::{Form, Input};
use crate::caller::Caller;
use crate::changes::{ATTEMPTS, changed_fields, stand_back};
use crate::page::Page;
use crate::path::{MappingTemplatePath, Path};
use crate::query::{Limit, Query};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_mapping_templates, create_mapping_template))
        .routes(routes!(get_mapping_template, replace_mapping_template, delete_mapping_template))
        .routes(routes!(apply_mapping_template))
}

impl Input for MappingTemplateInput {
    const SERVER_FIELDS: &'static [&'static str] = &Self::SERVER_FIELDS;

    fn validate(&self) -> Result<(), Invalid> {
        self.validate()
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct TemplatesQuery {
    /// Only templates for this kind of record.
    data_type: Option<DataType>,
    /// How many to show.
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    cursor: Option<String>,
}

/// List mapping templates
///
/// Oldest first.
#[utoipa::path(get, path = "/erp/mapping-templates", tag = "mapping", params(TemplatesQuery),
    responses((status = 200, description = "The templates", body = [MappingTemplate])))]
pub(crate) async fn list_mapping_templates(
    State(state): State<ApiState>,
    Query(query): Query<TemplatesQuery>,
    uri: Uri,
) -> Result<Page<MappingTemplate>, ApiError> {
    let cursor = query.cursor.as_deref();
    let listing = state.store().list_mapping_templates(query.data_type, query.limit.0, cursor).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Keep a mapping as a template
///
/// It touches no sync config until it is applied.
#[utoipa::path(post, path = "/erp/mapping-templates", tag = "mapping", request_body = MappingTemplateInput,
    responses((status = 201, description = "Kept", body = MappingTemplate),
        (status = 409, description = "Another template of the data type has this name")))]
pub(crate) async fn create_mapping_template(
    State(state): State<ApiState>,
    caller: Caller,
    Form(input): Form<MappingTemplateInput>,
) -> Result<Created<MappingTemplate>, ApiError> {
    let template = fresh(input);
    state.store().create_mapping_template(&template).await.map_err(|error| refused(error, &template))?;
    let details = json!({"name": template.name, "dataType": template.data_type});
    caller.note(&state, AuditAction::ErpMappingTemplateCreated, template.id.as_str(), details).await?;
    let location = format!("/erp/mapping-templates/{}", template.id);
    Ok(Created { location, version: Some(template.version), body: template })
}

/// Read a mapping template
///
/// With its version, for `If-Match`.
#[utoipa::path(get, path = "/erp/mapping-templates/{id}", tag = "mapping", params(MappingTemplatePath),
    responses((status = 200, description = "The template", body = MappingTemplate), (status = 404)))]
pub(crate) async fn get_mapping_template(
    State(state): State<ApiState>,
    Path(path): Path<MappingTemplatePath>,
) -> Result<Versioned<MappingTemplate>, ApiError> {
    let template = find(&state, &path.id).await?;
    Ok(Versioned(template.version, template))
}

/// Replace a mapping template
///
/// Sync configs it was applied to stay as they are.
#[utoipa::path(put, path = "/erp/mapping-templates/{id}", tag = "mapping", params(MappingTemplatePath),
    request_body = MappingTemplateInput,
    responses((status = 200, description = "Replaced", body = MappingTemplate), (status = 404),
        (status = 409, description = "Another template of the data type has this name"), (status = 412)))]
pub(crate) async fn replace_mapping_template(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<MappingTemplatePath>,
    if_match: IfMatch,
    Form(input): Form<MappingTemplateInput>,
) -> Result<Versioned<MappingTemplate>, ApiError> {
    for attempt in 1..=ATTEMPTS {
        let before = find(&state, &path.id).await?;
        if_match.check(before.version)?;
        let after = changed(&before, input.clone());
        match state.store().replace_mapping_template(&before, &after).await {
            Err(StoreError::Changed) if if_match.is_given() => return Err(ApiError::changed_meanwhile()),
            Err(StoreError::Changed) => {
                stand_back(attempt).await;
                continue;
            }
            other => other.map_err(|error| refused(error, &after))?,
        }
        let changed = changed_fields(&before, &after, &MappingTemplateInput::SERVER_FIELDS)?;
        let details = json!({"changed": changed});
        caller.note(&state, AuditAction::ErpMappingTemplateUpdated, path.id.as_str(), details).await?;
        return Ok(Versioned(after.version, after));
    }
    Err(StoreError::Changed.into())
}

/// Delete a mapping template
///
/// Sync configs it was applied to stay as they are.
#[utoipa::path(delete, path = "/erp/mapping-templates/{id}", tag = "mapping", params(MappingTemplatePath),
    responses((status = 204, description = "Deleted"), (status = 404), (status = 412)))]
pub(crate) async fn delete_mapping_template(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<MappingTemplatePath>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let template = find(&state, &path.id).await?;
    if_match.check(template.version)?;
    state.store().delete_mapping_template(&template).await?;
    let details = json!({"name": template.name, "dataType": template.data_type});
    caller.note(&state, AuditAction::ErpMappingTemplateDeleted, path.id.as_str(), details).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to apply a template.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApplyInput {
    /// The sync config whose mapping, transformations and filters are replaced.
    #[schema(example = "cfg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    sync_config_id: SyncConfigId,
}

impl Input for ApplyInput {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

/// Apply a mapping template
///
/// Replaces mapping, transformations and filters of a sync config of the same data type. They are copied: later changes
/// of either do not touch the other.
#[utoipa::path(post, path = "/erp/mapping-templates/{id}/apply", tag = "mapping", params(MappingTemplatePath),
    request_body = ApplyInput,
    responses((status = 200, description = "The sync config as it is now", body = SyncConfig), (status = 404)))]
pub(crate) async fn apply_mapping_template(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<MappingTemplatePath>,
    Form(input): Form<ApplyInput>,
) -> Result<Versioned<SyncConfig>, ApiError> {
    let template = find(&state, &path.id).await?;
    for attempt in 1..=ATTEMPTS {
        let before = config_named(&state, &input.sync_config_id).await?;
        let after = applied(&template, &before)?;
        match state.store().replace_sync_config(&after, false).await {
            Err(StoreError::Changed) => {
                stand_back(attempt).await;
                continue;
            }
            other => other?,
        }
        let changed = changed_fields(&before, &after, &SyncConfigInput::SERVER_FIELDS)?;
        let details = json!({"templateId": template.id, "name": template.name, "changed": changed});
        caller.note(&state, AuditAction::ErpMappingTemplateApplied, after.id.as_str(), details).await?;
        return Ok(Versioned(after.version, after));
    }
    Err(StoreError::Changed.into())
}

async fn config_named(state: &ApiState, id: &SyncConfigId) -> Result<SyncConfig, ApiError> {
    let found = state.store().sync_config(id).await?;
    let message = || format!("names no sync config: there is no {id}");
    found.ok_or_else(|| ApiError::invalid_field("syncConfigId", message()))
}

/// The sync config with the template's rules in the place of its own. When it is due does not depend on them.
fn applied(template: &MappingTemplate, config: &SyncConfig) -> Result<SyncConfig, ApiError> {
    if template.data_type != config.data_type {
        let message = format!(
            "names a sync config for {}, the template is for {}",
            config.data_type, template.data_type
        );
        return Err(ApiError::invalid_field("syncConfigId", message));
    }
    let rules = template.rules();
    Ok(SyncConfig {
        field_mapping: rules.field_mapping,
        transformations: rules.transformations,
        filters: rules.filters,
        updated_at: now(),
        version: config.version + 1,
        ..config.clone()
    })
}

async fn find(state: &ApiState, id: &TemplateId) -> Result<MappingTemplate, ApiError> {
    let found = state.store().mapping_template(id).await?;
    found.ok_or_else(|| ApiError::not_found("mapping template", id))
}

fn refused(error: StoreError, template: &MappingTemplate) -> ApiError {
    match error {
        StoreError::Exists => ApiError::conflict(format!(
            "There is a mapping template {:?} for {} already; take another name.",
            template.name.trim(),
            template.data_type
        )),
        other => other.into(),
    }
}

fn fresh(input: MappingTemplateInput) -> MappingTemplate {
    let now = now();
    MappingTemplate {
        id: TemplateId::generate(),
        name: input.name,
        description: input.description,
        provider: input.provider,
        data_type: input.data_type,
        field_mapping: input.field_mapping,
        transformations: input.transformations,
        filters: input.filters,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn changed(before: &MappingTemplate, input: MappingTemplateInput) -> MappingTemplate {
    MappingTemplate {
        id: before.id.clone(),
        created_at: before.created_at,
        version: before.version + 1,
        ..fresh(input)
    }
}
