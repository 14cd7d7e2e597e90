//! Anybody verifies codes: the program of `docs/tickets.md` tells each kind of code from the others.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{bought, code, reissue};
use crate::repository;
use crate::support::World;

/// The program, as it stands in the page.
fn program() -> String {
    let page = repository::read("docs/tickets.md");
    let (_, rest) = page.split_once("```python\n").expect("a program");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// Whether Python and the package that the program needs are here.
fn has_python() -> bool {
    let asked = Command::new("python3").args(["-c", "import cryptography"]).output();
    asked.is_ok_and(|answer| answer.status.success())
}

fn bytes_of(code: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(code.trim_start_matches("T1.")).expect("base64url")
}

fn signature_byte(code: &str, place: usize) -> u8 {
    bytes_of(code)[place]
}

/// Writes a code in which the byte at this place is another, whatever the signature says.
fn forged(code: &str, place: usize, byte: u8) -> String {
    let mut bytes = bytes_of(code);
    bytes[place] = byte;
    format!("T1.{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[tokio::test]
async fn the_program_of_the_page_tells_codes_apart() {
    if !has_python() {
        eprintln!("SKIPPED: python3 with the package cryptography is not here; docs/tickets.md was not run");
        return;
    }
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1", "A-1-2"]).await;
    let dead = code(&mina, &held, "A-1-2").await;
    reissue(&mina, &held, "A-1-2").await.expect(201);
    let (good, new) = (code(&mina, &held, "A-1-1").await, code(&mina, &held, "A-1-2").await);
    let (_, joon, theirs) = bought(&world, &["A-1-1"]).await;
    let elsewhere = code(&joon, &theirs, "A-1-1").await;
    let keys = world.anonymous().get("/ticket-keys").await.expect(200).body;
    let cases = [
        (good.clone(), "good: ticket 1"),
        (new.clone(), "good: ticket 2"),
        (dead, "dead"),
        (elsewhere, "of another date"),
        (forged(&good, 34, 3), "forged"),
        (forged(&new, 36, 3), "forged"),
        (forged(&good, 60, !signature_byte(&good, 60)), "forged"),
        (forged(&good, 1, 9), "of an unknown key"),
        (forged(&good, 0, 2), "of an unknown version"),
        (good[..100].to_owned(), "not a whole code"),
        (format!("{good}AA"), "not a whole code"),
        ("A-1-1".to_owned(), "not a code"),
        (String::new(), "not a code"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        path
    };
    let input = json!({
        "keys": keys["keys"], "schedule": schedule, "dead": { format!("{held} 2"): 1 },
        "codes": cases.iter().map(|(code, _)| code).collect::<Vec<_>>(),
    });
    let (program, input) = (file("verify.py", &program()), file("input.json", &input.to_string()));
    let answer = Command::new("python3").arg(program).arg(input).output().expect("Python runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let verdicts: Vec<Value> = serde_json::from_slice(&answer.stdout).expect("JSON");
    for ((code, expected), verdict) in cases.iter().zip(&verdicts) {
        assert_eq!(verdict, expected, "{code}");
    }
    assert_eq!(verdicts.len(), cases.len());
}
