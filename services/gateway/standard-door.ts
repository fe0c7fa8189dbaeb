import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Access } from './access.ts';
import { type AdmissionDeps, comeAgain, createAdmission } from './admission.ts';
import type { Appends } from './appends.ts';
import type { Authorize } from './authorize.ts';
import type { BodyBudget } from './body-budget.ts';
import type { StreamLimits } from './body-stream.ts';
import type { Door } from './door.ts';
import type { EventRecord, ToEventRecord } from './envelope.ts';
import { JSON_TYPE } from './http-body.ts';
import { tooMuch as tooMuchFault } from './http-request.ts';
import { keepTogether, type Together } from './kept-together.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import { createPace } from './pace.ts';
import type { Publisher } from './publisher.ts';
import type { Rates } from './rates.ts';
import type { Sender } from './sender.ts';
import type { ReceivedEvent } from './session.ts';
import { createTally } from './tally.ts';
import { createWholeBody } from './whole-body.ts';

/** What requests of a standard have in common before and after they are looked at. */
export interface StandardDoor<E extends EventRecord> {
  /** Refuses whoever may not send, and says how to ask. */
  readonly authorized: RequestHandler;
  /** Refuses, before a body is read, what could not be kept now. */
  readonly admitted: readonly RequestHandler[];
  /** Refuses any other type than JSON, with the status that the standard has for it. */
  readonly isJson: RequestHandler;
  /** The body as a buffer, of at most `bodyBytes`. */
  readonly read: RequestHandler;
  /** Whether the sender showed who it is; after `authorized`. */
  isVouched(response: Response): boolean;
  /** The records of a request's events; or, when one of them may not be sent, why, after which nothing of it is kept. */
  recordsOf(events: Iterable<ReceivedEvent>, sender: Sender): Promise<readonly EventRecord[] | NotSent>;
  /** Answers whoever may not send. */
  turnAway(response: Response, refused: NotSent | { readonly status: 503; readonly error: string }): void;
  /** Why the records are more than may be kept of a request; null when they are not. */
  tooLarge(records: readonly EventRecord[]): string | null;
  /** Counts what came in a request, whatever becomes of it. */
  count(request: IncomingMessage, elements: number): void;
  /** Counts events that go on by whom they are of; true, with nothing counted, when one of these sends too much. */
  answersTooMuch(events: readonly E[], response: Response): boolean;
  /** True when all are durable, in time; else it has answered. `nameOf` is what the sender calls one of them. */
  keep(events: Together<E>, response: Response, nameOf: (index: number) => string): Promise<boolean>;
}

/** 401: what the sender was let in with holds no longer. */
interface NotSent {
  readonly status: 401 | 403;
  readonly error: string;
}

export interface StandardDoorDeps {
  readonly source: 'xapi' | 'caliper';
  /** The status for another content type than JSON. */
  readonly otherType: 400 | 415;
  /** The scheme that `authorize` reads, for whoever did not use it. */
  readonly challenge: string;
  readonly authorize: Authorize;
  readonly access: Pick<Access, 'doorFor'>;
  readonly toEventRecord: ToEventRecord;
  readonly publisher: Publisher;
  readonly metrics: GatewayMetrics;
  readonly clockMs: () => number;
  readonly isStopping: () => boolean;
  readonly rates: Rates;
  readonly bodyBudget: BodyBudget;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly limits: StreamLimits &
    AdmissionDeps['limits'] &
    Pick<GatewayLimits, 'ackTimeoutMs' | 'recordBytes' | 'requestBytes'>;
}

function refusalOf(door: Door, event: ReceivedEvent): NotSent | null {
  const fault = door.credentialFault();
  if (fault !== null) return { status: 401, error: fault };
  const refusal = door.refusal(event);
  if (refusal === null) return null;
  return {
    status: 403,
    error: refusal.kind === 'event' ? refusal.problem.error : refusal.block.message,
  };
}

export function bodyOf(request: IncomingMessage & { readonly body?: unknown }): Buffer {
  // A request without a body leaves no buffer behind.
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

export function createStandardDoor<E extends EventRecord>(
  deps: StandardDoorDeps,
  appends: Appends<E>,
): StandardDoor<E> {
  const { limits, metrics, rates } = deps;
  const admission = createAdmission(deps);

  const turnAway: StandardDoor<E>['turnAway'] = (response, { status, error }) => {
    if (status === 401) response.set('www-authenticate', deps.challenge);
    if (status === 503) response.set('retry-after', '1');
    response.status(status).json({ error });
  };

  function tooMuch(waitMs: number, response: Response): boolean {
    if (waitMs <= 0) return false;
    const { status, error, retryAfterS } = tooMuchFault(waitMs);
    response.status(status).set('retry-after', String(retryAfterS)).json({ error });
    return true;
  }

  return {
    turnAway,
    async authorized(request, response, next) {
      const authorization = await deps.authorize(request, deps.source);
      if (authorization.kind === 'refused') return turnAway(response, authorization);
      response.locals.vouched = authorization.vouched;
      next();
    },
    admitted: [
      admission.lettingGo,
      admission.hasRoom,
      (request, response, next) => {
        if (!tooMuch(rates.waitMs({ address: deps.addressOf(request), key: null }), response)) next();
      },
      admission.counted,
    ],
    isJson(request, response, next) {
      if (request.is(JSON_TYPE)) return next();
      response.status(deps.otherType).json({ error: `content-type: must be ${JSON_TYPE}` });
    },
    read: createWholeBody(deps),
    isVouched: (response) => response.locals.vouched === true,
    async recordsOf(events, sender) {
      const door = deps.access.doorFor(sender);
      const pace = createPace();
      const records: EventRecord[] = [];
      for (const event of events) {
        const refused = refusalOf(door, event);
        if (refused !== null) return refused;
        records.push(deps.toEventRecord(event, sender.server, sender));
        await pace();
      }
      return records;
    },
    tooLarge(records) {
      const sizes = records.map(({ record }) => record.value.length);
      if (sizes.some((bytes) => bytes > limits.recordBytes))
        return `an event may have at most ${limits.recordBytes} bytes`;
      const sum = sizes.reduce((total, bytes) => total + bytes, 0);
      return sum > limits.requestBytes
        ? `the events of a request may have at most ${limits.requestBytes} bytes; send several`
        : null;
    },
    count: (request, elements) => rates.countAddress(deps.addressOf(request), elements),
    answersTooMuch(events, response) {
      const counts = createTally();
      for (const { record } of events) counts.add(record.key);
      const keys = new Set(events.map(({ record }) => record.key));
      const waits = [...keys].map((key) => rates.waitMs({ address: null, key }));
      if (tooMuch(Math.max(0, ...waits), response)) return true;
      for (const key of keys) rates.countIdentity(key, counts.count(key));
      return false;
    },
    async keep(events, response, nameOf) {
      const kept = await keepTogether(appends, events, limits.ackTimeoutMs);
      const outcome = kept.kind === 'unkept' ? 'unkept' : 'accepted';
      for (const { sourceKnown } of events.fresh) metrics.events(outcome, sourceKnown);
      if (kept.kind === 'unkept')
        comeAgain(response, 'not everything could be kept in time; send all of it again, with the same ids');
      if (kept.kind === 'refused') {
        const { reason, tooLarge } = kept.refusal;
        response
          .status(tooLarge ? 413 : 400)
          .json({ error: `${nameOf(kept.index)}: ${reason}; leave it out` });
      }
      return kept.kind === 'kept';
    },
  };
}
