import './kafka-patch.ts';
import kafkajs, { type Kafka, type logLevel as LogLevel, type SASLOptions } from 'kafkajs';
import { LecternError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { socketFactory } from './kafka-socket.ts';

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly logger: Logger;
  readonly tls?: { readonly ca?: string } | undefined;
  readonly sasl?: SASLOptions | undefined;
}

/** Where kafkajs reports as ERROR what it then mends by itself. */
const MENDED = /Connection|BrokerPool|Runner|RequestQueue/;

/** kafkajs logs every pause and rejoin as INFO, which is daily business to us. */
const LEVELS: Readonly<Record<LogLevel, 'debug' | 'warn'>> = {
  [kafkajs.logLevel.NOTHING]: 'debug',
  [kafkajs.logLevel.ERROR]: 'warn',
  [kafkajs.logLevel.WARN]: 'warn',
  [kafkajs.logLevel.INFO]: 'debug',
  [kafkajs.logLevel.DEBUG]: 'debug',
};

export function createKafkaClient(connection: KafkaConnection): Kafka {
  const logger = connection.logger.child({ client: 'kafkajs' });
  return new kafkajs.Kafka({
    clientId: connection.clientId,
    brokers: [...connection.brokers],
    ...(connection.tls === undefined
      ? {}
      : { ssl: connection.tls.ca === undefined ? true : { ca: connection.tls.ca } }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
    socketFactory,
    connectionTimeout: 3_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: 5 },
    logLevel: kafkajs.logLevel.INFO,
    logCreator:
      () =>
      ({ level, namespace, log }) => {
        // Only the fields that say what happened: others may carry keys of records.
        const { message, error, groupId, broker } = log as Record<string, unknown>;
        const heard = MENDED.test(namespace) ? 'debug' : LEVELS[level];
        logger[heard]({ namespace, error, groupId, broker }, String(message));
      },
  });
}

/** What Kafka, or its absence, made of a request. Only a refusal that another try would meet again is not retriable. */
export function toLogError(connection: Pick<KafkaConnection, 'brokers'>, cause: unknown): LecternError {
  const { name, retriable } = cause as { name?: string; retriable?: boolean };
  const brokers = connection.brokers.join(', ');
  if (name === 'KafkaJSProtocolError' && retriable !== true)
    return new LecternError('LOG_UNAVAILABLE', `Kafka at ${brokers} refused a request: ${messageOf(cause)}`, {
      cause,
    });
  return new LecternError(
    'LOG_UNAVAILABLE',
    `Kafka does not answer at ${brokers}: ${messageOf(cause)}. Check LECTERN_KAFKA_BROKERS and that the brokers run`,
    { cause, retriable: true },
  );
}
