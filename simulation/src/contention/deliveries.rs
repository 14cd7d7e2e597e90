//! The stream, the queues and the clock: what calls functions by itself during a run.

use std::time::Duration;

use onsale_platform::clock::Clock;
use serde_json::json;
use tokio::time::sleep;

use crate::contention::parameters::Parameters;
use crate::contention::services::Services;
use crate::random::deliveries::{drain_queues, read_records, sqs_event};
use local::stack::Stack;

/// Most records of the stream that one call relays.
const RECORDS_MAX: usize = 100;
/// Most messages of one call of a consumer.
const MESSAGES_MAX: usize = 10;
/// The functions that run each minute at second 00.
const SWEEPS: [&str; 2] = ["run_expiry", "advance_queues"];

/// Relays and delivers what is committed, for ever.
///
/// # Errors
/// When the engines cannot be read.
pub async fn relay(services: &Services<'_>, stack: &Stack, parameters: &Parameters, seed: u64) -> Result<(), String> {
    let (mut position, mut waiting) = (None, Vec::new());
    let mut rng = fastrand::Rng::with_seed(seed ^ 0xde11);
    let pause = Duration::from_secs_f64(1.0 / parameters.stream_reads_a_second);
    loop {
        sleep(pause).await;
        let new = read_records(stack, position.as_deref(), RECORDS_MAX)?;
        if let Some(last) = new.last() {
            let last = last["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
            sleep(parameters.stream.draw(&mut rng)).await;
            if services.call("relay_changes", json!({ "Records": new })).await.is_ok() {
                position = last;
            }
        }
        waiting.extend(drain_queues(stack).await?);
        if waiting.is_empty() {
            continue;
        }
        sleep(parameters.queue.draw(&mut rng)).await;
        waiting.sort_unstable();
        let mut failed = Vec::new();
        for batch in waiting.chunk_by(|(one, _), (other, _)| one == other).flat_map(|same| same.chunks(MESSAGES_MAX)) {
            let bodies: Vec<String> = batch.iter().map(|(_, body)| body.clone()).collect();
            let answer = services.call(batch[0].0, sqs_event(&bodies)).await;
            let is_done = |answer: &serde_json::Value| answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty);
            if !answer.as_ref().is_ok_and(is_done) {
                failed.extend(batch.iter().cloned());
            }
        }
        waiting = failed;
    }
}

/// Runs the sweeps at second 00 of each minute, for ever.
pub async fn sweep(services: &Services<'_>, clock: &Clock) {
    loop {
        let left = 60_000 - clock.now().as_millisecond().rem_euclid(60_000);
        sleep(Duration::from_millis(left.unsigned_abs())).await;
        for function in SWEEPS {
            // One that fails is made up for by the next.
            let _ = services.call(function, json!({})).await;
        }
    }
}
