import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { eventLogContract } from './event-log.ts';

eventLogContract({
  name: 'Kafka',
  retentionMs: 30 * 24 * 3_600_000,
  describe: describeOnStack,
  async create() {
    const logger = createLogger({ service: 'contract', level: 'silent' });
    const { brokers } = stack();
    const log = createKafkaLog({ brokers, clientId: 'contract', logger, sessionTimeoutMs: 10_000 });
    return { log, close: () => log.close() };
  },
});
