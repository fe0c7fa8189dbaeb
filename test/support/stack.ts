import { describe } from '@jest/globals';
import type { StackAddresses } from '../../deploy/local/stack.ts';
import { askStack } from '../../deploy/local/stack-client.ts';
import { describeWithout } from './describe-without.ts';

type Outcome = { readonly addresses: StackAddresses } | { readonly reason: string };

async function ask(): Promise<Outcome> {
  const socketPath = process.env.LECTERN_TEST_STACK_SOCKET;
  if (process.env.LECTERN_TEST_STACK === 'off') return { reason: 'LECTERN_TEST_STACK=off' };
  if (socketPath === undefined) return { reason: 'the global setup of jest did not run' };
  const answer = await askStack(socketPath, 'start', () => {});
  if (answer?.kind === 'running') return { addresses: answer.addresses };
  return { reason: answer?.kind === 'failed' ? answer.reason : 'the stack is gone' };
}

// Suites are declared synchronously, so the answer must be there before the first `describe`.
const outcome = await ask();

/** Where the real Kafka, Redis and S3 are, shared by all suites: use names of your own. */
export function stack(): StackAddresses {
  if ('reason' in outcome) throw new Error(outcome.reason);
  return outcome.addresses;
}

/** A `describe` for suites on the real stack; without it they are skipped, or fail with CI=true. */
export function describeOnStack(name: string, body: () => void): void {
  if ('addresses' in outcome) describe(name, body);
  else describeWithout(name, outcome.reason, body);
}
