import type { Child } from './child.ts';

/** A server of the stack, under control: for the faults that tests play. */
export interface Service {
  readonly name: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** Again on the same port and the same data; does nothing while it runs. */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL when that does not end it in 10 s. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface ServiceOptions {
  readonly name: string;
  /** Resolves when the server answers; rejects with the reason, leaving nothing behind. */
  readonly launch: () => Promise<Child>;
  /** Called when the process ends without having been asked to. */
  readonly lost: (detail: string) => void;
}

export async function startService({ name, launch, lost }: ServiceOptions): Promise<Service> {
  let child: Child | undefined;
  let expected = false;

  const start = async (): Promise<void> => {
    if (child?.running() === true) return;
    expected = false;
    const started = await launch();
    child = started;
    void started.ended.then(({ code, signal }) => {
      if (!expected)
        lost(`${name} ended by itself (${signal ?? code}):\n${started.lines().slice(-15).join('\n')}`);
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    expected = true;
    await child?.stop(signal);
  };

  await start();
  return {
    name,
    get pid() {
      return child?.pid ?? 0;
    },
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** Waits for a launched server by `ready`; one that does not come up is killed. */
export async function whenReady(child: Child, ready: Promise<unknown>): Promise<Child> {
  try {
    await ready;
    return child;
  } catch (error) {
    await child.stop('SIGKILL');
    throw error;
  }
}
