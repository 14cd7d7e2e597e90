// Flows that ran to their end: how many, how long each took, how many a second; and what the run prints of them.
//
// Arrivals are an open model: people come at a given rate, whatever the answers take.

import { Counter, Trend } from 'k6/metrics';

const complete = new Counter('flows_complete');
const took = new Trend('flow_duration', true);
const after = new Trend('flow_completed_after', true);

// The longest mean that a flow may have, in milliseconds.
const MEAN_MILLISECONDS_MAX = 500;

// Runs one flow, which answers whether it ran to its end. `began` is when people began to come, in epoch milliseconds.
export function flow(kind, began, run) {
  const started = Date.now();
  if (run()) completed(kind, began, Date.now() - started);
}

// Counts a flow that ran to its end.
export function completed(kind, began, milliseconds) {
  complete.add(1, { kind });
  took.add(milliseconds, { kind });
  after.add(Date.now() - began, { kind });
}

// People who come at a steady rate.
export function steady(exec, rate, seconds) {
  return { ...arrivals(exec, rate), executor: 'constant-arrival-rate', rate, duration: `${seconds}s` };
}

// People of whom few come, then more and more, then all at once, and few again.
export function swelling(exec, rate, seconds) {
  const stage = (share, target) => ({ duration: `${Math.ceil(seconds * share)}s`, target: Math.ceil(target) });
  const stages = [stage(0.2, rate / 4), stage(0.2, rate), stage(0.4, rate), stage(0.2, rate / 4)];
  return { ...arrivals(exec, rate), executor: 'ramping-arrival-rate', startRate: Math.ceil(rate / 4), stages };
}

function arrivals(exec, rate) {
  const waiting = Math.max(rate, 5);
  return { exec, timeUnit: '1s', preAllocatedVUs: waiting, maxVUs: waiting * 10, gracefulStop: '60s' };
}

// Kinds of flows: how many transactions the table takes for one that runs to its end, and the refusal that is right.
const KINDS = {
  queue: { transactions: 2, refusal: 'seat-taken' }, // those of the queue itself are not counted
  seats: { transactions: 2, refusal: 'seat-taken' },
  orders: { transactions: 1, refusal: 'out-of-stock' },
  coupons: { transactions: 1, refusal: 'coupon-exhausted' },
  refunds: { transactions: 3 },
  views: { transactions: 0 },
};

// What a run with flows of these kinds, in scenarios of these names, must keep. k6 tells the figures of one kind or
// scenario only where there is a threshold for it. `slow`: flows may take as long as they do.
export function thresholds(kinds, scenarios, slow = false) {
  const mean = slow ? 'avg>=0' : `avg<${MEAN_MILLISECONDS_MAX}`;
  const all = {
    wrong_server_error: ['count==0'],
    wrong_answer: ['count==0'],
    dropped_iterations: ['count==0'],
    checks: ['rate==1'],
    flows_complete: ['count>0'],
  };
  for (const kind of kinds) {
    all[`flows_complete{kind:${kind}}`] = ['count>0'];
    all[`flow_duration{kind:${kind}}`] = [mean];
    all[`flow_completed_after{kind:${kind}}`] = ['max>=0'];
    if (KINDS[kind].refusal) all[`refused{code:${KINDS[kind].refusal}}`] = ['count>=0'];
  }
  for (const scenario of scenarios) all[`http_req_duration{scenario:${scenario}}`] = [mean];
  return all;
}

// Counters that are k6's own, or told elsewhere.
const OTHERS = /[{]|^(http_|data_|iterations|dropped_|answers_|flows_complete|refused$|wrong_)/;

export const STATISTICS = ['avg', 'med', 'p(99)', 'max', 'count'];

// Prints the run, and writes a row for each kind of flow to the file ROWS, if that is set. `offered` says in words what
// came.
export function summary(data, kinds, offered) {
  const values = (name) => (data.metrics[name] || { values: {} }).values;
  const busy = values('answers_busy').count || 0;
  const rows = [];
  const lines = [''];
  for (const kind of kinds) {
    const { transactions, refusal } = KINDS[kind];
    const count = values(`flows_complete{kind:${kind}}`).count || 0;
    const seconds = (values(`flow_completed_after{kind:${kind}}`).max || 0) / 1000;
    const rate = seconds > 0 ? count / seconds : 0;
    const took = values(`flow_duration{kind:${kind}}`);
    const turned = (refusal && values(`refused{code:${refusal}}`).count) || 0;
    const refused = refusal ? `${turned} ${refusal}` : 'none';
    const times = `${ms(took.avg)} | ${ms(took.med)} | ${ms(took['p(99)'])}`;
    lines.push(`${kind}: ${count} complete flows in ${seconds.toFixed(1)} s, ${rate.toFixed(1)} a second`);
    lines.push(`  a flow: mean | p50 | p99: ${times}; rightly refused: ${refused}`);
    const rates = `${rate.toFixed(1)} | ${(rate * transactions).toFixed(1)}`;
    rows.push(`| ${kind} | ${offered} | ${count} | ${rates} | ${times} | ${refused} |`);
  }
  for (const [name, { values: took }] of Object.entries(data.metrics)) {
    const [, scenario] = name.match(/^http_req_duration{scenario:(.*)}$/) || [];
    if (!scenario) continue;
    const times = `mean ${ms(took.avg)}, p50 ${ms(took.med)}, p99 ${ms(took['p(99)'])}`;
    lines.push(`requests of ${scenario}: ${took.count}, ${times}`);
  }
  lines.push(`counted: ${counted(data).join(', ') || 'nothing else'}`);
  const broken = failures(data);
  const dropped = values('dropped_iterations').count || 0;
  lines.push(`503 and tried again: ${busy}; arrivals that found nobody free: ${dropped}`);
  lines.push(...broken.map((what) => `FAILED ${what}`), broken.length > 0 ? 'the run failed' : 'nothing was wrong', '');
  const files = { stdout: lines.join('\n') };
  if (__ENV.ROWS) files[__ENV.ROWS] = `${rows.join('\n')}\n`;
  return files;
}

const ms = (value) => (value === undefined ? '—' : `${value.toFixed(1)} ms`);

// What else a script counted: what became of people who did not come to the end, what was refused to them.
function counted(data) {
  const own = Object.entries(data.metrics).filter(([name, { type }]) => type === 'counter' && !OTHERS.test(name));
  return own.map(([name, { values }]) => `${values.count} ${name}`);
}

function failures(data) {
  return Object.entries(data.metrics).flatMap(([name, { thresholds: those }]) => {
    return Object.entries(those || {}).flatMap(([rule, { ok }]) => (ok ? [] : [`${name}: ${rule}`]));
  });
}
