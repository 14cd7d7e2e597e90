//! The audit as a whole: in pages of any size, beside traffic, within its limits, at its cost, and as a command.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::data_directory::Data;
use local::intercept::{Before, Call, FailedItems, Intercept};
use local::stack::{Options, Stack};
use onsale_domain::audit::Outcome;
use onsale_platform::store::audit::{Counts, Limits, Report};
use serde_json::json;

use crate::service::audit_ledger::{Table, entry};
use crate::support::program::{Program, onsale, stack};
use crate::support::recorder::{Cost, Meter};
use crate::support::{Person, World};

/// A world in which so many users have bought a seat, and one unit each.
async fn world_with_purchases(users: usize) -> (World, Vec<Person>) {
    let world = World::new().await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 100).await);
    let users = world.users_with(users, 100_000).await;
    for (place, user) in users.iter().enumerate() {
        let seat = format!("A-1-{}", place + 1);
        let held = user.hold(&schedule, &[seat.as_str()]).await.expect(201).reservation();
        user.pay(&held).await.expect(201);
        user.buy(&[(&product, 1)]).await.expect(201);
    }
    (world, users)
}

#[track_caller]
fn agrees(report: &Report) {
    assert_eq!(report.verdict.outcome, Outcome::Agree, "{}", local::commands::audit::report_text(report));
}

#[tokio::test]
async fn pages_of_any_size_say_the_same() {
    let (world, _) = world_with_purchases(30).await;
    let mut seen: Option<(Counts, String)> = None;
    for (segments, page_items) in [(1, 1_000), (1, 1), (3, 7), (16, 2)] {
        let report = world
            .audit(|limits| {
                limits.segments = segments;
                limits.page_items = page_items;
            })
            .await;
        agrees(&report);
        let told = (report.counts, local::commands::audit::report_text(&report));
        assert_eq!(*seen.get_or_insert_with(|| told.clone()), told, "{segments} segments of pages of {page_items}");
    }
    let (counts, _) = seen.expect("an audit");
    assert_eq!((counts.users, counts.reservations, counts.orders, counts.entries), (30, 30, 30, 90));
    assert_eq!((counts.seats, counts.receipts, counts.products), (50, 30, 1));
}

#[tokio::test]
async fn what_is_kept_does_not_grow_with_the_number_of_users() {
    let mut kept = Vec::new();
    for users in [2, 12, 40] {
        let report = world_with_purchases(users).await.0.audit(|limits| limits.page_items = 3).await;
        agrees(&report);
        kept.push((report.references_most, report.shared));
    }
    assert_eq!(kept, [(kept[0].0, 3); 3], "of one user, and of one product, one section and one concert");
}

#[tokio::test]
async fn what_is_beyond_a_maximum_is_not_judged_and_said() {
    let (world, users) = world_with_purchases(2).await;
    let report = world.audit(|limits| limits.references_per_user = 2).await;
    assert_eq!((report.verdict.outcome, report.verdict.passes), (Outcome::NoVerdict, 1));
    let named = users.iter().map(|user| user.id.to_string()).collect::<Vec<_>>().join(", ");
    assert_eq!(report.not_judged, [format!("2 users with too long books: {named}")]);
    let report = world.audit(|limits| limits.shared = 1).await;
    assert_eq!(report.verdict.outcome, Outcome::NoVerdict);
    assert_eq!(report.not_judged, ["more than 1 products, coupons, sections, queues, concerts and doors"]);
    let report = world.audit(|limits| limits.time = Duration::ZERO).await;
    assert_eq!(report.verdict.outcome, Outcome::NoVerdict, "{}", local::commands::audit::report_text(&report));
    assert_eq!(report.not_judged, ["the time was over before the table was read"]);
    assert!(report.verdict.moving.is_empty(), "what was not read does not differ");
}

/// Before one of so many reads of the audit somebody else holds a seat, pays for it and buys a unit.
struct Traffic {
    every: usize,
    reads: AtomicUsize,
    buyers: Mutex<Vec<Person>>,
    schedule: String,
    product: String,
    bought: Arc<AtomicUsize>,
}

impl Intercept for Traffic {
    fn before(&self, call: &Call<'_>) -> Before {
        // The functions' own calls pass.
        if call.function.is_some() || !self.reads.fetch_add(1, Ordering::SeqCst).is_multiple_of(self.every) {
            return Before::Proceed;
        }
        let Some(buyer) = self.buyers.lock().expect("no panic").pop() else { return Before::Proceed };
        let (schedule, product, bought) = (self.schedule.clone(), self.product.clone(), Arc::clone(&self.bought));
        Before::Hold(Box::pin(async move {
            let seat = format!("A-1-{}", bought.fetch_add(1, Ordering::SeqCst) + 2);
            let held = buyer.hold(&schedule, &[seat.as_str()]).await.expect(201).reservation();
            buyer.pay(&held).await.expect(201);
            buyer.buy(&[(&product, 1)]).await.expect(201);
            Before::Proceed
        }))
    }
}

async fn beside_traffic(buyers: usize, every: usize, wrong: bool) -> (Report, usize) {
    let world = World::new().await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 100).await);
    let idle = world.user_with(100_000).await;
    let held = idle.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    idle.pay(&held).await.expect(201);
    let buyers = world.users_with(buyers, 100_000).await;
    if wrong {
        let pk = format!("USER#{}", idle.id);
        Table(&world).change(&pk, &entry(2), |item| item["balance_after"] = json!({ "N": "50001" }));
    }
    let bought = Arc::new(AtomicUsize::new(0));
    let (buyers, reads, bought_by) = (Mutex::new(buyers), AtomicUsize::new(0), Arc::clone(&bought));
    let traffic = Traffic { every, reads, buyers, schedule, product, bought: bought_by };
    world.stack.intercept(Some(Arc::new(traffic)));
    let report = world
        .audit(|limits| {
            limits.segments = 1;
            limits.page_items = 4;
        })
        .await;
    world.stack.intercept(None);
    if !wrong {
        agrees(&world.audit(|_| {}).await);
    }
    (report, bought.load(Ordering::SeqCst))
}

#[tokio::test]
async fn traffic_during_the_audit_is_never_told_as_a_difference() {
    // Some stop within the first pass, some within the second, some go on for all of them.
    for (buyers, every) in [(3, 1), (45, 1), (45, 4), (45, 9)] {
        let (report, bought) = beside_traffic(buyers, every, false).await;
        let printed = local::commands::audit::report_text(&report);
        println!("{bought} purchases meanwhile, {} passes: {}", report.verdict.passes, report.verdict.outcome.as_str());
        assert!(report.verdict.confirmed.is_empty(), "{printed}");
        assert_ne!(report.verdict.outcome, Outcome::Differ, "{printed}");
        // What three buy before the third read may all lie behind it: then one pass sees it came to be.
        assert!(report.verdict.passes > 1 || buyers == 3, "{printed}");
    }
}

#[tokio::test]
async fn a_true_difference_is_told_beside_traffic_and_nothing_else_is() {
    let (report, bought) = beside_traffic(45, 9, true).await;
    let printed = local::commands::audit::report_text(&report);
    assert!(bought > 10, "{bought} purchases");
    assert_eq!(report.verdict.outcome, Outcome::Differ, "{printed}");
    let told: Vec<String> = report.verdict.confirmed.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{printed}");
    assert!(told[0].ends_with("the balance after it: expected 50000, found 50001"), "{printed}");
}

/// Between the scan's look at a wallet and the look at its user, the user's first money comes in: the partition no
/// longer begins where the scan found it.
#[tokio::test]
async fn a_partition_that_gets_a_new_first_item_is_read_by_another_pass() {
    struct FirstMoney(Mutex<Option<Person>>);
    impl Intercept for FirstMoney {
        fn before(&self, call: &Call<'_>) -> Before {
            if call.function.is_some() || call.operation != "Query" {
                return Before::Proceed;
            }
            let Some(user) = self.0.lock().expect("no panic").take() else { return Before::Proceed };
            Before::Hold(Box::pin(async move {
                user.post("/wallet/charges", json!({ "amount": 5 })).await.expect(201);
                Before::Proceed
            }))
        }
    }
    let world = World::new().await;
    let user = world.user_with(0).await;
    world.stack.intercept(Some(Arc::new(FirstMoney(Mutex::new(Some(user))))));
    let report = world.audit(|limits| limits.segments = 1).await;
    world.stack.intercept(None);
    agrees(&report);
    assert_eq!((report.verdict.passes, report.counts.users, report.counts.entries), (2, 1, 1));
}

/// Throttles every scan: only the audit scans.
pub struct NoScan;

impl Intercept for NoScan {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.operation == "Scan" { Before::Throttle(FailedItems::ALL) } else { Before::Proceed }
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_told_nothing_of() {
    let (world, _) = world_with_purchases(1).await;
    world.stack.intercept(Some(Arc::new(NoScan)));
    let report = world.audit(|_| {}).await;
    assert_eq!(report.verdict.outcome, Outcome::NoVerdict);
    assert_eq!(report.not_judged, ["a service that this needs is busy"]);
}

async fn cost(world: &World) -> (Cost, Report) {
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    let report = world.audit(|limits| limits.segments = 1).await;
    world.stack.intercept(None);
    agrees(&report);
    (meter.take(), report)
}

/// What each further user costs: a query of a partition, a block for a ticket, and a share of the scan.
#[tokio::test]
async fn what_an_audit_costs() {
    let (few, few_report) = cost(&world_with_purchases(10).await.0).await;
    let (many, many_report) = cost(&world_with_purchases(40).await.0).await;
    let users = 30.0;
    let (items, read) = (many_report.counts.items - few_report.counts.items, many.read - few.read);
    println!("{} items, 40 users: {} read units, {} calls", many_report.counts.items, many.read, many.calls);
    println!(
        "each further user of {:.1} items: {:.2} read units, {:.1} calls",
        items as f64 / users,
        read / users,
        (many.calls - few.calls) as f64 / users
    );
    assert!((many.write, few.write) == (0.0, 0.0), "it writes nothing");
    assert_eq!(many.calls - few.calls, 2 * 30, "one query and one batch for each user");
    assert!(read / users <= 3.0, "{}", read / users);
    assert_eq!(Limits::default().segments, 8, "docs/data.md says so");
}

// --------------------------------------------------------------------------------------------------- as a command

/// What `onsale audit` came to.
struct Audited {
    status: Option<i32>,
    printed: String,
}

impl Audited {
    /// Exit status and last line.
    fn ends(&self) -> (Option<i32>, &str) {
        (self.status, self.printed.lines().last().unwrap_or_default())
    }
}

fn audit(arguments: &[&str]) -> Audited {
    let output = onsale().arg("audit").args(arguments).output().expect("it runs");
    Audited { status: output.status.code(), printed: String::from_utf8(output.stdout).expect("text") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_in_its_exit_status_whether_the_books_agree() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_str().expect("a path");
    let agree = (Some(0), "the books agree");
    let missing = directory.path().join("nowhere");
    assert_eq!(audit(&["--data", missing.to_str().expect("a path")]).status, Some(2));
    assert!(!missing.exists(), "an audit makes nothing");

    // Of a running stack, by its directory and by its address.
    let program = Program::start(&mut stack(&["--data", path]));
    let address = program.address("dynamodb").to_owned();
    let audited = audit(&["--data", path]);
    let printed = &audited.printed;
    assert_eq!(audited.ends(), agree, "{printed}");
    assert!(printed.contains("cash-in                    3000000             3000000\n"), "{printed}");
    assert_eq!(audit(&["--dynamodb-endpoint", &address]).ends(), agree);
    assert_eq!(audit(&["--dynamodb-endpoint", &address, "--table", "Other"]).status, Some(2));
    drop(program);

    // Of one that was killed, whose address is that of nobody.
    assert_eq!(audit(&["--data", path]).ends(), agree);
    let unanswered = (Some(2), "no verdict: a service that this needs did not answer");
    assert_eq!(audit(&["--dynamodb-endpoint", &address]).ends(), unanswered);

    let user = local::demo::USER_IDS[0];
    let stack = Stack::start(Options { data: Data::Directory(directory.path().to_owned()), ..Options::default() });
    let stack = stack.await.expect("the stack starts");
    let request = json!({
        "TableName": stack.template().table.name, "Key": { "pk": { "S": format!("USER#{user}") }, "sk": { "S": entry(1) } },
        "UpdateExpression": "SET balance_after = balance_after + :one", "ExpressionAttributeValues": { ":one": { "N": "1" } },
    });
    stack.dynamodb().call("UpdateItem", &request).expect("tampered");
    stack.shutdown().await;
    let audited = audit(&["--data", path]);
    let printed = &audited.printed;
    assert_eq!(audited.ends(), (Some(1), "the books differ: 1 difference"), "{printed}");
    let line = format!("\ndiffers: entry 1 of user {user}: the balance after it: expected 1000000, found 1000001\n");
    assert!(printed.contains(&line), "{printed}");
}
