//! The small world of a simulation: so little to buy that everybody is in everybody's way.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};

use crate::requests::{ApiAnswer, ApiCall, Identity, api_gateway_event};
use local::stack::Stack;

/// The queue in front of the second hall.
pub const QUEUE: &str = "spring";
/// How many may be in the second hall at the same time.
pub const PLACES: u32 = 1;
/// The seats of each hall: two of one block, and one of another section at another price.
pub const SEATS: [&str; 4] = ["A-1-1", "A-1-2", "B-1-1", "C-1-1"];
/// Prefix of claims.
pub const COUPON: &str = "CLAIM";
/// The balance a user begins with: enough for one of the dear seats, or for one of the others and more.
const BALANCE: i64 = 60_000;

/// The concerts, products and coupons of a simulation.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Without a queue, and with one.
    pub concerts: [String; 2],
    /// One of each concert.
    pub schedules: [String; 2],
    /// One in two shards, one in a single one.
    pub products: [String; 2],
    /// Of which there are two.
    pub coupon: String,
    /// Those with a wallet.
    pub users: Vec<UserId>,
}

/// The request that gives the queue so many places.
#[must_use]
pub fn put_queue_call(places: u32) -> ApiCall {
    let settings = json!({ "capacity": places, "admit_per_second": places, "active_minutes": 2, "claim_seconds": 60 });
    ApiCall { function: "put_queue", method: "PUT", path: format!("/queues/{QUEUE}"), body: Some(settings) }
}

fn post(function: &'static str, path: &str, body: Value) -> ApiCall {
    ApiCall { function, method: "POST", path: path.to_owned(), body: Some(body) }
}

/// Asks functions, calmly, on behalf of an administrator or a user.
struct Builder<'a> {
    stack: &'a Stack,
    clock: Clock,
    ids: Ids,
}

impl Builder<'_> {
    async fn send(&self, call: ApiCall, caller: Identity<'_>) -> Result<ApiAnswer, Box<dyn Error>> {
        let process = self.stack.process(call.function, self.clock.clone(), self.ids.clone())?;
        let caller = Identity { key: Some(self.ids.uuid(self.clock.now())), ..caller };
        let given = lambda::invoke(&process.code, process.app, api_gateway_event(&call, caller)).await;
        let answer = ApiAnswer::parse(&given.map_err(|problem| problem.to_string())?);
        if answer.status >= 300 {
            return Err(format!("{}: {} {}", call.function, answer.status, answer.body).into());
        }
        Ok(answer)
    }
}

impl Fixture {
    /// Makes it, and a wallet for each of `users`.
    ///
    /// # Errors
    /// When a function refuses.
    pub async fn build(
        stack: &Stack,
        clock: Clock,
        ids: Ids,
        admin: UserId,
        users: &[UserId],
    ) -> Result<Self, Box<dyn Error>> {
        let builder = Builder { stack, clock: clock.clone(), ids };
        let user = |user| Identity { user, key: None, queue_token: None };
        stack.put_grant(admin, "admin")?;
        let admin = user(admin);
        let at = |hours: i64| -> Timestamp { clock.now() + SignedDuration::from_hours(hours) };
        builder.send(put_queue_call(PLACES), admin).await?;
        let (mut concerts, mut schedules) = (Vec::new(), Vec::new());
        for queue in [Value::Null, QUEUE.into()] {
            let mut body = json!({ "name": "Concert", "description": "" });
            if !queue.is_null() {
                body["queue_id"] = queue;
            }
            let concert = builder.send(post("create_concert", "/concerts", body), admin).await?;
            let body = json!({
                "place": "Hall", "starts_at": at(48), "sale_opens_at": at(-1), "sale_closes_at": at(47),
                "max_seats_per_user": 2,
            });
            let path = format!("/concerts/{}/schedules", concert.text("concert_id"));
            concerts.push(concert.text("concert_id").to_owned());
            let schedule = builder.send(post("create_schedule", &path, body), admin).await?;
            let schedule = schedule.text("schedule_id").to_owned();
            for (section, last, price) in [("A", 2, 50_000), ("B", 1, 20_000), ("C", 1, 0)] {
                let rows = json!([{ "row": "1", "from": 1, "to": last }]);
                let body = json!({ "section": section, "rows": rows, "price": price });
                builder.send(post("create_seats", &format!("/schedules/{schedule}/seats"), body), admin).await?;
            }
            schedules.push(schedule);
        }
        let mut products = Vec::new();
        for (stock, shards) in [(3, 2), (1, 1)] {
            let body =
                json!({ "name": "Poster", "price": 1_000, "stock": stock, "stock_shards": shards, "max_per_user": 2 });
            let product = builder.send(post("create_product", "/products", body), admin).await?;
            products.push(product.text("product_id").to_owned());
        }
        let body = json!({
            "name": "300 off", "discount": { "kind": "amount", "value": 300 }, "quantity": 2,
            "valid_from": at(-1), "valid_until": at(48),
        });
        let coupon = builder.send(post("create_coupon", "/coupons", body), admin).await?;
        for id in users {
            builder.send(post("create_wallet", "/wallet", json!({})), user(*id)).await?;
            let body = json!({ "amount": BALANCE });
            builder.send(post("top_up", "/wallet/charges", body), user(*id)).await?;
        }
        let two = |several: Vec<String>| <[String; 2]>::try_from(several).map_err(|_| "not two");
        let coupon = coupon.text("coupon_id").to_owned();
        Ok(Self {
            concerts: two(concerts)?,
            schedules: two(schedules)?,
            products: two(products)?,
            coupon,
            users: users.to_vec(),
        })
    }
}
