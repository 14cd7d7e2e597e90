//! The ports of a running stack: taken before anything is started, served until it stops.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use crate::server::connections::host_name;
use crate::server::connections::{self, Access, Limits};
use crate::server::openapi_page;
use crate::stack::Stack;
use crate::third_parties::payment_provider::Server;

/// How long requests that are being answered may take once the stack stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// Connections that may wait to be accepted: a crowd that comes at once is more than the 128 of tokio's own listener, and
/// whoever finds no room tries again only after a second, then three, then seven. Linux lets in no more than
/// `net.core.somaxconn`, which is 4,096.
const BACKLOG: u32 = 4_096;

/// A port cannot be taken.
#[derive(Debug, thiserror::Error)]
pub struct PortError {
    flag: &'static str,
    address: SocketAddr,
    problem: io::Error,
}

impl fmt::Display for PortError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { flag, address, problem } = self;
        let (host, port) = (address.ip(), address.port());
        match problem.kind() {
            io::ErrorKind::AddrInUse => {
                write!(formatter, "port {port} is taken; name another with {flag}, or 0 for any that is free")
            }
            io::ErrorKind::AddrNotAvailable => write!(formatter, "{host} (--host) is no address of this machine"),
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
    pub async fn bind(flag: &'static str, port: u16) -> Result<Self, PortError> {
        Self::bind_at(flag, (Ipv4Addr::LOCALHOST, port).into()).await
    }

    /// Takes a port at one address of this machine, for whoever reaches that; at 0.0.0.0, at all of its addresses.
    ///
    /// # Errors
    /// When it is taken, or when the machine has no such address.
    pub async fn bind_at(flag: &'static str, address: SocketAddr) -> Result<Self, PortError> {
        let taken = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // As a listener of tokio's own: a stack that starts again takes the port of the one before.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        taken().map_err(|problem| PortError { flag, address, problem })
    }

    /// Where it is; for this machine, if it is at all addresses.
    #[must_use]
    pub fn url(&self) -> String {
        let host = match self.address.ip() {
            IpAddr::V4(all) if all.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(all) if all.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            one => one,
        };
        format!("http://{}", SocketAddr::new(host, self.address.port()))
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
    /// The payment provider.
    pub payment_provider: Port,
    /// The mailbox.
    pub mailbox: Port,
    /// The metrics, for Prometheus.
    pub metrics: Port,
}

impl Ports {
    /// Takes them all at `host`: the API, then Lambda, `DynamoDB`, SQS, the receiver of events, the
    /// payment provider, the mailbox and the metrics. The receiver stays with this machine unless `host` is all of its addresses: events go there without TLS.
    ///
    /// # Errors
    /// When one cannot be taken; the error names its flag.
    pub async fn bind(
        host: IpAddr,
        [api, lambda, dynamodb, sqs, data_platform, payment_provider, mailbox, metrics]: [u16; 8],
    ) -> Result<Self, PortError> {
        let receiver = if host.is_unspecified() { host } else { Ipv4Addr::LOCALHOST.into() };
        Ok(Self {
            api: Port::bind_at("--port", (host, api).into()).await?,
            lambda: Port::bind_at("--lambda-port", (host, lambda).into()).await?,
            dynamodb: Port::bind_at("--dynamodb-port", (host, dynamodb).into()).await?,
            sqs: Port::bind_at("--sqs-port", (host, sqs).into()).await?,
            data_platform: Port::bind_at("--data-platform-port", (receiver, data_platform).into()).await?,
            payment_provider: Port::bind_at("--payment-provider-port", (receiver, payment_provider).into()).await?,
            mailbox: Port::bind_at("--mailbox-port", (host, mailbox).into()).await?,
            metrics: Port::bind_at("--metrics-port", (host, metrics).into()).await?,
        })
    }
}

impl Port {
    /// Serves `router` here, to tools: no page of another site may call it.
    #[must_use]
    pub fn serve(self, router: Router) -> Serving {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let access = Access::for_tools(self.address.ip(), &[]);
        tasks.spawn(connections::serve(self.listener, router, access, Limits::default(), stopped));
        Serving { tasks, stop }
    }
}

/// Ports that are being served.
pub struct Serving {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Ports {
    /// Serves `stack` on its ports, to requests that call this machine by an address, `localhost` or one of `names`.
    /// For a `drill`, parts of it can be taken away beside the Lambda Invoke API.
    #[must_use]
    pub fn serve(self, stack: &Stack, names: &[String], drill: bool) -> Serving {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let api = stack.gateway().merge(openapi_page::router());
        let access = Access::for_api(self.api.address.ip(), names);
        let reports = format!("{}/card-reports", self.api.url()).parse();
        tasks.spawn(connections::serve(self.api.listener, api, access, Limits::default(), stopped.clone()));
        let faults = if drill { stack.drill() } else { Router::new() };
        for (port, router) in [
            (self.lambda, stack.invoke_api().merge(faults)),
            (self.dynamodb, stack.dynamodb().router()),
            (self.sqs, stack.sqs().router()),
            (self.data_platform, stack.receiver().router()),
            // A page of the shop opens its frame, and the frame asks from there.
            (self.payment_provider, stack.payment_provider().router()),
            (self.mailbox, stack.ses().router()),
            (self.metrics, stack.metrics()),
        ] {
            let access = Access::for_tools(port.address.ip(), names);
            tasks.spawn(connections::serve(port.listener, router, access, Limits::default(), stopped.clone()));
        }
        let provider = stack.payment_provider().clone();
        if let Ok(url) = reports {
            provider.set_webhook_url(url);
        }
        tasks.spawn(deliver_reports(provider, stopped.clone()));
        Serving { tasks, stop }
    }
}

/// Delivers what the payment provider reports until the stack stops.
async fn deliver_reports(provider: Server, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        delivered = provider.deliver() => {
            if let Err(problem) = delivered {
                tracing::error!(%problem, "the payment provider cannot report");
            }
        }
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

impl Serving {
    /// Takes no more requests and lets those that are being answered end.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let drained = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!("requests still running at the shutdown were aborted");
        }
    }
}
