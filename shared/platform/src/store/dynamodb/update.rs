//! The clauses of an update: which attributes it sets, takes away and adds to.

/// The clauses of one update expression, each kind in the order in which it was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clauses {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
}

impl Clauses {
    /// Sets an attribute to what an expression says.
    pub(crate) fn set(&mut self, attribute: &str, expression: &str) {
        self.set.push(format!("{attribute} = {expression}"));
    }

    /// Takes an attribute away.
    pub(crate) fn remove(&mut self, attribute: String) {
        self.remove.push(attribute);
    }

    /// Adds the value of a placeholder to an attribute, which counts as 0 if it is not there.
    pub(crate) fn add(&mut self, attribute: &str, placeholder: &str) {
        self.add.push(format!("{attribute} {placeholder}"));
    }

    /// The update expression.
    pub(crate) fn expression(&self) -> String {
        let kinds = [("SET", &self.set), ("REMOVE", &self.remove), ("ADD", &self.add)];
        let given = kinds.iter().filter(|(_, clauses)| !clauses.is_empty());
        given.map(|(keyword, clauses)| format!("{keyword} {}", clauses.join(", "))).collect::<Vec<_>>().join(" ")
    }
}

/// The placeholder of the value that an attribute is given: `:state` of `state`, and of its own placeholder `#state`.
pub(crate) fn value_placeholder(attribute: &str) -> String {
    format!(":{}", attribute.trim_start_matches('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_has_one_section_for_each_kind_of_clause_that_it_was_given() {
        let mut clauses = Clauses::default();
        clauses.add("sold", ":units");
        assert_eq!(clauses.expression(), "ADD sold :units");
        clauses.set("price", ":price");
        clauses.remove("closed".to_owned());
        clauses.set("#count", "#count + :one");
        assert_eq!(clauses.expression(), "SET price = :price, #count = #count + :one REMOVE closed ADD sold :units");
    }

    #[test]
    fn a_value_is_named_by_its_attribute() {
        assert_eq!(value_placeholder("state"), ":state");
        assert_eq!(value_placeholder("#state"), ":state");
    }
}
