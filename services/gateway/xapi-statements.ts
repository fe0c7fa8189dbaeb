import type { Json } from '../shared/reducer-api.ts';
import {
  type ElementLimits,
  elementFault,
  elementsOf,
  frameWith,
  type Refusal,
  readJson,
  refusal,
} from './exact-elements.ts';
import { NOTHING_LOCKED } from './locked-fields.ts';
import { createPace } from './pace.ts';
import type { ReceivedEvent } from './session.ts';
import { actorId, standardAuth } from './xapi-actor.ts';
import { statementHash } from './xapi-comparable.ts';
import { statementFault } from './xapi-fault.ts';

export interface Statement {
  /** As its sender wrote it, or the one that it was given. */
  readonly id: string;
  /** The same in lower case: ids that differ in case are one. */
  readonly key: string;
  readonly text: string;
  readonly value: { readonly [name: string]: Json };
  readonly hash: string;
}

export interface Statements {
  readonly kind: 'statements';
  readonly statements: readonly Statement[];
}

function readStatement(
  text: string,
  parsed: unknown,
  place: string,
  limits: ElementLimits,
  idOf: (given: string | undefined) => string | null,
): Statement | Refusal {
  const refused = elementFault(text, parsed, place, limits);
  if (refused !== null) return refused;
  const fault = statementFault(parsed);
  if (fault !== null) return refusal(400, `${place}${fault}`);
  const value = parsed as Statement['value'];
  const id = idOf(value.id as string | undefined);
  if (id === null) return refusal(400, `${place}.id: must be the same as statementId`);
  return { id, key: id.toLowerCase(), text, value, hash: statementHash(value) };
}

/** The statement of a PUT. */
export async function readOne(
  body: Buffer,
  statementId: string,
  limits: ElementLimits,
): Promise<Statements | Refusal> {
  const json = await readJson(body, limits.nestingLevels, createPace());
  if (json.kind === 'refused') return json;
  const statement = readStatement(json.text.trim(), json.value, 'statement', limits, (given) =>
    (given ?? statementId).toLowerCase() === statementId.toLowerCase() ? statementId : null,
  );
  return 'hash' in statement ? { kind: 'statements', statements: [statement] } : statement;
}

/** The statements of a POST: all of them, or the first fault with its place. Those without an id get one. */
export async function readMany(
  body: Buffer,
  newId: () => string,
  limits: ElementLimits,
): Promise<Statements | Refusal> {
  const pace = createPace();
  const json = await readJson(body, limits.nestingLevels + 1, pace);
  if (json.kind === 'refused') return json;
  const isList = Array.isArray(json.value);
  const values: readonly unknown[] = isList ? (json.value as unknown[]) : [json.value];
  await pace();
  const texts = isList ? elementsOf(json.text) : [json.text.trim()];
  if (texts.length > limits.bodyEvents)
    return refusal(413, `a request may have at most ${limits.bodyEvents} statements; send several`);
  const statements: Statement[] = [];
  const places = new Map<string, string>();
  for (const [index, text] of texts.entries()) {
    await pace();
    const place = isList ? `statements[${index}]` : 'statement';
    const statement = readStatement(text, values[index], place, limits, (given) => given ?? newId());
    if (!('hash' in statement)) return statement;
    const other = places.get(statement.key);
    if (other !== undefined) return refusal(400, `${place}.id: is also that of ${other}`);
    places.set(statement.key, place);
    statements.push(statement);
  }
  return { kind: 'statements', statements };
}

export interface StatementSender {
  readonly vouched: boolean;
  /** Microseconds since 1970. */
  readonly receivedAt: number;
}

/** A statement as an event: `{event: <verb>, source: "xapi", id, statement}`, of its actor. */
export function statementEvent(
  { key, text, value }: Statement,
  { vouched, receivedAt }: StatementSender,
): ReceivedEvent {
  const { id: verb } = value.verb as { readonly id: string };
  const frame = frameWith({ event: verb, source: 'xapi', id: key }, { name: 'statement', text, value });
  const auth = standardAuth('xapi', actorId(value.actor)!, vouched);
  return { ordinal: 0, frame, locked: NOTHING_LOCKED, auth, receivedAt };
}
