//! The shell blocks of the documents: each can be pasted, so it uses no variable that nothing sets.

use std::collections::BTreeSet;

use crate::repository::{files, read};

/// What every shell has from its environment.
const FROM_THE_ENVIRONMENT: [&str; 2] = ["HOME", "PATH"];

/// What a block does to a variable, in order.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Sets(String),
    Uses(String),
}

/// The shell blocks of a document, each with the section that it is in: a heading of the second level.
fn blocks(text: &str) -> Vec<(String, String)> {
    let (mut section, mut block, mut found) = (String::new(), None::<String>, Vec::new());
    for line in text.lines() {
        match &mut block {
            Some(so_far) if line.starts_with("```") => {
                found.push((section.clone(), std::mem::take(so_far)));
                block = None;
            }
            Some(so_far) => {
                so_far.push_str(line);
                so_far.push('\n');
            }
            None if ["```sh", "```bash", "```shell"].contains(&line) => block = Some(String::new()),
            None if line.starts_with("## ") => line.clone_into(&mut section),
            None => {}
        }
    }
    found
}

/// The name that a text begins with.
fn name(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    let name = &text[..end];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_').then_some(name)
}

/// What a block sets and uses. Not what is in single quotes, in a comment, or in a document of the block's own
/// (`<<'END'`).
fn words(block: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut single, mut double, mut quoted_until) = (false, false, None::<String>);
    for line in block.lines() {
        if let Some(end) = &quoted_until {
            if line == end {
                quoted_until = None;
            }
            continue;
        }
        let mut before = ' ';
        let mut letters = line.char_indices();
        while let Some((place, letter)) = letters.next() {
            let rest = &line[place..];
            let begins = !double && [' ', '(', ';'].contains(&before);
            match letter {
                '\'' if !double => single = !single,
                _ if single => {}
                '\\' => {
                    letters.next();
                }
                '"' => double = !double,
                '#' if begins => break,
                '$' => {
                    words.extend(name(rest[1..].trim_start_matches(['{', '#'])).map(|name| Word::Uses(name.to_owned())))
                }
                _ if begins => words.extend(set_by(rest).map(|name| Word::Sets(name.to_owned()))),
                _ => {}
            }
            before = letter;
        }
        let end = line.split_once("<<'").and_then(|(_, end)| end.split_once('\''));
        quoted_until = end.map(|(end, _)| end.to_owned());
    }
    words
}

/// The variable that a command sets if it begins so: `NAME=`, `for NAME`, `read … NAME`, `local NAME`.
fn set_by(command: &str) -> Option<&str> {
    let word = ["for ", "local ", "read "].iter().find_map(|word| command.strip_prefix(word));
    match word {
        Some(rest) => name(rest.trim_start_matches("-r ").trim_start_matches("-rs ")),
        None => name(command).filter(|name| command[name.len()..].starts_with('=')),
    }
}

#[test]
fn every_variable_of_a_block_is_set_in_it_or_before_it_in_its_section() {
    let mut documents = files("docs", ".md");
    documents.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned));
    let (mut missing, mut seen) = (Vec::new(), 0);
    for document in documents {
        let (mut here, mut set) = (String::new(), BTreeSet::from(FROM_THE_ENVIRONMENT.map(str::to_owned)));
        for (section, block) in blocks(&read(&document)) {
            if section != here {
                set = FROM_THE_ENVIRONMENT.map(str::to_owned).into();
                here.clone_from(&section);
            }
            for word in words(&block) {
                match word {
                    Word::Sets(name) => {
                        set.insert(name);
                    }
                    Word::Uses(name) if set.contains(&name) => seen += 1,
                    Word::Uses(name) => missing.push(format!("{document}, {section}: ${name}")),
                }
            }
        }
    }
    assert!(missing.is_empty(), "nothing sets {missing:#?}");
    assert!(seen > 100, "only {seen} uses were found");
}

#[test]
fn what_a_block_uses_is_told_from_what_it_only_quotes() {
    let used = |block: &str| -> Vec<String> {
        let uses =
            words(block).into_iter().filter_map(|word| if let Word::Uses(name) = word { Some(name) } else { None });
        uses.collect()
    };
    assert_eq!(
        used("curl $API -d '{\"a\":\"'$ID'\"}' '$quoted' \"${LIST[1]}\" \\$escaped # $comment"),
        ["API", "ID", "LIST"]
    );
    assert_eq!(used("cat <<'END'\n$INSIDE\nEND\necho $AFTER"), ["AFTER"]);
    assert_eq!(words("X=$(a $1) Y=\"$X\""), [Word::Sets("X".into()), Word::Sets("Y".into()), Word::Uses("X".into())]);
    assert_eq!(words("for i in 1 2"), [Word::Sets("i".into())]);
}
