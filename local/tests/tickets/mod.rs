//! Tickets' codes: made, verified, ended, and made anew.

use std::fs;
use std::io::Cursor;

use onsale_domain::tickets::code::SignedCode;
use onsale_platform::auth::ticket_key;
use onsale_platform::store::tickets::keys;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, Reply, World};

mod door;
mod get_ticket_code;
mod get_ticket_keys;
mod reissue_ticket_code;
mod verification;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";

/// Somebody who has paid these seats of a date: the date, the buyer and the reservation.
async fn bought(world: &World, seats: &[&str]) -> (String, Person, String) {
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(500_000).await;
    let held = mina.hold(&schedule, seats).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    (schedule, mina, held)
}

fn path(reservation: &str, ticket: &str) -> String {
    format!("/reservations/{reservation}/tickets/{ticket}/code")
}

/// The code of a ticket, as a text.
async fn code(person: &Person, reservation: &str, ticket: &str) -> String {
    person.get(&path(reservation, ticket)).await.expect(200).text("code")
}

async fn reissue(person: &Person, reservation: &str, ticket: &str) -> Reply {
    person.post(&path(reservation, ticket), json!({})).await
}

/// Whether one of the published keys has signed a code.
async fn verifies(world: &World, code: &str) -> bool {
    let keys = keys::list(world.stack.app()).await.expect("keys");
    ticket_key::verify(&keys, &SignedCode::parse(code).expect("a code"))
}

/// Puts other keys into the secret, and lets the processes that know it look again.
pub fn put_keys(world: &World, change: impl FnOnce(&str) -> String) {
    let path = world.stack.directory().join("ticket-key");
    let before = fs::read_to_string(&path).expect("a secret");
    fs::write(&path, change(before.trim())).expect("written");
    world.wait(301);
}

/// The item at the door of a reservation; null if there is none.
fn door(world: &World, schedule: &str, reservation: &str) -> Value {
    let id: Uuid = reservation.parse().expect("an id");
    let (pk, sk) = (format!("DOOR#{schedule}#{}", id.as_bytes()[15] % 16), onsale_domain::id::short(id));
    let found = world.items().into_values().find(|item| item["pk"]["S"] == pk && item["sk"]["S"] == sk);
    found.unwrap_or(Value::Null)
}

/// Sets an attribute of the item at the door, as a scan will.
fn scan(world: &World, schedule: &str, reservation: &str, ordinal: u8) {
    let id: Uuid = reservation.parse().expect("an id");
    let pk = format!("DOOR#{schedule}#{}", id.as_bytes()[15] % 16);
    let mut item = door(world, schedule, reservation);
    if item.is_null() {
        item = json!({
            "pk": { "S": pk }, "sk": { "S": onsale_domain::id::short(id) },
            "owner": { "S": pk }, "created_at": { "N": "1" },
        });
    }
    item[format!("s{ordinal}")] = json!({ "S": "a scan" });
    let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
    world.stack.dynamodb().call("PutItem", &request).expect("written");
}

/// A picture as rows of dots, of which the dark ones are true.
type Dots = Vec<Vec<bool>>;

fn png_dots(bytes: &[u8]) -> Dots {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("a PNG");
    let mut rows = Vec::new();
    let width = usize::try_from(reader.info().width).expect("a width");
    assert_eq!((reader.info().width, reader.info().bit_depth), (reader.info().height, png::BitDepth::One));
    while let Some(row) = reader.next_row().expect("a row") {
        let is_dark = |place: usize| row.data()[place / 8] >> (7 - place % 8) & 1 == 0;
        rows.push((0..width).map(is_dark).collect());
    }
    rows
}

/// The text of a QR code, as a reader of such pictures sees it.
pub fn read_picture(png: &[u8]) -> String {
    let dots = png_dots(png);
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(dots[0].len(), dots.len(), |x, y| if dots[y][x] { 0 } else { 255 });
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    let (meta, text) = grids[0].decode().expect("it can be read");
    assert_eq!((meta.version.0, meta.ecc_level), (10, 3), "version 10, of level Q");
    text
}
