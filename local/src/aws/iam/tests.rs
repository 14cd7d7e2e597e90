use crate::aws::iam::*;
use serde_json::json;

fn expanded(service: &str, operation: &str, request: Value) -> Vec<(String, String, Vec<String>)> {
    let guard = PolicyCheck::new(&Template::load().unwrap(), Reading::PerAction);
    let accesses = guard.resources.expand(service, operation, &request);
    accesses.into_iter().map(|access| (access.action, access.resource, access.leading_keys)).collect()
}

fn key(pk: &str) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "S": "x" } })
}

const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/Table";

#[test]
fn a_transaction_counts_as_what_it_writes() {
    let items = json!([
        { "Update": { "TableName": "Table", "Key": key("A#1") } },
        { "Put": { "TableName": "Table", "Item": key("B") } },
        { "Update": { "TableName": "Table", "Key": key("C#2") } },
        { "Delete": { "TableName": "Table", "Key": key("D#3") } },
        { "ConditionCheck": { "TableName": "Table", "Key": key("E#4") } },
    ]);
    let expected = [
        ("dynamodb:ConditionCheckItem", vec!["E#4"]),
        ("dynamodb:DeleteItem", vec!["D#3"]),
        ("dynamodb:PutItem", vec!["B"]),
        ("dynamodb:UpdateItem", vec!["A#1", "C#2"]),
    ];
    let expected = expected.map(|(action, keys)| {
        (action.to_owned(), TABLE.to_owned(), keys.into_iter().map(str::to_owned).collect::<Vec<_>>())
    });
    assert_eq!(expanded("dynamodb", "TransactWriteItems", json!({ "TransactItems": items })), expected);
    let items = json!([{ "Get": { "TableName": "Table", "Key": key("A#1") } }]);
    let read = expanded("dynamodb", "TransactGetItems", json!({ "TransactItems": items }));
    assert_eq!(read, [("dynamodb:GetItem".to_owned(), TABLE.to_owned(), vec!["A#1".to_owned()])]);
}

#[test]
fn each_reading_gives_the_actions_of_a_transaction_other_keys() {
    let items = json!([
        { "Update": { "TableName": "Table", "Key": key("SEATS#1") } },
        { "Put": { "TableName": "Table", "Item": key("USER#1") } },
    ]);
    let request = json!({ "TransactItems": items });
    let template = Template::load().unwrap();
    let statements = |put: &[&str], update: &[&str]| {
        let statement = |action: &str, keys: &[&str]| {
            let condition = json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys } });
            json!({ "Effect": "Allow", "Action": action, "Resource": TABLE, "Condition": condition })
        };
        let both =
            json!([{ "Statement": [statement("dynamodb:PutItem", put), statement("dynamodb:UpdateItem", update)] }]);
        crate::aws::cloudformation::policy::read(&both).unwrap()
    };
    let (narrow, wrong) = (statements(&["USER#*"], &["SEATS#*"]), statements(&["KEYS"], &["KEYS"]));
    let both = ["SEATS#*", "USER#*"];
    let shared = statements(&both, &both);
    for (reading, allowed) in [
        (Reading::PerAction, [true, false, true]),
        (Reading::Absent, [true, true, true]),
        (Reading::WholeRequest, [false, false, true]),
    ] {
        let guard = PolicyCheck::new(&template, reading);
        let may = |statements: &[Statement]| {
            guard.principal("hold_it", statements).authorize("dynamodb", "TransactWriteItems", &request).is_ok()
        };
        assert_eq!([may(&narrow), may(&wrong), may(&shared)], allowed, "{reading:?}");
        let one = json!({ "TableName": "Table", "Key": key("SEATS#1") });
        let may = |statements| guard.principal("hold_it", statements).authorize("dynamodb", "UpdateItem", &one).is_ok();
        assert!(may(&narrow) && !may(&wrong), "{reading:?}: a call by itself has its own key");
    }
}

#[test]
fn a_query_of_an_index_has_the_index_and_its_key() {
    let query = json!({
        "TableName": "Table", "IndexName": "by_time", "KeyConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": { "#owner": "owner" }, "ExpressionAttributeValues": { ":owner": { "S": "U#1" } },
    });
    let of_index = expanded("dynamodb", "Query", query);
    assert_eq!(of_index[0].1, format!("{TABLE}/index/by_time"));
    assert_eq!(of_index[0].2, ["U#1"]);
    let query = json!({
        "TableName": "Table", "KeyConditionExpression": "begins_with(sk, :prefix) AND pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": "A#1" }, ":prefix": { "S": "x" } },
    });
    let of_table = expanded("dynamodb", "Query", query);
    assert_eq!(of_table, [("dynamodb:Query".to_owned(), TABLE.to_owned(), vec!["A#1".to_owned()])]);
}

#[test]
fn batches_count_by_their_parts() {
    let wanted = json!({ "RequestItems": { "Table": { "Keys": [key("A#1"), key("B#2")] } } });
    let read = expanded("dynamodb", "BatchGetItem", wanted);
    assert_eq!(read[0].2, ["A#1", "B#2"]);
    let url = "https://sqs.us-east-1.amazonaws.com/000000000000/PaymentsQueue";
    let sent = expanded("sqs", "SendMessageBatch", json!({ "QueueUrl": url, "Entries": [] }));
    let arn = "arn:aws:sqs:us-east-1:000000000000:PaymentsQueue".to_owned();
    assert_eq!(sent, [("sqs:SendMessage".to_owned(), arn, vec![])]);
}

#[test]
fn a_function_may_do_what_a_statement_says_for_all_its_keys() {
    let template = Template::load().unwrap();
    let guard = PolicyCheck::new(&template, Reading::PerAction);
    let condition = json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["USER#*", "KEYS"] } });
    let statement = json!([{ "Statement": [{
        "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Scan"],
        "Resource": TABLE, "Condition": condition,
    }] }]);
    let caller = guard.principal("get_it", &crate::aws::cloudformation::policy::read(&statement).unwrap());
    let may = |operation: &str, request: Value| caller.authorize("dynamodb", operation, &request).is_ok();
    let get = |pk: &str| json!({ "TableName": "Table", "Key": key(pk) });
    assert!(may("GetItem", get("USER#1")) && may("GetItem", get("KEYS")));
    assert!(!may("GetItem", get("EMAIL#1")) && !may("GetItem", get("KEYS#1")));
    assert!(!may("UpdateItem", get("USER#1")), "another action");
    assert!(!may("GetItem", json!({ "TableName": "Other", "Key": key("USER#1") })), "another table");
    let keys = |pks: [&str; 2]| json!({ "RequestItems": { "Table": { "Keys": pks.map(key) } } });
    assert!(may("BatchGetItem", keys(["USER#1", "KEYS"])));
    assert!(!may("BatchGetItem", keys(["USER#1", "EMAIL#1"])), "one of its keys");
    assert!(!may("Scan", json!({ "TableName": "Table" })), "a condition on keys needs a key");
    let denied: Vec<String> = guard.access_log().denied().into_iter().filter_map(|used| used.key).collect();
    assert!(denied.contains(&"EMAIL#*".to_owned()) && denied.contains(&"KEYS#*".to_owned()), "{denied:?}");
}
