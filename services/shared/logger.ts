import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

export interface LoggerOptions {
  readonly service: string;
  readonly level: (typeof LOG_LEVELS)[number];
  readonly destination?: DestinationStream;
}

/**
 * One JSON line a message on stdout. What is logged is named field by field; events, states, names, ids and addresses
 * of learners never are.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
