import { takeForTeardown } from './global-shared.ts';

/** Ends the stack and whatever a test left behind. */
export default async function globalTeardown(): Promise<void> {
  const { run, server } = takeForTeardown();
  await server.close();
  await run.close();
}
