import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Request, type Response, Router } from 'express';
import { otherMethods } from '../shared/other-methods.ts';
import { createAppends } from './appends.ts';
import { type CaliperEnvelope, type Item, readEnvelope, SUPPORTED_VERSIONS } from './caliper-envelope.ts';
import { type ElementLimits, frameWith } from './exact-elements.ts';
import { NOTHING_LOCKED } from './locked-fields.ts';
import type { Sender } from './sender.ts';
import type { ReceivedEvent } from './session.ts';
import { bodyOf, createStandardDoor, type StandardDoorDeps } from './standard-door.ts';
import { agentId, standardAuth } from './xapi-actor.ts';

export interface CaliperDeps extends Omit<StandardDoorDeps, 'source' | 'otherType' | 'challenge'> {
  readonly limits: StandardDoorDeps['limits'] & ElementLimits;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const CALIPER_CHALLENGE = 'Bearer realm="caliper"';

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** An event has an id of its own. An entity is described again and again: what tells one time from another is its text. */
function idOf(item: Item, { sensor, sendTime }: CaliperEnvelope): string {
  return item.kind === 'event' ? (item.value.id as string) : `entity-${hashOf(sensor, sendTime, item.text)}`;
}

/** What is about nobody is kept under its sensor, which is no learner. */
function userOf({ agent }: Item, { sensor }: CaliperEnvelope): string {
  return agent === null ? `sensor-${hashOf(sensor)}` : agentId(agent)!;
}

/**
 * `POST /caliper`, for sensors of Caliper 1.1 and 1.2, and `GET /caliper`, the configuration of 1.2. Answers 200 with an
 * empty body when all of an envelope is durable; else 503, and then some of it may be: whoever sends it again is counted
 * once.
 */
export function createCaliper(deps: CaliperDeps): Router {
  const { limits } = deps;
  const appends = createAppends({
    publisher: deps.publisher,
    onKept: deps.metrics.ack,
    clockMs: deps.clockMs,
    // The worker tells repeats apart: an entity, and events of careless sensors, have ids that say nothing here.
    nameOf: () => null,
  });
  const door = createStandardDoor(
    { ...deps, source: 'caliper', otherType: 415, challenge: CALIPER_CHALLENGE },
    appends,
  );

  function* eventsOf(envelope: CaliperEnvelope, response: Response): Generator<ReceivedEvent> {
    const { sensor, sendTime, dataVersion } = envelope;
    const receivedAt = Math.round(deps.now() * 1_000);
    for (const [ordinal, item] of envelope.items.entries()) {
      const { action, text, value } = item;
      const frame = frameWith(
        { event: action, source: 'caliper', id: idOf(item, envelope), sensor, sendTime, dataVersion },
        { name: 'data', text, value },
      );
      const auth = standardAuth('caliper', userOf(item, envelope), door.isVouched(response));
      yield { ordinal, frame, locked: NOTHING_LOCKED, auth, receivedAt };
    }
  }

  async function post(request: Request, response: Response): Promise<void> {
    const envelope = await readEnvelope(bodyOf(request), limits);
    if (envelope.kind === 'refused') {
      deps.metrics.events('refused', false);
      door.count(request, 1);
      return void response.status(envelope.status).json({ error: envelope.error });
    }
    door.count(request, envelope.items.length);
    const records = await door.recordsOf(eventsOf(envelope, response), await deps.senderOf(request));
    if ('error' in records) return door.turnAway(response, records);
    const error = door.tooLarge(records);
    if (error !== null) return void response.status(413).json({ error });
    if (door.answersTooMuch(records, response)) return;
    const isKept = await door.keep(
      { all: records, fresh: records, joined: [] },
      response,
      (index) => `data[${index}]`,
    );
    if (isKept) response.status(200).end();
  }

  const router = Router();
  router
    .route('/caliper')
    .all(door.authorized)
    .post(...door.admitted, door.isJson, door.read, post)
    .get(
      (_request, response) =>
        void response.json({
          caliperMaximumPayloadSize: Math.floor(limits.bodyBytes / 1_024),
          caliperSupportedVersions: SUPPORTED_VERSIONS,
        }),
    )
    .all(otherMethods('GET, HEAD, POST'));
  return router;
}
