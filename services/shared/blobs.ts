import type { Control } from './control/port.ts';
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
  /** Of the version that is shown now. */
  unit(partition: number): Unit;
  /** The field of the unit that holds a blob: as JSON, a string that is the blob's own text. */
  field(student: string, name: BlobName): string;
}

/**
 * Null when the module is not installed. Of several versions the active one; where that is not installed here the highest
 * that is: whoever reads a blob waits until its unit has everything that was saved, so no version shows less than another.
 */
export function blobPlaces(
  namespace: string,
  modules: readonly Pick<Module, 'name' | 'id' | 'version'>[],
  control: Pick<Control, 'activeVersion'>,
): BlobPlaces | null {
  const installed = modules.filter(({ name }) => name === BLOBS_MODULE).sort((a, b) => a.version - b.version);
  const [lowest] = installed;
  if (lowest === undefined) return null;
  const shown = (): string => {
    const active = control.activeVersion(BLOBS_MODULE);
    if (active === null) return lowest.id;
    return (installed.find(({ version }) => version === active.version) ?? installed.at(-1)!).id;
  };
  const topic = eventsTopic(namespace, BLOBS);
  return {
    topic,
    unit: (partition) => ({ module: shown(), topic, partition }),
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
