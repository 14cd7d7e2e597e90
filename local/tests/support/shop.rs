//! Products, orders and coupons, as tests make them and look at them.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Person, Reply, World};

impl World {
    /// A product on sale; its id.
    pub async fn product(&self, price: i64, stock: i64) -> String {
        self.product_with(json!({ "price": price, "stock": stock })).await
    }

    /// The same with other fields in its request.
    pub async fn product_with(&self, change: Value) -> String {
        let body = merged(json!({ "name": "Light stick", "price": 1_000, "stock": 10, "max_per_user": 100 }), &change);
        self.admin().await.post("/products", body).await.expect(201).text("product_id")
    }

    /// So many of a coupon of 1,000 off, valid for a day; its id.
    pub async fn coupon(&self, quantity: i64) -> String {
        self.coupon_with(json!({ "quantity": quantity })).await
    }

    /// The same with other fields in its request.
    pub async fn coupon_with(&self, change: Value) -> String {
        let body = json!({
            "name": "1,000 off", "discount": { "kind": "amount", "value": 1_000 }, "quantity": 10,
            "valid_from": self.at(0).to_string(), "valid_until": self.at(86_400).to_string(),
        });
        self.admin().await.post("/coupons", merged(body, &change)).await.expect(201).text("coupon_id")
    }

    /// What is left in each shard of a product or coupon, read past all caches.
    pub fn shards(&self, of: &str) -> Vec<i64> {
        let shard = |number: u8| {
            let key = json!({ "pk": { "S": format!("STOCK#{of}#{number}") }, "sk": { "S": "STOCK" } });
            let request = json!({ "TableName": self.stack.template().table.name, "Key": key });
            let item = self.stack.dynamodb().call("GetItem", &request).expect("an answer");
            item["Item"]["available"]["N"].as_str()?.parse().ok()
        };
        (0..16).map_while(shard).collect()
    }

    /// What is left of a product or coupon.
    pub fn units_left(&self, of: &str) -> i64 {
        self.shards(of).iter().sum()
    }
}

fn merged(mut body: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// The body of an order of these products and quantities.
pub fn order_of(lines: &[(&str, i64)], pay: bool) -> Value {
    let item = |(product, quantity): &(&str, i64)| json!({ "product_id": product, "quantity": quantity });
    json!({ "items": lines.iter().map(item).collect::<Vec<_>>(), "pay": pay })
}

impl Person {
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body), None).await
    }

    /// A key for one request of this person's. It is not the person's id, which may be logged.
    pub fn key(&self) -> Uuid {
        Uuid::from_u128(!self.id.0.as_u128())
    }

    /// Posts until the answer is not 503: who is told to come again does, with the same key.
    pub async fn post_until_answered(&self, path: &str, body: Value, key: Uuid) -> Reply {
        for _ in 0..100 {
            let reply = self.post_with_key(path, body.clone(), key).await;
            if reply.status != 503 {
                return reply;
            }
        }
        panic!("busy a hundred times");
    }

    /// Orders, to be paid later.
    pub async fn order(&self, lines: &[(&str, i64)]) -> Reply {
        self.post("/orders", order_of(lines, false)).await
    }

    /// Orders and pays.
    pub async fn buy(&self, lines: &[(&str, i64)]) -> Reply {
        self.post("/orders", order_of(lines, true)).await
    }

    /// Orders with a coupon.
    pub async fn order_with(&self, lines: &[(&str, i64)], coupon: &str, pay: bool) -> Reply {
        let mut body = order_of(lines, pay);
        body["coupon_id"] = json!(coupon);
        self.post("/orders", body).await
    }

    /// Pays an order.
    pub async fn pay_order(&self, order: &str) -> Reply {
        self.post("/payments", json!({ "order_id": order })).await
    }

    /// Gives the payment of an order back.
    pub async fn refund_order(&self, order: &str) -> Reply {
        self.call(Method::POST, &format!("/payments/ord-{order}/cancel"), None, None).await
    }

    /// Claims a coupon.
    pub async fn claim(&self, coupon: &str) -> Reply {
        self.call(Method::POST, &format!("/coupons/{coupon}/claims"), None, None).await
    }

    /// How an order stands.
    pub async fn order_state(&self, order: &str) -> String {
        self.get(&format!("/orders/{order}")).await.expect(200).text("state")
    }

    /// How the claim of a coupon stands.
    pub async fn coupon_state(&self, coupon: &str) -> String {
        let claims = self.pages("/users/me/coupons", 100).await;
        let claim = claims.iter().find(|claim| claim["coupon_id"] == coupon);
        claim.expect("a claim")["state"].as_str().expect("a state").to_owned()
    }
}

impl Reply {
    /// The order's id.
    #[track_caller]
    pub fn order(&self) -> String {
        self.text("order_id")
    }
}
