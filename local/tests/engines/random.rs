//! Operations that a seed makes: on few keys, so that they meet, with everything the product uses and much it does not.

use serde_json::{Map, Value, json};

use super::expressions::{self, Names};

/// Makes operations.
pub struct Random {
    pub dice: fastrand::Rng,
    table: String,
    /// Keys behind which a list was cut, with the request it was cut of.
    cut: Vec<Value>,
    /// Transactions that had a token.
    tokens: Vec<Value>,
}

impl Random {
    pub fn new(seed: u64, table: &str) -> Self {
        Self { dice: fastrand::Rng::with_seed(seed), table: table.to_owned(), cut: Vec::new(), tokens: Vec::new() }
    }

    /// Whether something that happens once in so many times happens now.
    fn once_in(&mut self, times: usize) -> bool {
        self.dice.usize(0..times) == 0
    }

    /// The next operation.
    pub fn operation(&mut self) -> (&'static str, Value) {
        match self.dice.usize(0..100) {
            0..12 => ("PutItem", self.put(true)),
            12..34 => ("UpdateItem", self.update(true)),
            34..41 => ("DeleteItem", self.delete(true)),
            41..50 => ("GetItem", self.get()),
            50..66 => ("Query", self.query()),
            66..69 => ("Scan", self.scan()),
            69..74 => ("BatchGetItem", self.batch_get()),
            74..79 => ("BatchWriteItem", self.batch_write()),
            79..95 => ("TransactWriteItems", self.transact_write()),
            _ => ("TransactGetItems", self.transact_get()),
        }
    }

    /// Notes where a list was cut, so that a later one goes on from there.
    pub fn answered(&mut self, operation: &str, request: &Value, answer: &Value) {
        if operation == "Query" && answer["LastEvaluatedKey"].is_object() {
            let mut next = request.clone();
            next["ExclusiveStartKey"] = answer["LastEvaluatedKey"].clone();
            self.cut.push(next);
        }
    }

    fn base(&mut self) -> Map<String, Value> {
        let mut request = Map::new();
        request.insert("TableName".into(), json!(self.table));
        if let Some(capacity) = self.dice.choice([None, None, Some("TOTAL"), Some("INDEXES"), Some("NONE")]).flatten() {
            request.insert("ReturnConsumedCapacity".into(), json!(capacity));
        }
        request
    }

    fn key_text(&mut self, prefix: &str, most: usize) -> Value {
        match self.dice.usize(0..120) {
            0 => json!({ "S": "" }),
            1 => json!({ "N": "1" }),
            2 => json!({ "S": "#".repeat(2049) }),
            _ => json!({ "S": format!("{prefix}#{}", self.dice.usize(0..most)) }),
        }
    }

    fn key(&mut self) -> Value {
        let mut key = json!({ "pk": self.key_text("P", 4), "sk": self.key_text("S", 6) });
        match self.dice.usize(0..150) {
            0 => drop(key.as_object_mut().expect("an object").remove("sk")),
            1 => key["more"] = json!({ "S": "x" }),
            _ => {}
        }
        key
    }

    fn item(&mut self) -> Value {
        let mut item = self.key();
        for name in expressions::NAMES {
            if self.dice.bool() {
                item[name] = expressions::value(&mut self.dice, 0);
            }
        }
        if self.dice.bool() {
            item["owner"] = self.key_text("O", 2);
            item["created_at"] = expressions::number(&mut self.dice);
        }
        if self.once_in(3) {
            item["expiry_shard"] = self.key_text("E", 2);
            item["expires_at"] = json!({ "N": self.dice.i64(0..50).to_string() });
        }
        if self.once_in(150) {
            item["large"] = json!({ "S": "x".repeat(self.dice.usize(409_000..410_200)) });
        }
        item
    }

    /// Adds a condition with its names and values; a use of both is left out now and then.
    fn with_names(&mut self, request: &mut Map<String, Value>, mut names: Names) {
        if self.once_in(60) {
            names.names.insert("#unused".into(), json!("unused"));
        }
        if self.once_in(60) {
            names.values.pop_first();
        }
        if !names.names.is_empty() {
            request.insert("ExpressionAttributeNames".into(), json!(names.names));
        }
        if !names.values.is_empty() {
            request.insert("ExpressionAttributeValues".into(), json!(names.values));
        }
    }

    fn write_options(&mut self, request: &mut Map<String, Value>, alone: bool, returns: &[&str]) {
        if self.dice.bool() {
            request.insert("ReturnValuesOnConditionCheckFailure".into(), json!("ALL_OLD"));
        }
        if alone && self.dice.bool() {
            let value = *self.dice.choice(returns).unwrap_or(&"NONE");
            request.insert("ReturnValues".into(), json!(value));
        }
        if !alone {
            request.remove("ReturnConsumedCapacity");
        }
    }

    fn put(&mut self, alone: bool) -> Value {
        let (mut request, mut names) = (self.base(), Names::default());
        request.insert("Item".into(), self.item());
        if self.dice.bool() {
            let condition = expressions::condition(&mut self.dice, &mut names, 0);
            request.insert("ConditionExpression".into(), json!(condition));
        }
        self.write_options(&mut request, alone, &["NONE", "ALL_OLD", "ALL_OLD", "ALL_NEW"]);
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn update(&mut self, alone: bool) -> Value {
        let (mut request, mut names) = (self.base(), Names::default());
        request.insert("Key".into(), self.key());
        if !self.once_in(40) || !alone {
            let update = expressions::update(&mut self.dice, &mut names);
            request.insert("UpdateExpression".into(), json!(update));
        }
        if self.dice.bool() {
            let condition = expressions::condition(&mut self.dice, &mut names, 0);
            request.insert("ConditionExpression".into(), json!(condition));
        }
        let returns = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"];
        self.write_options(&mut request, alone, &returns);
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn delete(&mut self, alone: bool) -> Value {
        let (mut request, mut names) = (self.base(), Names::default());
        request.insert("Key".into(), self.key());
        if self.dice.bool() {
            let condition = expressions::condition(&mut self.dice, &mut names, 0);
            request.insert("ConditionExpression".into(), json!(condition));
        }
        self.write_options(&mut request, alone, &["NONE", "ALL_OLD"]);
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn check(&mut self) -> Value {
        let (mut request, mut names) = (self.base(), Names::default());
        request.insert("Key".into(), self.key());
        let condition = expressions::condition(&mut self.dice, &mut names, 0);
        request.insert("ConditionExpression".into(), json!(condition));
        self.write_options(&mut request, false, &[]);
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn projection(&mut self, request: &mut Map<String, Value>, names: &mut Names) {
        if self.once_in(4) {
            let paths = [names.path(&mut self.dice), names.path(&mut self.dice)];
            let paths = if self.dice.bool() { paths.join(", ") } else { paths[0].clone() };
            request.insert("ProjectionExpression".into(), json!(paths));
        }
    }

    fn get(&mut self) -> Value {
        let (mut request, mut names) = (self.base(), Names::default());
        request.insert("Key".into(), self.key());
        request.insert("ConsistentRead".into(), json!(self.dice.bool()));
        self.projection(&mut request, &mut names);
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn query(&mut self) -> Value {
        if self.once_in(3)
            && let Some(next) = self.cut.pop()
        {
            return next;
        }
        let (mut request, mut names) = (self.base(), Names::default());
        let (index, partition, sort, prefix) = match self.dice.usize(0..4) {
            0 => (Some("by_time"), "owner", "created_at", "O"),
            1 => (Some("expiry"), "expiry_shard", "expires_at", "E"),
            _ => (None, "pk", "sk", "P"),
        };
        let of = names.value(self.key_text(prefix, 4));
        let mut condition = format!("{} = {of}", names.name(partition));
        if self.dice.bool() {
            let text = index.is_none();
            condition += &expressions::range(&mut self.dice, &mut names, sort, text);
        }
        request.insert("KeyConditionExpression".into(), json!(condition));
        if let Some(index) = index {
            request.insert("IndexName".into(), json!(index));
        }
        if self.once_in(if index.is_some() { 40 } else { 2 }) {
            request.insert("ConsistentRead".into(), json!(true));
        }
        if self.dice.bool() {
            request.insert("ScanIndexForward".into(), json!(self.dice.bool()));
        }
        if self.dice.bool() {
            request.insert("Limit".into(), json!(self.dice.usize(0..5)));
        }
        if self.once_in(4) {
            let filter = expressions::condition(&mut self.dice, &mut names, 0);
            request.insert("FilterExpression".into(), json!(filter));
        }
        match self.dice.usize(0..8) {
            0 => drop(request.insert("Select".into(), json!("COUNT"))),
            _ => self.projection(&mut request, &mut names),
        }
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn scan(&mut self) -> Value {
        let (mut request, mut names) = (self.base(), Names::default());
        if self.dice.bool() {
            let filter = expressions::condition(&mut self.dice, &mut names, 0);
            request.insert("FilterExpression".into(), json!(filter));
        }
        if self.once_in(4) {
            request.insert("IndexName".into(), json!("by_time"));
        }
        self.with_names(&mut request, names);
        Value::Object(request)
    }

    fn batch_get(&mut self) -> Value {
        let keys: Vec<Value> = (0..self.dice.usize(0..6)).map(|_| self.key()).collect();
        let mut of = json!({ "Keys": keys });
        if self.dice.bool() {
            of["ConsistentRead"] = json!(true);
        }
        let mut request = self.base();
        request.remove("TableName");
        request.insert("RequestItems".into(), json!({ self.table.clone(): of }));
        Value::Object(request)
    }

    fn batch_write(&mut self) -> Value {
        let writes: Vec<Value> = (0..self.dice.usize(1..6))
            .map(|_| {
                if self.dice.bool() {
                    json!({ "PutRequest": { "Item": self.item() } })
                } else {
                    json!({ "DeleteRequest": { "Key": self.key() } })
                }
            })
            .collect();
        let mut request = self.base();
        request.remove("TableName");
        request.insert("RequestItems".into(), json!({ self.table.clone(): writes }));
        Value::Object(request)
    }

    fn transact_write(&mut self) -> Value {
        if self.once_in(8)
            && let Some(again) = self.dice.choice(&self.tokens)
        {
            let mut again = again.clone();
            if self.once_in(3) {
                again["TransactItems"] = json!([{ "Put": self.put(false) }]);
            }
            return again;
        }
        let items: Vec<Value> = (0..self.dice.usize(1..5))
            .map(|_| match self.dice.usize(0..5) {
                0 => json!({ "Put": self.put(false) }),
                1 => json!({ "Delete": self.delete(false) }),
                2 => json!({ "ConditionCheck": self.check() }),
                _ => json!({ "Update": self.update(false) }),
            })
            .collect();
        let mut request = self.base();
        request.remove("TableName");
        request.insert("TransactItems".into(), json!(items));
        if self.dice.bool() {
            request.insert("ClientRequestToken".into(), json!(format!("token-{}", self.dice.u64(..))));
            self.tokens.push(Value::Object(request.clone()));
        }
        Value::Object(request)
    }

    fn transact_get(&mut self) -> Value {
        let items: Vec<Value> = (0..self.dice.usize(1..5))
            .map(|_| json!({ "Get": { "TableName": self.table, "Key": self.key() } }))
            .collect();
        let mut request = self.base();
        request.remove("TableName");
        request.insert("TransactItems".into(), json!(items));
        Value::Object(request)
    }

    /// A request of the product with some of its values exchanged for others of the same type, and its key for
    /// another's.
    pub fn like(&mut self, request: &Value, pool: &[Value]) -> Value {
        let mut request = request.clone();
        self.exchange(&mut request, pool);
        if self.dice.bool() && request["ClientRequestToken"].is_string() {
            request["ClientRequestToken"] = json!(format!("token-{}", self.dice.u64(..)));
        }
        request
    }

    fn exchange(&mut self, value: &mut Value, pool: &[Value]) {
        if is_attribute(value) && self.once_in(4) {
            let kind = |value: &Value| value.as_object().and_then(|value| value.keys().next().cloned());
            let same: Vec<&Value> = pool.iter().filter(|other| kind(other) == kind(value)).collect();
            if let Some(other) = self.dice.choice(same) {
                *value = other.clone();
            }
            return;
        }
        match value {
            Value::Object(fields) => fields.values_mut().for_each(|value| self.exchange(value, pool)),
            Value::Array(list) => list.iter_mut().for_each(|value| self.exchange(value, pool)),
            _ => {}
        }
    }
}

/// All texts and numbers of requests.
pub fn attributes(value: &Value, into: &mut Vec<Value>) {
    if is_attribute(value) {
        return into.push(value.clone());
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| attributes(value, into)),
        Value::Array(list) => list.iter().for_each(|value| attributes(value, into)),
        _ => {}
    }
}

fn is_attribute(value: &Value) -> bool {
    let fields = value.as_object().filter(|fields| fields.len() == 1);
    let field = fields.and_then(|fields| fields.iter().next());
    field.is_some_and(|(name, value)| matches!(name.as_str(), "S" | "N") && value.is_string())
}
