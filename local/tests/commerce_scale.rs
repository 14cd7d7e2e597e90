//! An on-sale in numbers: thousands of callers for hundreds of units and coupons.
//!
//! `cargo test` runs a twentieth of each; `ONSALE_SCALE=full cargo test --test suite scale` runs all of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::intercept::{Before, Call, FailedItems, Intercept};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::shop::order_of;
use crate::support::{Person, World, concurrently, scaled};

/// Requests that are under way at the same time.
const AT_ONCE: usize = 64;

async fn crowd(world: &World, size: usize) -> Vec<Person> {
    let mut people = Vec::with_capacity(size);
    for _ in 0..size {
        people.push(world.user().await);
    }
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_callers_for_one_hundred_coupons() {
    let world = Arc::new(World::new().await);
    let (callers, coupons) = (scaled(10_000), scaled(100));
    for shards in [1, 16] {
        let coupon = world.coupon_with(json!({ "quantity": coupons, "shards": shards })).await;
        let people = crowd(&world, callers).await;
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let replies = concurrently(people, |person| {
            let (coupon, gate, world) = (coupon.clone(), Arc::clone(&gate), Arc::clone(&world));
            async move {
                let _turn = gate.acquire().await.expect("open");
                let reply =
                    person.post_until_answered(&format!("/coupons/{coupon}/claims"), json!({}), person.key()).await;
                // None ever comes back: if one is there now, one was there when it was said that none is.
                let left = if reply.status == 201 { 0 } else { world.units_left(&coupon) };
                (reply.status.as_u16(), reply.body["code"].as_str().unwrap_or_default().to_owned(), left)
            }
        })
        .await;
        let claimed = replies.iter().filter(|(status, ..)| *status == 201).count();
        let refused = replies.iter().filter(|(status, code, _)| *status == 409 && code == "coupon-exhausted").count();
        assert_eq!((claimed, claimed + refused), (coupons, callers));
        assert!(replies.iter().all(|(.., left)| *left == 0), "exhausted was said while some were left");
        assert_eq!(world.units_left(&coupon), 0);
        println!("{callers} callers, {shards} shards: {claimed} coupons");
    }
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_buyers_of_five_hundred_units() {
    let world = Arc::new(World::new().await);
    let (buyers, units) = (scaled(10_000), scaled(500));
    let product = world.product_with(json!({ "price": 0, "stock": units, "stock_shards": 8 })).await;
    let people = crowd(&world, buyers).await;
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let replies = concurrently(people, |person| {
        let (product, gate, world) = (product.clone(), Arc::clone(&gate), Arc::clone(&world));
        async move {
            let _turn = gate.acquire().await.expect("open");
            let reply = person.post_until_answered("/orders", order_of(&[(&product, 1)], false), person.key()).await;
            let left = if reply.status == 201 { 0 } else { world.units_left(&product) };
            (reply.status.as_u16(), reply.body["code"].as_str().unwrap_or_default().to_owned(), left)
        }
    })
    .await;
    let bought = replies.iter().filter(|(status, ..)| *status == 201).count();
    let refused = replies.iter().filter(|(status, code, _)| *status == 409 && code == "out-of-stock").count();
    assert_eq!((bought, bought + refused), (units, buyers));
    assert!(replies.iter().all(|(.., left)| *left == 0), "sold out was said while some were left");
    assert_eq!(world.units_left(&product), 0);
    println!("{buyers} buyers: {bought} units");
    world.check_invariants().await;
}

/// Throttles every write to an item beyond so many, until the next second is told to begin.
#[derive(Default)]
struct ItemLimit {
    writes: Mutex<BTreeMap<String, usize>>,
    throttled: AtomicUsize,
}

/// Writes that one item takes a second.
const WRITES_PER_ITEM: usize = 5;

impl ItemLimit {
    fn next_second(&self) {
        self.writes.lock().expect("no panic").clear();
    }
}

impl Intercept for ItemLimit {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.operation != "TransactWriteItems" {
            return Before::Proceed;
        }
        let item = |write: &Value| {
            let write = write.as_object().and_then(|write| write.values().next()).cloned().unwrap_or_default();
            let key = if write["Key"].is_null() { &write["Item"] } else { &write["Key"] };
            format!("{} {}", key["pk"]["S"], key["sk"]["S"])
        };
        let items: Vec<String> = call.request["TransactItems"].as_array().into_iter().flatten().map(item).collect();
        let mut writes = self.writes.lock().expect("no panic");
        if items.iter().any(|item| writes.get(item).is_some_and(|count| *count >= WRITES_PER_ITEM)) {
            self.throttled.fetch_add(1, Ordering::SeqCst);
            return Before::Throttle(FailedItems::ALL);
        }
        for item in items {
            *writes.entry(item).or_default() += 1;
        }
        Before::Proceed
    }
}

/// How many seconds it takes to sell sixty units to sixty buyers who come again each second.
async fn seconds_to_sell(shards: i64) -> usize {
    let world = World::new().await;
    let product = world.product_with(json!({ "price": 0, "stock": 60, "stock_shards": shards })).await;
    let mut waiting = crowd(&world, 60).await;
    let limit = Arc::new(ItemLimit::default());
    world.stack.intercept(Some(limit.clone()));
    let mut seconds = 0;
    while !waiting.is_empty() {
        seconds += 1;
        limit.next_second();
        let replies = concurrently(waiting, |person| {
            let product = product.clone();
            async move {
                let body = order_of(&[(&product, 1)], false);
                let reply = person.post_with_key("/orders", body, person.key()).await;
                assert!([201, 503].contains(&reply.status.as_u16()), "{reply:?}");
                (reply.status == 201, person)
            }
        })
        .await;
        waiting = replies.into_iter().filter(|(bought, _)| !bought).map(|(_, person)| person).collect();
        assert!(seconds <= 100, "nothing is sold any more");
    }
    world.stack.intercept(None);
    assert_eq!(world.units_left(&product), 0);
    world.check_invariants().await;
    println!("{shards} shards: 60 units in {seconds} s at {WRITES_PER_ITEM} writes an item and second");
    seconds
}

/// The fewest seconds of three sales: beside others the table answers later than the virtual clock runs, which makes a
/// sale slower and never faster.
async fn fewest_seconds_to_sell(shards: i64) -> usize {
    let mut fewest = usize::MAX;
    for _ in 0..3 {
        fewest = fewest.min(seconds_to_sell(shards).await);
    }
    fewest
}

/// Time is virtual: whoever is throttled tries again for three seconds before coming again.
#[tokio::test(start_paused = true)]
async fn more_shards_sell_one_product_faster() {
    let one = seconds_to_sell(1).await;
    let (four, sixteen) = (fewest_seconds_to_sell(4).await, fewest_seconds_to_sell(16).await);
    assert_eq!(one, 60 / WRITES_PER_ITEM, "one item sells as fast as it may be written");
    assert!(four * 2 <= one, "four shards take {four} s, one takes {one}");
    assert!(sixteen * 4 <= one, "sixteen shards take {sixteen} s, one takes {one}");
}
