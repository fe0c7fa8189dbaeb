import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../deploy/local/run.ts';
import { waitFor } from '../support/wait.ts';
import { startEndlessLoad } from './endurance-load.ts';
import { printFigure } from './figure.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { withHouse } from './house.ts';
import type { BenchOptions } from './options.ts';

const bench = 'endurance';
const SOURCE = 'bench.endurance';
const LOAD = { payloadBytes: 300, sockets: 500, inFlight: 8, batch: 200 };
const BRIEF_LOAD = { ...LOAD, sockets: 20 };
const SECONDS = { full: 600, brief: 20 };
/** Parts of the whole time: what is compared stands before the pause, and at the end. */
const WARM = 0.2;
const PAUSE_AT = 0.4;
const PAUSE = 0.1;
const LAST = 0.7;
const LOOK_MS = 1_000;
/** What it has at the end may be so many times what it had before the pause. */
const FLAT = 1.1;
const MOST_MB = 600;
const DEADLINE_MS = 120_000;

interface Sample {
  /** Part of the whole time. */
  readonly at: number;
  readonly residentMb: number;
  /** Events that the log has. */
  readonly kept: number;
}

const between = (samples: readonly Sample[], from: number, to: number): readonly Sample[] =>
  samples.filter(({ at }) => at >= from && at < to);

const most = (samples: readonly Sample[]): number => Math.max(...samples.map(({ residentMb }) => residentMb));

function perSecond(samples: readonly Sample[], wholeSeconds: number): number {
  const [first, last] = [samples[0]!, samples.at(-1)!];
  return (last.kept - first.kept) / ((last.at - first.at) * wholeSeconds);
}

/**
 * The gateway under as much as it takes, by sockets and requests together, for ten minutes, in one of which Kafka stands
 * still: whether its memory is flat, whether it takes as much afterwards as before, and whether the log has all that was
 * acknowledged.
 */
export function endurance(run: Run, options: BenchOptions): Promise<void> {
  return withHouse(run, async (house) => {
    const seconds = options.seconds ?? (options.brief ? SECONDS.brief : SECONDS.full);
    const topic = await house.makeTopic(SOURCE);
    const gateway = await startGatewayProcess(house, SOURCE);
    let kept = 0;
    const look = async (): Promise<number> => {
      // A broker that stood still leads nothing for a moment.
      const offsets = await house.log.offsets(topic).catch(() => null);
      return offsets?.reduce((sum, { end }) => sum + end, 0) ?? kept;
    };
    const load = { url: gateway.url, source: SOURCE, ...(options.brief ? BRIEF_LOAD : LOAD) };
    const sender = await startEndlessLoad(house, load);
    const kafka = house.stack.services.kafka.pid;
    const samples: Sample[] = [];
    const startedAt = performance.now();
    let paused = false;
    for (let at = 0; at < 1; at = (performance.now() - startedAt) / (1_000 * seconds)) {
      const still = at >= PAUSE_AT && at < PAUSE_AT + PAUSE;
      if (still !== paused) process.kill(kafka, still ? 'SIGSTOP' : 'SIGCONT');
      paused = still;
      if (!still) kept = await look();
      samples.push({ at, residentMb: gateway.residentMb(), kept });
      sender.assertRunning();
      await sleep(LOOK_MS);
    }
    const sent = await sender.end();
    const promised = sent.acceptedEvents + sent.acknowledgedEvents;
    await waitFor(async () => (await look()) >= promised, { message: 'all is kept', timeoutMs: DEADLINE_MS });
    const [before, after] = [between(samples, WARM, PAUSE_AT), between(samples, LAST, 1)];
    const memory = most(before);
    const figure = (name: string, value: number, unit: string, target?: number): void =>
      printFigure({
        bench,
        figure: name,
        value,
        unit,
        ...(target === undefined ? {} : { target, met: value <= target }),
      });
    figure('events_before', perSecond(before, seconds), 'events/s');
    figure('events_after', perSecond(after, seconds), 'events/s');
    figure('events_promised', promised, 'events');
    figure('requests_refused', sent.refusals, 'requests');
    figure('sockets_closed', sent.closedSockets, 'sockets', 0);
    figure('memory_before', memory, 'MB');
    figure('memory_paused', most(between(samples, PAUSE_AT, LAST)), 'MB', MOST_MB);
    figure('memory_after', most(after), 'MB', FLAT * memory);
    await gateway.stop();
  });
}
