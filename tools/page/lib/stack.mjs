/** A local stack of its own for each file of tests, with its data in memory and every port free. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PORTS = [
  '--port',
  '--lambda-port',
  '--dynamodb-port',
  '--sqs-port',
  '--data-platform-port',
  '--payment-provider-port',
  '--mailbox-port',
  '--metrics-port',
];
const LAST_WORDS_MAX = 4_000;

/**
 * Starts the program that PROGRAM names.
 * @param {Record<string, string | number>} [settings] Variables of the stack, such as HOLD_SECONDS.
 * @returns {Promise<{ api: string, dynamodb: string, payment_provider: string, mailbox: string, stop: () => Promise<void> }>}
 */
export async function startStack(settings = {}) {
  const program = process.env.PROGRAM;
  if (!program) {
    throw new Error('PROGRAM names no local stack');
  }
  // All people of a test come from one address.
  const env = { ...process.env, SIGN_UP_SOURCE_FREE_ATTEMPTS: '1000000', LOG_LEVEL: 'warn', ...settings };
  const child = spawn(program, ['--in-memory', ...PORTS.flatMap((port) => [port, '0'])], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let lastWords = '';
  child.stderr.on('data', (data) => {
    lastWords = `${lastWords}${data}`.slice(-LAST_WORDS_MAX);
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), ended.then(() => undefined)]);
  if (!first) {
    throw new Error(`the stack did not start: ${lastWords}`);
  }
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { ...JSON.parse(first[0]), stop };
}
