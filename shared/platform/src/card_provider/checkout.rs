//! The payment provider, as a browser must know it: where its script lies, and which documents may run it.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::app::App;

/// Documents in which cards are paid with. No other document lets the provider's script run.
const CHECKOUTS: [&str; 3] = ["/app/cart/", "/app/orders/", "/app/wallet"];
/// The end of the policy of every document, which names the makers of addresses of scripts.
const MAKERS: &str = "trusted-types onsale";

/// The payment provider of a shop that takes cards.
#[derive(Clone, Debug)]
pub struct Checkout {
    script_url: String,
    api_url: String,
}

impl Checkout {
    /// The one that is configured; none in a shop that takes no cards.
    pub fn of(app: &App) -> Option<Self> {
        let config = app.config();
        let api_url = config.card_provider_url.as_ref()?.to_string();
        Some(Self { script_url: config.card_script_url.clone()?, api_url })
    }

    /// The address of its script, as the document at `path` is told it: empty where the script may not run.
    pub fn told_at(&self, path: &str) -> &str {
        if is_checkout(path) { &self.script_url } else { "" }
    }

    /// Lets its script run in the document at `path`, open frames of its origin, and call its API.
    pub fn allow_at(&self, path: &str, headers: &mut HeaderMap) {
        let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
        let Some(policy) = policy.filter(|_| is_checkout(path)) else { return };
        if let Ok(policy) = HeaderValue::try_from(self.extend(policy)) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }

    fn extend(&self, policy: &str) -> String {
        let (script, api) = (origin_of(&self.script_url), origin_of(&self.api_url));
        let policy = policy.replace(MAKERS, &format!("{MAKERS} cards"));
        format!("{policy}; script-src 'self' {script}; frame-src {script}; connect-src 'self' {api}")
    }
}

fn is_checkout(path: &str) -> bool {
    CHECKOUTS.iter().any(|checkout| path.starts_with(checkout))
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    url.match_indices('/').nth(2).map_or(url, |(end, _)| &url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripe() -> Checkout {
        Checkout { script_url: "https://js.stripe.com/v3/".to_owned(), api_url: "https://api.stripe.com/".to_owned() }
    }

    fn policy_at(path: &str) -> String {
        let policy = HeaderValue::from_static("default-src 'self'; trusted-types onsale");
        let mut headers = HeaderMap::from_iter([(header::CONTENT_SECURITY_POLICY, policy)]);
        stripe().allow_at(path, &mut headers);
        headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned()
    }

    #[test]
    fn only_where_buyers_pay_may_the_providers_script_run() {
        let wide = "default-src 'self'; trusted-types onsale cards; script-src 'self' https://js.stripe.com; \
                    frame-src https://js.stripe.com; connect-src 'self' https://api.stripe.com";
        for (path, expected) in [
            ("/app/cart/0193a000-0000-7000-8000-000000000001", wide),
            ("/app/orders/0193a000-0000-7000-8000-000000000001", wide),
            ("/app/wallet", wide),
            ("/", "default-src 'self'; trusted-types onsale"),
            ("/app/tickets", "default-src 'self'; trusted-types onsale"),
            ("/app/concerts/x/dates/y", "default-src 'self'; trusted-types onsale"),
        ] {
            assert_eq!(policy_at(path), expected, "{path}");
            assert_eq!(!stripe().told_at(path).is_empty(), expected == wide, "{path}");
        }
    }
}
