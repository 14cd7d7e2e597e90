//! The quotas of API Gateway and of Lambda, as `template.yaml` and its parameters set them.
//!
//! They decide one request after the other, and do not know whether it is a buyer's or one of a storm's polls. The
//! gateway looks at the rate of the route first, then at that of the account (Guide of API Gateway, "Throttling").
//! A function with reserved executions has these and no others, and the rest of the account's are one pool for all
//! other functions (Guide of Lambda, "Reserved concurrency"). Each of them takes ten times as many calls a second.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::contention::bucket::Bucket;
use crate::contention::parameters::Parameters;
use crate::contention::refusal::{Unserved, Why};
use local::aws::cloudformation::{Event, Function, Rate, Template};

/// Executions of an account that no function may reserve (Guide of Lambda, "Reserved concurrency").
const UNRESERVED_LEAST: u32 = 100;

/// The quotas of one account, of which the stack is all there is.
pub struct Quotas {
    requests: Bucket,
    functions: BTreeMap<String, Limits>,
    unreserved: Pool,
    running: u32,
    most_running: u32,
}

/// The limits of one function and of its route.
struct Limits {
    route: Bucket,
    reserved: Option<Pool>,
    /// Processes that have no call.
    idle: u32,
    new: Bucket,
}

/// Executions that some functions share, or that one has for itself.
struct Pool {
    concurrency: u32,
    running: u32,
    calls: Bucket,
}

impl Pool {
    fn new(concurrency: u32, parameters: &Parameters) -> Self {
        let calls = f64::from(concurrency) * parameters.calls_by_concurrency;
        let calls = if parameters.throttles { Bucket::new(calls, calls) } else { without_limit() };
        Self { concurrency, running: 0, calls }
    }

    fn refuses(&mut self, now: Duration) -> Option<Unserved> {
        if !self.calls.takes_one(now) {
            return Some(Unserved::Calls);
        }
        (self.running >= self.concurrency).then_some(Unserved::Concurrency)
    }
}

impl Quotas {
    /// Those of the account in `parameters`, with what `template` reserves in it.
    ///
    /// # Errors
    /// When functions reserve more executions than the account may give away: AWS refuses such a deployment.
    pub fn new(parameters: &Parameters, template: &Template) -> Result<Self, String> {
        let reserved: u32 = template.functions.iter().filter_map(|function| function.reserved).sum();
        let unreserved = parameters.concurrency.saturating_sub(reserved);
        if reserved > 0 && unreserved < UNRESERVED_LEAST {
            return Err(format!(
                "{reserved} of {} executions are reserved, and {UNRESERVED_LEAST} must not be",
                parameters.concurrency
            ));
        }
        let limits = |function: &Function| {
            let growth = parameters.processes_in_ten_seconds;
            let limits = Limits {
                route: route_of(function, template).filter(|_| parameters.throttles).map_or_else(without_limit, bucket),
                reserved: function.reserved.map(|executions| Pool::new(executions, parameters)),
                idle: 0,
                new: Bucket::new(growth / 10.0, growth),
            };
            (function.name.clone(), limits)
        };
        Ok(Self {
            requests: Bucket::new(parameters.gateway_requests, parameters.gateway_burst),
            functions: template.functions.iter().map(limits).collect(),
            unreserved: Pool::new(unreserved, parameters),
            running: 0,
            most_running: 0,
        })
    }

    /// Whether the gateway passes on a request to the route of a function, `now` from when the run began.
    ///
    /// # Errors
    /// When the route or the account has had as many as it may.
    pub fn pass(&mut self, function: &str, now: Duration) -> Result<(), Why> {
        if self.functions.get_mut(function).is_some_and(|limits| !limits.route.takes_one(now)) {
            return Err(Why::Route);
        }
        if self.requests.takes_one(now) { Ok(()) } else { Err(Why::Gateway) }
    }

    /// Begins a call of a function, and says whether a process has to be started for it.
    ///
    /// # Errors
    /// When there is no execution for it.
    pub fn begin(&mut self, function: &str, now: Duration) -> Result<bool, Unserved> {
        let limits = self.functions.get_mut(function).ok_or(Unserved::Failed)?;
        let pool = limits.reserved.as_mut().unwrap_or(&mut self.unreserved);
        if let Some(refused) = pool.refuses(now) {
            return Err(refused);
        }
        let is_new = limits.idle == 0;
        if is_new && !limits.new.takes_one(now) {
            return Err(Unserved::Growth);
        }
        limits.idle -= u32::from(!is_new);
        pool.running += 1;
        self.running += 1;
        self.most_running = self.most_running.max(self.running);
        Ok(is_new)
    }

    /// Ends a call that was begun.
    pub fn end(&mut self, function: &str) {
        let Some(limits) = self.functions.get_mut(function) else { return };
        limits.idle += 1;
        self.running -= 1;
        limits.reserved.as_mut().unwrap_or(&mut self.unreserved).running -= 1;
    }

    /// Most calls that ran at the same time.
    #[must_use]
    pub fn most_running(&self) -> u32 {
        self.most_running
    }
}

fn without_limit() -> Bucket {
    Bucket::new(f64::INFINITY, 1.0)
}

fn bucket(rate: Rate) -> Bucket {
    Bucket::new(rate.per_second as f64, rate.burst as f64)
}

/// The rate of the function's route, if it has a route.
fn route_of(function: &Function, template: &Template) -> Option<Rate> {
    let route = function.events.iter().find_map(|event| match event {
        Event::Http { method, path, .. } => Some(format!("{method} {path}")),
        _ => None,
    })?;
    template.api.rates.get(&route).copied().or(template.api.default_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn quotas(concurrency: u32, given: &[(&str, &str)]) -> Result<Quotas, String> {
        let parameters = Parameters { concurrency, ..Parameters::warmed_to(0.0) };
        Quotas::new(&parameters, &Template::load_with(given).expect("parameters of the template"))
    }

    fn begun(quotas: &mut Quotas, function: &str) -> usize {
        (0..1_000).take_while(|_| quotas.begin(function, NOW).is_ok()).count()
    }

    #[test]
    fn a_reservation_is_all_that_its_function_has_and_others_have_the_rest() {
        let mut quotas = quotas(150, &[("PayConcurrency", "20")]).expect("enough are left");
        assert_eq!(begun(&mut quotas, "get_queue"), 130);
        assert_eq!(quotas.begin("create_reservation", NOW), Err(Unserved::Concurrency));
        assert_eq!(begun(&mut quotas, "pay"), 20);
        quotas.end("pay");
        assert_eq!(quotas.begin("pay", NOW), Ok(false));
        assert_eq!(quotas.most_running(), 150);
    }

    #[test]
    fn a_function_takes_ten_times_its_executions_in_calls_a_second() {
        let mut quotas = quotas(150, &[("PayConcurrency", "20")]).expect("enough are left");
        let served = (0..1_000).filter(|_| {
            quotas.begin("pay", NOW).is_ok_and(|_| {
                quotas.end("pay");
                true
            })
        });
        assert_eq!(served.count(), 200);
        assert_eq!(quotas.begin("pay", NOW), Err(Unserved::Calls));
        assert_eq!(quotas.begin("get_queue", NOW), Ok(true));
    }

    #[test]
    fn a_hundred_executions_stay_unreserved() {
        assert!(quotas(119, &[("PayConcurrency", "20")]).is_err());
        assert!(quotas(10, &[]).is_ok());
    }

    #[test]
    fn a_route_has_a_rate_of_its_own_below_that_of_the_account() {
        let mut quotas = quotas(1_000, &[("PollsBurst", "10")]).expect("nothing is reserved");
        let polls = (0..20).filter(|_| quotas.pass("get_queue", NOW).is_ok());
        assert_eq!(polls.count(), 10);
        assert_eq!(quotas.pass("get_queue", NOW), Err(Why::Route));
        assert_eq!(quotas.pass("pay", NOW), Ok(()));
        let all = |function| (0..10_000).find_map(|_| quotas.pass(function, NOW).err());
        assert_eq!(
            ["pay", "get_health", "join_queue"].map(all),
            [Some(Why::Route), Some(Why::Gateway), Some(Why::Gateway)]
        );
    }
}
