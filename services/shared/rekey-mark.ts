import type { TopicPartition } from './log/port.ts';

/**
 * What a unit of a rekey topic has of an origin partition: the place of a record in the order in which the partition's
 * records are published under other keys.
 */
export interface Mark {
  readonly offset: number;
  /** Which of the records that were made of the event, from 0. */
  readonly n: number;
}

/** The field of a rekey unit that holds the mark of an origin partition: `Mark,<topic>/<partition>`. */
export const markField = ({ topic, partition }: TopicPartition): string => `Mark,${topic}/${partition}`;

export const writeMark = ({ offset, n }: Mark): string => `${offset},${n}`;

/** Null when the text is no mark. */
export function readMark(text: string): Mark | null {
  const found = /^(\d{1,16}),(\d{1,16})$/.exec(text);
  return found === null ? null : { offset: Number(found[1]), n: Number(found[2]) };
}
