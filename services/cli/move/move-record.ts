import { z } from 'zod';
import { LecternError } from '../../shared/errors.ts';
import type { EventLog, Producer } from '../../shared/log/port.ts';
import { controlTopic } from '../../shared/topics.ts';

/**
 * What is moved, and which part of it. It is the first record of the new namespace's control topic: by it a move that was
 * interrupted is known again. Services pass over records of its kind.
 */
const moveSchema = z.object({
  kind: z.literal('moved-in'),
  /** Of the old installation. */
  namespace: z.string(),
  /** Sources, times in UTC, of which `to` is the first that is left out, and a learner; null for all. */
  sources: z.array(z.string()).nullable(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  student: z.string().nullable(),
});

export type Move = Readonly<z.output<typeof moveSchema>>;

function parse(value: Buffer | null): Move | null {
  try {
    return moveSchema.safeParse(JSON.parse((value ?? '').toString())).data ?? null;
  } catch {
    return null;
  }
}

const titleOf = ({ namespace, sources, from, to, student }: Move): string =>
  `of the namespace ${namespace} (${sources?.join(', ') ?? 'all sources'}, from ${from ?? 'the beginning'} to ${to ?? 'the end'}, ${student === null ? 'all learners' : 'one learner'})`;

async function firstOf(log: Pick<EventLog, 'read' | 'offsets'>, topic: string): Promise<Move | null> {
  const [range] = await log.offsets(topic);
  if (range === undefined || range.start > 0 || range.end === 0) return null;
  for await (const [record] of log.read({ topic, partition: 0, from: 0, to: 1 })) return parse(record!.value);
  return null;
}

/**
 * Begins a move into a namespace whose topics are there and empty, or finds that it is the one that was begun there. Throws
 * CONFIG_INVALID where the namespace has records of something else. `topics` are all of the namespace.
 */
export async function beginMove(
  log: Pick<EventLog, 'read' | 'offsets'>,
  producer: Pick<Producer, 'send'>,
  namespace: string,
  topics: readonly string[],
  move: Move,
): Promise<void> {
  const topic = controlTopic(namespace);
  const begun = await firstOf(log, topic);
  if (begun !== null) {
    if (JSON.stringify(begun) === JSON.stringify(move)) return;
    throw new LecternError(
      'CONFIG_INVALID',
      `the namespace ${namespace} has what was moved there ${titleOf(begun)}, and this would be a move ${titleOf(move)}: ` +
        'give the same filters again, or another namespace',
    );
  }
  for (const one of topics) {
    const used = (await log.offsets(one)).find(({ end }) => end > 0);
    if (used === undefined) continue;
    throw new LecternError(
      'CONFIG_INVALID',
      `the namespace ${namespace} is not empty: ${one}/${used.partition} has records that no move brought; give another namespace`,
    );
  }
  await producer.send([{ topic, key: 'control', value: Buffer.from(JSON.stringify(move)) }]);
}
