//! The real program, as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The ports that it is told to pick free ones for.
const PORTS: [&str; 8] = [
    "--port",
    "--lambda-port",
    "--dynamodb-port",
    "--sqs-port",
    "--data-platform-port",
    "--payment-provider-port",
    "--mailbox-port",
    "--metrics-port",
];

/// The program, with nothing said to it.
pub fn onsale() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onsale"));
    command.env("LOG_LEVEL", "error");
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT").env_remove("OTEL_EXPORTER_ZIPKIN_ENDPOINT");
    command
}

/// The program as a stack on free ports, with these flags besides.
pub fn stack(flags: &[&str]) -> Command {
    let mut command = onsale();
    command.args(PORTS.iter().flat_map(|port| [port, "0"])).args(flags);
    command
}

/// A stack that is up. It is killed when this is dropped.
pub struct Program {
    child: Child,
    /// What it said when it was ready.
    pub ready: Value,
}

impl Program {
    /// Starts it, and waits until it is ready.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let output = child.stdout.take().expect("its output");
        // From here on it ends with the test, whatever comes.
        let mut program = Self { child, ready: Value::Null };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a ready line");
        program.ready = serde_json::from_str(&line).expect("a JSON ready line");
        program
    }

    /// One of its addresses.
    pub fn address(&self, name: &str) -> &str {
        self.ready[name].as_str().expect("an address")
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("it is gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which a test has noticed by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
