//! Changes of records by a person or a shop: each makes, edits or drops a pending change, which a sync that pushes
//! brings to the ERP. Reads show it at once.

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use domain::DataType;
use domain::audit::AuditAction;
use domain::change::Change;
use domain::connection::Connection;
use domain::difference::{difference, same_record};
use domain::json::Json;
use domain::records::{Record, RecordData, key_fields, patched, read_sent, with_key};
use http::StatusCode;
use http::request::Parts;
use serde_json::json;
use serde_json::value::RawValue;
use store::{Current, StoreError};
use ulid::Ulid;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Created, IfMatch, Versioned};
use crate::body::RawObject;
use crate::caller::Caller;
use crate::changes::{ATTEMPTS, stand_back};
use crate::connections::find as find_connection;
use crate::path::{DataTypePath, Path, RecordPath};
use crate::query::Query;
use crate::records::{RecordQuery, location, version};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(put_record, update_record, delete_record))
        .routes(routes!(create_record))
}

/// Replace or make a record
///
/// The whole record in canonical form. It is shown at once, with `pending: true`, and sent to the ERP by the next sync
/// of a config that pushes; see `/erp/changes` for what waits, and why. `modifiedAt` is the ERP's and ignored.
#[utoipa::path(put, path = "/erp/records/{dataType}/{id}", tag = "records", params(RecordPath, RecordQuery),
    request_body = RecordData,
    responses((status = 200, description = "Replaced; it waits for the ERP unless nothing changed", body = Record),
        (status = 201, description = "Made; it waits for the ERP", body = Record),
        (status = 404, description = "There is no such connection"),
        (status = 409, description = "The record is in conflict: resolve it first"), (status = 412)))]
pub(crate) async fn put_record(
    State(state): State<ApiState>,
    caller: Caller,
    target: Target,
    if_match: IfMatch,
    body: RawObject,
) -> Result<Response, ApiError> {
    let done =
        target.change(&state, &caller, &if_match, |current| target.whole(body.json()?, current)).await?;
    target.answer(&state, done).await
}

/// Change fields of a record
///
/// A JSON merge patch (RFC 7396): what is named is changed, `null` removes. It is shown at once and sent to the ERP by
/// the next sync of a config that pushes.
#[utoipa::path(patch, path = "/erp/records/{dataType}/{id}", tag = "records", params(RecordPath, RecordQuery),
    request_body(content = Object, content_type = "application/json", description = "The fields to change",
        example = json!({"price": "19.90", "extra": {"shelf": "B7"}})),
    responses((status = 200, description = "Changed; it waits for the ERP unless nothing changed", body = Record),
        (status = 404), (status = 409, description = "The record is in conflict: resolve it first"), (status = 412)))]
pub(crate) async fn update_record(
    State(state): State<ApiState>,
    caller: Caller,
    target: Target,
    if_match: IfMatch,
    body: RawObject,
) -> Result<Response, ApiError> {
    let patch = body.json()?;
    let make = |current: Option<&Record>| {
        let record = current.ok_or_else(|| target.not_found())?;
        let patched = patched(Json::from(&*record.data), patch);
        target.whole(Json::parse(patched.as_bytes()).map_err(ApiError::internal)?, current)
    };
    let done = target.change(&state, &caller, &if_match, make).await?;
    target.answer(&state, done).await
}

/// Delete a record
///
/// It is deleted at the ERP by the next sync of a config that pushes, and shown as `deleted` from now on. One that the
/// ERP never had is dropped.
#[utoipa::path(delete, path = "/erp/records/{dataType}/{id}", tag = "records", params(RecordPath, RecordQuery),
    responses((status = 202, description = "It waits to be deleted at the ERP", body = Record),
        (status = 204, description = "Dropped: the ERP never had it"), (status = 404),
        (status = 409, description = "The record is in conflict: resolve it first"), (status = 412)))]
pub(crate) async fn delete_record(
    State(state): State<ApiState>,
    caller: Caller,
    target: Target,
    if_match: IfMatch,
) -> Result<Response, ApiError> {
    let make = |current: Option<&Record>| current.map(|_| None).ok_or_else(|| target.not_found());
    match target.change(&state, &caller, &if_match, make).await? {
        Done::Dropped => Ok(StatusCode::NO_CONTENT.into_response()),
        _ => {
            let record = target.read(&state).await?;
            let location = location(&record)?;
            let headers = [(http::header::LOCATION, location)];
            Ok((StatusCode::ACCEPTED, headers, axum::Json(record)).into_response())
        }
    }
}

/// Make a record: place an order
///
/// An order's key is its `orderNumber`, else its `reference`, else one made up here, until the ERP gives it a number; it
/// is found under both. Records of other types name their key. It is sent to the ERP by the next sync of a config that
/// pushes, exactly once.
#[utoipa::path(post, path = "/erp/records/{dataType}", tag = "records", params(DataTypePath, RecordQuery),
    request_body = RecordData,
    responses((status = 201, description = "Made; it waits for the ERP", body = Record),
        (status = 404, description = "There is no such connection"),
        (status = 409, description = "There is a record with this key already")))]
pub(crate) async fn create_record(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<DataTypePath>,
    Query(query): Query<RecordQuery>,
    body: RawObject,
) -> Result<Created<Record>, ApiError> {
    let connection = find_connection(&state, &query.erp_connection_id).await?;
    let (key, record) = match path.data_type {
        DataType::Orders => named(body.json()?),
        other => (read_sent(other, body.json()?, None, None)?.key, body.json()?.text().to_owned()),
    };
    let target = Target { connection, data_type: path.data_type, key };
    let make = |current: Option<&Record>| match current {
        Some(known) => {
            Err(ApiError::conflict(format!("There is a record {} already; change it with PUT.", known.id)))
        }
        None => target.whole(Json::parse(record.as_bytes()).map_err(ApiError::internal)?, None),
    };
    target.change(&state, &caller, &IfMatch::default(), make).await?;
    let record = target.read(&state).await?;
    Ok(Created { location: location(&record)?, version: Some(version(&record)?), body: record })
}

/// The key of an order that is placed, and the order with its number and reference.
fn named(order: Json<'_>) -> (String, String) {
    let text = |name: &str| order.get(name).and_then(Json::as_string).filter(|text| !text.is_empty());
    let key = text("orderNumber").or_else(|| text("reference"));
    let key = key.map_or_else(|| format!("ORD-{}", Ulid::generate()), std::borrow::Cow::into_owned);
    let mut names = json!({});
    for name in ["orderNumber", "reference"] {
        // What is there but no text stays, to be refused by its name.
        if order.get(name).is_none_or(|value| matches!(value.text(), "null" | "\"\"")) {
            names[name] = json!(key);
        }
    }
    let names = names.to_string();
    let order = Json::parse(names.as_bytes()).map(|names| patched(order, names));
    (key, order.unwrap_or_default())
}

/// The record that is to be changed.
pub(crate) struct Target {
    connection: Connection,
    data_type: DataType,
    key: String,
}

/// What became of a request for a change.
enum Done {
    /// The record was new.
    Made,
    /// The record is as was wished, or will be.
    Changed,
    /// The record was never at the ERP and is gone.
    Dropped,
}

/// The one that path and query name.
impl FromRequestParts<ApiState> for Target {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let Path(RecordPath { data_type, id }) = Path::from_request_parts(parts, state).await?;
        let Query(query) = Query::<RecordQuery>::from_request_parts(parts, state).await?;
        let connection = find_connection(state, &query.erp_connection_id).await?;
        Ok(Self { connection, data_type, key: id.0 })
    }
}

impl Target {
    fn not_found(&self) -> ApiError {
        ApiError::not_found(&format!("{} record", self.data_type), &self.key)
    }

    async fn current(&self, state: &ApiState) -> Result<Current, ApiError> {
        Ok(state.store().current_record(&self.connection.id, self.data_type, &self.key).await?)
    }

    /// The record as it is once it was changed.
    async fn read(&self, state: &ApiState) -> Result<Record, ApiError> {
        self.current(state).await?.record.ok_or_else(|| self.not_found())
    }

    /// Checks a whole record. It may name itself by the key of the address or, where the ERP gave it another, by that.
    fn whole(&self, sent: Json<'_>, current: Option<&Record>) -> Result<Option<Box<RawValue>>, ApiError> {
        let key = current.map_or(&self.key, |current| &current.id);
        let data = current.map(|current| Json::from(&*current.data));
        let names_itself = sent.get(key_fields(self.data_type)[0]).and_then(Json::as_string);
        if *key != self.key && names_itself.is_some_and(|name| name == self.key) {
            let read = read_sent(self.data_type, sent, Some(&self.key), data)?;
            return Ok(Some(with_key(self.data_type, Json::from(&*read.record), key)?.record));
        }
        Ok(Some(read_sent(self.data_type, sent, Some(key), data)?.record))
    }

    /// Brings the record into the state that `make` gives for it as it is now; none is to delete it.
    async fn change(
        &self,
        state: &ApiState,
        caller: &Caller,
        if_match: &IfMatch,
        make: impl Fn(Option<&Record>) -> Result<Option<Box<RawValue>>, ApiError>,
    ) -> Result<Done, ApiError> {
        for attempt in 1..=ATTEMPTS {
            let mut current = self.current(state).await?;
            current.record = current.record.filter(|record| !record.deleted);
            match &current.record {
                Some(record) => if_match.check(version(record)?)?,
                None if if_match.is_given() => return Err(ApiError::changed_meanwhile()),
                None => {}
            }
            let wanted = make(current.record.as_ref())?;
            match self.keep(state, &current, wanted).await {
                Err(Kept::Store(StoreError::Changed | StoreError::Exists)) if if_match.is_given() => {
                    return Err(ApiError::changed_meanwhile());
                }
                Err(Kept::Store(StoreError::Changed | StoreError::Exists)) => stand_back(attempt).await,
                Err(Kept::Store(error)) => return Err(error.into()),
                Err(Kept::Refused(error)) => return Err(error),
                Ok((done, change)) => {
                    if let Some(change) = change {
                        self.note(state, caller, current.record.as_ref(), &change).await?;
                    }
                    return Ok(done);
                }
            }
        }
        Err(StoreError::Changed.into())
    }

    /// Writes the change, if there is one to write. A record that changed since it was read is left alone.
    async fn keep(
        &self,
        state: &ApiState,
        current: &Current,
        wanted: Option<Box<RawValue>>,
    ) -> Result<(Done, Option<Change>), Kept> {
        let store = state.store();
        let before = current.record.as_ref().map(|record| &record.data);
        let done = if before.is_some() { Done::Changed } else { Done::Made };
        let Some(known) = &current.change else {
            if wanted.as_ref().is_some_and(|wanted| self.is_same(before.map(|data| &**data), wanted)) {
                return Ok((done, None));
            }
            let connection = self.connection.id.clone();
            let base = before.cloned();
            let change = Change::new(connection, self.data_type, current.key.clone(), wanted, base, now());
            store.create_change(&change).await?;
            return Ok((done, Some(change)));
        };
        let change = known.edited(wanted, now()).map_err(|refused| Kept::Refused(sentence(&refused)))?;
        if change.data.is_none() && known.was_never_taken() {
            store.remove_change(known).await?;
            return Ok((Done::Dropped, Some(change)));
        }
        let back = change.data.as_ref().is_some_and(|data| self.is_same(change.base.as_deref(), data));
        if back && !known.state.is_in_flight() {
            store.remove_change(known).await?;
        } else {
            store.replace_change(&change).await?;
        }
        Ok((done, Some(change)))
    }

    fn is_same(&self, a: Option<&RawValue>, b: &RawValue) -> bool {
        a.is_some_and(|a| same_record(self.data_type, Json::from(a), Json::from(b)))
    }

    /// Tells the audit trail which fields were changed; values may be personal.
    async fn note(
        &self,
        state: &ApiState,
        caller: &Caller,
        before: Option<&Record>,
        change: &Change,
    ) -> Result<(), ApiError> {
        let (before, after) = (before.map(|record| &*record.data), change.data.as_deref());
        let changed = difference(self.data_type, None, before.map(Json::from), after.map(Json::from));
        let action =
            if after.is_some() { AuditAction::ErpRecordChanged } else { AuditAction::ErpRecordDeleted };
        let mut details = json!({
            "erpConnectionId": self.connection.id, "dataType": self.data_type, "recordId": change.record_id,
        });
        if after.is_some() {
            details["changed"] = changed.into_iter().map(|one| one.field).collect();
        }
        caller.note(state, action, change.id.as_str(), details).await
    }

    async fn answer(&self, state: &ApiState, done: Done) -> Result<Response, ApiError> {
        let record = self.read(state).await?;
        let version = version(&record)?;
        Ok(match done {
            Done::Made => {
                Created { location: location(&record)?, version: Some(version), body: record }.into_response()
            }
            Done::Changed | Done::Dropped => Versioned(version, record).into_response(),
        })
    }
}

/// Why a change was not written.
enum Kept {
    Refused(ApiError),
    Store(StoreError),
}

impl From<StoreError> for Kept {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The sentence of a 409.
fn sentence(refused: &domain::change::EditRefused) -> ApiError {
    let text = refused.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    ApiError::conflict(format!("{first}{}.", letters.as_str()))
}
