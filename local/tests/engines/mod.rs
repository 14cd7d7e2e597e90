//! The embedded engine and AWS's own DynamoDB Local, asked the same: `tools/correctness/compare-with-dynamodb-local`
//! starts the latter and runs this.
//!
//! With `ONSALE_DYNAMODB_LOCAL=http://127.0.0.1:PORT` every stack that a test starts has a twin: each call goes to both
//! engines, the answers are compared, the product gets DynamoDB Local's, and in the end so are the tables.

use onsale_platform::ids::Ids;
use serde_json::Value;

use crate::support::World;

mod answers;
mod classes;
mod endpoint;
mod expressions;
mod flow;
pub mod pair;
mod random;
mod report;
mod tally;

/// Without it the other engine is not there, and that is said.
fn is_there(test: &str) -> bool {
    let there = endpoint::Endpoint::address().is_some();
    if !there {
        let program = "tools/correctness/compare-with-dynamodb-local";
        println!("SKIPPED {test}: {} names no DynamoDB Local; run {program}", endpoint::VARIABLE);
    }
    there
}

/// A number that the environment may give.
fn number_from_environment(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

#[tokio::test]
async fn random_operations_have_equal_answers() {
    if !is_there("random operations on two engines") {
        return;
    }
    let (operations, seed) = (
        number_from_environment("ONSALE_ENGINES_OPERATIONS", 20_000),
        number_from_environment("ONSALE_ENGINES_SEED", 1),
    );
    println!("{operations} operations of seed {seed}");
    let world = World::with_options(|options| options.ids = Ids::seeded("two engines")).await;
    flow::main_flow(&world).await;
    let seen = world.requests();
    let mut pool = Vec::new();
    seen.iter().for_each(|(_, request)| random::attributes(request, &mut pool));
    let mut random = random::Random::new(seed, &world.stack.template().table.name);
    for number in 0..operations {
        // A third is like what the product asks, on what it has left in the table.
        if number % 3 == 0
            && let Some((operation, request)) = random.dice.choice(&seen).cloned()
        {
            let request = random.like(&request, &pool);
            let _ = world.stack.dynamodb().call(&operation, &request);
        } else {
            let (operation, request) = random.operation();
            let answer = world.stack.dynamodb().call(operation, &request).unwrap_or(Value::Null);
            random.answered(operation, &request, &answer);
        }
    }
    println!("{}", tally::summary());
}

#[tokio::test]
async fn the_main_flow_leaves_the_same_table() {
    if !is_there("the main flow on two engines") {
        return;
    }
    let world = World::new().await;
    flow::main_flow(&world).await;
    println!("{}", tally::summary());
}
