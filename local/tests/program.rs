//! The real program as whoever starts it sees it: the address that it is at, and its health.

use std::process::Output;

use serde_json::Value;

use crate::support::program::{Program, onsale, stack};

const SERVED: [&str; 6] = ["api", "lambda", "dynamodb", "sqs", "data_platform", "metrics"];

/// Flags of a stack in memory, with these besides.
fn in_memory<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    ["--in-memory", "--empty"].iter().chain(flags).copied().collect()
}

fn start(flags: &[&str]) -> Program {
    Program::start(&mut stack(&in_memory(flags)))
}

/// What `onsale health` says of an address.
fn health(api: &str) -> Output {
    onsale().args(["health", "--api", api]).output().expect("it ends")
}

#[test]
fn it_is_at_this_machines_own_address_unless_told_otherwise() {
    // The other addresses of the loopback stand for those that others reach; only Linux has them.
    let other = |api: &str| api.replace("127.0.0.1", "127.0.0.2");
    for (flags, elsewhere) in [(&[][..], false), (&["--host", "0.0.0.0"][..], true)] {
        let program = start(flags);
        for name in SERVED {
            assert!(program.address(name).starts_with("http://127.0.0.1:"), "{flags:?}: {name}: {}", program.ready);
        }
        let api = program.address("api");
        assert!(health(api).status.success(), "{flags:?}");
        if cfg!(target_os = "linux") {
            assert_eq!(health(&other(api)).status.success(), elsewhere, "{flags:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn at_another_address_it_is_at_no_other() {
    let program = start(&["--host", "127.0.0.2"]);
    let api = program.address("api");
    assert!(api.starts_with("http://127.0.0.2:"), "{api}");
    assert!(health(api).status.success());
    assert!(!health(&api.replace("127.0.0.2", "127.0.0.1")).status.success());
    // Events go there without TLS, so the receiver stays with this machine.
    assert!(program.address("data_platform").starts_with("http://127.0.0.1:"), "{}", program.ready);
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let refused = stack(&in_memory(&["--host", "192.0.2.1"])).output().expect("it ends");
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("192.0.2.1 (--host) is no address of this machine"), "{told}");
}

#[test]
fn its_health_is_told_in_the_exit_status() {
    let program = start(&[]);
    let api = program.address("api").to_owned();
    let well = health(&api);
    assert_eq!(well.status.code(), Some(0));
    let told: Value = serde_json::from_slice(&well.stdout).expect("JSON");
    assert_eq!(told["status"], "ok");
    // A good answer of something else is none.
    assert_eq!(health(program.address("metrics")).status.code(), Some(1));
    drop(program);
    assert_eq!(health(&api).status.code(), Some(1));
}

#[test]
fn what_is_not_a_setting_is_refused_in_so_many_words() {
    let refused = |flags: &[&str], (name, value): (&str, &str)| {
        let output = stack(&in_memory(flags)).env(name, value).output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{flags:?} {name}={value}");
        String::from_utf8(output.stderr).expect("text")
    };
    let quiet = ("LOG_LEVEL", "error");
    assert!(refused(&[], ("LOG_LEVEL", "verbose")).contains("LOG_LEVEL must be off, error, warn"));
    assert!(refused(&["--zipkin-endpoint", "nonsense"], quiet).contains("--zipkin-endpoint or OTEL_EXPORTER_ZIPKIN"));
    assert!(refused(&[], ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x")).contains("must be an address"));
    let told = refused(&["--admin-password", "x"], quiet);
    assert!(told.contains("password") && !told.contains('{'), "{told}");
}

#[test]
fn a_command_that_reaches_nobody_says_why() {
    let output = health("http://127.0.0.1:1");
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(told.contains("http://127.0.0.1:1/health") && told.contains("refused"), "{told}");
}
