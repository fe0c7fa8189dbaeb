import type { LeftOut } from '../../services/shared/control/port.ts';
import { controlTopic } from '../../services/shared/topics.ts';
import type { House } from './house.ts';

/** What workers decided that a replay could not come to by itself, as it stands in the control topic. */
export async function readVerdicts({ log, namespace }: House): Promise<readonly LeftOut[]> {
  const topic = controlTopic(namespace);
  const [at] = await log.offsets(topic);
  if (at === undefined || at.end === at.start) return [];
  const verdicts: LeftOut[] = [];
  for await (const page of log.read({ topic, partition: 0, from: at.start, to: at.end }))
    for (const { value } of page) {
      const record = JSON.parse(String(value)) as LeftOut;
      if (record.kind === 'left-out') verdicts.push(record);
    }
  return verdicts;
}
