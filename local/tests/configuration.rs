//! `docs/configuration.md` has each parameter of `template.yaml` and each flag of the local stack, with its default.

use std::collections::BTreeMap;

use crate::repository::read;
use crate::support::program::onsale;

const PAGE: &str = "docs/configuration.md";

/// The variables that the local stack has in the place of parameters which no function is given.
const OF_THE_STACK: [(&str, &str); 2] = [("Sweep", "SWEEP"), ("AllowedOrigins", "ALLOWED_ORIGINS")];

/// A parameter of the template, or the row that tells of it. Texts are as the page writes them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Setting {
    name: String,
    variable: String,
    default: String,
    /// The range or the allowed values; a pattern is told in words, and empty here.
    values: String,
}

/// The rows of the page whose first cell is in code font and that have so many cells.
fn rows(cells: usize) -> Vec<Vec<String>> {
    let text = read(PAGE);
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
    rows.filter(|row: &Vec<String>| row.len() == cells).collect()
}

/// The lines of the template between two of its keys.
fn section(template: &str, from: &str, to: &str) -> String {
    let (_, rest) = template.split_once(from).unwrap_or_else(|| panic!("template.yaml has {from:?}"));
    rest.split_once(to).unwrap_or_else(|| panic!("template.yaml has {to:?}")).0.to_owned()
}

/// Which variable of functions each parameter becomes.
fn variables(template: &str) -> BTreeMap<String, String> {
    let lines = template.lines().filter_map(|line| line.trim().split_once(": !"));
    let named = lines.filter(|(name, _)| name.chars().all(|sign| sign.is_ascii_uppercase() || sign == '_'));
    let named = named.filter_map(|(name, value)| {
        let parameter = value.split_once("Ref ")?.1;
        Some((parameter.split([',', ']']).next()?.to_owned(), name.to_owned()))
    });
    named.chain(OF_THE_STACK.map(|(name, variable)| (name.to_owned(), variable.to_owned()))).collect()
}

/// The parameters of the template, in its order.
fn parameters() -> Vec<Setting> {
    let template = read("template.yaml");
    let variables = variables(&template);
    let mut settings: Vec<Setting> = Vec::new();
    for line in section(&template, "\nParameters:\n", "\nConditions:").lines() {
        let indent = line.len() - line.trim_start().len();
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        let value = value.trim().trim_matches('"');
        match (indent, key) {
            (2, name) => {
                let variable = variables.get(name).map_or("—".to_owned(), |variable| format!("`{variable}`"));
                settings.push(Setting { name: format!("`{name}`"), variable, ..Setting::default() });
            }
            (4, "Default") => {
                let default = if value.is_empty() { "empty" } else { value };
                settings.last_mut().expect("a parameter").default = default.to_owned();
            }
            (4, "MinValue") => settings.last_mut().expect("a parameter").values = value.to_owned(),
            (4, "MaxValue") => {
                let values = &mut settings.last_mut().expect("a parameter").values;
                *values = format!("{values} to {value}");
            }
            (4, "AllowedValues") => {
                let values = value.trim_matches(['[', ']']).replace('"', "");
                settings.last_mut().expect("a parameter").values = values;
            }
            _ => {}
        }
    }
    settings
}

#[test]
fn every_parameter_of_the_template_has_its_row() {
    let expected = parameters();
    let told = rows(5).into_iter().zip(&expected).map(|(row, parameter)| {
        let [name, variable, default, values, _]: [String; 5] = row.try_into().expect("five cells");
        assert!(!values.is_empty(), "{name}: which values it may have");
        // A pattern is told in words.
        let values = if parameter.values.is_empty() { String::new() } else { values };
        Setting { name, variable, default, values }
    });
    assert_eq!(told.collect::<Vec<Setting>>(), expected, "{PAGE} and template.yaml");
    assert_eq!(rows(5).len(), expected.len(), "rows of {PAGE}");
}

#[test]
fn every_flag_of_the_local_stack_has_its_row() {
    let output = onsale().arg("--help").output().expect("the program runs");
    let help = String::from_utf8(output.stdout).expect("text");
    let mut flags: Vec<(String, String)> = Vec::new();
    for line in help.lines().map(str::trim) {
        if let Some(flag) = line.strip_prefix("--").filter(|flag| flag.split(' ').count() <= 2) {
            flags.push((format!("`--{}`", flag.replace(['<', '>'], "")), "—".to_owned()));
        } else if let Some((_, default)) = line.split_once("[default: ") {
            flags.last_mut().expect("a flag").1 = default.trim_end_matches(']').to_owned();
        }
    }
    let told: Vec<(String, String)> = rows(3).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(told, flags, "{PAGE} and onsale --help");
}
