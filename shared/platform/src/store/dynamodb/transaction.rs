//! Writes: alone or as a transaction in which each item carries a named guard.
//!
//! DynamoDB answers a cancelled transaction with one reason per item, in order. Here each position has a name,
//! and the call site says what that name means.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    Update,
};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_item, key_of, text};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::rejected::{rejected_alone, rejected_together, wrong_call};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::update::{Clauses, value_placeholder};
use crate::telemetry::metrics::CHANGES;
use crate::telemetry::trace::{self, Context};

pub use crate::store::dynamodb::rejected::{FailedGuard, Rejected};

/// Gives one of the SDK's seven builders of a write, which share no trait, its condition.
macro_rules! conditioned {
    ($builder:expr, $condition:expr, $names:expr, $values:expr) => {
        $builder
            .set_return_values_on_condition_check_failure(
                $condition.is_some().then_some(ReturnValuesOnConditionCheckFailure::AllOld),
            )
            .set_condition_expression($condition)
            .set_expression_attribute_names($names)
            .set_expression_attribute_values($values)
    };
}

/// One write and the condition under which it may happen.
#[derive(Clone)]
pub struct Write {
    action: Action,
    condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

#[derive(Clone)]
enum Action {
    Put(Item),
    Update(Key, Clauses),
    Delete(Key),
    Check(Key),
}

impl Write {
    /// Puts an item that must not be there yet.
    pub fn create(item: Item) -> Self {
        Self::new(Action::Put(item)).when("attribute_not_exists(pk)")
    }

    /// Puts an item over whatever is there.
    pub fn replace(item: Item) -> Self {
        Self::new(Action::Put(item))
    }

    /// Updates an item, or makes it: [`set`](Self::set), [`set_to`](Self::set_to), [`remove`](Self::remove) and
    /// [`add`](Self::add) say what changes. There and in the condition, an attribute whose name is a reserved word of
    /// DynamoDB's expressions is written as a placeholder with `#`, which [`name`](Self::name) explains.
    pub fn update(key: &Key) -> Self {
        Self::new(Action::Update(key.clone(), Clauses::default()))
    }

    /// Deletes an item.
    pub fn delete(key: &Key) -> Self {
        Self::new(Action::Delete(key.clone()))
    }

    /// Writes nothing, only demands a condition; for transactions.
    pub fn check(key: &Key) -> Self {
        Self::new(Action::Check(key.clone()))
    }

    fn new(action: Action) -> Self {
        Self { action, condition: None, names: HashMap::new(), values: HashMap::new() }
    }

    /// Sets an attribute of an update to a value, which its condition may name too: as `:attribute`.
    pub fn set(self, attribute: impl Into<String>, value: AttributeValue) -> Self {
        let attribute = attribute.into();
        let placeholder = value_placeholder(&attribute);
        self.set_to(attribute, &placeholder).value(placeholder, value)
    }

    /// Sets an attribute of an update, or a path within one, to what an expression says: `dates + :one`.
    pub fn set_to(self, attribute: impl Into<String>, expression: &str) -> Self {
        self.change(|clauses| clauses.set(&attribute.into(), expression))
    }

    /// Takes an attribute of an item away by an update.
    pub fn remove(self, attribute: impl Into<String>) -> Self {
        self.change(|clauses| clauses.remove(attribute.into()))
    }

    /// Sets an attribute of an update to a value, or takes it away where there is none.
    pub fn set_or_remove(self, attribute: impl Into<String>, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove(attribute),
        }
    }

    /// Adds a number to an attribute of an update, which counts as 0 if it is not there.
    pub fn add(self, attribute: impl Into<String>, number: AttributeValue) -> Self {
        let attribute = attribute.into();
        let placeholder = value_placeholder(&attribute);
        self.change(|clauses| clauses.add(&attribute, &placeholder)).value(placeholder, number)
    }

    fn change(mut self, change: impl FnOnce(&mut Clauses)) -> Self {
        debug_assert!(matches!(self.action, Action::Update(..)), "only an update has clauses");
        if let Action::Update(_, clauses) = &mut self.action {
            change(clauses);
        }
        self
    }

    /// The condition.
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// The attribute that `placeholder` (with its `#`) stands for.
    pub fn name(mut self, placeholder: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.names.insert(placeholder.into(), attribute.into());
        self
    }

    /// The value that `placeholder` (with its `:`) stands for.
    pub fn value(mut self, placeholder: impl Into<String>, value: AttributeValue) -> Self {
        let placeholder = placeholder.into();
        let other = self.values.get(&placeholder).filter(|before| **before != value);
        debug_assert!(other.is_none(), "{placeholder} stands for two values");
        self.values.insert(placeholder, value);
        self
    }

    /// The event this write emits: the kind of its item, and the change.
    fn emitted_change(&self) -> Option<(&'static str, String)> {
        let (key, change) = match &self.action {
            Action::Put(item) => (key_of(item)?, item.get("change")?),
            Action::Update(key, _) => (key.clone(), self.values.get(":change")?),
            Action::Delete(_) | Action::Check(_) => return None,
        };
        Some((keys::kind_of(&key)?, change.as_s().ok()?.clone()))
    }

    /// The write with the current trace in its event, and no other's: an older version may have had one.
    fn with_trace(mut self, context: Option<Context>) -> Self {
        if self.emitted_change().is_none() {
            return self;
        }
        let trace = context.map(|context| text(context.to_string()));
        match (&mut self.action, trace) {
            (Action::Put(item), Some(trace)) => drop(item.insert(trace::ATTRIBUTE.to_owned(), trace)),
            (Action::Update(..), trace) => return self.set_or_remove(trace::ATTRIBUTE, trace),
            (Action::Put(_), None) | (Action::Delete(_) | Action::Check(_), _) => {}
        }
        self
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }

    fn into_transact(self, table: &str) -> Result<TransactWriteItem, Failure> {
        let item = TransactWriteItem::builder();
        let (names, values, condition) = (self.names(), self.values(), self.condition);
        let built = match self.action {
            Action::Put(content) => {
                let put = Put::builder().table_name(table).set_item(Some(content));
                item.put(conditioned!(put, condition, names, values).build().map_err(wrong_call)?)
            }
            Action::Update(key, clauses) => {
                let update = Update::builder().table_name(table).set_key(Some(key_item(&key)));
                let update = update.update_expression(clauses.expression());
                item.update(conditioned!(update, condition, names, values).build().map_err(wrong_call)?)
            }
            Action::Delete(key) => {
                let delete = Delete::builder().table_name(table).set_key(Some(key_item(&key)));
                item.delete(conditioned!(delete, condition, names, values).build().map_err(wrong_call)?)
            }
            Action::Check(key) => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(key_item(&key)));
                item.condition_check(conditioned!(check, condition, names, values).build().map_err(wrong_call)?)
            }
        };
        Ok(built.build())
    }

    /// Runs this write alone and gives back the `returned` attributes of an update.
    pub async fn run(self, app: &App, returned: ReturnValue) -> Result<Item, Rejected<()>> {
        let change = self.emitted_change();
        let write = self.with_trace(trace::current());
        let (client, table) = (app.dynamodb(), &app.config().table);
        let (names, values, condition) = (write.names(), write.values(), write.condition);
        let attributes = match write.action {
            Action::Put(content) => {
                let put = client.put_item().table_name(table).set_item(Some(content));
                let put = conditioned!(put, condition, names, values).send().await;
                put.map_err(rejected_alone)?.attributes
            }
            Action::Update(key, clauses) => {
                let update = client.update_item().table_name(table).set_key(Some(key_item(&key)));
                let update = update.update_expression(clauses.expression()).return_values(returned);
                let update = conditioned!(update, condition, names, values).send().await;
                update.map_err(rejected_alone)?.attributes
            }
            Action::Delete(key) => {
                let delete = client.delete_item().table_name(table).set_key(Some(key_item(&key)));
                let delete = conditioned!(delete, condition, names, values).send().await;
                delete.map_err(rejected_alone)?.attributes
            }
            Action::Check(_) => return Err(Failure::Internal("a check outside a transaction".into()).into()),
        };
        count_changes(app, change.as_slice());
        Ok(attributes.unwrap_or_default())
    }

    /// Runs this write alone; `false` when its condition did not hold. For writes without contention:
    /// a conflict is [`Failure::Busy`].
    pub async fn apply(self, app: &App) -> Result<bool, Failure> {
        match self.run(app, ReturnValue::None).await {
            Ok(_) => Ok(true),
            Err(Rejected::Guards(_)) => Ok(false),
            Err(rejected) => Err(rejected.into_failure()),
        }
    }

    /// The same for a write in whose way others may get: it is tried again after a conflict or throttling, for nothing
    /// was written then.
    pub async fn apply_patiently(self, app: &App) -> Result<bool, Failure> {
        let mut attempts = Attempts::new(app);
        loop {
            match self.clone().run(app, ReturnValue::None).await {
                Ok(_) => return Ok(true),
                Err(Rejected::Guards(_)) => return Ok(false),
                Err(rejected @ (Rejected::Conflict(_) | Rejected::Throttled)) => attempts.wait_after(&rejected).await?,
                Err(rejected @ Rejected::Failure(_)) => return Err(rejected.into_failure()),
            }
        }
    }
}

/// Writes that happen together or not at all.
#[derive(Clone)]
pub struct Transaction<G> {
    writes: Vec<(G, Write)>,
}

/// Most items of one transaction (a limit of DynamoDB).
pub const TRANSACTION_ITEMS_MAX: usize = 100;

impl<G: Copy> Transaction<G> {
    pub fn new() -> Self {
        Self { writes: Vec::new() }
    }

    /// Adds a write; `guard` names its condition.
    pub fn add(&mut self, guard: G, write: Write) {
        self.writes.push((guard, write));
    }

    /// Commits all writes, and tries again after a conflict or throttling: nothing was written then.
    pub async fn commit_patiently(self, app: &App) -> Result<(), Rejected<G>> {
        let mut attempts = Attempts::new(app);
        loop {
            match self.clone().commit(app).await {
                Err(rejected @ (Rejected::Conflict(_) | Rejected::Throttled)) => attempts.wait_after(&rejected).await?,
                ended => return ended,
            }
        }
    }

    /// Commits all writes.
    pub async fn commit(self, app: &App) -> Result<(), Rejected<G>> {
        let guards: Vec<G> = self.writes.iter().map(|(guard, _)| *guard).collect();
        if guards.len() > TRANSACTION_ITEMS_MAX {
            return Err(Failure::Internal(format!("a transaction of {} items", guards.len())).into());
        }
        let context = trace::current();
        let changes: Vec<_> = self.writes.iter().filter_map(|(_, write)| write.emitted_change()).collect();
        let writes = self.writes.into_iter().map(|(_, write)| write.with_trace(context));
        let items: Result<Vec<_>, _> = writes.map(|write| write.into_transact(&app.config().table)).collect();
        let answer = app.dynamodb().transact_write_items().set_transact_items(Some(items?)).send().await;
        answer.map_err(|error| rejected_together(&guards, error))?;
        count_changes(app, &changes);
        Ok(())
    }
}

/// Counts the events of a commit. A commit whose answer was lost is not counted when a later read finds it.
fn count_changes(app: &App, changes: &[(&'static str, String)]) {
    for (sort, change) in changes {
        app.meter().count(&CHANGES, 1, &[sort, change]);
    }
}
