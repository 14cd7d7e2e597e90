//! The shape of the repository, as rules that fail: names, places, sizes, and what may be used where.

mod circles;

use std::collections::BTreeSet;
use std::fs;

use local::aws::cloudformation::Template;

use crate::repository::{called_by, camel_case, domain_of, files, read, root, stem};

/// What a source file may have in lines.
const LINES_MAX: usize = 450;

/// Files that were longer when the limit came, and may not grow. A line goes when its file has shrunk.
const LONGER: [(&str, usize); 0] = [];

/// Most entries of a folder, files and folders together. Lists with one file for each function, and tests, are aside.
const ENTRIES_MAX: usize = 16;

/// The product: what runs in Lambda.
const PRODUCT: [&str; 3] = ["shared/domain/src", "shared/platform/src", "functions/src"];

/// Files that say nothing to a reader of the tree.
const UNTOLD: [&str; 8] =
    [".git", ".gitignore", "Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "clippy.toml", "rustfmt.toml"];

/// Files of the product in which a word stands, but for those in the allowed places.
fn elsewhere(word: &str, allowed: &[&str]) -> Vec<String> {
    let all = PRODUCT.iter().flat_map(|folder| files(folder, ".rs"));
    let forbidden = all.filter(|path| !allowed.iter().any(|place| path.starts_with(place)));
    forbidden.filter(|path| read(path).contains(word)).collect()
}

/// All Rust files of the workspace.
fn sources() -> Vec<String> {
    ["functions", "local", "shared", "simulation"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

#[test]
fn a_function_has_one_name_everywhere() {
    let template = Template::load().expect("the template");
    let mut missing = Vec::new();
    for function in &template.functions {
        let name = function.name.as_str();
        assert_eq!(function.logical_id, format!("{}Function", camel_case(name)));
        let domain = domain_of(name);
        let places = [
            format!("functions/src/bin/{name}.rs"),
            format!("events/{name}.json"),
            format!("local/tests/{domain}/{name}.rs"),
        ];
        missing.extend(places.into_iter().filter(|path| !root().join(path).exists()));
        let main = read(&format!("functions/src/bin/{name}.rs"));
        for told in [
            format!("//! The Lambda binary of `{name}`.\n"),
            format!("use functions::{domain}::{name};\n"),
            format!("lambda::run(\"{name}\", "),
        ] {
            assert!(main.contains(&told), "functions/src/bin/{name}.rs does not say {told:?}");
        }
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
}

#[test]
fn the_template_has_the_order_of_the_functions() {
    let all = functions::all();
    let mut expected: Vec<String> = Vec::new();
    for (name, _) in &all {
        let domain = domain_of(name);
        if !expected.contains(&format!("# {domain}")) {
            expected.push(format!("# {domain}"));
        }
        expected.push(camel_case(name));
    }
    let template = read("template.yaml");
    let (_, sections) = template.split_once("- table, queues, key\n").expect("the table");
    let found: Vec<String> = sections
        .lines()
        .filter_map(|line| match line.strip_prefix("  # ---") {
            Some(title) => title.rsplit_once("- ").map(|(_, domain)| format!("# {domain}")),
            None => line.strip_prefix("  ")?.strip_suffix("Function:").map(str::to_owned),
        })
        .take_while(|line| line != "# monitoring")
        .collect();
    assert_eq!(found, expected, "template.yaml, and functions/src/lib.rs with its folders");
}

#[test]
fn nothing_lies_about_without_a_function() {
    let template = Template::load().expect("the template");
    let names: BTreeSet<&str> = template.functions.iter().map(|function| function.name.as_str()).collect();
    for path in files("functions/src", ".rs").iter().chain(&files("events", "")) {
        let name = stem(path);
        let shared = matches!(name, "lib" | "mod" | "response" | "letter");
        assert!(shared || names.contains(name), "{path} belongs to no function of template.yaml");
    }
}

#[test]
fn functions_are_tested_from_outside() {
    for path in files("functions/src", ".rs") {
        assert!(
            !read(&path).contains("test]"),
            "{path} has tests that `cargo test` does not run: they belong to local/tests"
        );
    }
}

#[test]
fn a_function_says_first_what_calls_it() {
    let template = Template::load().expect("the template");
    for function in &template.functions {
        let (name, called_by) = (function.name.as_str(), called_by(&template, function));
        let domain = domain_of(name);
        let path = format!("functions/src/{domain}/{name}.rs");
        let first = read(&path).lines().next().unwrap_or_default().to_owned();
        // What a route does is said above its handler, from where it is in the OpenAPI document.
        let route = called_by.contains(" /");
        let expected = if route { format!("//! {called_by}") } else { format!("//! {called_by} — ") };
        let right = if route { first == expected } else { first.starts_with(&expected) };
        assert!(right, "{path} begins with {first:?}, not {expected:?}");
        let path = format!("functions/src/{domain}/mod.rs");
        let entry = format!("    // {}: ", called_by.replace('`', ""));
        let row = format!("    (\"{name}\", ");
        let contents = read(&path);
        let lines: Vec<&str> = contents.lines().collect();
        let told = lines.windows(2).any(|pair| pair[0].starts_with(&entry) && pair[1].starts_with(&row));
        assert!(told, "{path} does not say {entry:?} above {name}");
    }
}

#[test]
fn the_sdk_is_used_in_few_places() {
    let store = "shared/platform/src/store/";
    let app = "shared/platform/src/app.rs";
    let events = "shared/platform/src/events/";
    let signing = "shared/platform/src/auth/signing.rs";
    let https = "shared/platform/src/tls/";
    for (word, allowed) in [
        // The table by the store, queues by what sends events; the app makes the clients, over connections of one kind.
        ("aws_sdk", &[store, app, events, signing, https][..]),
        ("aws_config", &[app, https]),
        (".dynamodb()", &[store, app]),
        (".sqs()", &[events, app]),
        (".ses()", &[events, app]),
        // The signing secret, through the client that the app has only where the template gives it one.
        (".secrets()", &[signing, app]),
    ] {
        assert_eq!(elsewhere(word, allowed), [""; 0], "{word} belongs in {allowed:?}");
    }
}

#[test]
fn status_codes_are_known_at_the_edge_only() {
    let http = "shared/platform/src/http/";
    assert_eq!(elsewhere("StatusCode", &[http]), [""; 0]);
    // The store looks at what the table answered, and what posts events at what their receiver did; never at what we
    // do.
    let write = "shared/platform/src/store/dynamodb/rejected.rs";
    let (data_platform, provider) = ("shared/platform/src/webhook/", "shared/platform/src/card_provider/");
    let mail = "shared/platform/src/events/mail.rs";
    assert_eq!(elsewhere(".status()", &[http, write, data_platform, provider, mail]), [""; 0]);
}

#[test]
fn time_randomness_and_settings_come_from_the_app() {
    let clock = "shared/platform/src/clock.rs";
    for word in ["Timestamp::now", "Zoned::now", "SystemTime", "Instant", "Utc::now"] {
        assert_eq!(elsewhere(word, &[clock]), [""; 0], "{word} belongs in {clock}");
    }
    let ids = "shared/platform/src/ids.rs";
    for word in ["new_v4", "now_v7", "getrandom", "OsRng", "rand::", "RandomState"] {
        assert_eq!(elsewhere(word, &[ids]), [""; 0], "{word} belongs in {ids}");
    }
    let app = "shared/platform/src/app.rs";
    // The level of the logs is read before there is an app.
    assert_eq!(elsewhere("env::var", &[app, "shared/platform/src/lambda.rs"]), [""; 0]);
}

#[test]
fn requests_go_out_from_two_places() {
    let config = "shared/platform/src/config.rs"; // what an address is
    let (webhook, provider) = ("shared/platform/src/webhook/", "shared/platform/src/card_provider/");
    let client = "shared/platform/src/tls/third_party.rs"; // how both are called
    assert_eq!(elsewhere("reqwest", &[webhook, provider, client, config]), [""; 0]);
}

#[test]
fn the_runtime_is_used_in_one_place() {
    let lambda = "shared/platform/src/lambda.rs";
    // What of its own lines is logged.
    let logs = "shared/platform/src/telemetry/logs.rs";
    assert_eq!(elsewhere("lambda_runtime", &[lambda, logs]), [""; 0]);
    assert_eq!(elsewhere("lambda_http", &[lambda, logs, "shared/platform/src/http/extract.rs"]), [""; 0]);
}

#[test]
fn the_domain_touches_nothing() {
    for word in ["async ", "axum", "aws_", "tokio", "serde", "tracing", "std::env", "std::fs", "std::net"] {
        let used: Vec<String> =
            files("shared/domain/src", ".rs").into_iter().filter(|path| read(path).contains(word)).collect();
        assert_eq!(used, [""; 0], "{word}");
    }
}

#[test]
fn files_are_short_and_get_no_longer() {
    for path in sources() {
        let lines = read(&path).lines().count();
        let longer = LONGER.iter().find(|(longer, _)| *longer == path).map(|(_, most)| *most);
        match longer {
            Some(most) => {
                assert!(lines <= most, "{path} has grown from {most} to {lines} lines; {LINES_MAX} is the limit");
                assert!(lines > LINES_MAX, "{path} has {lines} lines: take it out of LONGER");
            }
            None => assert!(lines <= LINES_MAX, "{path} has {lines} lines; {LINES_MAX} is the limit"),
        }
    }
    for (path, _) in LONGER {
        assert!(root().join(path).exists(), "{path} is gone: take it out of LONGER");
    }
}

#[test]
fn folders_have_few_entries() {
    let mut next =
        ["functions", "local", "monitoring", "page", "shared", "simulation", "tools"].map(str::to_owned).to_vec();
    while let Some(folder) = next.pop() {
        let entries = fs::read_dir(root().join(&folder)).expect("a folder");
        let names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        assert!(names.len() <= ENTRIES_MAX, "{folder} has {} entries; {ENTRIES_MAX} is the limit", names.len());
        let inside = names.iter().filter(|name| !matches!(name.as_str(), "bin" | "tests"));
        next.extend(inside.map(|name| format!("{folder}/{name}")).filter(|path| root().join(path).is_dir()));
    }
}

#[test]
fn nothing_is_left_undone() {
    // Put together, so that this file does not name them.
    let words = [["to", "do!("], ["unimple", "mented!("], ["d", "bg!("], ["#[ig", "nore"], ["FIX", "ME"], ["XX", "X"]];
    for path in sources() {
        let text = read(&path);
        for word in words.map(|parts| parts.concat()) {
            assert!(!text.contains(&word), "{path} has {word}");
        }
    }
}

#[test]
fn no_crate_may_be_unsafe() {
    for path in ["shared/domain/src", "shared/platform/src", "functions/src", "local/src", "simulation/src"] {
        let path = format!("{path}/lib.rs");
        assert!(read(&path).contains("\n#![forbid(unsafe_code)]\n"), "{path}");
    }
    // Binaries and tests are roots of their own: their packages take the lints of the workspace.
    assert!(read("Cargo.toml").contains("\nunsafe_code = \"forbid\"\n"));
    for package in ["shared/domain", "shared/platform", "functions", "local", "simulation"] {
        let manifest = format!("{package}/Cargo.toml");
        assert!(read(&manifest).contains("\n[lints]\nworkspace = true"), "{manifest}");
    }
}

#[test]
fn the_readme_names_what_lies_at_the_top() {
    let readme = read("README.md");
    let unkept: Vec<String> = read(".gitignore")
        .lines()
        .map(|line| line.trim_matches('/').to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    for entry in fs::read_dir(root()).expect("the root") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let told = if entry.path().is_dir() { format!("{name}/") } else { name.clone() };
        if !UNTOLD.contains(&name.as_str()) && !unkept.contains(&name) {
            assert!(readme.contains(&told), "README.md does not name {told}");
        }
    }
}
