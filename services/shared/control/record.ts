import { z } from 'zod';
import { apiKey, block, unblock } from './access-record.ts';
import { sourceClaim } from './claim-record.ts';
import { erasure } from './erasure-record.ts';
import type { ControlRecord, LeftOut } from './port.ts';
import { activeVersion } from './version-record.ts';

/** How records stand in the control topic: one JSON object each, told apart by `kind`. */

/** Reasons are kept in memory for as long as there are replays. */
const MAX_REASON = 500;

const text = (longest: number): z.ZodString => z.string().min(1).max(longest);
const index = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const reason = z.string().transform((given) => given.slice(0, MAX_REASON));
const whys = [
  'budget',
  'killer',
  'state',
  'detached',
  'requeue',
  'drop',
] as const satisfies readonly LeftOut['why'][];

export const leftOutShape = z.object({
  kind: z.literal('left-out'),
  module: text(300),
  topic: text(249),
  partition: index,
  reducer: text(500),
  offset: index,
  why: z.enum(whys),
  reason,
  token: text(100).optional(),
});

export const unitClaimed = z.object({
  kind: z.literal('unit-claimed'),
  module: text(300),
  topic: text(249),
  partition: index,
  token: text(100),
});

export const moduleSwitch = z.object({
  kind: z.literal('module-switch'),
  module: text(300),
  paused: z.boolean(),
  reason,
});

const known = z.discriminatedUnion('kind', [
  leftOutShape,
  unitClaimed,
  moduleSwitch,
  apiKey,
  block,
  unblock,
  activeVersion,
  sourceClaim,
  erasure,
]);
const kinds: ReadonlySet<string> = new Set(known.options.map(({ shape }) => shape.kind.value));

/** What this version understands. Another version, which understands more or less, folds the same records otherwise. */
export const UNDERSTOOD: readonly string[] = [...kinds, ...whys];

const anyKind = z.object({ kind: text(100) });

/** `unknown` is a kind that this version does not have: another one needs it. */
export type ParsedControlRecord =
  | { readonly outcome: 'taken'; readonly record: ControlRecord }
  | { readonly outcome: 'unknown'; readonly kind: string }
  | { readonly outcome: 'broken'; readonly reason: string };

function parseJson(value: Buffer | null): unknown {
  try {
    return JSON.parse((value ?? '').toString());
  } catch {
    return undefined;
  }
}

export function parseControlRecord(value: Buffer | null): ParsedControlRecord {
  const json = parseJson(value);
  const named = anyKind.safeParse(json);
  if (!named.success) return { outcome: 'broken', reason: 'it is no JSON object with a kind' };
  const { kind } = named.data;
  if (!kinds.has(kind)) return { outcome: 'unknown', kind };
  const parsed = known.safeParse(json);
  if (parsed.success) return { outcome: 'taken', record: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { outcome: 'broken', reason: `${kind}: ${faults.join('; ')}` };
}

/** Throws a TypeError, naming the field, when the record is one that nobody could read back. */
export function encodeControlRecord(record: ControlRecord): Buffer {
  const short = 'reason' in record ? { ...record, reason: record.reason.slice(0, MAX_REASON) } : record;
  const value = Buffer.from(JSON.stringify(short));
  const parsed = parseControlRecord(value);
  if (parsed.outcome !== 'taken')
    throw new TypeError(`a control record is wrong: ${'reason' in parsed ? parsed.reason : parsed.kind}`);
  return value;
}
