//! `onsale seed`: puts on sale what a file says, by calling the endpoints of a running API as its administrator, here
//! or on AWS. Nothing is written past them.
//!
//! Each request has a key that follows from what it says, so a seed that was broken off is run again, and makes nothing
//! twice. What was made is not changed by another run: a line that reads otherwise is another thing.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use onsale_domain::id::{self, UserId};
use reqwest::{Client, Method, RequestBuilder, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::client::with_causes;
use crate::output::{complain, say};

/// The variable that has the password: no flag, so that it stands in no list of processes.
const PASSWORD: &str = "ONSALE_PASSWORD";
/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The seed file, and the API that it goes to.
#[derive(Args, Debug)]
pub struct Flags {
    /// URL of the API.
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    api: String,
    /// E-mail address of an administrator; set the password in the environment variable ONSALE_PASSWORD.
    #[arg(long, default_value = crate::demo::ADMIN_EMAIL, value_name = "ADDRESS")]
    email: String,
    /// JSON file to read, such as local/seed.json.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// A file of seed data. All but the names used here are the bodies of requests, as docs/api.md has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    /// Waiting queues by their ids: first, because concerts name them.
    #[serde(default)]
    queues: BTreeMap<String, Value>,
    #[serde(default)]
    concerts: Vec<Concert>,
    #[serde(default)]
    products: Vec<Value>,
    #[serde(default)]
    coupons: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Concert {
    #[serde(default)]
    schedules: Vec<Schedule>,
    #[serde(flatten)]
    body: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Schedule {
    /// Requests for seats, of a section each.
    #[serde(default)]
    seats: Vec<Value>,
    #[serde(flatten)]
    body: Map<String, Value>,
}

/// The administrator at work.
struct Administrator {
    client: Client,
    api: String,
    token: String,
}

/// Makes all of it, prints a line for each thing, and says in the exit status whether all is there.
pub async fn run(flags: Flags) -> ExitCode {
    match seed_all(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            complain(format_args!("onsale seed: {}", with_causes(&*problem)));
            ExitCode::FAILURE
        }
    }
}

async fn seed_all(flags: Flags) -> Result<(), Box<dyn Error>> {
    // The file first: nothing is asked of anybody for one that cannot be read.
    let seed = read_seed(&flags.file).map_err(|problem| format!("{}: {problem}", flags.file.display()))?;
    let password = std::env::var(PASSWORD).map_err(|_| format!("{PASSWORD} has no password"))?;
    let administrator = Administrator::log_in(&flags, &password).await?;
    for (queue, body) in &seed.queues {
        administrator.create(Method::PUT, &format!("/queues/{queue}"), body, "queue_id").await?;
    }
    for concert in seed.concerts {
        administrator.create_concert(concert).await?;
    }
    for product in &seed.products {
        administrator.create(Method::POST, "/products", product, "product_id").await?;
    }
    for coupon in &seed.coupons {
        administrator.create(Method::POST, "/coupons", coupon, "coupon_id").await?;
    }
    Ok(())
}

fn read_seed(path: &Path) -> Result<Seed, Box<dyn Error>> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("has more than {FILE_BYTES_MAX} bytes").into());
    }
    Ok(serde_json::from_str(&text)?)
}

impl Administrator {
    async fn log_in(flags: &Flags, password: &str) -> Result<Self, Box<dyn Error>> {
        let client = Client::new();
        let api = flags.api.trim_end_matches('/').to_owned();
        let request = client.post(format!("{api}/sessions"));
        let session = send(request, &json!({ "email": flags.email, "password": password })).await?;
        Ok(Self { client, api, token: field_text(&session, "access_token")? })
    }

    async fn create_concert(&self, concert: Concert) -> Result<(), Box<dyn Error>> {
        let concert_id = self.create(Method::POST, "/concerts", &concert.body.into(), "concert_id").await?;
        for schedule in concert.schedules {
            let path = format!("/concerts/{concert_id}/schedules");
            let schedule_id = self.create(Method::POST, &path, &schedule.body.into(), "schedule_id").await?;
            for seats in &schedule.seats {
                self.create(Method::POST, &format!("/schedules/{schedule_id}/seats"), seats, "created").await?;
            }
        }
        Ok(())
    }

    /// Sends one request, prints the field `shown` of its answer beside what was asked for, and gives it.
    async fn create(&self, method: Method, path: &str, body: &Value, shown: &str) -> Result<String, Box<dyn Error>> {
        let step = format!("{method} {path}");
        let key = id::derive(UserId(Uuid::nil()), &format!("{step} {body}"), Uuid::nil());
        let request = self.client.request(method, format!("{}{path}", self.api)).bearer_auth(&self.token);
        let answer = send(request.header("idempotency-key", key.to_string()), body).await;
        let answer = answer.map_err(|problem| format!("{step} with {body}: {problem}"))?;
        let made = field_text(&answer, shown)?;
        let name = body["name"].as_str().map(|name| format!("\t{name}")).unwrap_or_default();
        say(format_args!("{step}\t{shown}={made}{name}"));
        Ok(made)
    }
}

/// The body of the answer, which has to be a success.
async fn send(request: RequestBuilder, body: &Value) -> Result<Value, Box<dyn Error>> {
    let answer = request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    if status.is_success() {
        return Ok(serde_json::from_str(&text)?);
    }
    let hint = if status == StatusCode::SERVICE_UNAVAILABLE { "; run it again, it goes on from there" } else { "" };
    Err(format!("{status} {text}{hint}").into())
}

/// A field of an answer as text, whatever it is.
fn field_text(answer: &Value, field: &str) -> Result<String, Box<dyn Error>> {
    match &answer[field] {
        Value::Null => Err(format!("the answer has no {field}: {answer}").into()),
        Value::String(text) => Ok(text.clone()),
        other => Ok(other.to_string()),
    }
}
