import type { IncomingMessage } from 'node:http';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { otherMethods } from '../shared/other-methods.ts';
import { comeAgain } from './admission.ts';
import { type Append, createAppends } from './appends.ts';
import type { EventRecord } from './envelope.ts';
import { createEventIds } from './event-id.ts';
import type { ElementLimits, Refusal } from './exact-elements.ts';
import type { Together } from './kept-together.ts';
import type { Sender } from './sender.ts';
import { bodyOf, createStandardDoor, type StandardDoorDeps } from './standard-door.ts';
import { isUuid } from './xapi-fault.ts';
import { readMany, readOne, type Statement, type Statements, statementEvent } from './xapi-statements.ts';

export interface XapiDeps extends Omit<StandardDoorDeps, 'source' | 'otherType' | 'challenge'> {
  readonly limits: StandardDoorDeps['limits'] & ElementLimits;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const XAPI_VERSION = '1.0.3';
export const XAPI_CHALLENGE = 'Basic realm="xapi", charset="UTF-8"';
export const VERSION_HEADER = 'x-experience-api-version';
/** Of those who ask. */
export const READ_VERSIONS = /^1\.0(?:\.\d+)?$/;

/** Of every answer under `/xapi`, so it comes before all that may answer. */
export const sayVersion: RequestHandler = (_request, response, next) => {
  response.set(VERSION_HEADER, XAPI_VERSION);
  next();
};

const needsVersion: RequestHandler = (request, response, next) => {
  if (READ_VERSIONS.test(request.get(VERSION_HEADER) ?? '')) return next();
  response.status(400).json({ error: `${VERSION_HEADER}: must be there, and 1.0 or 1.0.<number>` });
};

/** Refuses parameters that do not belong to the request, as the standard wants it. */
function takesOnly(names: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const unknown = Object.keys(request.query).find((name) => !names.includes(name));
    if (unknown === undefined) return next();
    const remedy =
      unknown === 'method'
        ? 'the alternate request syntax is not served here'
        : 'not a parameter of this request';
    response.status(400).json({ error: `${unknown.slice(0, 100)}: ${remedy}` });
  };
}

/** A statement as an event of ours, with what tells it from another one with the same id. */
interface StatementRecord extends EventRecord {
  readonly hash: string;
}

/**
 * `POST` and `PUT /xapi/statements` and `GET /xapi/about`, by xAPI 1.0.3: what a sender of statements needs. It is no
 * Learning Record Store: nothing can be asked back. Statements are answered for when all of a request are durable; else
 * 503, and then some of them may be durable: whoever sends them again under their ids is counted once. One that the log
 * refuses for good is named, 400 or 413, and the others of its request are durable.
 */
export function createXapi(deps: XapiDeps): Router {
  const { limits } = deps;
  const appends = createAppends<StatementRecord>({
    publisher: deps.publisher,
    onKept: deps.metrics.ack,
    clockMs: deps.clockMs,
    // Whoever sends it: an id belongs to one statement.
    nameOf: ({ idInLog }) => idInLog,
    contentOf: ({ hash }) => hash,
  });
  const door = createStandardDoor(
    {
      ...deps,
      source: 'xapi',
      // The standard has no 415.
      otherType: 400,
      challenge: XAPI_CHALLENGE,
    },
    appends,
  );

  /** What is known of a request's statements; null when it was answered. */
  function lookUp(all: readonly StatementRecord[], response: Response): Together<StatementRecord> | null {
    const fresh: StatementRecord[] = [];
    const joined = new Set<Append>();
    for (const record of all) {
      const known = appends.known(record);
      if (appends.isOther(record)) {
        if (known === 'durable')
          response.status(409).json({
            error: `id ${record.id}: another statement has this id; a statement is never changed`,
          });
        else comeAgain(response, `id ${record.id}: another statement with this id is on its way; send again`);
        return null;
      }
      if (known === undefined) fresh.push(record);
      else if (known === 'durable') deps.metrics.events('duplicate', false);
      else joined.add(known);
    }
    return { all, fresh, joined: [...joined] };
  }

  /** True when all of them are durable; what else became of the request is then answered. */
  async function keepAll({ statements }: Statements, request: Request, response: Response): Promise<boolean> {
    const sender = await deps.senderOf(request);
    door.count(request, statements.length);
    const by = { vouched: door.isVouched(response), receivedAt: Math.round(deps.now() * 1_000) };
    const events = (function* () {
      for (const statement of statements) yield statementEvent(statement, by);
    })();
    const records = await door.recordsOf(events, sender);
    if ('error' in records) {
      door.turnAway(response, records);
      return false;
    }
    const error = door.tooLarge(records);
    if (error !== null) {
      response.status(413).json({ error });
      return false;
    }
    const hashed = records.map((record, index) => ({ ...record, hash: statements[index]!.hash }));
    // Nothing is waited for until those that are fresh are on their way: no other request comes in between.
    const known = lookUp(hashed, response);
    if (known === null || door.answersTooMuch(known.fresh, response)) return false;
    return await door.keep(known, response, (index) => `id ${statements[index]!.id}`);
  }

  async function take(
    read: Statements | Refusal,
    request: Request,
    response: Response,
    answer: (statements: readonly Statement[]) => void,
  ): Promise<void> {
    if (read.kind === 'refused') {
      deps.metrics.events('refused', false);
      door.count(request, 1);
      return void response.status(read.status).json({ error: read.error });
    }
    if (await keepAll(read, request, response)) answer(read.statements);
  }

  const newId = createEventIds();
  const before = [...door.admitted, door.isJson, door.read];
  const router = Router();
  router
    .route('/xapi/about')
    .get((_request, response) => void response.json({ version: [XAPI_VERSION] }))
    .all(otherMethods('GET, HEAD'));
  router
    .route('/xapi/statements')
    .all(door.authorized, needsVersion)
    .post(takesOnly([]), ...before, async (request, response) =>
      take(await readMany(bodyOf(request), newId, limits), request, response, (statements) =>
        response.json(statements.map(({ id }) => id)),
      ),
    )
    .put(takesOnly(['statementId']), ...before, async (request, response) => {
      const { statementId } = request.query;
      if (!isUuid(statementId))
        return void response.status(400).json({ error: 'statementId: must be there, once, and be a UUID' });
      await take(await readOne(bodyOf(request), statementId, limits), request, response, () =>
        response.status(204).end(),
      );
    })
    .all(otherMethods('POST, PUT', 'statements are only taken here, not given out'));
  return router;
}
