//! The repository as its tests read it: its files, and what calls each function in the words of its documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::aws::cloudformation::{Event, Function, Template};

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// A file of the repository.
#[track_caller]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

/// All files below a folder whose names end so, as paths from the root, in order.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|problem| panic!("{folder}: {problem}"));
    for entry in entries {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files(&path, ending));
        } else if path.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The full names of all tests of this program, as it lists them itself.
pub fn tests() -> BTreeSet<String> {
    let program = std::env::current_exe().expect("this program");
    let listed = Command::new(program).args(["--list", "--format", "terse"]).output().expect("a list");
    let listed = String::from_utf8(listed.stdout).expect("text");
    let tests: BTreeSet<String> =
        listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
    assert!(tests.contains("fault_matrix::table::no_cell_is_missing"), "the list is whole");
    tests
}

/// The name of a file without folder and ending.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

/// The domain of a function: the folder that its file lies in.
pub fn domain_of(name: &str) -> String {
    let ending = format!("/{name}.rs");
    let found: Vec<String> =
        files("functions/src", &ending).into_iter().filter(|path| !path.starts_with("functions/src/bin/")).collect();
    assert_eq!(found.len(), 1, "{name} has one file in one domain, not {found:?}");
    let folder = found[0].strip_suffix(&ending).unwrap_or_default();
    folder.strip_prefix("functions/src/").unwrap_or_default().to_owned()
}

/// What calls a function, as the first line of its file and its row of docs/api.md say it.
pub fn called_by(template: &Template, function: &Function) -> String {
    match function.events.as_slice() {
        [] if is_authorizer(template, function) => "Authorizer of the HTTP API".to_owned(),
        [] if rotates_a_secret(function) => "Rotation of a secret".to_owned(),
        [] => "Invoked by operators".to_owned(),
        [Event::Http { path, .. }] if path == "$default" => path.clone(),
        routes @ [Event::Http { .. }, ..] => {
            let route = |event: &Event| match event {
                Event::Http { method, path, .. } => format!("{method} {path}"),
                other => panic!("{}: {other:?} beside a route", function.name),
            };
            routes.iter().map(route).collect::<Vec<_>>().join(" · ")
        }
        [Event::Queue(batch)] => {
            let queue = batch.source_arn.rsplit(':').next().unwrap_or_default();
            format!("Queue `{}`", snake_case(queue.strip_suffix("Queue").unwrap_or(queue)))
        }
        [Event::Stream(_)] => "Table stream".to_owned(),
        [Event::Schedule { expression, .. }] if expression == "cron(* * * * ? *)" => "Every minute at :00".to_owned(),
        [Event::Schedule { expression, .. }] if expression == "rate(10 minutes)" => "Every 10 minutes".to_owned(),
        [Event::Schedule { expression, .. }] if expression == "cron(17 4 * * ? *)" => "Every day at 04:17".to_owned(),
        events => panic!("{}: there are no words for {events:?} yet", function.name),
    }
}

/// Whether a function is the authorizer of the API.
pub fn is_authorizer(template: &Template, function: &Function) -> bool {
    template.api.authorizer.as_ref().is_some_and(|authorizer| authorizer.function == function.name)
}

/// Whether Secrets Manager calls a function to replace a secret.
fn rotates_a_secret(function: &Function) -> bool {
    let logical_id = format!("{}Function", camel_case(&function.name));
    read("template.yaml").contains(&format!("RotationLambdaARN: !GetAtt {logical_id}.Arn"))
}

/// `GetMe` from `get_me`.
pub fn camel_case(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capital).collect()
}

fn snake_case(name: &str) -> String {
    let mut words = String::new();
    for (place, letter) in name.char_indices() {
        if place > 0 && letter.is_uppercase() {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
