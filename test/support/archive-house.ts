import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Registry } from 'prom-client';
import {
  type Archiver,
  type ArchiverDeps,
  type ArchiverLimits,
  createArchiver,
} from '../../services/archiver/archiver.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { anchorOf } from '../../services/shared/archive/object-range.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { readContainer } from '../../services/shared/avro.ts';
import type { LogRecord, TopicPartition } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { collect } from './collect.ts';
import { createFakeLog, type FakeLog, type FakeMember } from './fake-log.ts';
import { nothingErased } from './nothing-erased.ts';

/** Archivers on a fake log and a real directory. */

const namespace = 'test';
export const topic = 'test.events.essay';
export const at: TopicPartition = { topic, partition: 0 };
/** What a record of `records` counts for in a buffer. */
export const RECORD_BYTES = 260;

export interface ArchiveHouse {
  readonly fake: FakeLog;
  readonly archive: ArchiveStore;
  readonly registry: Registry;
  readonly logged: string[];
}

export interface StartedArchiver {
  readonly archiver: Archiver;
  /** The house's own for the first archiver, one of its own for each further one. */
  readonly registry: Registry;
  readonly member: FakeMember;
}

const closing: (() => Promise<void> | void)[] = [];

/** For `afterEach`. */
export async function closeArchiveHouses(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export function openArchiveHouse(partitions = 1, more: Readonly<Record<string, number>> = {}): ArchiveHouse {
  const root = mkdtempSync(join(tmpdir(), 'archiver-'));
  closing.push(() => rmSync(root, { recursive: true }));
  return {
    fake: createFakeLog({ [topic]: partitions, ...more }),
    archive: createDirectoryArchive({ root }),
    registry: new Registry(),
    logged: [],
  };
}

export interface StartOptions {
  readonly archive?: Partial<ArchiveStore>;
  readonly limits?: Partial<ArchiverLimits>;
  readonly now?: () => number;
  readonly elapsed?: () => number;
  readonly lookMs?: number;
  readonly control?: ArchiverDeps['control'];
}

export async function startArchiver(house: ArchiveHouse, given: StartOptions = {}): Promise<StartedArchiver> {
  const destination = { write: (line: string) => void house.logged.push(line) };
  const registry = house.fake.members.length === 0 ? house.registry : new Registry();
  const archiver = createArchiver({
    log: house.fake.log,
    archive: { ...house.archive, ...given.archive },
    control: given.control ?? nothingErased,
    namespace,
    topics: [topic],
    limits: { maxBytes: 10 * RECORD_BYTES, maxAgeMs: 3_600_000, bufferBytes: 1_000_000, ...given.limits },
    logger: createLogger({ service: 'test', level: 'info', destination }),
    registry,
    failed: (error) => {
      throw error;
    },
    ...(given.now === undefined ? {} : { now: given.now }),
    ...(given.elapsed === undefined ? {} : { elapsed: given.elapsed }),
    lookMs: given.lookMs ?? 10_000,
  });
  await archiver.run();
  const member = house.fake.members.at(-1)!;
  closing.push(() => {
    member.kill();
    member.revoke();
    return archiver.stop();
  });
  return { archiver, registry, member };
}

/** Records whose value tells their number. */
export function records(count: number, from = 0): Partial<LogRecord>[] {
  return Array.from({ length: count }, (_, n) => ({
    value: Buffer.from(String(from + n).padStart(4)),
  }));
}

export interface ArchivedObject {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

/** The objects of a partition by their first offsets, each checked against its records, name and metadata. */
export async function objectsOf(
  { archive }: ArchiveHouse,
  { partition }: TopicPartition = at,
): Promise<ArchivedObject[]> {
  const entries = await collect(archive.list({ prefix: 'events/source=essay/' }));
  const names = entries.map(({ name }) => name).filter((name) => name.includes(`/${topic}+${partition}+`));
  const objects = names.map(async (name) => {
    const { bytes, metadata } = (await archive.get(name))!;
    const held = await readContainer<LogRecord>(bytes);
    const first = held[0]!.offset;
    const last = held.at(-1)!.offset;
    expect(held.map(({ offset }) => offset)).toEqual(held.map((_, index) => first + index));
    for (const { value, offset } of held) expect(Number(value)).toBe(offset);
    expect(name).toContain(`+${String(first).padStart(20, '0')}.avro`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const anchor = anchorOf(held.at(-1)!);
    expect(metadata).toEqual({ first: `${first}`, last: `${last}`, count: `${held.length}`, sha256, anchor });
    return { name, first, last };
  });
  return (await Promise.all(objects)).sort((a, b) => a.first - b.first);
}

/** Each offset below `end` is in exactly one object. */
export async function expectChain(house: ArchiveHouse, end: number, from = at): Promise<ArchivedObject[]> {
  const objects = await objectsOf(house, from);
  let next = 0;
  for (const { first, last } of objects) {
    expect(first).toBe(next);
    next = last + 1;
  }
  expect(next).toBe(end);
  return objects;
}
