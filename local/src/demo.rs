//! The demo data of a new stack, so that it can be tried at once: an administrator, three users with money, five concerts
//! in the states that a sale has, ten products and two coupons.
//!
//! It is made by calling the product's own endpoints, like any other caller, with fixed keys and ids, so that its
//! ids are the same on every machine and can stand in examples.

use std::fs;
use std::io;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use onsale_platform::ids::Ids;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::aws::lambda::CallError;
use crate::data_directory::private_file;
use crate::stack::{Error, Stack};

/// The administrator's e-mail address.
pub const ADMIN_EMAIL: &str = "admin@onsale.local";
/// The administrator's password when nobody says otherwise.
pub const ADMIN_PASSWORD: &str = "onsale-admin-1";
/// The users.
pub const USERS: [(&str, &str); 3] =
    [("mina@onsale.local", "Mina"), ("joon@onsale.local", "Joon"), ("sora@onsale.local", "Sora")];
/// The users' password.
pub const USER_PASSWORD: &str = "correct-horse-7";
/// The administrator's id. All ids here follow from [`SEED`] and the fixed keys; they stand in `events/`, too.
pub const ADMIN_ID: &str = "00000000-0000-769a-8344-8bc1d27d4337";
/// The users' ids, in their order.
pub const USER_IDS: [&str; 3] = [
    "00000000-0000-7940-98b2-6fe9d517d168",
    "00000000-0000-7387-aaab-a0ac420eb9ea",
    "00000000-0000-72b3-9a27-88bb556cdf34",
];
/// The concert's id.
pub const CONCERT_ID: &str = "de34110d-d776-8f2f-8a6d-2efc0b25ca10";
/// The id of its schedule, which has the seats A-1-1 to A-1-50.
pub const SCHEDULE_ID: &str = "965d5465-870a-811b-a08d-0a917363a8fe";
/// The queue in front of the second concert, which has two places.
pub const QUEUE_ID: &str = "encore";
/// The id of that concert's schedule, which has the seats A-1-1 to A-1-50.
pub const QUEUED_SCHEDULE_ID: &str = "fe9f238d-5bfc-8711-8fe7-020a22b4c6aa";
/// The products: their ids, names and prices.
pub const PRODUCTS: [(&str, &str, i64); 10] = [
    ("f029293e-5811-8a32-95f7-3ce09e715f9a", "Light stick", 25000),
    ("584924aa-dd50-8440-b1ec-b450b4f42105", "Tour shirt", 32000),
    ("b343ebac-31ea-8e96-af03-cce8c52f77e0", "Hooded sweater", 68000),
    ("42efadd1-e1ef-8eb3-89a5-c0d47b93a671", "Photo book", 45000),
    ("f1de0637-5bfa-8565-a7cc-9984e59784fb", "Live album", 19000),
    ("00a8309d-f951-8f37-8721-6c54abe2ce6e", "Signed poster", 15000),
    ("5d6d1a1b-a651-8b9b-9a99-77224af62701", "Tote bag", 22000),
    ("2c6c5f0d-bc75-867e-bd06-7fd33444e3b1", "Enamel pin", 8000),
    ("ad12b86e-6efb-85ee-9702-298f0880fa96", "Key ring", 9000),
    ("b1719359-c4ce-8ff5-b959-d83e9e85d28f", "Postcard set", 6000),
];
/// Units that there are of each product to begin with.
pub const STOCK: i64 = 100;
/// The ids of the coupons: a tenth off, at most 5,000; and 3,000 off.
pub const COUPON_IDS: [&str; 2] = ["676d0d0c-31a3-89c3-b1ac-bdcb3286eafc", "5763e753-0a39-8501-95ba-63b7c94275af"];
/// The amount in each user's wallet, in minor units.
pub const TOP_UP: i64 = 1_000_000;

/// The seed of all random ids of the demo data.
const SEED: &str = "onsale demo data";
const FILE: &str = "demo.json";
/// Fixed keys, so that a start that was cut short is taken up where it ended.
const TOP_UP_KEY: &str = "00000000-0000-4000-8000-000000000003";
const SOLD_OUT_KEY: &str = "00000000-0000-4000-8000-00000000000c";
const FIRST_PRODUCT_KEY: u128 = 0x0000_0000_0000_4000_8000_0000_0000_0010;
const FIRST_COUPON_KEY: u128 = 0x0000_0000_0000_4000_8000_0000_0000_0020;
/// How many of each coupon there are.
const COUPONS: i64 = 50;
/// When the sale of the concert to come opens, after the first start.
const SALE_OPENS: SignedDuration = SignedDuration::from_mins(2);
const SALE_OPENED: SignedDuration = SignedDuration::from_hours(1);
const SALE_CLOSES: SignedDuration = SignedDuration::from_hours(29 * 24);
const STARTS: SignedDuration = SignedDuration::from_hours(30 * 24);
const RESPONSE_BYTES_MAX: usize = 1024 * 1024;

/// A concert of the demo data, with one date.
struct DemoConcert {
    name: &'static str,
    description: &'static str,
    /// Behind the queue.
    queued: bool,
    /// Its sale opens later.
    upcoming: bool,
    /// Keys of its concert and its date.
    keys: [&'static str; 2],
    sections: &'static [DemoSection],
}

/// A section of its hall: `rows` rows of `seats` seats at `price` each.
struct DemoSection {
    label: &'static str,
    rows: u16,
    seats: u16,
    price: i64,
}

/// A section of one row.
const ONE_ROW: &[DemoSection] = &[DemoSection { label: "A", rows: 1, seats: 50, price: 50_000 }];

/// The concerts, oldest first. The first is sold out, and the second the one of [`CONCERT_ID`].
const CONCERTS: [DemoConcert; 5] = [
    DemoConcert {
        name: "Onsale Unplugged",
        description: "A rehearsal with open doors, free of charge. It was gone within a minute.",
        queued: false,
        upcoming: false,
        keys: ["00000000-0000-4000-8000-000000000006", "00000000-0000-4000-8000-000000000007"],
        sections: &[DemoSection { label: "A", rows: 1, seats: 4, price: 0 }],
    },
    DemoConcert {
        name: "Onsale Live",
        description: "Fifty seats in one row, and nobody in front of you: choose, hold, pay within five minutes.",
        queued: false,
        upcoming: false,
        keys: ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"],
        sections: ONE_ROW,
    },
    DemoConcert {
        name: "Onsale Arena",
        description: "A hall of three sections. Let the best seats be found for you, or pick your own.",
        queued: false,
        upcoming: false,
        keys: ["00000000-0000-4000-8000-000000000008", "00000000-0000-4000-8000-000000000009"],
        sections: &[
            DemoSection { label: "Floor", rows: 8, seats: 20, price: 150_000 },
            DemoSection { label: "Balcony", rows: 12, seats: 25, price: 100_000 },
            DemoSection { label: "Gallery", rows: 20, seats: 40, price: 60_000 },
        ],
    },
    DemoConcert {
        name: "Onsale Encore",
        description: "More people than seats: a waiting queue lets two buyers in at a time.",
        queued: true,
        upcoming: false,
        keys: ["00000000-0000-4000-8000-000000000004", "00000000-0000-4000-8000-000000000005"],
        sections: ONE_ROW,
    },
    DemoConcert {
        name: "Onsale Premiere",
        description: "The sale opens two minutes after the first start of this stack.",
        queued: false,
        upcoming: true,
        keys: ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"],
        sections: ONE_ROW,
    },
];

/// The demo data as the data directory remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// When it was begun; all its times follow from it.
    began_at: Timestamp,
    /// Whether all of it was made.
    complete: bool,
    /// The schedule that is on sale; none in a stack that was started empty.
    pub schedule_id: Option<String>,
}

/// The demo data cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A second set of functions cannot be made.
    #[error(transparent)]
    Stack(#[from] Error),
    /// An address could not be noted as proven.
    #[error("the proof of an address: {0}")]
    Proof(String),
    /// A function failed.
    #[error("grant_role: {0}")]
    Call(#[from] CallError),
    /// An endpoint refused.
    #[error("{0} answered {1}: {detail}", detail = .2["detail"].as_str().unwrap_or_default())]
    Refused(String, StatusCode, Value),
    /// The file in the data directory cannot be read or written.
    #[error("demo.json: {0}")]
    File(#[from] io::Error),
}

/// Makes the demo data, unless the stack has it from an earlier start. `empty` leaves out all but the
/// administrator.
///
/// # Errors
/// When an endpoint refuses or the data directory cannot be written.
pub async fn ensure(stack: &Stack, admin_password: &str, empty: bool) -> Result<Demo, DemoError> {
    let path = stack.directory().join(FILE);
    let mut demo = match read_demo(&path)? {
        Some(demo) if demo.complete => return Ok(demo),
        Some(begun) => begun,
        None => Demo { began_at: stack.app().now(), complete: false, schedule_id: None },
    };
    write_demo(&path, &demo)?;
    let caller = Caller { gateway: stack.gateway() };
    sign_up(stack, ADMIN_EMAIL, admin_password, "Admin").await?;
    stack.invoke("grant_role", json!({ "user_id": ADMIN_ID, "role": "admin" })).await?;
    if !empty {
        for (email, name) in USERS {
            sign_up(stack, email, USER_PASSWORD, name).await?;
            caller.create_wallet(email, stack.app().config().free_top_ups).await?;
        }
        let admin = caller.log_in(ADMIN_EMAIL, admin_password).await?;
        let queue = json!({ "capacity": 2, "admit_per_second": 1, "active_minutes": 10 });
        caller.send(Method::PUT, &format!("/queues/{QUEUE_ID}"), Some(&admin), None, queue).await?;
        let [sold_out, live, ..] = caller.create_concerts(&admin, demo.began_at).await?;
        caller.sell_out(&admin, &sold_out).await?;
        demo.schedule_id = Some(live);
        caller.create_shop(&admin, demo.began_at).await?;
    }
    demo.complete = true;
    write_demo(&path, &demo)?;
    Ok(demo)
}

/// Signs somebody up under an id that follows from the address alone: the first that functions with a seed of their
/// own draw is the user's.
async fn sign_up(stack: &Stack, email: &str, password: &str, name: &str) -> Result<(), DemoError> {
    let gateway = stack.gateway_with_ids(Ids::seeded(&format!("{SEED} {email}")))?;
    Caller { gateway }.sign_up(email, password, name).await?;
    // A shop may ask buyers for a proven address, and nobody reads the mails to these.
    stack.put_proof(email).map_err(DemoError::Proof)
}

/// Whether the administrator of this stack logs in with `password`: an older data directory may have another.
///
/// # Errors
/// When the stack cannot be called.
pub async fn is_admin_password(stack: &Stack, password: &str) -> Result<bool, DemoError> {
    let caller = Caller { gateway: stack.gateway() };
    match caller.log_in(ADMIN_EMAIL, password).await {
        Ok(_) => Ok(true),
        Err(DemoError::Refused(..)) => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Calls endpoints as a program outside would.
struct Caller {
    gateway: Router,
}

impl Caller {
    /// A wallet, with money in it unless top-ups are closed: then users begin with none, as everywhere.
    async fn create_wallet(&self, email: &str, has_free_top_ups: bool) -> Result<(), DemoError> {
        let token = self.log_in(email, USER_PASSWORD).await?;
        self.post("/wallet", Some(&token), None, json!({})).await?;
        if has_free_top_ups {
            self.post("/wallet/charges", Some(&token), Some(TOP_UP_KEY), json!({ "amount": TOP_UP })).await?;
        }
        Ok(())
    }

    /// The ids of the dates of all concerts, in their order.
    async fn create_concerts(&self, admin: &str, began_at: Timestamp) -> Result<[String; CONCERTS.len()], DemoError> {
        let mut dates: [String; CONCERTS.len()] = Default::default();
        for (date, concert) in dates.iter_mut().zip(&CONCERTS) {
            *date = self.create_concert(admin, began_at, concert).await?;
        }
        Ok(dates)
    }

    /// A concert with one date and its seats; the id of the date.
    async fn create_concert(
        &self,
        admin: &str,
        began_at: Timestamp,
        concert: &DemoConcert,
    ) -> Result<String, DemoError> {
        let queue = concert.queued.then_some(QUEUE_ID);
        let body = json!({ "name": concert.name, "description": concert.description, "queue_id": queue });
        let [concert_key, schedule_key] = concert.keys;
        let created = self.post("/concerts", Some(admin), Some(concert_key), body).await?;
        let opens_at = if concert.upcoming { began_at + SALE_OPENS } else { began_at - SALE_OPENED };
        let schedule = json!({
            "place": "Seoul Olympic Hall",
            "sale_opens_at": opens_at,
            "sale_closes_at": began_at + SALE_CLOSES,
            "starts_at": began_at + STARTS,
        });
        let path = format!("/concerts/{}/schedules", field_text(&created, "concert_id"));
        let schedule = self.post(&path, Some(admin), Some(schedule_key), schedule).await?;
        let schedule_id = field_text(&schedule, "schedule_id");
        for section in concert.sections {
            let row = |row: u16| json!({ "row": row.to_string(), "from": 1, "to": section.seats });
            let rows: Vec<Value> = (1..=section.rows).map(row).collect();
            let seats = json!({ "section": section.label, "rows": rows, "price": section.price });
            self.post(&format!("/schedules/{schedule_id}/seats"), Some(admin), None, seats).await?;
        }
        Ok(schedule_id)
    }

    /// The administrator takes every seat of the date that is sold out. They cost nothing, so no wallet is needed.
    async fn sell_out(&self, admin: &str, schedule_id: &str) -> Result<(), DemoError> {
        let seats = &CONCERTS[0].sections[0];
        let seats: Vec<String> = (1..=seats.seats).map(|number| format!("{}-1-{number}", seats.label)).collect();
        let hold = json!({ "schedule_id": schedule_id, "seat_ids": seats });
        let held = self.post("/reservations", Some(admin), Some(SOLD_OUT_KEY), hold).await?;
        let payment = json!({ "reservation_id": field_text(&held, "reservation_id") });
        self.post("/payments", Some(admin), Some(SOLD_OUT_KEY), payment).await?;
        Ok(())
    }

    async fn create_shop(&self, admin: &str, began_at: Timestamp) -> Result<(), DemoError> {
        for ((_, name, price), key) in PRODUCTS.into_iter().zip(FIRST_PRODUCT_KEY..) {
            let product = json!({ "name": name, "price": price, "stock": STOCK });
            self.post("/products", Some(admin), Some(&key_text(key)), product).await?;
        }
        let discounts = [
            ("A tenth off", json!({ "kind": "percent", "value": 10, "max": 5_000 })),
            ("3,000 off", json!({ "kind": "amount", "value": 3_000 })),
        ];
        for ((name, discount), key) in discounts.into_iter().zip(FIRST_COUPON_KEY..) {
            let (from, until) = (began_at - SALE_OPENED, began_at + SALE_CLOSES);
            let coupon = json!({
                "name": name, "discount": discount, "quantity": COUPONS, "valid_from": from, "valid_until": until,
            });
            self.post("/coupons", Some(admin), Some(&key_text(key)), coupon).await?;
        }
        Ok(())
    }

    /// An address that is taken was signed up by a start that was cut short.
    async fn sign_up(&self, email: &str, password: &str, name: &str) -> Result<(), DemoError> {
        let user = json!({ "email": email, "password": password, "name": name });
        match self.post("/users", None, None, user).await {
            Err(DemoError::Refused(_, StatusCode::CONFLICT, _)) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<String, DemoError> {
        let session = json!({ "email": email, "password": password });
        let session = self.post("/sessions", None, None, session).await?;
        Ok(field_text(&session, "access_token"))
    }

    async fn post(&self, path: &str, token: Option<&str>, key: Option<&str>, body: Value) -> Result<Value, DemoError> {
        self.send(Method::POST, path, token, key, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        key: Option<&str>,
        body: Value,
    ) -> Result<Value, DemoError> {
        let shown = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body.to_string())).map_err(io::Error::other)?;
        let response = match self.gateway.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), RESPONSE_BYTES_MAX).await.map_err(io::Error::other)?;
        let answer = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() { Ok(answer) } else { Err(DemoError::Refused(shown, status, answer)) }
    }
}

/// A key of a run of keys, as it is written.
fn key_text(key: u128) -> String {
    let hex = format!("{key:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn field_text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_default().to_owned()
}

fn read_demo(path: &Path) -> io::Result<Option<Demo>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn write_demo(path: &Path, demo: &Demo) -> io::Result<()> {
    private_file::replace(path, &serde_json::to_vec_pretty(demo)?)
}
