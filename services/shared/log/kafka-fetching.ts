import type { Consumer } from 'kafkajs';
import type { Reading } from './kafka-reading.ts';
import type { TopicPartition } from './port.ts';

/** Which partitions a consumer fetches. */
export interface Fetching {
  stop(at: TopicPartition): void;
  /** From where it stopped. */
  goOn(at: TopicPartition): void;
  /** From where a reading is read next. */
  from(reading: Reading): void;
}

export function createFetching(consumer: Pick<Consumer, 'pause' | 'resume' | 'seek'>): Fetching {
  const goOn = ({ topic, partition }: TopicPartition): void =>
    consumer.resume([{ topic, partitions: [partition] }]);
  return {
    stop: ({ topic, partition }) => consumer.pause([{ topic, partitions: [partition] }]),
    goOn,
    from(reading) {
      const { topic, partition, position } = reading;
      consumer.seek({ topic, partition, offset: String(position) });
      goOn(reading);
    },
  };
}
