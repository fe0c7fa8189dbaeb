import type { Consumer } from 'kafkajs';
import type { Reading } from './kafka-reading.ts';
import type { TopicPartition } from './port.ts';

/** Which partitions a consumer fetches. After its end nothing happens: whoever comes next seeks anyway. */
export interface Fetching {
  stop(at: TopicPartition): void;
  /** From where it stopped. */
  goOn(at: TopicPartition): void;
  /** From where a reading is read next. */
  from(reading: Reading): void;
}

/** While a consumer of kafkajs ends it throws at every call, and it tells of its end later. */
function unlessEnded(ask: () => void): void {
  try {
    ask();
  } catch (error) {
    if (!(error as Error).name.startsWith('KafkaJS')) throw error;
  }
}

export function createFetching(consumer: Pick<Consumer, 'pause' | 'resume' | 'seek'>): Fetching {
  const goOn = ({ topic, partition }: TopicPartition): void =>
    unlessEnded(() => consumer.resume([{ topic, partitions: [partition] }]));
  return {
    stop: ({ topic, partition }) => unlessEnded(() => consumer.pause([{ topic, partitions: [partition] }])),
    goOn,
    from(reading) {
      const { topic, partition, position } = reading;
      unlessEnded(() => consumer.seek({ topic, partition, offset: String(position) }));
      goOn(reading);
    },
  };
}
