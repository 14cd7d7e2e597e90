//! The program `onsale` itself: its port of metrics, and its flag of a collector.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::traces::Collector;

/// The running program, which ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which a test has noticed by then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it, and reads its ready line.
fn start(more: &[&str]) -> (Program, Value) {
    let ports = ["", "lambda-", "dynamodb-", "sqs-", "data-platform-", "metrics-"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_onsale"));
    command.args(ports.iter().flat_map(|port| [format!("--{port}port"), "0".to_owned()]));
    command.args(["--in-memory", "--empty"]).args(more).env("LOG_LEVEL", "error");
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT").env_remove("OTEL_EXPORTER_ZIPKIN_ENDPOINT");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let output = child.stdout.take().expect("its output");
    let program = Program(child);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("a ready line");
    (program, serde_json::from_str(&line).expect("JSON"))
}

#[tokio::test]
async fn it_serves_its_metrics_and_tells_a_collector_its_spans() {
    let collector = Collector::listening().await;
    let (_program, ready) = start(&["--otlp-endpoint", &collector.url]);
    let get = async |of: &str, path: &str| {
        let answer =
            reqwest::get(format!("{}{path}", ready[of].as_str().expect("an address"))).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{of} {path}");
        answer.text().await.expect("text")
    };
    get("api", "/health").await;
    let metrics = get("metrics", "/metrics").await;
    assert!(metrics.contains("onsale_http_requests_total{function=\"get_health\",status=\"200\"} 1\n"), "{metrics}");
    collector
        .once(|spans| spans.iter().any(|(service, span)| service == "get_health" && span.name == "GET /health"))
        .await;
}
