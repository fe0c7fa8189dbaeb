import { type ErrorCode, LecternError, messageOf } from './errors.ts';
import { createLogger, type Logger } from './logger.ts';

const EXIT_CONFIG = 78;
const EXIT_FAILED = 1;
const STOP_DEADLINE_MS = 30_000;

/** Faults that starting anew cannot mend. */
const NEEDS_A_PERSON: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'MODULE_INVALID',
  'TOPIC_MISMATCH',
  'DATA_DIR_IN_USE',
]);

export interface Lifecycle {
  /** Registers a step of the shutdown; steps run one after another, the last registered first. */
  onStop(name: string, step: () => Promise<void> | void): void;
  /** Ends the process with an error after the shutdown steps; the supervisor or the cluster starts it anew. */
  fail(error: Error): void;
  /**
   * Asks `take` of every rejection that nobody handles and every exception that nobody catches, within the event of the
   * process. When it says true the process goes on; what nobody takes is a bug of ours, and ends it.
   */
  onStray(take: (error: unknown) => boolean): void;
  readonly stopping: AbortSignal;
}

export interface ServiceConfig {
  readonly LECTERN_LOG_LEVEL: Parameters<typeof createLogger>[0]['level'];
  readonly LECTERN_STOP_DELAY_MS: number;
}

export interface Service<C extends ServiceConfig> {
  readonly name: string;
  readonly loadConfig: () => C;
  readonly start: (context: { config: C; logger: Logger; lifecycle: Lifecycle }) => Promise<void>;
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function exitCodeOf(error: Error): number {
  return error instanceof LecternError && NEEDS_A_PERSON.has(error.code) ? EXIT_CONFIG : EXIT_FAILED;
}

async function runSteps(steps: readonly Step[], logger: Logger): Promise<void> {
  for (const { name, run } of steps.toReversed()) {
    try {
      await run();
    } catch (error) {
      logger.error({ step: name, error: messageOf(error) }, 'a shutdown step failed');
    }
  }
}

/**
 * Runs a service and turns signals into one ordered shutdown. Exits 78 on a fault that only a person can mend, so that
 * supervisors do not try again; 1 on any other failure; 0 after a signal. A parent that goes away (the IPC channel of
 * `npm start`) counts as a signal. What is not stopped in 30 s is left behind.
 *
 * `lifecycle.stopping` aborts first, which turns readiness off; LECTERN_STOP_DELAY_MS later, when load balancers have
 * noticed, the steps begin.
 */
export function runService<C extends ServiceConfig>(service: Service<C>): void {
  let config: C;
  try {
    config = service.loadConfig();
  } catch (error) {
    process.stderr.write(`lectern ${service.name}: ${messageOf(error)}\n`);
    process.exitCode = exitCodeOf(toError(error));
    return;
  }
  const logger = createLogger({ service: service.name, level: config.LECTERN_LOG_LEVEL });
  const steps: Step[] = [];
  const stopping = new AbortController();
  const end = (code: number, reason: string): void => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    logger.info({ reason }, 'stopping');
    setTimeout(() => process.exit(code === 0 ? EXIT_FAILED : code), STOP_DEADLINE_MS).unref();
    const delay = code === 0 ? config.LECTERN_STOP_DELAY_MS : 0;
    setTimeout(async () => {
      await runSteps(steps, logger);
      logger.info({ code }, 'stopped');
      logger.flush(() => process.exit(code));
    }, delay);
  };
  const fail = (error: Error): void => {
    logger.fatal({ error: error.message, stack: error.stack }, 'the process cannot go on');
    if (exitCodeOf(error) === EXIT_CONFIG)
      process.stderr.write(`lectern ${service.name}: ${error.message}\n`);
    end(exitCodeOf(error), error.message);
  };
  process.on('SIGTERM', () => end(0, 'SIGTERM'));
  process.on('SIGINT', () => end(0, 'SIGINT'));
  process.on('disconnect', () => end(0, 'the parent process is gone'));
  const takers: ((error: unknown) => boolean)[] = [];
  const stray = (error: unknown): void => {
    if (!takers.some((take) => take(error))) fail(toError(error));
  };
  process.on('unhandledRejection', stray);
  process.on('uncaughtException', stray);
  const lifecycle: Lifecycle = {
    onStop: (name, run) => void steps.push({ name, run }),
    fail,
    onStray: (take) => void takers.push(take),
    stopping: stopping.signal,
  };
  service.start({ config, logger, lifecycle }).catch((error: unknown) => fail(toError(error)));
}
