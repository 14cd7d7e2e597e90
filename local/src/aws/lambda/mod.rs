//! The Lambda service: knows the functions by name, calls them within their time, and survives them.

pub mod invoke_api;
pub mod sandbox;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use onsale_platform::app::App;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda::{self, Function};
use onsale_platform::memory::lock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::aws::cloudformation::{self, Template, TemplateError};
use crate::aws::lambda::sandbox::{ProcessError, Processes};

/// Why a function gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no function of this name.
    #[error("Function not found: {0}")]
    Unknown(String),
    /// It answered with an error.
    #[error("{0}")]
    Failed(String),
    /// It panicked.
    #[error("the function panicked")]
    Panicked,
    /// It took longer than the template allows.
    #[error("Task timed out after {} seconds", .0.as_secs())]
    TimedOut(Duration),
}

impl CallError {
    /// The error as the Lambda service reports it to the caller of `Invoke`.
    #[must_use]
    pub fn report(&self) -> Value {
        let kind = match self {
            Self::Unknown(_) => "ResourceNotFoundException",
            Self::Failed(_) => "Unhandled",
            Self::Panicked => "Runtime.ExitError",
            Self::TimedOut(_) => "Sandbox.Timedout",
        };
        json!({ "errorType": kind, "errorMessage": self.to_string() })
    }
}

/// A function: what the template says of it, its code, and what its process has to itself.
#[derive(Clone)]
pub struct Entry {
    /// Its row of the template.
    pub declaration: cloudformation::Function,
    /// Its code.
    pub code: Function,
    /// Its app: settings, clients and memory that no other function shares.
    pub app: App,
}

/// All functions of the stack.
pub struct Functions {
    clock: Clock,
    entries: HashMap<String, Entry>,
    /// How often each was called, but over HTTP.
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Functions {
    /// Joins the template's functions with their code, and starts a process for each; random ids come from `ids`.
    ///
    /// # Errors
    /// When one side has a function that the other has not, or a variable is wrong.
    pub fn new(template: &Template, processes: &Processes, ids: &Ids) -> Result<Self, ProcessError> {
        let mut code: HashMap<&str, Function> = functions::all().into_iter().collect();
        let mut entries = HashMap::new();
        for declaration in &template.functions {
            let code = code.remove(declaration.name.as_str());
            let code =
                code.ok_or_else(|| TemplateError::new(format!("has {}, which has no code", declaration.name)))?;
            let app = processes.app(declaration, ids.clone())?;
            entries.insert(declaration.name.clone(), Entry { declaration: declaration.clone(), code, app });
        }
        match code.keys().next() {
            Some(name) => Err(TemplateError::new(format!("does not have the function {name}")).into()),
            None => Ok(Self { clock: processes.clock().clone(), entries, calls: Mutex::default() }),
        }
    }

    /// The time that the functions see.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A function by the name of its binary or by its logical id.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let by_logical_id = || self.entries.values().find(|entry| entry.declaration.logical_id == name);
        self.entries.get(name).or_else(by_logical_id)
    }

    /// How often each function was called so far, but over HTTP: by the authorizer, a stream, a queue, the time, an
    /// operator.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.calls).clone()
    }

    /// Calls a function with an event and gives its answer, both JSON as on AWS.
    ///
    /// # Errors
    /// When there is no such function, or it gives no answer.
    pub async fn call(&self, name: &str, event: Value) -> Result<Value, CallError> {
        let entry = self.get(name).ok_or_else(|| CallError::Unknown(name.to_owned()))?;
        let name = entry.declaration.name.clone();
        *lock(&self.calls).entry(name).or_default() += 1;
        let (code, app) = (entry.code, entry.app.clone());
        // Not from the stack's own ids: those of a seeded stack stay the same however often it calls.
        let request_id = Ids::Random.uuid(self.now());
        let work = async move {
            let mut text = Uuid::encode_buffer();
            let request_id = request_id.hyphenated().encode_lower(&mut text);
            lambda::invoke_with_id(&code, app, event, request_id).await
        };
        let answer = run_with_timeout(entry.declaration.timeout, work).await?;
        answer.map_err(|problem| CallError::Failed(problem.to_string()))
    }
}

/// Runs `work` in a task of its own: like an instance of a function it ends by itself even when its caller goes
/// away, and its panic ends nothing else.
///
/// # Errors
/// When it panics or takes longer than `timeout`.
pub async fn run_with_timeout<T: Send + 'static>(
    timeout: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, CallError> {
    match tokio::spawn(tokio::time::timeout(timeout, work)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(CallError::TimedOut(timeout)),
        Err(_) => Err(CallError::Panicked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_or_a_long_call_is_an_error() {
        let second = Duration::from_secs(1);
        assert_eq!(run_with_timeout(second, async { 1 }).await, Ok(1));
        assert_eq!(run_with_timeout::<()>(second, async { panic!("as planned") }).await, Err(CallError::Panicked));
        let never = std::future::pending::<()>();
        assert_eq!(run_with_timeout(Duration::ZERO, never).await, Err(CallError::TimedOut(Duration::ZERO)));
    }
}
