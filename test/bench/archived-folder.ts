import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { House, Loaded } from './house.ts';

/** As the archiver cuts them: bytes of values, keys and what stands beside them. */
const OBJECT_BYTES = 16 * 1_048_576;
const RECORD_OVERHEAD_BYTES = 100;

/** Puts all that a topic holds into a folder, as the archiver's objects are. */
export async function archiveIntoFolder(house: House, { topic, source }: Loaded): Promise<string> {
  const root = join(house.run.dir, 'archive');
  mkdirSync(root, { recursive: true });
  const archive = createDirectoryArchive({ root });
  const encoder = createObjectEncoder();
  for (const { partition, start, end } of await house.log.offsets(topic)) {
    let held: LogRecord[] = [];
    let bytes = 0;
    const put = async (): Promise<void> => {
      if (held.length === 0) return;
      const object = await encoder.encode({ source, topic, partition }, held);
      await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
      held = [];
      bytes = 0;
    };
    for await (const page of house.log.read({ topic, partition, from: start, to: end }))
      for (const record of page) {
        held.push(record);
        bytes += (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
        if (bytes >= OBJECT_BYTES) await put();
      }
    await put();
  }
  await archive.close();
  return root;
}
