//! What every port does before it looks at a request: whom it answers, and how long it waits for the rest.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use local::demo::USER_IDS;
use local::server::connections::{BODY_TIME_MAX, HEAD_TIME_MAX};
use local::server::ports::Ports;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::support::World;
use crate::support::program::{Program, stack};

/// The addresses of all ports, by the names that the first line has for them.
fn ports(program: &Program) -> Vec<(&str, &str)> {
    let named = program.ready.as_object().expect("an object").iter();
    named.filter_map(|(name, address)| Some((name.as_str(), address.as_str()?.strip_prefix("http://")?))).collect()
}

/// Sends a request to an address and gives the status of its answer.
fn status(address: &str, request: &str) -> u16 {
    let mut stream = TcpStream::connect(address).expect("the port");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

fn get(address: &str, headers: &str) -> u16 {
    status(address, &format!("GET / HTTP/1.1\r\nConnection: close\r\n{headers}\r\n"))
}

#[test]
fn no_port_answers_to_a_name_that_is_not_this_machines() {
    let program = Program::start(&mut stack(&["--in-memory", "--empty", "--drill"]));
    let ports = ports(&program);
    assert!(ports.len() >= 6, "{ports:?}");
    for (name, address) in ports {
        let port = address.rsplit(':').next().expect("a port");
        for rebound in
            ["attacker.example", "localhost.attacker.example", &format!("attacker.example:{port}"), "192.0.2.7"]
        {
            assert_eq!(get(address, &format!("Host: {rebound}\r\n")), 421, "{name}: {rebound}");
        }
        for own in ["localhost", "127.0.0.1", "[::1]", address, "localhost:12345"] {
            assert_ne!(get(address, &format!("Host: {own}\r\n")), 421, "{name}: {own}");
        }
        assert_eq!(get(address, ""), 400, "{name}");
        assert_eq!(get(address, "Host: localhost\r\nHost: attacker.example\r\n"), 400, "{name}");
        assert_eq!(
            status(address, "GET http://attacker.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            421,
            "{name}"
        );
    }
}

#[test]
fn no_page_of_another_site_is_answered_by_any_port_but_the_api() {
    let program = Program::start(&mut stack(&["--in-memory", "--empty", "--drill"]));
    for (name, address) in ports(&program) {
        let refused = if name == "api" { 200 } else { 403 };
        for origin in ["null", "https://attacker.example", "http://localhost:8080"] {
            let headers = format!("Host: {address}\r\nOrigin: {origin}\r\n");
            assert_eq!(get(address, &headers), refused, "{name}: {origin}");
        }
        let own = format!("Host: {address}\r\nOrigin: http://{address}\r\n");
        assert_ne!(get(address, &own), 403, "{name}");
    }
}

/// The request that a page makes without asking first: `fetch(…, {method: "POST", mode: "no-cors", body: …})`.
#[test]
fn a_page_makes_nobody_an_administrator_by_the_invoke_port() {
    let program = Program::start(&mut stack(&["--in-memory"]));
    let address = program.address("lambda").trim_start_matches("http://").to_owned();
    let body = format!(r#"{{"user_id":"{}","role":"admin"}}"#, USER_IDS[0]);
    let invoke = |headers: &str| {
        let length = body.len();
        status(
            &address,
            &format!(
                "POST /2015-03-31/functions/grant_role/invocations HTTP/1.1\r\nConnection: close\r\n\
                 Content-Type: text/plain\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            ),
        )
    };
    assert_eq!(invoke(&format!("Host: {address}\r\nOrigin: https://attacker.example\r\n")), 403);
    assert_eq!(invoke("Host: attacker.example\r\n"), 421);
    assert_eq!(invoke(&format!("Host: {address}\r\n")), 200);
}

#[test]
fn a_name_that_was_allowed_is_answered_and_at_all_addresses_so_is_every_address() {
    let flags = ["--in-memory", "--empty", "--host", "0.0.0.0", "--allow-host", "onsale.example"];
    let program = Program::start(&mut stack(&flags));
    for (name, address) in ports(&program) {
        for (host, answered) in [
            ("onsale.example", true),
            ("Onsale.Example:443", true),
            ("192.0.2.7:3000", true),
            ("attacker.example", false),
        ] {
            assert_eq!(get(address, &format!("Host: {host}\r\n")) != 421, answered, "{name}: {host}");
        }
    }
    let refused = stack(&["--allow-host", "http://onsale.example"]).output().expect("it ends");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("without scheme and port"), "{refused:?}");
}

/// Sends the beginning of a request to every port, in time that passes by itself; after how long each of them closed
/// the connection, and what it had answered by then.
async fn closed_after(beginning: &str) -> Vec<(Duration, String)> {
    let world = World::new().await;
    let ports = Ports::bind(Ipv4Addr::LOCALHOST.into(), [0; 8]).await.expect("free ports");
    let addresses =
        [&ports.api, &ports.lambda, &ports.dynamodb, &ports.sqs, &ports.data_platform, &ports.mailbox, &ports.metrics]
            .map(|port| port.url().trim_start_matches("http://").to_owned());
    let _serving = ports.serve(&world.stack, &[], false);
    let mut ends = Vec::new();
    for address in addresses {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("the port");
        let began = Instant::now();
        stream.write_all(beginning.replace("HERE", &address).as_bytes()).await.expect("it is taken");
        let mut answer = String::new();
        // A reset is an end as well.
        let _ = stream.read_to_string(&mut answer).await;
        ends.push((began.elapsed(), answer));
    }
    ends
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_given_up() {
    for beginning in ["", "GET / HT", "POST / HTTP/1.1\r\nHost: HERE\r\nX-Slow: a"] {
        for (waited, answer) in closed_after(beginning).await {
            assert!(waited >= HEAD_TIME_MAX && waited < 2 * HEAD_TIME_MAX, "{beginning:?}: {waited:?}");
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_given_up_and_told() {
    for (waited, answer) in closed_after("POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 10\r\n\r\nhalf").await {
        assert!(waited >= BODY_TIME_MAX && waited < 2 * BODY_TIME_MAX, "{waited:?}");
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    for (waited, answer) in closed_after("GET /nothing HTTP/1.1\r\nHost: HERE\r\n\r\n").await {
        assert!(waited >= HEAD_TIME_MAX && waited < 2 * HEAD_TIME_MAX, "{waited:?}");
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}
