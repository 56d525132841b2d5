//! The real program as a child process, and just enough of a client to talk to it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A running program; killed if a test forgets it.
pub(crate) struct Program {
    child: Child,
    address: String,
    /// What it printed on standard output.
    pub(crate) greeting: String,
    /// The token of the last sign-in.
    pub(crate) token: String,
}

impl Program {
    /// Starts it on a free port with its state in `data`, and waits until it has said where it is.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same, with more `variables` in its environment.
    pub(crate) fn start_with(data: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = command(data, &[("CAUSEWAY_PORT", "0")]);
        let mut child = command.envs(variables.iter().copied()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut greeting = String::new();
        for line in lines {
            greeting += &format!("{line}\n");
            if line.contains("Ctrl-C") {
                break;
            }
        }
        let address = greeting.split_whitespace().find(|word| word.starts_with("http://"));
        let address = address.unwrap_or_else(|| panic!("it does not say where it is: {greeting}")).to_owned();
        Self { child, address, greeting, token: String::new() }
    }

    /// Asks it to end, as Ctrl-C or a service manager does, and checks that it ended well.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success());
    }

    /// Ends it without a chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn sign_in(&mut self) {
        let body = json!({"email": "admin@causeway.local", "password": PASSWORD});
        let answer = self.post("/api/v1/auth/login", body).await;
        answer["data"]["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .clone_into(&mut self.token);
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.send(client().get(format!("{}{path}", self.address))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let request = client().post(format!("{}{path}", self.address));
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.answer(client().get(format!("{}{path}", self.address))).await;
            let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            let target = link.and_then(|link| Some(link.split_once('<')?.1.split_once('>')?.0.to_owned()));
            next = target.filter(|target| *target != path);
            let page: Vec<Value> = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            items.extend(page);
        }
        items
    }

    /// Posts as a part of the trace that `traceparent` names.
    pub(crate) async fn post_in_trace(&self, path: &str, body: Value, traceparent: &str) -> Value {
        let request = client().post(format!("{}{path}", self.address)).header("traceparent", traceparent);
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// What is answered as plain text.
    pub(crate) async fn text(&self, path: &str) -> String {
        self.answer(client().get(format!("{}{path}", self.address))).await.text().await.unwrap()
    }

    async fn answer(&self, request: RequestBuilder) -> reqwest::Response {
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        request.send().await.unwrap()
    }

    async fn send(&self, request: RequestBuilder) -> Value {
        let answer = self.answer(request).await;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert!(status.is_success(), "{status} {body}");
        body
    }

    /// Asks until the run has ended; gives up after a minute.
    pub(crate) async fn finished_run(&self, id: &str) -> Value {
        for _ in 0..600 {
            let log = self.get(&format!("/erp/sync-logs/{id}")).await;
            if log["status"] != "syncing" {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("run {id} does not end");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap_or(());
        self.child.wait().map(drop).unwrap_or(());
    }
}

/// Starts it with settings it must refuse, and returns what it says.
pub(crate) fn refusal(data: &Path, variables: &[(&str, &str)]) -> String {
    let output = command(data, variables).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// With no environment but what is given, so that the machine's own settings do not leak in.
fn command(data: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.env_clear().env("CAUSEWAY_DATA_DIR", data).env("CAUSEWAY_ADMIN_PASSWORD", PASSWORD);
    command.env("CAUSEWAY_LOG", "warn").envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is a client from outside; the egress guard is not meant for it"
)]
fn client() -> reqwest::Client {
    reqwest::Client::new()
}
