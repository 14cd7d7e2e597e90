//! The real program as whoever starts it sees it: the address that it is at, and its health.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const PORTS: [&str; 6] =
    ["--port", "--lambda-port", "--dynamodb-port", "--sqs-port", "--data-platform-port", "--metrics-port"];
const SERVED: [&str; 6] = ["api", "lambda", "dynamodb", "sqs", "data_platform", "metrics"];

/// A running stack in memory, on free ports.
struct Program {
    child: Child,
    /// What it said when it was ready.
    ready: Value,
}

impl Program {
    fn start(flags: &[&str]) -> Self {
        let mut child =
            command(flags).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a ready line");
        Self { child, ready: serde_json::from_str(&line).expect("a JSON ready line") }
    }

    fn address(&self, name: &str) -> &str {
        self.ready[name].as_str().expect("an address")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onsale"));
    command.args(["--in-memory", "--empty"]).args(PORTS.iter().flat_map(|port| [port, "0"])).args(flags);
    command.env("LOG_LEVEL", "error");
    command
}

/// What `onsale health` says of an address.
fn health(api: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onsale")).args(["health", "--api", api]).output().expect("it ends")
}

#[test]
fn it_is_at_this_machines_own_address_unless_told_otherwise() {
    // The other addresses of the loopback stand for those that others reach; only Linux has them.
    let other = |api: &str| api.replace("127.0.0.1", "127.0.0.2");
    for (flags, elsewhere) in [(&[][..], false), (&["--host", "0.0.0.0"][..], true)] {
        let program = Program::start(flags);
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
    let program = Program::start(&["--host", "127.0.0.2"]);
    let api = program.address("api");
    assert!(api.starts_with("http://127.0.0.2:"), "{api}");
    assert!(health(api).status.success());
    assert!(!health(&api.replace("127.0.0.2", "127.0.0.1")).status.success());
    // Events go there without TLS, so the receiver stays with this machine.
    assert!(program.address("data_platform").starts_with("http://127.0.0.1:"), "{}", program.ready);
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let refused = command(&["--host", "192.0.2.1"]).output().expect("it ends");
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("192.0.2.1 (--host) is no address of this machine"), "{told}");
}

#[test]
fn its_health_is_told_in_the_exit_status() {
    let program = Program::start(&[]);
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
        let output = command(flags).env(name, value).output().expect("it ends");
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
