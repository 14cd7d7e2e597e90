//! What watches the product names metrics that there are, and every alarm has its row in the documents.

use std::collections::BTreeSet;

use local::aws::cloudformation::Template;
use onsale_platform::telemetry::metrics::{ALL, Metric, MetricKind};

use crate::repository::read;

const DASHBOARD: &str = "monitoring/grafana/dashboards/onsale.json";
const RULES: &str = "monitoring/rules.yml";
const CLOUDWATCH: &str = "monitoring/cloudwatch.yaml";

/// The metrics that a text names. What follows a full stop are values of labels; `onsale:` are recorded rules.
fn named_metrics(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_:".contains(letter);
    let words = text.split(|letter: char| !is_part(letter));
    words.filter(|word| word.starts_with("onsale_")).collect()
}

/// The metric of a name, of which a histogram has three.
fn metric(name: &str) -> Option<&'static Metric> {
    ALL.into_iter().find(|metric| match name.strip_prefix(metric.name) {
        Some("") => true,
        Some("_bucket" | "_sum" | "_count") => metric.kind == MetricKind::Histogram,
        _ => false,
    })
}

/// Names that follow `before` in lines of a text.
fn after<'a>(text: &'a str, before: &str) -> BTreeSet<&'a str> {
    text.lines().filter_map(|line| line.trim_start().strip_prefix(before)).collect()
}

/// The alarms of CloudWatch, by their logical ids.
fn alarms(cloudwatch: &str) -> BTreeSet<&str> {
    let lines: Vec<&str> = cloudwatch.lines().collect();
    let alarms = lines.windows(2).filter(|pair| pair[1].trim() == "Type: AWS::CloudWatch::Alarm");
    alarms.map(|pair| pair[0].trim().trim_end_matches(':')).collect()
}

#[test]
fn what_watches_names_metrics_that_there_are() {
    for path in [DASHBOARD, RULES, CLOUDWATCH] {
        let text = read(path);
        let unknown: Vec<&str> = named_metrics(&text).into_iter().filter(|name| metric(name).is_none()).collect();
        assert!(unknown.is_empty(), "{path} names {unknown:?}");
        assert!(!named_metrics(&text).is_empty(), "{path} names metrics");
    }
}

#[test]
fn cloudwatch_keeps_what_alarms_look_at() {
    let text = read(CLOUDWATCH);
    let lost: Vec<&str> =
        named_metrics(&text).into_iter().filter(|name| !metric(name).is_some_and(|metric| metric.kept)).collect();
    assert!(lost.is_empty(), "{CLOUDWATCH} looks at {lost:?}, which CloudWatch does not keep");
}

#[test]
fn every_queue_that_nobody_reads_has_its_alarm() {
    let (template, alarms) = (read("template.yaml"), read(CLOUDWATCH));
    for queue in Template::load().expect("the template").unread_queues() {
        let dimension = format!("Dimensions: [{{Name: QueueName, Value: !Ref {queue}Name}}]");
        assert!(alarms.contains(&dimension), "no alarm looks at {queue}");
        let parameter = format!("        {queue}Name: !GetAtt {queue}.QueueName\n");
        assert!(template.contains(&parameter), "template.yaml does not name {queue} to {CLOUDWATCH}");
    }
}

#[test]
fn every_alarm_and_alert_is_told_what_to_do_about() {
    let (cloudwatch, rules, told) = (read(CLOUDWATCH), read(RULES), read("docs/operations.md"));
    let rows: Vec<Vec<&str>> = told
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("Alarm` |"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let of_column = |column: usize| -> BTreeSet<&str> {
        rows.iter().flat_map(|row| row[column].split(", ")).map(|name| name.trim_matches('`')).collect()
    };
    assert_eq!(of_column(1), alarms(&cloudwatch), "alarms of docs/operations.md and {CLOUDWATCH}");
    // Nothing answers: that is seen by who scrapes, and there is nobody to scrape on AWS.
    let alerts: BTreeSet<&str> = after(&rules, "- alert: ").into_iter().filter(|alert| *alert != "StackDown").collect();
    assert_eq!(of_column(2), alerts, "alerts of docs/operations.md and {RULES}");
    assert!(
        rows.iter().all(|row| row.len() == 6 && !row[3].is_empty() && !row[4].is_empty()),
        "what it means and what to do"
    );
    // Each begins at least once in a test of the rules.
    let cases = read("monitoring/rules.test.yml");
    for alert in after(&rules, "- alert: ") {
        assert!(
            cases.contains(&format!("- alertname: {alert}\n")),
            "{alert} never begins in monitoring/rules.test.yml"
        );
    }
}

#[test]
fn every_alarm_is_on_the_dashboard_and_may_be_told() {
    let cloudwatch = read(CLOUDWATCH);
    let alarms = alarms(&cloudwatch);
    assert!(!alarms.is_empty());
    for alarm in &alarms {
        assert!(cloudwatch.contains(&format!("\"${{{alarm}.Arn}}\"")), "{alarm} is not on the dashboard");
    }
    let told = cloudwatch.matches("AlarmActions: !If [HasAlarmTopic, [!Ref AlarmTopicArn], []]").count();
    assert_eq!(told, alarms.len(), "alarms that tell the topic");
}
