//! The parameters of paths, decoded and checked: one type per kind of path, which also describes it in the API's
//! document.

use axum::extract::{FromRequestParts, RawPathParams};
use domain::DataType;
use domain::ids::{
    AssignmentId, ChangeId, ClientId, ConflictId, ConnectionId, DeadLetterId, RunId, SetAsideId,
    SigningKeyId, SiteId, SyncConfigId, TemplateId,
};
use domain::records::MAX_KEY_BYTES;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use utoipa::IntoParams;

use crate::ApiError;
use crate::reading::read;

/// The parameters of a path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid_parameter("the address", "must be percent-encoded UTF-8"))?;
        parse(params.iter()).map(Self)
    }
}

fn parse<'p, T: DeserializeOwned>(params: impl Iterator<Item = (&'p str, &'p str)>) -> Result<T, ApiError> {
    let read = read(MapDeserializer::<_, serde::de::value::Error>::new(params));
    read.map_err(|error| ApiError::invalid_parameter(&error.field, error.message))
}

/// Names a connection.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConnectionPath {
    /// The connection's id.
    #[param(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: ConnectionId,
}

/// Names the connection that a document comes over.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoiPath {
    /// The connection's id.
    #[param(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) connection_id: ConnectionId,
}

/// Names a sync config.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SyncConfigPath {
    /// The sync config's id.
    #[param(example = "cfg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: SyncConfigId,
}

/// Names a mapping template.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct MappingTemplatePath {
    /// The template's id.
    #[param(example = "tpl_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: TemplateId,
}

/// Names a run.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RunPath {
    /// The run's id.
    #[param(example = "run_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: RunId,
}

/// Names a key that signs tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SigningKeyPath {
    /// The key's id.
    #[param(example = "key_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: SigningKeyId,
}

/// Names a change of ours.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ChangePath {
    /// The change's id.
    #[param(value_type = String, example = "chg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: ChangeId,
}

/// Names a conflict.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConflictPath {
    /// The conflict's id.
    #[param(value_type = String, example = "con_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) id: ConflictId,
}

/// Names a record that was set aside.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SetAsidePath {
    /// The record's id.
    #[param(value_type = String, example = "run_01KAHV3Z8M6W6W1Z0Q3T4N5P6R.17")]
    pub(crate) id: SetAsideId,
}

/// Names a dead letter.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DeadLetterPath {
    /// The letter's id.
    #[param(example = "dlt_219f8380-5770-4cc2-8c3e-5c715e145f5e")]
    pub(crate) id: DeadLetterId,
}

/// Names a client.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientPath {
    /// The client's id.
    #[param(example = "client_001")]
    pub(crate) client_id: ClientId,
}

/// Names an assignment of a client.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientAssignmentPath {
    /// The client's id.
    #[param(example = "client_001")]
    pub(crate) client_id: ClientId,
    /// The assignment's id.
    #[param(example = "asg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) assignment_id: AssignmentId,
}

/// Names a site.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SitePath {
    /// The site's id.
    #[param(example = "site_001")]
    pub(crate) site_id: SiteId,
}

/// Names an assignment of a site.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SiteAssignmentPath {
    /// The site's id.
    #[param(example = "site_001")]
    pub(crate) site_id: SiteId,
    /// The assignment's id.
    #[param(example = "asg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) assignment_id: AssignmentId,
}

/// Names a kind of record.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataTypePath {
    /// The kind of record.
    pub(crate) data_type: DataType,
}

/// Names a record.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordPath {
    /// The kind of record.
    pub(crate) data_type: DataType,
    /// The record's key, percent-encoded: the SKU of a product, the number of an order.
    #[param(value_type = String, example = "SKU-1", max_length = 512)]
    pub(crate) id: RecordKey,
}

/// Names a product's stock.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SkuPath {
    /// The stock keeping unit, percent-encoded.
    #[param(value_type = String, example = "SKU-1", max_length = 512)]
    pub(crate) sku: RecordKey,
}

/// The key of a record, as the ERP has it: anything but control characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RecordKey(pub(crate) String);

impl TryFrom<String> for RecordKey {
    type Error = String;

    fn try_from(key: String) -> Result<Self, String> {
        let sound = (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.chars().any(char::is_control);
        if sound {
            Ok(Self(key))
        } else {
            Err("must be 1 to 512 bytes without control characters".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<T: DeserializeOwned + std::fmt::Debug>(params: &[(&str, &str)]) -> String {
        let error = parse::<T>(params.iter().copied()).unwrap_err();
        assert_eq!(error.status.as_u16(), 400);
        error.details[0].field.clone()
    }

    #[test]
    fn an_id_that_would_break_a_key_is_refused_by_the_name_of_its_parameter() {
        for bad in ["a:b", "a/b", "a\nb", "..", ""] {
            assert_eq!(named::<ConnectionPath>(&[("id", bad)]), "id");
            let params = [("clientId", "acme"), ("assignmentId", bad)];
            assert_eq!(named::<ClientAssignmentPath>(&params), "assignmentId");
        }
    }

    #[test]
    fn an_unknown_data_type_is_refused_with_those_there_are() {
        let error = parse::<DataTypePath>([("dataType", "colours")].into_iter()).unwrap_err();
        assert_eq!(error.details[0].field, "dataType");
        assert!(error.details[0].message.contains("order_status"), "{error:?}");
    }

    #[test]
    fn a_record_key_may_hold_what_an_erp_puts_there() {
        for good in ["A/B:C", "Größe 42", "x|MAIN"] {
            let path: SkuPath = parse([("sku", good)].into_iter()).unwrap();
            assert_eq!(path.sku.0, good);
        }
        assert_eq!(named::<SkuPath>(&[("sku", "a\u{0}b")]), "sku");
        assert_eq!(named::<SkuPath>(&[("sku", &"x".repeat(513))]), "sku");
    }
}
