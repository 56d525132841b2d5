//! Documents that the other side of a DOI connection sends by itself. They are kept before they are answered, in the
//! words of their own standard; the sync that reads them is due at once.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use connectors::incoming::{self, Envelope, Reply, equal};
use domain::connection::{Connection, ConnectionMethod, ConnectionStatus, Credentials};
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::ExposeSecret;
use secrets::SecretsError;
use store::StoreError;
use sync::now;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::bytes_within;
use crate::path::{DoiPath, Path};
use crate::{ApiError, ApiState};

/// Most bytes of a document, the files in it included. What is kept of it is less.
const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// The route that the other side of a connection calls, with the connection's own credentials.
pub fn public_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(receive_document))
}

/// Send a document
///
/// For the other side of a DOI connection: cXML (`ConfirmationRequest`, `ShipNoticeRequest`, `InvoiceDetailRequest`) or
/// UBL (`OrderResponse`, `OrderResponseSimple`, `DespatchAdvice`, `Invoice`, `CreditNote`, `Catalogue`), with the
/// connection's `doiUsername` and `doiPassword` as Basic authentication. cXML is answered with a `Response` whose
/// `Status` says what became of it, UBL with an `ApplicationResponse`. A document that comes twice is taken once.
#[utoipa::path(post, path = "/doi/{connectionId}", tag = "doi", params(DoiPath),
    request_body(content = String, content_type = "application/xml"),
    responses((status = 200, description = "Kept; or, in cXML, refused as its `Status` says", body = String,
            content_type = "application/xml"),
        (status = 401, description = "The connection's credentials are others"), (status = 413), (status = 415),
        (status = 503, description = "It could not be kept: send it again")))]
pub(crate) async fn receive_document(
    State(state): State<ApiState>,
    Path(path): Path<DoiPath>,
    request: Request,
) -> Result<Response, ApiError> {
    let connection = state.store().connection(&path.connection_id).await?;
    let Some(connection) = connection.filter(|known| known.connection_method == ConnectionMethod::Doi) else {
        return Ok(who_are_you());
    };
    let credentials = open(&state, &connection).await?;
    if !signs_in(request.headers(), &credentials) {
        return Ok(who_are_you());
    }
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let charset = content_type.and_then(charset_of).map(str::to_owned);
    let document = bytes_within(request, MAX_DOCUMENT_BYTES).await?;
    let reply = match incoming::text_of_document(&document, charset.as_deref()) {
        Ok(document) => take(&state, &connection, &credentials, &document).await,
        Err(reason) => Envelope::Unknown.refused(400, &reason, &connection.settings.doi, now()),
    };
    Ok(told(reply))
}

/// The charset that a content type names.
fn charset_of(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').filter_map(|part| part.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.next().map(|(_, value)| value.trim().trim_matches('"'))
}

/// The credentials of a connection, opened.
async fn open(state: &ApiState, connection: &Connection) -> Result<Credentials, ApiError> {
    let opened = state.vault().open(&connection.id, &connection.credentials).await;
    opened.map_err(|error| match error {
        SecretsError::Unavailable(_) => ApiError::unavailable().caused_by(error),
        other => ApiError::internal(other),
    })
}

/// Whether a request shows the connection's own user and password.
fn signs_in(headers: &HeaderMap, credentials: &Credentials) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let shown = shown.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"));
    let shown = shown.and_then(|(_, encoded)| BASE64.decode(encoded.trim()).ok()).unwrap_or_default();
    let (Some(user), Some(password)) = (&credentials.doi_username, &credentials.doi_password) else {
        return false;
    };
    let known = format!("{user}:{}", password.expose_secret());
    equal(&String::from_utf8_lossy(&shown), &known)
}

/// Keeps a document, and says what became of it.
async fn take(state: &ApiState, connection: &Connection, credentials: &Credentials, document: &str) -> Reply {
    let doi = &connection.settings.doi;
    let taken = match incoming::receive(document.as_bytes(), credentials.doi_shared_secret.as_ref()) {
        Ok(taken) => taken,
        Err(refused) => return refused.envelope.refused(refused.code, &refused.sentence, doi, now()),
    };
    let refused = |code, sentence: &str| taken.envelope.refused(code, sentence, doi, now());
    if connection.status == ConnectionStatus::Inactive || !connection.settings.enables(taken.data_type) {
        return refused(560, "this connection is switched off for now");
    }
    match state.engine.take_document(&connection.id, taken.data_type, &taken.id, document).await {
        Ok(is_new) => {
            tracing::info!(connection = %connection.id, data_type = %taken.data_type, is_new, "a document came");
            taken.envelope.taken(doi, now())
        }
        Err(StoreError::TooLarge { bytes, limit }) => {
            refused(413, &format!("the document is too large: {bytes} bytes, where {limit} can be kept"))
        }
        Err(error) => {
            tracing::error!(connection = %connection.id, %error, "a document could not be kept");
            refused(503, "the document could not be kept: send it again later")
        }
    }
}

fn told(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, [(CONTENT_TYPE, HeaderValue::from_static(reply.content_type))], reply.body).into_response()
}

/// The same whether there is such a connection or not.
fn who_are_you() -> Response {
    let challenge = HeaderValue::from_static("Basic realm=\"DOI\", charset=\"UTF-8\"");
    let sentence = "Show the user and password of this connection as Basic authentication.\n";
    let reply = Envelope::Unknown.refused(401, sentence.trim_end(), &Default::default(), now());
    let mut response = told(reply);
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}
