//! The routes of the HTTP API, and the one that takes a request by API Gateway's precedence.

use std::cmp::Ordering;

/// A route and what lies behind it.
#[derive(Clone, Debug)]
pub struct Route<T> {
    method: String,
    segments: Vec<Segment>,
    /// The route's key, e.g. `GET /concerts/{concert_id}`.
    pub key: String,
    /// The handler that it leads to.
    pub target: T,
}

/// In order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Fixed(String),
    Parameter,
    Greedy,
}

/// The routes of an API, and what takes all the rest.
#[derive(Clone, Debug)]
pub struct Routes<T> {
    routes: Vec<Route<T>>,
    rest: Option<Route<T>>,
}

impl<T> Routes<T> {
    /// Puts `(method, path, target)` in order. The path `$default` takes what no other route takes.
    #[must_use]
    pub fn new(routes: impl IntoIterator<Item = (String, String, T)>) -> Self {
        let mut ordered = Vec::new();
        let mut rest = None;
        for (method, path, target) in routes {
            let default = path == "$default";
            let key = if default { path.clone() } else { format!("{method} {path}") };
            let route = Route { method, segments: segments(&path), key, target };
            if default {
                rest = Some(route);
            } else {
                ordered.push(route);
            }
        }
        ordered.sort_by(precedence);
        Self { routes: ordered, rest }
    }

    /// The route that takes a request.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Option<&Route<T>> {
        let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        let takes =
            |route: &&Route<T>| (route.method == method || route.method == "ANY") && matches(&route.segments, &parts);
        self.routes.iter().find(takes).or(self.rest.as_ref())
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let segment = |text: &str| match text.strip_prefix('{') {
        Some(name) if name.ends_with("+}") => Segment::Greedy,
        Some(_) => Segment::Parameter,
        None => Segment::Fixed(text.to_owned()),
    };
    path.strip_prefix('/').unwrap_or(path).split('/').map(segment).collect()
}

fn precedence<T>(one: &Route<T>, other: &Route<T>) -> Ordering {
    let of = |route: &Route<T>| (route.segments.clone(), route.method == "ANY");
    of(one).cmp(&of(other))
}

fn matches(segments: &[Segment], parts: &[&str]) -> bool {
    match (segments, parts) {
        ([], []) => true,
        ([Segment::Greedy], parts) => parts.iter().any(|part| !part.is_empty()),
        ([Segment::Fixed(text), segments @ ..], [part, parts @ ..]) => text == part && matches(segments, parts),
        ([Segment::Parameter, segments @ ..], [part, parts @ ..]) => !part.is_empty() && matches(segments, parts),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_route_takes_the_request() {
        let all = [
            ("ANY", "$default"),
            ("GET", "/users/{user_id}"),
            ("GET", "/users/me"),
            ("ANY", "/files/{path+}"),
            ("GET", "/files/{name}"),
            ("POST", "/users"),
        ];
        let routes = Routes::new(all.map(|(method, path)| (method.to_owned(), path.to_owned(), ())));
        for (method, path, key) in [
            ("GET", "/users/me", "GET /users/me"),
            ("GET", "/users/7", "GET /users/{user_id}"),
            ("GET", "/users/", "$default"),
            ("GET", "/users", "$default"),
            ("POST", "/users", "POST /users"),
            ("HEAD", "/users/me", "$default"),
            ("GET", "/files/a", "GET /files/{name}"),
            ("PUT", "/files/a/b", "ANY /files/{path+}"),
            ("GET", "/", "$default"),
        ] {
            assert_eq!(routes.find(method, path).unwrap().key, key, "{method} {path}");
        }
    }
}
