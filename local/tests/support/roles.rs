//! People with roles, whose grants are put past the functions.

use serde_json::json;

use super::{Person, World};

impl World {
    /// An administrator with a token.
    pub async fn admin(&self) -> Person {
        let person = self.person().await;
        self.as_admin(&person).await
    }

    /// The same user as an administrator.
    pub async fn as_admin(&self, user: &Person) -> Person {
        self.stack.put_grant(user.id, "admin").expect("the engine takes it");
        self.with_new_token(user.id).await
    }

    /// An organiser with a token.
    pub async fn organiser(&self) -> Person {
        let person = self.person().await;
        self.stack.put_grant(person.id, "organiser").expect("the engine takes it");
        person
    }

    /// Takes a grant away, past the functions.
    pub fn take_grant(&self, user: &Person, role: &str) {
        let key = json!({ "pk": { "S": format!("GRANTS#{}", user.id) }, "sk": { "S": role } });
        let request = json!({ "TableName": self.stack.template().table.name, "Key": key });
        self.stack.dynamodb().call("DeleteItem", &request).expect("deleted");
    }
}
