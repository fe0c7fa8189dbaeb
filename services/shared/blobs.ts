import type { Module } from './module.ts';
import type { Unit } from './state/port.ts';
import { eventFieldName, keyText, stateField } from './state-key.ts';
import { BLOBS, eventsTopic } from './topics.ts';

/** The built-in module whose states are the saved blobs. It alone gets what is saved, and no query shows it. */
export const BLOBS_MODULE = 'blobs';
const REDUCER = 'blobs.last_blob';

/** Which of a student's blobs. Neither is empty. */
export interface BlobName {
  readonly source: string;
  readonly activity: string;
}

/** Where blobs are kept. */
export interface BlobPlaces {
  /** The topic of what is saved, keyed by student. */
  readonly topic: string;
  unit(partition: number): Unit;
  /** The field of the unit that holds a blob: as JSON, a string that is the blob's own text. */
  field(student: string, name: BlobName): string;
}

/** Null when the module is not installed. */
export function blobPlaces(
  namespace: string,
  modules: readonly Pick<Module, 'name' | 'id'>[],
): BlobPlaces | null {
  const module = modules.find(({ name }) => name === BLOBS_MODULE);
  if (module === undefined) return null;
  const topic = eventsTopic(namespace, BLOBS);
  return {
    topic,
    unit: (partition) => ({ module: module.id, topic, partition }),
    field(student, { source, activity }) {
      const key = keyText({
        STUDENT: student,
        [eventFieldName('blob_source')]: source,
        [eventFieldName('blob_activity')]: activity,
      });
      return stateField('Internal', REDUCER, key);
    },
  };
}
