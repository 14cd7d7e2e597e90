//! `simulate` as whoever starts it sees it. For this test `cargo test` builds the program, which `.ci/run` then runs.

use std::process::Command;

/// Whether `simulate` ended well, and what it said.
fn simulate(flags: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_simulate")).args(flags).output().expect("it ends");
    (output.status.success(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn it_says_what_it_did() {
    let (well, said) = simulate(&["--seeds", "0..2", "--steps", "50"]);
    assert!(well, "{said}");
    assert!(said.starts_with("100 steps, "), "{said}");
    assert!(said.ends_with("no violation in seeds 0..2\n"), "{said}");
}

#[test]
fn it_fails_when_a_fault_was_made_too_rarely() {
    let (well, said) = simulate(&["--seeds", "0..1", "--steps", "50", "--at-least", "50"]);
    assert!(!well, "{said}");
    assert!(said.contains("\nfewer than 50: "), "{said}");
}
