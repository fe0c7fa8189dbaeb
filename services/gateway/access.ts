import type { IncomingMessage } from 'node:http';
import { Counter, type Registry } from 'prom-client';
import { KEY_PREFIX } from '../shared/access-key.ts';
import type { Clock } from '../shared/clock.ts';
import type { Control } from '../shared/control/port.ts';
import { messageOf } from '../shared/errors.ts';
import { sleepUntil } from '../shared/sleep-until.ts';
import { checkKey } from './api-keys.ts';
import {
  type Checked,
  type Credential,
  type KeyCredential,
  NO_CREDENTIAL,
  type Refused,
  refused,
} from './credential.ts';
import { createDoor, type Door } from './door.ts';
import { type Arrival, givenToken } from './given-token.ts';
import type { Sender } from './sender.ts';
import type { CheckToken } from './token-check.ts';

/** Who may send: API keys and blocks as the control topic has them, and tokens of the school's sign-in. */
export interface Access {
  /** Begins to read the control topic. Until it was read to its end once, API keys are refused with 503. */
  start(): void;
  /** What keeps it from knowing, one line each. */
  notReady(): readonly string[];
  /** What a request or an upgrade proves of its sender. Never rejects. */
  check(request: IncomingMessage, arrival: Arrival): Promise<Checked>;
  /** As `check`, of a request's API key alone; null, and the request unchecked, when it brings none. */
  checkKey(request: IncomingMessage): KeyCredential | Refused | null;
  /** Notes that another door let a request in: it proved nothing to this one. */
  pass(request: IncomingMessage): void;
  /** What `check` found. Throws for a request that was not checked or was refused: nothing may pass unchecked. */
  credentialOf(request: IncomingMessage): Credential;
  doorFor(sender: Pick<Sender, 'origin' | 'credential'>): Door;
  /** Calls `listener` soon after keys or blocks changed: who is connected may have to leave. */
  onChange(listener: () => void): void;
  stop(): void;
}

export interface AccessDeps {
  readonly control: Pick<Control, 'caughtUp' | 'watch' | 'apiKeys' | 'blocks'>;
  /** Whether whoever gives neither a key nor a token is refused. */
  readonly requireKey: boolean;
  /** Null where tokens are not configured. */
  readonly checkToken: CheckToken | null;
  readonly clock: Pick<Clock, 'every' | 'now'>;
  readonly registry: Registry;
}

const READ_AGAIN_MS = 500;

type Outcome = 'taken' | 'refused' | 'unavailable';

function outcomeOf(checked: Checked): Outcome {
  if (checked.kind !== 'refused') return 'taken';
  return checked.status === 401 ? 'refused' : 'unavailable';
}

export function createAccess(deps: AccessDeps): Access {
  const { control, checkToken, clock } = deps;
  const credentials = new WeakMap<IncomingMessage, Credential>();
  const listeners = new Set<() => void>();
  let waitsFor: string | null = 'the control topic was not read yet, so API keys and blocks are not known';
  let telling = false;
  let unwatch: (() => void) | null = null;
  let endWait = (): void => undefined;
  let stopped = false;
  const stopping = new Promise<void>((resolve) => {
    endWait = resolve;
  });
  const counted = new Counter({
    name: 'lectern_gateway_credentials_total',
    help: 'Requests and upgrades by what they gave to be let in, and what came of it',
    labelNames: ['kind', 'outcome'],
    registers: [deps.registry],
  });

  async function read(): Promise<void> {
    while (!stopped && waitsFor !== null) {
      try {
        await control.caughtUp();
        waitsFor = null;
      } catch (error) {
        waitsFor = `the control topic cannot be read, so API keys and blocks are not known: ${messageOf(error)}`;
        await sleepUntil(clock, READ_AGAIN_MS, stopping);
      }
    }
  }

  /** Once for all that came together: each time every open socket is looked at. */
  function tellSoon(): void {
    if (telling) return;
    telling = true;
    setImmediate(() => {
      telling = false;
      for (const listener of listeners) listener();
    });
  }

  function checkGivenKey(token: string): KeyCredential | Refused {
    return waitsFor === null
      ? checkKey(token, control.apiKeys, clock.now())
      : refused(503, 'API keys cannot be checked yet; come again later');
  }

  async function checkGiven(token: string | null): Promise<Checked> {
    if (token === null)
      return deps.requireKey
        ? refused(401, 'give an API key or a token: Authorization: Bearer <key>')
        : NO_CREDENTIAL;
    if (token.startsWith(KEY_PREFIX)) return checkGivenKey(token);
    if (checkToken === null)
      return refused(401, 'what was given is no API key (lct_...), and tokens are not configured here');
    return await checkToken(token);
  }

  function kindOf(token: string | null): 'none' | 'api-key' | 'token' {
    if (token === null) return 'none';
    return token.startsWith(KEY_PREFIX) ? 'api-key' : 'token';
  }

  function note<C extends Checked>(request: IncomingMessage, token: string | null, checked: C): C {
    counted.inc({ kind: kindOf(token), outcome: outcomeOf(checked) });
    if (checked.kind !== 'refused') credentials.set(request, checked);
    return checked;
  }

  return {
    start() {
      if (stopped || unwatch !== null) return;
      unwatch = control.watch(({ kind }) => {
        if (kind === 'api-key' || kind === 'block') tellSoon();
      });
      void read();
    },
    notReady: () => (waitsFor === null ? [] : [waitsFor]),
    async check(request, arrival) {
      const token = givenToken(request, arrival);
      return note(request, token, await checkGiven(token));
    },
    checkKey(request) {
      const token = givenToken(request, 'request');
      return token?.startsWith(KEY_PREFIX) === true ? note(request, token, checkGivenKey(token)) : null;
    },
    pass: (request) => void credentials.set(request, NO_CREDENTIAL),
    credentialOf(request) {
      const credential = credentials.get(request);
      if (credential === undefined) throw new Error('a request was worked on before its sender was checked');
      return credential;
    },
    doorFor: (sender) =>
      createDoor(sender, { apiKeys: control.apiKeys, blocks: control.blocks, now: clock.now }),
    onChange: (listener) => void listeners.add(listener),
    stop() {
      stopped = true;
      endWait();
      unwatch?.();
      listeners.clear();
    },
  };
}
