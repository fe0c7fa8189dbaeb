import type { ControlRecord } from '../../../services/shared/control/port.ts';
import { encodeControlRecord, parseControlRecord } from '../../../services/shared/control/record.ts';
import { controlTopic } from '../../../services/shared/topics.ts';
import type { Broker } from './broker.ts';

/** The control topic as it stands in the log, for those outside of all processes. */
export interface ControlTopic {
  /** What was decided, in its order. */
  records(): readonly ControlRecord[];
  /** A person's word. */
  append(record: ControlRecord): void;
}

export function createControlTopic(broker: Broker, namespace: string): ControlTopic {
  const topic = controlTopic(namespace);
  broker.createTopic(topic, 1);
  const parsed: ControlRecord[] = [];
  return {
    records() {
      for (const { value } of broker.all({ topic, partition: 0 }).slice(parsed.length)) {
        const result = parseControlRecord(value);
        if (result.outcome !== 'taken') throw new Error(`a control record is ${result.outcome}`);
        parsed.push(result.record);
      }
      return parsed;
    },
    append: (record) => void broker.append([{ topic, key: 'control', value: encodeControlRecord(record) }]),
  };
}
