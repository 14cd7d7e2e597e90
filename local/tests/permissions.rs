//! What functions may touch is what they do touch: nothing more is allowed, and nothing else is called.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use local::aws::cloudformation::{Event, Function, Pattern, Template};
use local::aws::iam::{Reading, Use};
use local::stack::{Options, Stack};

mod cards;
mod erasure;
mod flows;
mod recovery;
mod roles;
mod tickets;

use flows::all_that_functions_do;

/// Actions of the pollers, which Lambda carries out with the role of the function that they call.
const QUEUE_READS: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
const STREAM_READS: [&str; 4] =
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];
/// What no condition on keys can narrow, and who may do it.
const SCAN: (&str, &str) = ("audit_ledger", "dynamodb:Scan");
const SECRET: &str = "secretsmanager:";
/// Variables that say where a secret lies.
const SECRET_VARIABLES: [&str; 6] = [
    "SIGNING_KEY_SECRET",
    "LINK_KEY_SECRET",
    "TICKET_KEY_SECRET",
    "DATA_PLATFORM_SECRET",
    "CARD_KEY_SECRET",
    "CARD_REPORT_SECRETS_SECRET",
];

/// Everything that the statements of a function allow, one line for each action, resource and kind of key.
fn allowed(function: &Function) -> BTreeSet<Use> {
    let mut uses = BTreeSet::new();
    for statement in &function.statements {
        let keys: Vec<Option<String>> = match &statement.leading_keys {
            None => vec![None],
            Some(patterns) => patterns.iter().map(Pattern::as_str).map(|key| Some(key.to_owned())).collect(),
        };
        for action in &statement.actions {
            for resource in &statement.resources {
                for key in keys.clone() {
                    let (function, action, resource) = (function.name.clone(), action.clone(), resource.clone());
                    uses.insert(Use { function, action, resource, key });
                }
            }
        }
    }
    uses
}

fn is_polled(used: &Use) -> bool {
    QUEUE_READS.contains(&used.action.as_str()) || STREAM_READS.contains(&used.action.as_str())
}

/// As a person looks for it in the template.
fn missing_uses(uses: &BTreeSet<Use>, other: &BTreeSet<Use>) -> Vec<String> {
    let missing = uses.difference(other);
    missing
        .map(|used| {
            let resource = used.resource.rsplit(':').next().unwrap_or_default();
            format!("{}: {} on {resource} of {}", used.function, used.action, used.key.as_deref().unwrap_or("no key"))
        })
        .collect()
}

#[tokio::test]
async fn everything_works_if_an_action_of_a_transaction_has_its_own_leading_keys() {
    all_that_functions_do(Reading::PerAction).await;
}

#[tokio::test]
async fn everything_works_if_an_action_of_a_transaction_has_no_leading_keys() {
    all_that_functions_do(Reading::Absent).await;
}

/// The keys that the strictest reading wants are all that is allowed: the other two want no others.
#[tokio::test]
async fn the_template_allows_exactly_what_functions_use() {
    let world = all_that_functions_do(Reading::WholeRequest).await;
    let used = world.stack.access_log().allowed();
    let functions = &world.stack.template().functions;
    let by_itself = |used: &Use| !is_polled(used) && !used.action.starts_with(SECRET);
    let allowed: BTreeSet<Use> = functions.iter().flat_map(allowed).filter(by_itself).collect();
    let superfluous = missing_uses(&allowed, &used);
    assert!(superfluous.is_empty(), "template.yaml allows what nobody uses: {superfluous:#?}");
    let unnamed = missing_uses(&used, &allowed);
    assert!(unnamed.is_empty(), "template.yaml does not name what is used: {unnamed:#?}");
}

#[test]
fn what_lambda_polls_for_a_function_is_allowed_to_that_function_alone() {
    for function in Template::load().expect("the template").functions {
        let mut expected = BTreeSet::new();
        for event in &function.events {
            let (actions, resource) = match event {
                Event::Queue(batch) => (&QUEUE_READS[..], &batch.source_arn),
                Event::Stream(batch) => (&STREAM_READS[..], &batch.source_arn),
                Event::Http { .. } | Event::Schedule { .. } => continue,
            };
            expected.extend(actions.iter().map(|action| Use {
                function: function.name.clone(),
                action: (*action).to_owned(),
                resource: resource.clone(),
                key: None,
            }));
        }
        let given: BTreeSet<Use> = allowed(&function).into_iter().filter(is_polled).collect();
        assert_eq!(given, expected, "{}", function.name);
    }
}

#[test]
fn who_is_told_where_the_secret_lies_may_read_it_and_nobody_else() {
    for function in Template::load().expect("the template").functions {
        let given = allowed(&function).into_iter().filter(|used| used.action.starts_with(SECRET));
        let given: BTreeSet<String> = given.map(|used| used.resource).collect();
        let told = SECRET_VARIABLES.iter().filter_map(|name| function.variables.get(*name));
        assert_eq!(given, told.cloned().collect(), "{}", function.name);
        let reads = allowed(&function).iter().any(|used| used.action == "secretsmanager:GetSecretValue");
        assert_eq!(reads, !given.is_empty(), "{}", function.name);
    }
}

#[test]
fn every_statement_on_items_says_of_which_keys() {
    let template = Template::load().expect("the template");
    for function in &template.functions {
        let mut statements: BTreeMap<(String, String), usize> = BTreeMap::new();
        for statement in &function.statements {
            for action in statement.actions.iter().filter(|action| action.starts_with("dynamodb:")) {
                let name = &function.name;
                let of_items = !STREAM_READS.contains(&action.as_str()) && (name.as_str(), action.as_str()) != SCAN;
                assert_eq!(statement.leading_keys.is_some(), of_items, "{name}: {action}");
                for pattern in statement.leading_keys.iter().flatten().map(Pattern::as_str) {
                    assert!(!pattern.contains('*') || pattern.ends_with("#*"), "{name}: {action} of {pattern}");
                }
                for resource in &statement.resources {
                    *statements.entry((action.clone(), resource.clone())).or_default() += 1;
                }
            }
        }
        // Two statements would each allow some of the keys of a transaction, and none all of them.
        let several: Vec<_> = statements.into_iter().filter(|(_, count)| *count > 1).collect();
        assert!(several.is_empty(), "{}: {several:?} in several statements", function.name);
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_and_noted() {
    let stack = Stack::start(Options::default()).await.expect("the stack starts");
    let put = async |function: Option<&str>, pk: &str| {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let table = stack.template().table.name.as_str();
        let put = stack.clients(function).0.put_item().table_name(table).item("pk", text(pk)).item("sk", text("x"));
        put.send().await.err().and_then(|error| error.code().map(str::to_owned))
    };
    assert_eq!(put(Some("create_reservation"), "USER#1").await, None);
    assert!(stack.access_log().denied().is_empty());
    for pk in ["CONCERT#1", "SCHEDULE#1", "KEYS", "EMAIL#mina@example.com", "STOCK#1"] {
        let refused = put(Some("create_reservation"), pk).await;
        assert_eq!(refused.as_deref(), Some("AccessDeniedException"), "{pk}");
    }
    assert_eq!(put(Some("get_reservation"), "USER#1").await.as_deref(), Some("AccessDeniedException"));
    assert_eq!(put(None, "CONCERT#1").await, None, "from outside");
    let denied: Vec<String> = missing_uses(&stack.access_log().denied(), &BTreeSet::new());
    assert_eq!(denied.len(), 6, "{denied:#?}");
    assert!(denied.contains(&"create_reservation: dynamodb:PutItem on table/Table of CONCERT#*".to_owned()));
}
