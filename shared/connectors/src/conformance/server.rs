//! The shell around a vendor's test server: it hands every request to the vendor's rules, unless a test wants it to
//! misbehave.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use tokio::net::TcpListener;

/// A request as a vendor sees it.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// The path, decoded.
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The server's own address, without a slash at the end.
    pub(crate) origin: String,
}

impl Asked {
    /// A header as text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What a vendor answers: status and JSON.
pub(crate) type Answer = (u16, String);

/// The rules of a vendor.
pub(crate) trait Vendor: Send + Sync + 'static {
    /// Does what is asked, as strictly as the vendor does.
    fn answer(&self, asked: &Asked) -> Answer;

    /// Headers beside the answer's type, such as a token or cookies.
    fn headers(&self, _asked: &Asked, _answer: &Answer) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether a request asks for records, or brings some. Only such a request is misbehaved upon.
    fn is_data(&self, asked: &Asked) -> bool;
}

/// What the server does with a request for data.
pub(crate) enum Mood {
    /// It does as asked.
    Obeys,
    /// It does not look at it, and answers this: status, `Retry-After`, body.
    Answers(u16, Option<&'static str>, &'static str),
    /// It does as asked, and the connection breaks in the answer.
    Cuts,
    /// It does as asked, but its answers have another form than they had.
    Alters(fn(&str) -> String),
}

/// A running server.
pub(crate) struct Server<V> {
    pub(crate) vendor: Arc<V>,
    pub(crate) origin: String,
    moods: Arc<Mutex<VecDeque<Mood>>>,
}

struct Shared<V> {
    vendor: Arc<V>,
    origin: String,
    moods: Arc<Mutex<VecDeque<Mood>>>,
    /// What was answered to each request, if it is to be answered again.
    answered: Option<Mutex<HashMap<Request, Answered>>>,
}

/// What a request is known by.
type Request = (Method, Uri, Bytes);

/// Status, headers, body.
type Answered = (u16, Vec<(&'static str, String)>, Bytes);

impl<V: Vendor> Server<V> {
    pub(crate) async fn start(vendor: V) -> Self {
        Self::serve(vendor, None).await
    }

    /// One that answers a request it has had before from memory.
    pub(crate) async fn replaying(vendor: V) -> Self {
        Self::serve(vendor, Some(Mutex::default())).await
    }

    async fn serve(vendor: V, answered: Option<Mutex<HashMap<Request, Answered>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (vendor, moods) = (Arc::new(vendor), Arc::<Mutex<VecDeque<Mood>>>::default());
        let (spoken_to, moods_of) = (Arc::clone(&vendor), Arc::clone(&moods));
        let shared = Shared { vendor: spoken_to, origin: origin.clone(), moods: moods_of, answered };
        let router = Router::new().fallback(respond::<V>).with_state(Arc::new(shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { vendor, origin, moods }
    }

    /// What it does with the next requests for data.
    pub(crate) fn next(&self, moods: impl IntoIterator<Item = Mood>) {
        self.moods.lock().unwrap().extend(moods);
    }

    /// Whether it has done everything it was to do.
    pub(crate) fn is_calm(&self) -> bool {
        self.moods.lock().unwrap().is_empty()
    }
}

async fn respond<V: Vendor>(
    State(shared): State<Arc<Shared<V>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = (method.clone(), uri.clone(), body.clone());
    let before =
        shared.answered.as_ref().and_then(|answered| answered.lock().unwrap().get(&request).cloned());
    if let Some((status, headers, body)) = before {
        return response(
            status,
            headers.iter().map(|(name, value)| (*name, value.as_str())),
            Body::from(body),
        );
    }
    let asked = Asked {
        method,
        path: percent_encoding::percent_decode_str(uri.path()).decode_utf8().unwrap().into_owned(),
        query: url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        origin: shared.origin.clone(),
    };
    let mood = if shared.vendor.is_data(&asked) { shared.moods.lock().unwrap().pop_front() } else { None };
    match mood {
        Some(Mood::Answers(status, retry_after, body)) => {
            let headers = retry_after.map(|value| ("retry-after", value));
            response(status, headers, Body::from(body))
        }
        Some(Mood::Cuts) => {
            shared.vendor.answer(&asked);
            let broken = futures::stream::once(async { Err::<Bytes, _>(io::Error::other("cut")) });
            response(200, None, Body::from_stream(broken))
        }
        Some(Mood::Alters(alter)) => {
            let answer = shared.vendor.answer(&asked);
            let headers = shared.vendor.headers(&asked, &answer);
            let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
            response(answer.0, headers, Body::from(alter(&answer.1)))
        }
        Some(Mood::Obeys) | None => {
            let answer = shared.vendor.answer(&asked);
            let headers = shared.vendor.headers(&asked, &answer);
            let (status, body) = (answer.0, Bytes::from(answer.1));
            if let Some(answered) = &shared.answered {
                answered.lock().unwrap().insert(request, (status, headers.clone(), body.clone()));
            }
            response(status, headers.iter().map(|(name, value)| (*name, value.as_str())), Body::from(body))
        }
    }
}

fn response<'h>(status: u16, headers: impl IntoIterator<Item = (&'h str, &'h str)>, body: Body) -> Response {
    let response = Response::builder().status(status).header("content-type", "application/json");
    headers
        .into_iter()
        .fold(response, |response, (name, value)| response.header(name, value))
        .body(body)
        .unwrap()
}
