//! Makes the assets of the page part of the function that serves them: every file of `page/`, compressed, below a name
//! with a hash of all of them; and the words of the page and of mails, by language.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Hexadecimal digits of the hash in the path of the assets.
const HASH_DIGITS: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    // Read when it runs: a target folder may be shared by checkouts, and the script of another one be found in it.
    let page = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../page").canonicalize()?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed={}", page.display());
    let words: BTreeMap<String, [String; 2]> = serde_json::from_slice(&fs::read(page.join("words.json"))?)?;
    let mut assets = BTreeMap::new();
    for folder in [page.clone(), page.join("scripts")] {
        read_assets(&folder, &mut assets)?;
    }
    let mut code = String::new();
    writeln!(code, "/// A hash of the content of all assets.\npub const VERSION: &str = {:?};", hash(&assets))?;
    writeln!(code, "/// Every asset, by its name.\npub const ASSETS: &[Asset] = &[")?;
    for (name, content) in &assets {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content)?;
        fs::write(out.join(name), content)?;
        fs::write(out.join(format!("{name}.gz")), encoder.finish()?)?;
        writeln!(
            code,
            "    Asset {{ name: {name:?}, content_type: {:?}, plain: include_bytes!(concat!(env!(\"OUT_DIR\"), \
             \"/{name}\")), gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.gz\")) }},",
            content_type(name)?,
        )?;
    }
    writeln!(code, "];\n/// The words of the page, by their keys, in order: English, then Korean.")?;
    writeln!(code, "pub const WORDS: &[(&str, [&str; 2])] = &{:?};", words.iter().collect::<Vec<_>>())?;
    writeln!(code, "/// The same for scripts, as a JSON object of each language that may stand in a document.")?;
    writeln!(code, "pub const WORDS_JSON: [&str; 2] = {:?};", [json_of(&words, 0)?, json_of(&words, 1)?])?;
    fs::write(out.join("assets.rs"), code)?;
    write_mail_words(&out)
}

/// The words of mails, by language.
fn write_mail_words(out: &Path) -> Result<(), Box<dyn Error>> {
    let mail = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../mail").canonicalize()?;
    println!("cargo::rerun-if-changed={}", mail.display());
    let words: BTreeMap<String, [String; 2]> = serde_json::from_slice(&fs::read(mail.join("words.json"))?)?;
    let mut code = String::from("/// The words of mails, by their keys, in order: English, then Korean.\n");
    writeln!(code, "pub const WORDS: &[(&str, [&str; 2])] = &{:?};", words.iter().collect::<Vec<_>>())?;
    fs::write(out.join("mail_words.rs"), code)?;
    Ok(())
}

/// The words of one language as JSON, in which nothing looks like the end of a script.
fn json_of(words: &BTreeMap<String, [String; 2]>, language: usize) -> Result<String, serde_json::Error> {
    let of_language: BTreeMap<&String, &String> = words.iter().map(|(key, texts)| (key, &texts[language])).collect();
    Ok(serde_json::to_string(&of_language)?.replace('<', "\\u003c"))
}

/// The files of a folder that are served; not the words, nor the types that only a check of the scripts reads.
fn read_assets(folder: &Path, assets: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != "words.json" && !name.ends_with(".d.ts") {
            let content = fs::read_to_string(entry.path())?;
            let content = if name.ends_with(".js") { without_comments(&name, &content)? } else { content };
            assets.insert(name, content.into_bytes());
        }
    }
    Ok(())
}

/// A script without its comments and indentation, which would be a third of what a browser is sent. Comments stand on
/// lines of their own, or at the beginning of one.
fn without_comments(name: &str, script: &str) -> Result<String, String> {
    let mut kept = String::new();
    let mut in_comment = false;
    for (line, number) in script.lines().zip(1..) {
        let mut rest = line.trim();
        if rest.matches('`').count() % 2 == 1 {
            return Err(format!("page/scripts/{name}:{number}: a text in backticks must end in its line"));
        }
        if in_comment || rest.starts_with("/*") {
            let end = rest.find("*/");
            in_comment = end.is_none();
            rest = end.map_or("", |end| rest[end + 2..].trim_start());
        }
        if !rest.is_empty() && !rest.starts_with("//") {
            kept.push_str(rest);
            kept.push('\n');
        }
    }
    Ok(kept)
}

fn hash(assets: &BTreeMap<String, Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    for (name, content) in assets {
        hash.update(name.len().to_be_bytes());
        hash.update(name);
        hash.update(content.len().to_be_bytes());
        hash.update(content);
    }
    let digits = hash.finalize().iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    digits[..HASH_DIGITS].to_owned()
}

fn content_type(name: &str) -> Result<&'static str, String> {
    match name.rsplit('.').next() {
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        _ => Err(format!("page/{name}: an asset must end in .js, .css or .svg")),
    }
}
