//! Authorizer of the HTTP API — verifies the access token before any protected function runs.
//!
//! It answers in API Gateway's simple format; what it puts into the context is all that functions learn of the
//! caller. The answer is cached by `Authorization` for up to a minute.

use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use onsale_platform::app::App;
use onsale_platform::auth::access_token;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::telemetry::metrics::AUTHORIZATIONS;
use serde_json::{Value, json};

async fn handle(app: &App, request: ApiGatewayV2CustomAuthorizerV2Request) -> Result<Value, InvocationError> {
    let refused = json!({ "isAuthorized": false });
    let identity = request.identity_source.as_ref().and_then(|sources| sources.first());
    let token = identity.and_then(|identity| {
        let (scheme, token) = identity.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    let verified = match token {
        Some(token) => access_token::verify(app, token).await,
        None => Ok(None),
    };
    app.meter().count(&AUTHORIZATIONS, 1, &[outcome(&verified)]);
    Ok(match verified? {
        Some(claims) => json!({
            "isAuthorized": true,
            "context": {
                "sub": claims.sub,
                "exp": claims.exp,
                "jti": claims.jti,
                "sid": claims.sid,
            },
        }),
        None => refused,
    })
}

fn outcome<T, E>(verified: &Result<Option<T>, E>) -> &'static str {
    match verified {
        Ok(Some(_)) => "allowed",
        Ok(None) => "refused",
        Err(_) => "failed",
    }
}

/// Handles a question of API Gateway.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
