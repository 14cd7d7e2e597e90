//! The receiver of events, listening on a port as a data platform would.

use local::server::ports::{Port, Serving};
use local::stack::Options;
use local::third_parties::webhook_receiver::{Behaviour, Received, Receiver};
use serde_json::Value;

use super::World;

/// The receiver of a world, and the port on which it is served.
pub struct Listening {
    receiver: Receiver,
    port: u16,
    serving: Option<Serving>,
}

impl World {
    /// A new world with a data platform, reached over HTTP.
    pub async fn with_receiver() -> (Self, Listening) {
        Self::with_receiver_and(|_| {}).await
    }

    /// The same with other settings. Declines release what is held, so that each consumer has something to do.
    pub async fn with_receiver_and(change: impl FnOnce(&mut Options)) -> (Self, Listening) {
        let port = Port::bind("any", 0).await.expect("a port");
        let url = port.url();
        let world = Self::with_options(|options| {
            options.data_platform = Some(format!("{url}/events"));
            super::releases_on_decline(options);
            change(options);
        })
        .await;
        let receiver = world.stack.receiver().clone();
        let secret = std::fs::read_to_string(world.stack.directory().join("data-platform-secret"));
        super::logs::keep_secret(&secret.expect("a secret"));
        let serving = Some(port.serve(receiver.router()));
        let (_, number) = url.rsplit_once(':').expect("a port");
        (world, Listening { receiver, port: number.parse().expect("a number"), serving })
    }
}

fn is_of_buyers(received: &Received) -> bool {
    received.event["type"] != "admin.acted"
}

impl Listening {
    /// From now on it answers so.
    pub fn answer(&self, answer: u16) {
        self.behave(Behaviour { answer, ..Behaviour::default() });
    }

    /// From now on it behaves so.
    pub fn behave(&self, behaviour: Behaviour) {
        self.receiver.behave(behaviour);
    }

    /// From now on nobody listens on its port.
    pub async fn stop_listening(&mut self) {
        self.serving.take().expect("it listened").stop().await;
    }

    /// It listens again.
    pub async fn listen_again(&mut self) {
        let port = Port::bind("the same", self.port).await.expect("the port");
        self.serving = Some(port.serve(self.receiver.router()));
    }

    /// Returns once so many requests came.
    pub async fn until_requests(&self, count: u64) {
        self.receiver.wait_until(|receiver| receiver.requests() >= count).await;
    }

    /// Returns once it got so many events of buyers.
    pub async fn until_events(&self, count: usize) {
        let of_buyers =
            |receiver: &Receiver| receiver.received_events().iter().filter(|received| is_of_buyers(received)).count();
        self.receiver.wait_until(|receiver| of_buyers(receiver) >= count).await;
    }

    /// What it got, in the order in which it came first. None came with two contents.
    pub fn all_received(&self) -> Vec<Received> {
        let received = self.receiver.received_events();
        assert!(received.iter().all(|received| !received.differs), "an id with two contents");
        received
    }

    /// The same without what administrators did to set the stage.
    pub fn buyer_events(&self) -> Vec<Received> {
        self.all_received().into_iter().filter(is_of_buyers).collect()
    }

    /// The events of buyers that it got, in the order in which they came first.
    pub fn events(&self) -> Vec<Value> {
        self.buyer_events().into_iter().map(|received| received.event).collect()
    }

    /// All events that it got.
    pub fn all_events(&self) -> Vec<Value> {
        self.all_received().into_iter().map(|received| received.event).collect()
    }

    /// How many requests came.
    pub fn requests(&self) -> u64 {
        self.receiver.requests()
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }
}
