//! `onsale health`: whether a stack runs and is well, for what starts it and has no other program to ask with.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use reqwest::Client;

use crate::client::with_causes;
use crate::output::{complain, say};

/// How long the stack has to answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// The stack to ask.
#[derive(Args, Debug)]
pub struct Flags {
    /// URL of its API.
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    api: String,
}

/// Asks, prints the answer, and says in the exit status whether it was a good one.
pub async fn run(flags: Flags) -> ExitCode {
    match fetch(&flags.api).await {
        Ok(health) => {
            say(health);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            complain(format_args!("onsale health: {}", with_causes(&problem)));
            ExitCode::FAILURE
        }
    }
}

/// The body of the answer, which is a good one.
async fn fetch(api: &str) -> Result<String, reqwest::Error> {
    let client = Client::builder().timeout(ANSWER_MAX).build()?;
    let answer = client.get(format!("{}/health", api.trim_end_matches('/'))).send().await?;
    answer.error_for_status()?.text().await
}
