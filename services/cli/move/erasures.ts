import type { Control } from '../../shared/control/port.ts';
import { createErasures } from '../../shared/erasing/erasures.ts';
import type { History } from '../../shared/history/port.ts';
import type { EventLog } from '../../shared/log/port.ts';
import { controlTopic } from '../../shared/topics.ts';
import { readDecisions } from './control-records.ts';

/** What is erased in an installation whose services need not run, read once: no move brings back what is erased. */
export function readErasures(
  history: Pick<History, 'start' | 'read'>,
  log: Pick<EventLog, 'offsets'>,
  namespace: string,
): Pick<Control, 'caughtUp' | 'erasures'> {
  const erasures = createErasures();
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const topic = controlTopic(namespace);
    const [range] = await log.offsets(topic).catch(() => []);
    for await (const decision of readDecisions(history, topic, range?.end ?? 0))
      if (decision.kind === 'other' && decision.taken?.kind === 'erasure') erasures.take(decision.taken);
  };

  return {
    erasures,
    caughtUp() {
      reading ??= read();
      return reading;
    },
  };
}
