import { takeInventory } from '../archive/inventory.ts';
import { createObjectOpener } from '../archive/open-object.ts';
import type { ArchiveStore } from '../archive/port.ts';
import { parseControlRecord } from '../control/record.ts';
import type { LogRecord } from '../log/port.ts';
import { controlTopic, sourceOfTopic } from '../topics.ts';
import { createRecordEraser, type RecordEraser } from './erased-record.ts';
import { createErasures, type KeptErasures } from './erasures.ts';

const KEEPING: RecordEraser = { erase: (record) => record };
const CONTROL = sourceOfTopic('', controlTopic(''));

/**
 * What is erased, as an archive alone tells: for whoever reads objects with nothing else running. What was decided in the
 * last minutes may not be archived yet; but then the objects are being rewritten. By topic, as an archive may be that of
 * several namespaces.
 */
export async function readArchivedErasures(archive: ArchiveStore): Promise<(topic: string) => RecordEraser> {
  const opener = createObjectOpener(archive);
  /** By what the topics of a namespace begin with. */
  const known = new Map<string, KeptErasures>();
  const erasuresOf = (topic: string): KeptErasures => {
    const prefix = topic.slice(0, -controlTopic('').length + 1);
    const found = known.get(prefix) ?? createErasures();
    known.set(prefix, found);
    return found;
  };
  const take = (erasures: KeptErasures, { value }: LogRecord): void => {
    const parsed = parseControlRecord(value);
    if (parsed.outcome === 'taken' && parsed.record.kind === 'erasure') erasures.take(parsed.record);
  };

  for (const { of, objects } of (await takeInventory(archive, CONTROL)).partitions)
    for (const entry of objects) {
      const opened = await opener.open(entry);
      for await (const page of opened.pages(0)) for (const record of page) take(erasuresOf(of.topic), record);
    }

  const erasers = new Map([...known].map(([prefix, erasures]) => [prefix, createRecordEraser(erasures)]));
  return (topic) => {
    // Of two that fit, the longer is the namespace: names may have dots.
    const prefixes = [...erasers.keys()].filter((prefix) => topic.startsWith(prefix));
    const longest = prefixes.sort((a, b) => b.length - a.length)[0];
    return longest === undefined ? KEEPING : erasers.get(longest)!;
  };
}
