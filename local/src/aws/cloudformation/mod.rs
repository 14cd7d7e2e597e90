//! Reads `template.yaml` into the types of the local stack.
//!
//! The template is the only list of the table, queues, functions, routes, triggers and schedules; nothing of it
//! is written a second time in code. It is part of the binary, so the stack runs from any directory.

mod intrinsics;
mod parts;
pub(crate) mod policy;
mod yaml;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde_json::Value;

pub use crate::aws::cloudformation::parts::{Api, Authorizer, Batch, Cors, Event, Function, Queue, Rate, Table};
pub use crate::aws::cloudformation::policy::{Pattern, Statement};

/// The template this binary was built with.
pub const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml"));

/// The nested stack of that template: alarms and the dashboard. Nothing of it is made here; it is only priced.
pub const MONITORING: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../monitoring/cloudwatch.yaml"));

/// The account everything local belongs to.
pub const ACCOUNT: &str = "000000000000";
/// The region everything local lies in.
pub const REGION: &str = "us-east-1";

/// The template cannot be read, or asks for what the local stack does not have.
#[derive(Debug, thiserror::Error)]
#[error("template.yaml {0}")]
pub struct TemplateError(String);

impl TemplateError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// All that the local stack takes from the template.
#[derive(Clone, Debug)]
pub struct Template {
    /// The one table.
    pub table: Table,
    /// Queues in the order of the template.
    pub queues: Vec<Queue>,
    /// Functions in the order of the template.
    pub functions: Vec<Function>,
    /// The HTTP API.
    pub api: Api,
}

impl Template {
    /// Reads the template of this binary.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn load() -> Result<Self, TemplateError> {
        parts::read(parsed_template()?, &[])
    }

    /// Reads the template of this binary with these values of its parameters, and the defaults of the others.
    ///
    /// # Errors
    /// When it has no such parameter, one wants a number, or it cannot be understood.
    pub fn load_with(given: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let template = parsed_template()?;
        for (name, value) in given {
            let parameter = &template["Parameters"][*name];
            if parameter.is_null() || parameter["Type"] == "Number" && value.parse::<u64>().is_err() {
                return Err(TemplateError::new(format!("has no parameter {name} that may be {value:?}")));
            }
        }
        parts::read(template, given)
    }

    /// Reads `text`.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        parts::read(&yaml::parse(text)?, &[])
    }

    /// The function with this name: of its binary, or its logical id.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name || function.logical_id == name)
    }

    /// The variables of all functions together: the settings of a whole stack.
    ///
    /// # Errors
    /// When two functions want different values for one variable: a setting has one.
    pub fn variables(&self) -> Result<HashMap<String, String>, TemplateError> {
        let mut union = HashMap::new();
        for function in &self.functions {
            for (name, value) in &function.variables {
                let earlier = union.insert(name.clone(), value.clone());
                if earlier.is_some_and(|earlier| earlier != *value) {
                    let problem = format!("gives {name} another value for {} than for others", function.name);
                    return Err(TemplateError::new(problem));
                }
            }
        }
        Ok(union)
    }

    /// Names of the queues that no function reads: dead letters and what was parked.
    #[must_use]
    pub fn unread_queues(&self) -> Vec<String> {
        let read: Vec<&str> = self
            .functions
            .iter()
            .flat_map(|function| &function.events)
            .filter_map(|event| match event {
                Event::Queue(batch) => Some(batch.source_arn.as_str()),
                _ => None,
            })
            .collect();
        self.queues.iter().filter(|queue| !read.contains(&queue.arn.as_str())).map(|queue| queue.name.clone()).collect()
    }
}

/// The template of this binary, parsed once per process: tests start many stacks.
fn parsed_template() -> Result<&'static Value, TemplateError> {
    static WHOLE: OnceLock<Value> = OnceLock::new();
    if let Some(template) = WHOLE.get() {
        return Ok(template);
    }
    let template = yaml::parse(TEXT)?;
    Ok(WHOLE.get_or_init(|| template))
}

/// The entries of an object, none for anything else.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A scalar as CloudFormation would print it.
fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Scalars of an object as text.
fn scalar_texts(value: &Value) -> BTreeMap<String, String> {
    entries(value).map(|(key, value)| (key.clone(), scalar_text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::event_sources::cron::Schedule;

    #[test]
    fn the_template_of_this_binary_is_understood() {
        let template = Template::load().unwrap();
        assert!(template.table.definition["StreamSpecification"]["StreamEnabled"] == true);
        assert!(template.table.time_to_live.is_some());
        assert_eq!(template.variables().unwrap()["TABLE_NAME"], template.table.name);

        let authorizer = template.api.authorizer.as_ref().unwrap();
        assert!(template.function(&authorizer.function).is_some());
        assert!(authorizer.cache.as_secs() <= 60, "a token that ended may not pass for longer");
    }

    #[test]
    fn parameters_reserve_executions_and_limit_routes() {
        let reserved = |template: &Template| template.function("pay").unwrap().reserved;
        assert_eq!(reserved(&Template::load().unwrap()), None);
        let given = Template::load_with(&[("PayConcurrency", "40"), ("PollsPerSecond", "2000")]).unwrap();
        assert_eq!(reserved(&given), Some(40));
        assert_eq!(given.api.rates["GET /queues/{queue_id}"], Rate { per_second: 2_000, burst: 5_000 });
        assert_eq!(given.api.default_rate, Some(Rate { per_second: 5_000, burst: 2_500 }));
        assert_eq!(reserved(&Template::load_with(&[("PayConcurrency", "0")]).unwrap()), None, "0 reserves nothing");
        assert!(Template::load_with(&[("PaysConcurrency", "40")]).is_err());
        assert!(Template::load_with(&[("PayConcurrency", "many")]).is_err());
    }

    #[test]
    fn every_trigger_has_its_source() {
        let template = Template::load().unwrap();
        let queue_arns: Vec<&str> = template.queues.iter().map(|queue| queue.arn.as_str()).collect();
        for event in template.functions.iter().flat_map(|function| &function.events) {
            match event {
                Event::Http { path, .. } => assert!(path.starts_with('/') || path == "$default", "{path}"),
                Event::Queue(batch) => assert!(queue_arns.contains(&batch.source_arn.as_str()), "{batch:?}"),
                Event::Stream(batch) => assert_eq!(batch.source_arn, template.table.stream_arn),
                Event::Schedule { expression, .. } => assert!(Schedule::parse(expression).is_some(), "{expression}"),
            }
        }
    }

    #[test]
    fn a_queue_that_is_read_has_a_dead_letter_queue_that_is_not() {
        let template = Template::load().unwrap();
        let unread = template.unread_queues();
        for queue in template.queues.iter().filter(|queue| !unread.contains(&queue.name)) {
            let policy: Value = serde_json::from_str(&queue.attributes["RedrivePolicy"]).unwrap();
            let target = template.queues.iter().find(|other| policy["deadLetterTargetArn"] == other.arn.as_str());
            assert!(target.is_some_and(|target| unread.contains(&target.name)), "{}", queue.name);
        }
    }

    #[test]
    fn a_setting_has_one_value_for_all_functions() {
        let function = |id: &str, value: &str| {
            format!(
                "  {id}:\n    Type: AWS::Serverless::Function\n    Metadata: {{BuildProperties: {{Binary: {id}}}}}\n    \
                 Properties: {{Environment: {{Variables: {{X: {value}}}}}}}\n"
            )
        };
        let table = "Resources:\n  Table: {Type: AWS::DynamoDB::Table, Properties: {}}\n";
        let text = format!("{table}{}{}", function("one", "1"), function("two", "2"));
        assert!(Template::parse(&text).unwrap().variables().is_err());
        let text = format!("{table}{}{}", function("one", "1"), function("two", "1"));
        assert_eq!(Template::parse(&text).unwrap().variables().unwrap()["X"], "1");
    }
}
