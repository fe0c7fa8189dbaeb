import { ClientError } from './client-error.ts';
import type { OpenStore } from './event-store.ts';
import { toJson } from './frame-text.ts';
import { createIntake } from './intake.ts';
import type { ClientOptions, ClientStatus, LecternClient } from './options.ts';
import { createOutbox } from './outbox.ts';
import { createSending, type Sending } from './sending.ts';
import type { OpenSocket } from './socket.ts';

/** What is under way on a connection: enough for a fast one, and all of it is sent again after a slow one broke. */
const WINDOW = { windowEvents: 1_000, windowSize: 4_194_304 };
const LIMITS = { maxEvents: 10_000, maxSize: 16_777_216, maxEventBytes: 1_000_000 };
const TIMES = { retryMinMs: 500, retryMaxMs: 30_000, connectMs: 10_000, ackTimeoutMs: 30_000 };

interface Waiter {
  readonly through: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export type AnyClientOptions = ClientOptions & { readonly openSocket: OpenSocket };

/**
 * Keeps events until they are acknowledged. Promises: an event that `send` resolved for is sent, in order, until the
 * server has acknowledged or refused it, by this client or the next on the same store; and whatever is sent twice has the
 * same session and number, by which the server drops it.
 */
export function createClient(options: AnyClientOptions): LecternClient {
  const { source, identity = {}, fields = {} } = options;
  const tell = (status: ClientStatus): void => options.onStatus?.(status);
  const outbox = createOutbox(WINDOW);
  const owner = toJson([source, Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1))]);
  let sending: Sending | undefined;
  let failure: ClientError | undefined;
  let waiters: Waiter[] = [];
  let helper: LecternClient | undefined;

  const opening = options.store.open(owner);
  const intake = createIntake({
    ...LIMITS,
    ...options,
    opening,
    stored: () => outbox,
    onStored(event) {
      outbox.add(event);
      sending?.pump();
    },
  });

  function fail(error: ClientError): void {
    if (failure !== undefined) return;
    failure = error;
    sending?.stop();
    for (const { reject } of waiters.splice(0)) reject(error);
    if (error.code !== 'CLOSED') tell({ kind: 'failed', error });
  }

  function onForgotten(storing: Promise<void>): void {
    storing.catch((cause: Error) =>
      fail(new ClientError('STORE', `the store cannot be written: ${cause.message}`, cause)),
    );
    const done = waiters.filter(({ through }) => outbox.lowest() > through);
    waiters = waiters.filter(({ through }) => outbox.lowest() <= through);
    for (const { resolve } of done) resolve();
  }

  function start(store: OpenStore): void {
    if (failure !== undefined) return;
    for (const event of store.events) outbox.add(event);
    if (store.damaged > 0) tell({ kind: 'damaged', entries: store.damaged });
    sending = createSending({
      ...TIMES,
      ...options,
      lockFrame: toJson({
        event: 'lock_fields',
        fields: { ...fields, ...identity, source, session: store.session },
      }),
      store,
      outbox,
      tell,
      onForgotten,
      onLockRefused: (error) =>
        fail(new ClientError('INVALID', `the server does not take the fields to lock: ${error}`)),
    });
  }

  /** Sends what is left of clients that are gone; their sessions are other ones, so each has a connection for a while. */
  async function sendLeft(): Promise<void> {
    while (failure === undefined) {
      const left = await options.store.openLeft?.(owner);
      if (left === undefined || left === null) return;
      helper = createClient({
        ...options,
        store: { open: () => Promise.resolve(left) },
        onStatus: (status) => status.kind === 'refused' && tell(status),
      });
      if (failure === undefined) await helper.flush();
      await helper.close();
    }
  }

  const started = opening.then(start).catch((cause: Error) => {
    fail(cause instanceof ClientError ? cause : new ClientError('STORE', cause.message, cause));
  });
  // Whatever keeps it from being sent now, it stays for the next client.
  started.then(sendLeft).catch(() => undefined);

  return {
    async send(event) {
      if (failure !== undefined) throw failure;
      if (sending?.isDropping() === true)
        throw new ClientError('BLOCKED', 'the server wants no events of this sender');
      await intake.take(event);
    },
    async flush() {
      await started;
      const through = await intake.settled();
      if (failure !== undefined) throw failure;
      if (outbox.lowest() <= through)
        await new Promise<void>((resolve, reject) => waiters.push({ through, resolve, reject }));
    },
    async close() {
      fail(new ClientError('CLOSED', 'the client was closed'));
      const store = await opening.catch(() => undefined);
      await intake.settled();
      await helper?.close();
      await store?.close();
    },
  };
}
