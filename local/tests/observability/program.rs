//! The program `onsale` itself: its port of metrics, and its flag of a collector.

use super::traces::Collector;
use crate::support::program::{Program, stack};

#[tokio::test]
async fn it_serves_its_metrics_and_tells_a_collector_its_spans() {
    let collector = Collector::listening().await;
    let flags = ["--in-memory", "--empty", "--otlp-endpoint", &collector.url];
    let program = Program::start(&mut stack(&flags));
    let get = async |of: &str, path: &str| {
        let answer = reqwest::get(format!("{}{path}", program.address(of))).await.expect("an answer");
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
