import { expect } from '@jest/globals';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { readContainer } from '../../services/shared/avro.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import type { EventLog } from '../../services/shared/log/port.ts';

/** What log and archive hold of a topic, read without the code that wrote states. */

export interface Kept {
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  readonly student: string;
  /** The number that `sendEvents` gave it. */
  readonly item: number;
  readonly value: Buffer;
}

const codec = createEventCodec();

function toKept(partition: number, offset: number, value: Buffer): Kept {
  const decoded = codec.decode(value);
  if (decoded.kind !== 'ok') throw new Error(`${partition}/${offset}: ${decoded.reason}`);
  const { id, key, client } = decoded.value;
  return { partition, offset, id, student: key, item: (JSON.parse(client) as { item: number }).item, value };
}

/** Every record of a topic, by partition and offset. */
export async function readLog(log: EventLog, topic: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const { partition, start, end } of await log.offsets(topic))
    for await (const page of log.read({ topic, partition, from: start, to: end }))
      for (const { offset, value } of page) kept.push(toKept(partition, offset, value!));
  return kept;
}

interface ArchivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: Buffer;
}

/** Every archived record of a source, by partition and offset, as it stands in the objects. */
export async function readArchive(archive: ArchiveStore, source: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  for await (const page of archive.list({ prefix: `events/source=${source}/` }))
    for (const { name } of page)
      for (const record of await readContainer<ArchivedRecord>((await archive.get(name))!.bytes))
        kept.push(toKept(record.partition, Number(record.offset), record.value));
  return kept.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Of events that are there more than once, the first. */
export function firstOnes(logged: readonly Kept[]): Kept[] {
  const seen = new Set<string>();
  return logged.filter(({ id }) => !seen.has(id) && seen.add(id));
}

/** Fails unless every offset from 0 on is there once. */
export function assertContiguous(kept: readonly Kept[]): void {
  const next = new Map<number, number>();
  for (const { partition, offset } of kept) {
    if (offset !== (next.get(partition) ?? 0))
      throw new Error(
        `partition ${partition} has offset ${offset} where ${next.get(partition) ?? 0} should be`,
      );
    next.set(partition, offset + 1);
  }
}

/** Fails unless every acknowledged event is kept exactly once. */
export function assertKeptOnce(kept: readonly Kept[], acknowledged: Iterable<string>): void {
  const times = new Map<string, number>();
  for (const { id } of kept) times.set(id, (times.get(id) ?? 0) + 1);
  const wrong = [...acknowledged].filter((id) => times.get(id) !== 1);
  if (wrong.length > 0)
    throw new Error(
      `${wrong.length} acknowledged events are not kept once, such as ${wrong[0]} (${times.get(wrong[0]!) ?? 0} times)`,
    );
}

/** The counts that a fold over the records gives, by student: what the counting module must have. */
export function countByStudent(kept: readonly Kept[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { student } of kept) counts.set(student, (counts.get(student) ?? 0) + 1);
  return counts;
}

/** Fails unless the archive holds exactly what the log holds, byte for byte. */
export function assertArchived(archived: readonly Kept[], logged: readonly Kept[]): void {
  assertContiguous(archived);
  expect(archived.length).toBe(logged.length);
  const differing = archived.filter((record, index) => !record.value.equals(logged[index]!.value));
  expect(differing).toEqual([]);
}
