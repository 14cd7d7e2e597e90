//! The rotation of signing keys where the secret lies on AWS: the same steps, on an embedded Secrets Manager, by the
//! unmodified SDK client.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_secretsmanager::Client;
use onsale_domain::id::UserId;
use onsale_platform::app::{App, Parts};
use onsale_platform::auth::access_token;
use onsale_platform::auth::signing::{Step, rotate};
use onsale_platform::config::SecretSource;
use onsale_platform::events::Event;
use onsale_platform::ids::Ids;
use onsale_platform::telemetry::metrics::Meter;
use onsale_platform::telemetry::trace::Tracer;
use onsale_platform::webhook::{Outcome, deliver};
use uuid::Uuid;
use winterbaume_core::MockAws;
use winterbaume_secretsmanager::SecretsManagerService;

use crate::support::World;

/// An app that signs from a secret, as CloudFormation makes it: 64 characters without punctuation.
async fn app(world: &World) -> (App, Client, String) {
    let mock = MockAws::builder().with_service(SecretsManagerService::new()).build();
    let settings = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .http_client(mock.http_client())
        .build();
    let secrets = Client::from_conf(settings);
    let secret = "a1B2c3D4".repeat(8);
    let made = secrets.create_secret().name("SigningKey").secret_string(secret).send().await.expect("a secret");
    let arn = made.arn.expect("an ARN");
    let clients = world.stack.clients(None);
    let mut config = world.stack.app().config().clone();
    config.signing_key = Some(SecretSource::Secret(arn.clone()));
    let app = App::new(Parts {
        config,
        dynamodb: clients.0,
        sqs: clients.1,
        secrets: Some(secrets.clone()),
        ses: None,
        clock: world.clock.clone(),
        ids: Ids::Random,
        card_transport: None,
        function: String::new(),
        meter: Meter::off(),
        tracer: Tracer::off(),
    });
    (app, secrets, arn)
}

async fn token(app: &App) -> String {
    access_token::sign(app, UserId(Uuid::from_u128(1)), Uuid::from_u128(2)).await.expect("a token")
}

fn header(token: &str) -> &str {
    token.split('.').next().expect("a header")
}

#[tokio::test]
async fn a_secret_is_replaced_and_nobody_is_logged_out() {
    let world = World::new().await;
    let (app, secrets, arn) = app(&world).await;
    let current = || async {
        let answer = secrets.get_secret_value().secret_id(&arn).version_stage("AWSCURRENT").send().await;
        answer.expect("a value").secret_string.expect("a text")
    };
    let (first, old) = (current().await, token(&app).await);
    let rotation = Uuid::from_u128(77).to_string();
    for step in Step::ALL {
        let before = current().await;
        for _ in 0..2 {
            rotate(&app, step, &rotation).await.expect("a step");
        }
        assert_eq!(current().await != before, step == Step::Finish, "{step:?}");
        assert!(access_token::verify(&app, &old).await.expect("an answer").is_some(), "{step:?}");
        assert!(access_token::verify(&app, &token(&app).await).await.expect("an answer").is_some(), "{step:?}");
    }
    assert_ne!(current().await, first);
    assert_ne!(header(&token(&app).await), header(&old), "signed with the new key");
    // The one before is still there, as Secrets Manager keeps it.
    let previous = secrets.get_secret_value().secret_id(&arn).version_stage("AWSPREVIOUS").send().await;
    assert_eq!(previous.expect("a value").secret_string, Some(first));
}

#[tokio::test]
async fn a_rotation_without_its_secret_fails() {
    let world = World::new().await;
    let (app, _, _) = app(&world).await;
    let old = token(&app).await;
    for step in [Step::Set, Step::Test, Step::Finish] {
        rotate(&app, step, &Uuid::from_u128(78).to_string()).await.expect_err("no secret");
    }
    assert_eq!(header(&token(&app).await), header(&old));
}

#[tokio::test]
async fn events_are_signed_with_a_secret_that_is_read_again_after_an_hour() {
    let (world, listening) = World::with_receiver().await;
    let (app, secrets, arn) = self::app(&world).await;
    let mut config = world.stack.app().config().clone();
    config.data_platform_secret = Some(SecretSource::Secret(arn.clone()));
    let clients = world.stack.clients(None);
    let app = App::new(Parts {
        config,
        dynamodb: clients.0,
        sqs: clients.1,
        secrets: Some(secrets.clone()),
        ses: None,
        clock: world.clock.clone(),
        ids: app.ids().clone(),
        card_transport: None,
        function: String::new(),
        meter: Meter::off(),
        tracer: Tracer::off(),
    });
    let example: serde_json::Value =
        serde_json::from_str(&crate::repository::read("events/deliver_webhooks.json")).expect("JSON");
    let event: Event = serde_json::from_str(example["Records"][0]["body"].as_str().expect("a body")).expect("an event");
    let refused = Outcome::Later { problem: "the data platform answered 401".into(), retry_after: None };
    assert_eq!(deliver(&app, &event).await.expect("an outcome"), refused, "another secret than the receiver's");
    let known = std::fs::read_to_string(world.stack.directory().join("data-platform-secret")).expect("a secret");
    let known = format!("whsec_{known}");
    secrets.put_secret_value().secret_id(&arn).secret_string(known).send().await.expect("put");
    world.wait(3_599);
    assert_eq!(deliver(&app, &event).await.expect("an outcome"), refused, "remembered");
    world.wait(1);
    assert_eq!(deliver(&app, &event).await.expect("an outcome"), Outcome::Taken);
    assert_eq!(listening.events().len(), 1);
}
