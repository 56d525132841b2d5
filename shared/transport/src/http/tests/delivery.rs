//! Whether the server may have taken what it was sent, told from how the sending really failed.

use bytes::Bytes;
use http::Method;
use tokio::net::TcpStream;

use super::*;

fn post(url: Url, attempts: u32) -> HttpRequest {
    HttpRequest { method: Method::POST, body: Bytes::from_static(b"{}"), ..retrying(url, attempts) }
}

async fn deliver(request: &HttpRequest) -> Result<HttpAnswer, Unanswered> {
    transport().http().unwrap().deliver(request).await
}

async fn is_surely_not_sent(request: &HttpRequest) -> bool {
    match deliver(request).await.unwrap_err() {
        Unanswered::NotSent(_) => true,
        Unanswered::Unknown(_) => false,
    }
}

/// A server that does this with each connection once a whole request with the body `{}` came.
async fn serve_after_request(act: fn(TcpStream)) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"{}") && socket.read_buf(&mut request).await.unwrap() > 0 {}
            act(socket);
        }
    });
    url.parse().unwrap()
}

/// An address nobody listens at.
async fn closed() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap()
}

#[tokio::test]
async fn what_no_connection_carried_was_surely_not_sent() {
    let plain = serve(Router::new()).await;
    let unreachable: [Url; 4] = [
        closed().await,
        "http://erp.invalid/".parse().unwrap(),
        "http://10.0.0.1/".parse().unwrap(),
        plain.as_str().replace("http:", "https:").parse().unwrap(),
    ];
    for url in unreachable {
        assert!(is_surely_not_sent(&post(url.clone(), 0)).await, "{url}");
        let delete = HttpRequest { method: Method::DELETE, ..HttpRequest::get(url.clone()) };
        assert!(is_surely_not_sent(&delete).await, "{url}");
    }
    let auth = Auth::bearer("a\nb".to_owned().into(), "apiKey");
    assert!(is_surely_not_sent(&HttpRequest { auth, ..post(plain, 0) }).await);
}

#[tokio::test]
async fn a_server_that_accepts_no_connection_in_time_got_nothing() {
    // The handshake is never answered, so what times out is the whole request, before it could begin to leave.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let request = HttpRequest { timeout: Duration::from_millis(100), ..post(url, 0) };
    assert!(is_surely_not_sent(&request).await);
}

#[tokio::test]
async fn what_was_sent_and_not_answered_may_have_been_taken() {
    let hung_up = serve_after_request(drop).await;
    let silent = serve_after_request(|socket| {
        drop(tokio::spawn(async move { (socket, std::future::pending::<()>().await) }))
    })
    .await;
    let garbled = serve_bytes(b"HTTQ").await;
    let half = serve_bytes(b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{").await;
    for url in [hung_up, silent, garbled, half] {
        let request = HttpRequest { timeout: Duration::from_millis(500), ..post(url.clone(), 3) };
        assert!(!is_surely_not_sent(&request).await, "{url}");
    }
}

#[tokio::test]
async fn a_post_is_repeated_only_if_it_was_surely_not_taken() {
    for (status, times) in [(503, 3), (429, 3), (425, 3), (500, 1), (502, 1), (408, 1), (400, 1)] {
        let status = StatusCode::from_u16(status).unwrap();
        let (url, asked) = flaky(9, status, "0").await;
        assert_eq!(deliver(&post(url, 2)).await.unwrap().status, status);
        assert_eq!(asked.load(Ordering::SeqCst), times, "{status}");
    }
    let (url, asked) = flaky(1, StatusCode::INTERNAL_SERVER_ERROR, "0").await;
    let repeatable = HttpRequest { repeatable: true, ..post(url, 2) };
    assert_eq!(deliver(&repeatable).await.unwrap().status, StatusCode::OK);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_earlier_try_that_may_have_been_taken_is_not_forgotten() {
    let asked = Arc::new(AtomicUsize::new(0));
    let answer = move || async move {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        let status = if first { StatusCode::BAD_GATEWAY } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, "no")
    };
    let url = serve(Router::new().route("/", axum::routing::put(answer))).await;
    let request = HttpRequest { method: Method::PUT, ..post(url, 1) };
    let told = deliver(&request).await.unwrap_err();
    assert!(matches!(&told, Unanswered::Unknown(error) if error.to_string().contains("503")), "{told:?}");
}

#[tokio::test]
async fn a_redirect_that_is_not_followed_was_not_taken_unless_it_may_follow_the_deed() {
    for (status, not_taken) in [(301, true), (307, true), (308, true), (302, false), (303, false)] {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = move || async move { (status, [(header::LOCATION, "/elsewhere")]) };
        let url = serve(Router::new().route("/", axum::routing::post(answer))).await;
        assert_eq!(is_surely_not_sent(&post(url, 0)).await, not_taken, "{status}");
    }
}

#[tokio::test]
async fn a_body_arrives_whole_with_its_length() {
    let echo = |headers: HeaderMap, body: Bytes| async move {
        format!("{} {}", headers[header::CONTENT_LENGTH].to_str().unwrap(), body.len())
    };
    let url = serve(Router::new().route("/", axum::routing::post(echo))).await;
    let body = Bytes::from(vec![b' '; 300_000]);
    let answer = deliver(&HttpRequest { body, ..post(url, 0) }).await.unwrap();
    assert_eq!(&answer.body[..], b"300000 300000");
}

/// Counts how often it was written.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl FreshBody for Counting {
    fn write(&self) -> Result<Bytes, ErpError> {
        Ok(Bytes::from(format!("try {}", self.0.fetch_add(1, Ordering::SeqCst))))
    }
}

#[tokio::test]
async fn each_try_sends_a_fresh_body() {
    let echo = |body: Bytes| async move {
        let status = if body == "try 2" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, body)
    };
    let url = serve(Router::new().route("/", axum::routing::post(echo))).await;
    let request = HttpRequest { fresh_body: Some(Arc::new(Counting::default())), ..post(url, 5) };
    assert_eq!(&deliver(&request).await.unwrap().body[..], b"try 2");
}

#[tokio::test]
async fn a_protocol_may_judge_better_than_the_status_whether_to_try_again() {
    let (url, asked) = flaky(9, StatusCode::INTERNAL_SERVER_ERROR, "0").await;
    let ours = HttpRequest { passing: Some(|_| Some(false)), repeatable: true, ..post(url.clone(), 2) };
    assert!(deliver(&ours).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let unsure = HttpRequest { passing: Some(|_| None), ..ours };
    assert!(deliver(&unsure).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}
