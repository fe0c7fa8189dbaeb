import { join } from 'node:path';
import { createRun } from '../../deploy/local/run.ts';
import { startStack } from '../../deploy/local/stack.ts';
import { createStackServer } from '../../deploy/local/stack-server.ts';
import { keepForTeardown } from './global-shared.ts';

/**
 * Makes ready what the suites share: a run that owns every process a test starts, and a server that starts the real
 * stack when the first suite asks for it (support/stack.ts), so that a run without such suites pays nothing.
 */
export default async function globalSetup(): Promise<void> {
  const run = createRun();
  const socketPath = join(run.dir, 'stack.sock');
  const log = (line: string): void => console.error(`stack: ${line}`);
  const server = await createStackServer({
    socketPath,
    start: () => startStack({ run, log }),
    ended: () => {},
  });
  // Tests run in other processes: what they need to know goes through the environment.
  process.env.LECTERN_TEST_RUN = run.dir;
  process.env.LECTERN_TEST_OWNER = String(process.pid);
  process.env.LECTERN_TEST_STACK_SOCKET = socketPath;
  keepForTeardown({ run, server });
}
