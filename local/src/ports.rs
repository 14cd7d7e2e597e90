//! The ports of a running stack: taken before anything is started, served until it stops.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::openapi_page;
use crate::stack::Stack;

/// How long requests that are being answered may take once the stack stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// A port cannot be taken.
#[derive(Debug, thiserror::Error)]
pub struct PortError {
    flag: &'static str,
    port: u16,
    problem: io::Error,
}

impl fmt::Display for PortError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, port, problem } = self;
        match problem.kind() {
            io::ErrorKind::AddrInUse => {
                write!(formatter, "port {port} is taken; name another with {flag}, or 0 for any that is free")
            }
            _ => write!(formatter, "port {port} ({flag}): {problem}"),
        }
    }
}

/// A port that was taken and is not yet served.
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Takes a port of this machine, for this machine only; 0 takes any that is free.
    ///
    /// # Errors
    /// When it is taken; the error names `flag`, by which another can be chosen.
    pub async fn take(flag: &'static str, port: u16) -> Result<Self, PortError> {
        let taken = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        taken.await.map_err(|problem| PortError { flag, port, problem })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The ports.
pub struct Ports {
    /// The product's API.
    pub api: Port,
    /// The Lambda Invoke API.
    pub lambda: Port,
    /// The `DynamoDB` API.
    pub dynamodb: Port,
    /// The SQS API.
    pub sqs: Port,
    /// The receiver of events.
    pub data_platform: Port,
    /// The metrics, for Prometheus.
    pub metrics: Port,
}

impl Port {
    /// Serves `router` here.
    #[must_use]
    pub fn serve(self, router: Router) -> Serving {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(self, router, stopped));
        Serving { tasks, stop }
    }
}

/// Ports that are being served.
pub struct Serving {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Ports {
    /// Serves `stack` on its ports. For a `drill`, parts of it can be taken away beside the Lambda Invoke API.
    #[must_use]
    pub fn serve(self, stack: &Stack, drill: bool) -> Serving {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let api = stack.gateway().merge(openapi_page::router());
        tasks.spawn(serve(self.api, api, stopped.clone()));
        let faults = if drill { stack.drill() } else { Router::new() };
        tasks.spawn(serve(self.lambda, stack.invoke_api().merge(faults), stopped.clone()));
        tasks.spawn(serve(self.sqs, stack.sqs().router(), stopped.clone()));
        tasks.spawn(serve(self.data_platform, stack.receiver().router(), stopped.clone()));
        tasks.spawn(serve(self.metrics, stack.metrics(), stopped.clone()));
        let database = stack.dynamodb().database().clone();
        tasks.spawn(async move {
            let served = dynoxide::server::serve_with_shutdown(self.dynamodb.listener, database, stop_of(stopped));
            if let Err(problem) = served.await {
                tracing::error!(problem, "the DynamoDB port failed");
            }
        });
        Serving { tasks, stop }
    }
}

impl Serving {
    /// Takes no more requests and lets those that are being answered end.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!("some requests were cut off");
        }
    }
}

async fn serve(port: Port, router: Router, stopped: watch::Receiver<bool>) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(port.listener, service).with_graceful_shutdown(stop_of(stopped));
    if let Err(problem) = served.await {
        tracing::error!(%problem, "a port failed");
    }
}

async fn stop_of(mut stopped: watch::Receiver<bool>) {
    // The sender is dropped only when everything ends, which is a reason to stop as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
