import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import type { LogRecord } from '../log/port.ts';
import { apiKey, block } from './access-record.ts';
import { sourceClaim } from './claim-record.ts';
import type { Decisions } from './decided.ts';
import { numberedErasure } from './erasure-record.ts';
import type { LeftOut } from './port.ts';
import { leftOutShape, moduleSwitch, UNDERSTOOD, unitClaimed } from './record.ts';
import { standingVersion } from './version-record.ts';

/** What the records of the control topic below an offset decide together, so that nobody need read them again. */
export interface Snapshot extends Decisions {
  /** The offset of the next record to take. */
  readonly position: number;
  /** Of the record before it, by which the topic is known again. */
  readonly hash: string;
}

/** What is raised when the same records come to decide something else, or are written down otherwise. */
const FORMAT = 1;

/**
 * A name for what this version makes of the topic. A snapshot is for those that make the same of it: another version may
 * know a kind of record that this one passes over.
 */
export const SNAPSHOT_FORMAT = `${FORMAT}-${createHash('sha256').update(UNDERSTOOD.join(' ')).digest('hex').slice(0, 8)}`;

/** Of a record of the topic. */
export function hashOf({ value }: Pick<LogRecord, 'value'>): string {
  return createHash('sha256')
    .update(value ?? '')
    .digest('hex');
}

const MAX_UNPACKED_BYTES = 512 * 1_048_576;

const { module, topic, partition, token } = unitClaimed.shape;
const { reducer, offset, why, reason } = leftOutShape.shape;

const headLine = z.object({
  format: z.literal(SNAPSHOT_FORMAT),
  position: offset.min(1),
  hash: z.string().length(64),
  switches: z.array(moduleSwitch),
  apiKeys: z.array(apiKey),
  blocks: z.array(block),
  versions: z.array(standingVersion),
  claims: z.array(sourceClaim),
  erasures: z.array(numberedErasure),
  units: z.number().int().min(0),
});

/** Verdicts are lists: there may be many. */
const unitLine = z.object({
  module,
  topic,
  partition,
  owner: token.nullable(),
  leftOut: z.array(z.tuple([reducer, offset, why, reason, token.nullable()])),
});

const zipInThread = promisify(gzip);
const unzipInThread = promisify(gunzip);
/** Most are far smaller, and take less time than a thread takes to begin. */
const SMALL_BYTES = 256 * 1_024;

async function zip(text: string): Promise<Buffer> {
  return text.length > SMALL_BYTES ? zipInThread(text) : gzipSync(text);
}

async function unzip(bytes: Buffer): Promise<Buffer> {
  const options = { maxOutputLength: MAX_UNPACKED_BYTES };
  return bytes.length > SMALL_BYTES ? unzipInThread(bytes, options) : gunzipSync(bytes, options);
}

/** Lines of JSON, compressed: one that says what follows, and one for each unit. */
export async function encodeSnapshot({
  position,
  hash,
  switches,
  apiKeys,
  blocks,
  versions,
  claims,
  erasures,
  units,
}: Snapshot): Promise<Buffer> {
  const head: z.input<typeof headLine> = {
    format: SNAPSHOT_FORMAT,
    position,
    hash,
    switches: [...switches],
    apiKeys: apiKeys.map((key) => ({ ...key, sources: key.sources && [...key.sources] })),
    blocks: [...blocks],
    versions: [...versions],
    claims: claims.map((claim) => ({ ...claim, copied: [...claim.copied] })),
    erasures: [...erasures],
    units: units.length,
  };
  const lines = [JSON.stringify(head)];
  for (const { leftOut, ...unit } of units)
    lines.push(
      JSON.stringify({
        ...unit,
        leftOut: leftOut.map((one) => [one.reducer, one.offset, one.why, one.reason, one.token ?? null]),
      }),
    );
  return zip(lines.join('\n'));
}

function parse(lines: readonly string[]): Snapshot {
  const { units: count, format: _, ...head } = headLine.parse(JSON.parse(lines[0] ?? ''));
  if (lines.length !== count + 1) throw new Error(`it has ${lines.length - 1} units of ${count}`);
  const units = lines.slice(1).map((line) => {
    const { leftOut, ...unit } = unitLine.parse(JSON.parse(line));
    const { owner: _owner, ...at } = unit;
    return {
      ...unit,
      leftOut: leftOut.map(
        ([byReducer, byOffset, byWhy, byReason, byToken]): LeftOut => ({
          kind: 'left-out',
          ...at,
          reducer: byReducer,
          offset: byOffset,
          why: byWhy,
          reason: byReason,
          ...(byToken === null ? {} : { token: byToken }),
        }),
      ),
    };
  });
  return { ...head, units };
}

/** Null, after `broken` was told why, when the bytes are no snapshot of this format. */
export async function decodeSnapshot(
  bytes: Buffer,
  broken: (reason: string) => void,
): Promise<Snapshot | null> {
  try {
    const unpacked = await unzip(bytes);
    return parse(unpacked.toString().split('\n'));
  } catch (error) {
    broken(messageOf(error));
    return null;
  }
}
