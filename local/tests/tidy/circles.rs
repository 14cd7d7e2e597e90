//! No module imports, however indirectly, a module that imports it; so each can be read, and moved, by itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::repository::{files, read};

/// The crates, by the folders of their sources.
const CRATES: [&str; 5] = ["shared/domain/src", "shared/platform/src", "functions/src", "local/src", "simulation/src"];

/// Of each module the modules that it imports, each with the line that makes it so.
type Imports = BTreeMap<Vec<String>, BTreeMap<Vec<String>, String>>;

#[test]
fn modules_have_no_circles() {
    for folder in CRATES {
        let imports = imports(folder);
        assert!(imports.values().any(|imported| !imported.is_empty()), "{folder} imports something");
        // The shortest says most.
        let circles = imports.keys().filter_map(|module| circle(&imports, module));
        if let Some(shortest) = circles.min_by_key(Vec::len) {
            panic!("a circle of imports in {folder}:\n{}", shortest.join("\n"));
        }
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let code = "use crate::a::{self, b::{C, d}, e as f};\nfn g(h: &crate::i::J) -> super::super::K {}\n";
    let found: Vec<String> = paths(code).into_iter().map(|(_, path)| path).collect();
    assert_eq!(
        found,
        ["crate::a::self", "crate::a::b::C", "crate::a::b::d", "crate::a::e", "crate::i::J", "super::super::K"]
    );
    let modules = BTreeSet::from([vec![], vec!["a".to_owned()], vec!["a".to_owned(), "b".to_owned()]]);
    let from = ["a".to_owned(), "b".to_owned()];
    assert_eq!(target(&from, "crate::a::b::C", &modules), Some(from.to_vec()));
    assert_eq!(target(&from, "super::C", &modules), Some(vec!["a".to_owned()]));
    assert_eq!(target(&from, "std::fmt", &modules), None);
}

/// The shortest way from a module back to itself, a line for each import.
fn circle(imports: &Imports, start: &[String]) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&[String], &[String]> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(module) = next.pop_front() {
        for imported in imports.get(module).into_iter().flat_map(BTreeMap::keys) {
            if !came_from.contains_key(imported.as_slice()) {
                came_from.insert(imported, module);
                next.push_back(imported);
            }
        }
    }
    let mut lines = Vec::new();
    let mut module = start;
    while lines.is_empty() || module != start {
        let importer = came_from.get(module)?;
        lines.push(imports[*importer][module].clone());
        module = importer;
    }
    lines.reverse();
    Some(lines)
}

/// All imports of a crate but those between a module and its own parent, which are one thing in two files.
fn imports(folder: &str) -> Imports {
    let (mut code, mut of_tests) = (BTreeMap::new(), BTreeSet::new());
    // The root of a binary imports and is never imported.
    let is_module = |path: &String| !path.contains("/src/bin/") && !path.ends_with("/src/main.rs");
    for path in files(folder, ".rs").into_iter().filter(is_module) {
        let module = module(folder, &path);
        let product = without_tests(&read(&path), |name| {
            of_tests.insert([&module[..], &[name.to_owned()]].concat());
        });
        code.insert(module, (path, product));
    }
    code.retain(|module, _| !(1..=module.len()).any(|depth| of_tests.contains(&module[..depth])));
    let modules: BTreeSet<Vec<String>> = code.keys().cloned().collect();
    let mut imports = Imports::new();
    for (module, (path, code)) in &code {
        let imported = imports.entry(module.clone()).or_default();
        for (line, written) in paths(code) {
            let Some(target) = target(module, &written, &modules) else { continue };
            let related = target.split_last().is_some_and(|(_, parent)| parent == module)
                || module.split_last().is_some_and(|(_, parent)| parent == target);
            if target != *module && !related {
                imported.entry(target).or_insert_with(|| format!("{path}:{line}: {written}"));
            }
        }
    }
    imports
}

/// The path of a module from the root of its crate.
fn module(folder: &str, path: &str) -> Vec<String> {
    let inside = path.trim_start_matches(folder).trim_start_matches('/').trim_end_matches(".rs");
    let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

/// A file without comments, and without its tests: those it has end it, those in files of their own are given to
/// `named`.
fn without_tests(text: &str, mut named: impl FnMut(&str)) -> String {
    let mut product = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let declared = lines.peek().and_then(|next| next.strip_prefix("mod ")).filter(|_| line == "#[cfg(test)]");
        match declared.map(|declared| declared.strip_suffix(';')) {
            Some(Some(name)) => named(name),
            Some(None) => break,
            None if !line.trim_start().starts_with("//") => product.push_str(line),
            None => {}
        }
        product.push('\n');
    }
    product
}

/// The paths that a file imports, or names in passing, with their lines.
fn paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let mut lines = code.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let item = line.trim().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        if let Some(tree) = item.strip_prefix("use ") {
            let mut tree = tree.to_owned();
            while !tree.ends_with(';') {
                let Some((more, _)) = lines.next() else { break };
                tree.push_str(more.trim());
            }
            paths.extend(imported_paths(tree.trim_end_matches(';')).into_iter().map(|path| (number, path)));
        } else {
            let words = line.split(|character: char| !character.is_alphanumeric() && !matches!(character, '_' | ':'));
            let named = words.filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
            paths.extend(named.map(|word| (number, word.to_owned())));
        }
    }
    paths
}

/// What one `use` imports, each with its whole path.
fn imported_paths(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or(tree).trim().to_owned()];
    };
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let mut depth = 0;
    let branches = inside.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    let branches = branches.map(str::trim).filter(|branch| !branch.is_empty());
    branches.flat_map(imported_paths).map(|path| format!("{}{path}", before.trim())).collect()
}

/// The module of this crate that a path leads to, or into.
fn target(from: &[String], path: &str, modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let mut parts = path.split("::").peekable();
    let mut target = match *parts.peek()? {
        "crate" => Vec::new(),
        "self" | "super" => from.to_vec(),
        _ => return None,
    };
    for part in parts {
        match part {
            "crate" | "self" => {}
            "super" => drop(target.pop()),
            name => target.push(name.to_owned()),
        }
    }
    while !modules.contains(&target) {
        target.pop()?;
    }
    Some(target)
}
