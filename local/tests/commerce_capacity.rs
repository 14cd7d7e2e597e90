//! What operations of the shop cost, as the table counts it, against the budget of `docs/data.md`.

use std::sync::Arc;

use serde_json::json;

use crate::capacity::within;
use crate::support::World;
use crate::support::recorder::Meter;
use crate::support::shop::order_of;

#[tokio::test]
async fn orders_stay_within_their_budgets() {
    let world = World::new().await;
    let (one, two) = (world.product(100, 50).await, world.product(100, 50).await);
    let coupon = world.coupon(10).await;
    let user = world.user_with(1_000_000).await;
    user.claim(&coupon).await.expect(201);
    user.order(&[(&one, 1)]).await.expect(201);
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));

    // 2(k + 2) + 1 for k lines: the shards, order and ledger entry, and the order's place in the list.
    let paid = user.buy(&[(&one, 2)]).await.expect(201).order();
    within("order 1 product and pay", meter.take(), 7.0, 1.5, 3);
    user.buy(&[(&one, 2), (&two, 1)]).await.expect(201);
    within("order 2 products and pay", meter.take(), 9.0, 2.0, 3);
    let with_coupon = user.order_with(&[(&one, 1)], &coupon, true).await.expect(201).order();
    within("order 1 product with a coupon and pay", meter.take(), 9.0, 2.5, 4);
    // 2(k + 2) + 2: shards, order and unpaid orders, and its places on both indexes.
    let pending = user.order(&[(&one, 1)]).await.expect(201).order();
    within("order 1 product, to be paid", meter.take(), 8.0, 0.5, 2);
    user.pay_order(&pending).await.expect(201);
    within("pay an order", meter.take(), 7.0, 3.0, 3);
    let pending = user.order(&[(&one, 1)]).await.expect(201).order();
    meter.take();
    user.delete(&format!("/orders/{pending}")).await.expect(200);
    within("cancel an order of 1 product", meter.take(), 7.0, 2.0, 2);
    user.refund_order(&paid).await.expect(200);
    within("refund an order of 1 product", meter.take(), 6.0, 2.0, 3);
    user.refund_order(&with_coupon).await.expect(200);
    within("refund an order of 1 product with a coupon", meter.take(), 8.0, 2.5, 3);
    user.get(&format!("/orders/{paid}")).await.expect(200);
    within("get an order", meter.take(), 0.0, 1.0, 1);

    let free = world.product(0, 50).await;
    meter.take();
    let new = world.user().await;
    new.get("/users/me/coupons").await.expect(200);
    meter.take();
    new.buy(&[(&free, 1)]).await.expect(201);
    within("order 1 product that costs nothing and pay", meter.take(), 7.0, 1.5, 3);
    let pending = new.order(&[(&free, 1)]).await.expect(201).order();
    meter.take();
    new.pay_order(&pending).await.expect(201);
    within("pay an order that costs nothing", meter.take(), 5.0, 3.0, 3);
    new.refund_order(&pending).await.expect(200);
    within("refund an order that costs nothing", meter.take(), 4.0, 2.0, 3);

    let poor = world.user_with(0).await;
    let declined = poor.order(&[(&one, 1)]).await.expect(201).order();
    meter.take();
    poor.pay_order(&declined).await.expect_problem(402, "insufficient-balance");
    within("decline an order", meter.take(), 1.0, 3.0, 3);
    world.wait(400);
    meter.take();
    world.stack.run_schedule("run_expiry").await.expect("swept");
    // The index is read in 48 pieces; the expiry itself is 2 read and 7 write units for each of two orders.
    within("expire 2 orders of 1 product", meter.take(), 14.0, 28.0, 52);
}

#[tokio::test]
async fn ten_lines_stay_within_a_kilobyte() {
    let world = World::new().await;
    let mut products = Vec::new();
    for number in 0..10 {
        products.push(world.product_with(json!({ "name": format!("Product {number}"), "stock": 99 })).await);
    }
    let lines: Vec<(&str, i64)> = products.iter().map(|product| (product.as_str(), 2)).collect();
    let user = world.user_with(1_000_000).await;
    user.buy(&lines).await.expect(201);
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    user.buy(&lines).await.expect(201);
    within("order 10 products and pay", meter.take(), 25.0, 6.0, 3);
}

#[tokio::test]
async fn what_is_refused_costs_little() {
    let world = World::new().await;
    let user = world.user_with(1_000_000).await;
    let meter = Arc::new(Meter::default());
    let gone = world.product(100, 0).await;
    let spread = world.product_with(json!({ "stock": 0, "stock_shards": 16 })).await;
    user.order(&[(&gone, 1)]).await.expect_problem(409, "out-of-stock");
    world.stack.intercept(Some(meter.clone()));
    // A refused transaction is charged as if it were written, plus the receipt, read in a transaction, and a look at
    // the shards.
    user.order(&[(&gone, 1)]).await.expect_problem(409, "out-of-stock");
    within("refuse what is sold out", meter.take(), 6.0, 3.5, 4);
    user.order(&[(&spread, 1)]).await.expect_problem(409, "out-of-stock");
    within("refuse what is sold out in 16 shards", meter.take(), 6.0, 34.5, 5);
    let limited = world.product_with(json!({ "stock": 100, "max_per_user": 2 })).await;
    user.order(&[(&limited, 2)]).await.expect(201);
    meter.take();
    user.order(&[(&limited, 1)]).await.expect_problem(409, "product-limit");
    within("refuse what is over a product's limit", meter.take(), 6.0, 2.5, 3);
}

#[tokio::test]
async fn coupons_and_products_stay_within_their_budgets() {
    let world = World::new().await;
    let coupon = world.coupon(2).await;
    let people = world.users_with(4, 0).await;
    let meter = Arc::new(Meter::default());
    people[0].claim(&coupon).await.expect(201);
    world.stack.intercept(Some(meter.clone()));
    people[1].get("/wallet").await.expect(200);
    meter.take();
    people[1].claim(&coupon).await.expect(201);
    within("claim a coupon", meter.take(), 4.0, 0.0, 1);
    people[1].claim(&coupon).await.expect(200);
    within("claim it again", meter.take(), 4.0, 2.0, 2);
    people[2].claim(&coupon).await.expect_problem(409, "coupon-exhausted");
    within("find a coupon exhausted", meter.take(), 4.0, 3.0, 3);
    people[3].claim(&coupon).await.expect_problem(409, "coupon-exhausted");
    within("be told that it is, by a process that knows", meter.take(), 0.0, 2.0, 1);

    let admin = world.admin().await;
    let body = json!({ "name": "Light stick", "price": 100, "stock": 50 });
    admin.get("/wallet").await.expect_problem(404, "no-wallet");
    meter.take();
    let product = admin.post("/products", body).await.expect(201).text("product_id");
    within("create a product", meter.take(), 13.0, 1.0, 2);
    admin.patch(&format!("/products/{product}"), json!({ "price": 90 })).await.expect(200);
    // Product, shard, an entry that stays in two orders, one that moves in the third, and the entry in the log.
    within("change a price", meter.take(), 15.0, 2.0, 3);
    admin.post(&format!("/products/{product}/stock"), json!({ "delta": 5 })).await.expect(201);
    within("add stock", meter.take(), 7.0, 3.0, 4);
}

/// The figures of docs/caching-and-indexing.md: what a viewer costs who comes first, and who comes within the time that
/// a process remembers.
#[tokio::test]
async fn viewers_cost_what_the_documents_say() {
    let world = World::new().await;
    let (anybody, buyer) = (world.anonymous(), world.user_with(1_000_000).await);
    let mut product = String::new();
    for number in 0..100 {
        let change = json!({ "name": format!("Product {number}"), "stock": 50, "stock_shards": 1 + number % 2 * 15 });
        product = world.product_with(change).await;
    }
    let coupon = world.coupon(50).await;
    buyer.buy(&[(&product, 1)]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    for (what, path, read, calls) in [
        ("list 20 of 100 products", "/products".to_owned(), 0.5, 1),
        ("list 100 of 100 products", "/products?sort=price&limit=100".to_owned(), 2.5, 1),
        ("look at a product of 16 shards", format!("/products/{product}"), 8.5, 2),
        ("look at a coupon", format!("/coupons/{coupon}"), 1.5, 2),
        ("popular products", "/products/popular".to_owned(), 1.0, 2),
    ] {
        anybody.get(&path).await.expect(200);
        within(what, meter.take(), 0.0, read, calls);
        anybody.get(&path).await.expect(200);
        assert_eq!(meter.take().calls, 0, "{what} again");
    }
    let many = order_of(&[(&product, 1)], true);
    for _ in 0..30 {
        buyer.post("/orders", many.clone()).await.expect(201);
    }
    meter.take();
    buyer.get("/orders?limit=20").await.expect(200);
    within("list 20 of 31 orders", meter.take(), 0.0, 21.0, 2);
}

/// Looks in a row, each by a process that remembers nothing any more, against as many within the time that it does.
#[tokio::test]
async fn what_is_remembered_saves_reads() {
    const LOOKS: u16 = 200;
    let world = World::new().await;
    let (anybody, buyer) = (world.anonymous(), world.user_with(1_000_000).await);
    let change = json!({ "stock": 500, "stock_shards": 16 });
    let product = world.product_with(change).await;
    for number in 0..50 {
        world.product_with(json!({ "name": format!("Product {number}") })).await;
    }
    let coupon = world.coupon_with(json!({ "quantity": 50, "shards": 4 })).await;
    buyer.buy(&[(&product, 1)]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    for (path, seconds) in [
        ("/products".to_owned(), 5),
        (format!("/products/{product}"), 1),
        (format!("/coupons/{coupon}"), 1),
        ("/products/popular".to_owned(), 60),
    ] {
        let mut before = 0.0;
        for _ in 0..LOOKS {
            world.wait(seconds);
            anybody.get(&path).await.expect(200);
            before += meter.take().read;
        }
        world.wait(seconds);
        for _ in 0..LOOKS {
            anybody.get(&path).await.expect(200);
        }
        let after = meter.take().read;
        let shown = path.replace(&product, "{product_id}").replace(&coupon, "{coupon_id}");
        println!("{LOOKS} looks at {shown}: {before} read units without memory, {after} within {seconds} s");
        assert!(after * f64::from(LOOKS) <= before * 1.01, "{shown}");
    }
}

/// What the same questions would cost without the entries and indexes that answer them: a scan of the table.
#[tokio::test]
async fn what_is_asked_by_key_saves_a_scan() {
    let world = World::new().await;
    let buyers = world.users_with(20, 100_000).await;
    let mut products = Vec::new();
    for number in 0..300 {
        products.push(world.product_with(json!({ "name": format!("Product {number}"), "stock": 50 })).await);
    }
    for (number, buyer) in buyers.iter().enumerate() {
        for product in &products[10 * number..10 * number + 10] {
            buyer.buy(&[(product, 1)]).await.expect(201);
        }
    }
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    let table = world.stack.app().config().table.clone();
    let mut start = None;
    loop {
        let scan = world.stack.clients(None).0.scan().table_name(&table).set_exclusive_start_key(start);
        let page = scan.send().await.expect("a page");
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    let scan = meter.take().read;
    println!("300 products, 200 orders of 20 users: a scan of all is {scan} read units");
    for (what, path, read, calls) in [
        ("the 20 newest products", "/products", 0.5, 1),
        ("the 20 cheapest", "/products?sort=price", 0.5, 1),
        ("the 20 dearest", "/products?sort=-price", 0.5, 1),
        ("the first 20 by name", "/products?sort=name", 0.5, 1),
        ("one user's 10 orders", "/orders", 11.0, 2),
        ("one user's coupons", "/users/me/coupons", 1.0, 1),
    ] {
        buyers[0].get("/wallet").await.expect(200);
        meter.take();
        buyers[0].get(path).await.expect(200);
        let cost = meter.take();
        within(what, cost, 0.0, read, calls);
        assert!(cost.read * 2.0 < scan);
    }
}
