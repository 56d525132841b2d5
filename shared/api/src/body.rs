//! Reads JSON bodies: what is no JSON is refused with 400, what breaks a rule with 422 and every field at fault.

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use domain::Invalid;
use domain::json::Json;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::ApiError;
use crate::reading::read;

/// Most bytes a body may have.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Most bytes read of a body that has too many.
const MAX_DISCARDED_BYTES: usize = 16 * MAX_BODY_BYTES;

/// What a user sends: a shape, and rules that its fields obey.
pub(crate) trait Input: DeserializeOwned {
    /// Fields that only we set. Sent back, they are ignored.
    const SERVER_FIELDS: &'static [&'static str] = &[];

    /// Checks the rules that the shape alone does not hold.
    ///
    /// # Errors
    /// With each field that breaks one.
    fn validate(&self) -> Result<(), Invalid>;
}

/// A whole input, as POST and PUT take it.
#[derive(Debug)]
pub(crate) struct Form<T>(pub(crate) T);

/// Changes to something, as PATCH takes them: a JSON merge patch (RFC 7396).
#[derive(Debug)]
pub(crate) struct MergePatch(Map<String, Value>);

/// An object as it was sent: every digit of its numbers kept, which [`Value`] would turn into floats.
#[derive(Debug)]
pub(crate) struct RawObject(Bytes);

impl<S: Send + Sync> FromRequest<S> for RawObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = json_of(request).await?;
        object_in(&bytes)?;
        Ok(Self(bytes))
    }
}

impl RawObject {
    /// The object.
    ///
    /// # Errors
    /// None: it was read before.
    pub(crate) fn json(&self) -> Result<Json<'_>, ApiError> {
        Json::parse(&self.0).map_err(ApiError::malformed_json)
    }

    /// Reads it as a `T`.
    ///
    /// # Errors
    /// 422 with the first field that does not fit.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.0);
        read(&mut deserializer).map_err(|error| ApiError::invalid(vec![error]))
    }
}

impl<S: Send + Sync, T: Input> FromRequest<S> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        to_input(object_of(request).await?).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for MergePatch {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        object_of(request).await.map(Self)
    }
}

impl MergePatch {
    /// Applies the patch to the public form of `current` and reads the outcome as if it had been sent whole.
    ///
    /// # Errors
    /// With each field that breaks a rule.
    pub(crate) fn apply<T: Input>(&self, current: &impl serde::Serialize) -> Result<T, ApiError> {
        let mut outcome = match serde_json::to_value(current).map_err(ApiError::internal)? {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        merge(&mut outcome, &self.0);
        to_input(outcome)
    }
}

/// RFC 7396: `null` removes, an object is merged into, anything else replaces.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(changes) => {
                let member = target.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(members) = member {
                    merge(members, changes);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

fn to_input<T: Input>(mut members: Map<String, Value>) -> Result<T, ApiError> {
    members.retain(|name, _| !T::SERVER_FIELDS.contains(&name.as_str()));
    let input: T = read(Value::Object(members)).map_err(|error| ApiError::invalid(vec![error]))?;
    input.validate()?;
    Ok(input)
}

async fn object_of(request: Request) -> Result<Map<String, Value>, ApiError> {
    object_in(&json_of(request).await?)
}

async fn json_of(request: Request) -> Result<Bytes, ApiError> {
    if !is_json(&request) {
        return Err(ApiError::unsupported_media_type());
    }
    bytes_of(request).await
}

fn object_in(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(bytes).map_err(ApiError::malformed_json)? {
        Value::Object(members) => Ok(members),
        _ => Err(ApiError::invalid_field("body", "must be a JSON object")),
    }
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The body, unless it is larger than [`MAX_BODY_BYTES`].
///
/// # Errors
/// 413, or 400 for a body that breaks off.
pub(crate) async fn bytes_of(request: Request) -> Result<Bytes, ApiError> {
    bytes_within(request, MAX_BODY_BYTES).await
}

/// The body, unless it is larger than `limit` bytes. What is too much is read and thrown away up to a bound: a
/// client whose sending is cut off never gets to see why.
///
/// # Errors
/// 413, or 400 for a body that breaks off.
pub(crate) async fn bytes_within(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = request.into_body();
    let mut bytes = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::malformed_json("it breaks off"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen > MAX_DISCARDED_BYTES {
            break;
        }
        if seen <= limit {
            bytes.extend_from_slice(&data);
        }
    }
    if seen > limit { Err(ApiError::too_large(limit)) } else { Ok(bytes.freeze()) }
}

#[cfg(test)]
mod tests;
