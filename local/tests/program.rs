//! The real program as whoever starts it sees it: the address that it is at, and its health.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
    let refused = |flags: &[&str], name: &str, value: &str| {
        let output = stack(&in_memory(flags)).env(name, value).output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{flags:?} {name}={value}");
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(refused(&[], "LOG_LEVEL", "verbose").contains("LOG_LEVEL must be off, error, warn"));
    let told = refused(&["--zipkin-endpoint", "nonsense"], "LOG_LEVEL", "error");
    assert!(told.contains("--zipkin-endpoint or OTEL_EXPORTER_ZIPKIN"));
    assert!(refused(&[], "OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x").contains("must be a URL"));
    let told = refused(&["--admin-password", "x"], "LOG_LEVEL", "error");
    assert!(told.contains("password") && !told.contains('{'), "{told}");
}

#[test]
fn a_command_that_reaches_nobody_says_why() {
    let output = health("http://127.0.0.1:1");
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(told.contains("http://127.0.0.1:1/health") && told.contains("refused"), "{told}");
}

/// Runs a command whose output nobody reads: neither what it prints nor, if told so, what it complains of.
fn run_unheard(command: &mut Command, complaints_too: bool) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    if complaints_too {
        drop(child.stderr.take());
    }
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_reader_that_has_gone_ends_no_command_badly() {
    let program = start(&[]);
    let (api, dynamodb) = (program.address("api"), program.address("dynamodb"));
    let seed = crate::repository::root().join("local/seed.json");
    for complaints_too in [false, true] {
        for (status, arguments) in [
            (0, vec!["seed", "--api", api, seed.to_str().expect("text")]),
            (1, vec!["seed", "--api", api, "/nothing"]),
            (0, vec!["audit", "--dynamodb-endpoint", dynamodb]),
            (0, vec!["health", "--api", api]),
            (1, vec!["health", "--api", "http://127.0.0.1:1"]),
        ] {
            let output =
                run_unheard(onsale().args(&arguments).env("ONSALE_PASSWORD", "onsale-admin-1"), complaints_too);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
            assert!(!told.contains("panicked"), "{arguments:?}: {told}");
        }
        // A stack whose first line nobody reads cannot be found: it ends. What it was delivering it may log.
        let output = run_unheard(&mut stack(&in_memory(&[])), complaints_too);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !told.contains("panicked"), "{told}");
    }
}

/// Gives a directory and all that is in it to everybody.
fn open_to_all(directory: &Path) {
    for entry in fs::read_dir(directory).expect("the directory") {
        fs::set_permissions(entry.expect("a file").path(), Permissions::from_mode(0o644)).expect("permissions");
    }
    fs::set_permissions(directory, Permissions::from_mode(0o755)).expect("permissions");
}

#[test]
fn its_data_is_for_its_owner_alone_also_in_a_directory_that_was_there() {
    let home = tempfile::tempdir().expect("a directory");
    let directory = home.path().join("data");
    fs::create_dir(&directory).expect("a directory");
    let is_closed = |path: &Path, mode: u32| {
        let there = fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(there, mode, "{}: {there:o}", path.display());
    };
    for start in ["new", "as an earlier version left it"] {
        open_to_all(&directory);
        let program = Program::start(&mut stack(&["--empty", "--data", directory.to_str().expect("text")]));
        is_closed(&directory, 0o700);
        let files: Vec<_> =
            fs::read_dir(&directory).expect("the directory").map(|file| file.expect("a file").path()).collect();
        let has = |ending: &str| files.iter().any(|file| file.to_string_lossy().ends_with(ending));
        assert!(has("table.sqlite") && has("signing-key") && has("-wal"), "{start}: {files:?}");
        files.iter().for_each(|file| is_closed(file, 0o600));
        program.kill();
    }
}
