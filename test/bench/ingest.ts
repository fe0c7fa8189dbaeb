import type { Run } from '../../deploy/local/run.ts';
import { waitFor } from '../support/wait.ts';
import { printFigure } from './figure.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { type House, withHouse } from './house.ts';
import { ackLoad, type HttpLoad, httpLoad, socketLoad } from './ingest-load.ts';
import { type Measured, medianOf } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { rawProduce } from './raw.ts';

const bench = 'ingest';
const SOURCE = 'bench.ingest';
const PAYLOAD_BYTES = 300;
const RUNS = 3;
const HTTP = { batch: 200, inFlight: 8 };
const SOCKETS = { active: 500, idle: 5_000 };
/** As the sockets of the load send them. */
const FRAMES_A_TURN = 20;
const KEYS_A_SECOND = 10;
const TYPED = 100_000;
const TARGETS = { http: 1 / 2, sockets: 1 / 4, ackMs: 100, memoryMb: 600 };
const FULL = { events: 300_000, ...SOCKETS };
const BRIEF = { events: 10_000, active: 50, idle: 100 };

interface Ingest {
  readonly house: House;
  readonly topic: string;
  readonly gateway: GatewayProcess;
  readonly events: number;
  readonly students: number;
}

async function endOf({ house, topic }: Ingest): Promise<number> {
  return (await house.log.offsets(topic)).reduce((sum, { end }) => sum + end, 0);
}

function loadOf({ gateway, events, students }: Ingest, perSecond: number | null = null): HttpLoad {
  const load = { url: gateway.url, source: SOURCE, payloadBytes: PAYLOAD_BYTES, events, students };
  return { ...load, ...HTTP, perSecond };
}

async function measureHttp(ingest: Ingest): Promise<Measured> {
  await ingest.house.quiet();
  const [before, cpu] = [await endOf(ingest), ingest.gateway.cpuMicros()];
  const { seconds } = await httpLoad(loadOf(ingest));
  const events = (await endOf(ingest)) - before;
  return {
    eventsPerSecond: events / seconds,
    cpuMicrosPerEvent: (ingest.gateway.cpuMicros() - cpu) / events,
  };
}

/** From when all sockets are open until the log has what they sent; and the gateway's memory then. */
async function measureSockets(
  ingest: Ingest,
  { active, idle }: typeof SOCKETS,
): Promise<Measured & { readonly residentMb: number }> {
  const { house, gateway, events } = ingest;
  await house.quiet();
  const before = await endOf(ingest);
  const load = { ...loadOf(ingest), active, idle };
  const sockets = await socketLoad(house, load);
  const [startedAt, cpu] = [performance.now(), gateway.cpuMicros()];
  let residentMb = 0;
  await waitFor(
    async () => {
      residentMb = Math.max(residentMb, gateway.residentMb());
      return (await endOf(ingest)) - before >= events;
    },
    { message: 'the log has every event', timeoutMs: 300_000, intervalMs: 20 },
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuMicrosPerEvent = (gateway.cpuMicros() - cpu) / events;
  await sockets.sent();
  await sockets.close();
  return { eventsPerSecond: events / seconds, cpuMicrosPerEvent, residentMb };
}

function printShare(figure: string, measured: Measured, raw: Measured, least: number): void {
  const value = measured.eventsPerSecond;
  const [ratio, target] = [value / raw.eventsPerSecond, least * raw.eventsPerSecond];
  printFigure({
    bench,
    figure,
    value,
    unit: 'events/s',
    ratio,
    ratioTo: 'raw_produce',
    target,
    met: ratio >= least,
  });
  printFigure({ bench, figure: `${figure}_cpu`, value: measured.cpuMicrosPerEvent, unit: 'us' });
}

function last(waits: readonly number[]): number {
  return [...waits].sort((a, b) => a - b)[Math.ceil(0.99 * waits.length) - 1]!;
}

/** How long the last of a hundred waits, of requests or events, at half of what the gateway takes at most. */
function printAck(figure: string, waits: readonly number[]): void {
  const value = last(waits);
  const target = TARGETS.ackMs;
  printFigure({ bench, figure, value, unit: 'ms', target, met: value < target });
}

/** Of sockets as they are measured below, at half their rate; and of as many learners who type, a key at a time. */
async function printSocketAcks(ingest: Ingest, { active }: typeof SOCKETS): Promise<void> {
  const load = { ...loadOf(ingest), active };
  const { seconds } = await ackLoad({ ...load, burst: FRAMES_A_TURN });
  const perSecond = ingest.events / seconds;
  printFigure({ bench, figure: 'acking_sockets', value: perSecond, unit: 'events/s' });
  const half = await ackLoad({ ...load, burst: FRAMES_A_TURN, perSecond: perSecond / 2 });
  printAck('socket_ack_p99', half.waits);
  const typing = { ...load, events: Math.min(ingest.events, TYPED), burst: 1 };
  const { waits } = await ackLoad({ ...typing, perSecond: active * KEYS_A_SECOND });
  printFigure({ bench, figure: 'typing_ack_p99', value: last(waits), unit: 'ms' });
}

/**
 * The gateway, as a process of its own, against bare appending of the same bytes: batched HTTP, and sockets with many idle
 * ones beside them. The load comes from a process of its own, on the same machine.
 */
export function ingest(run: Run, options: BenchOptions): Promise<void> {
  return withHouse(run, async (house) => {
    const size = options.brief ? BRIEF : FULL;
    const topic = await house.makeTopic(SOURCE);
    const gateway = await startGatewayProcess(house, SOURCE);
    const { students } = options;
    const own: Ingest = { house, topic, gateway, events: options.events ?? size.events, students };
    const produced = {
      brokers: house.stack.addresses.brokers,
      namespace: house.namespace,
      source: SOURCE,
      events: own.events,
      students,
      payloadBytes: PAYLOAD_BYTES,
    };
    // Once for nothing, so that what is measured is compiled.
    if (!options.brief) await measureHttp(own);
    const raws: Measured[] = [];
    const https: Measured[] = [];
    for (let turn = 0; turn < (options.brief ? 1 : RUNS); turn++) {
      await house.quiet();
      raws.push(await rawProduce(produced));
      https.push(await measureHttp(own));
    }
    const [raw, http] = [medianOf(raws), medianOf(https)];
    printFigure({ bench, figure: 'raw_produce', value: raw.eventsPerSecond, unit: 'events/s' });
    printFigure({ bench, figure: 'raw_produce_cpu', value: raw.cpuMicrosPerEvent, unit: 'us' });
    printShare('http', http, raw, TARGETS.http);
    printAck('http_ack_p99', (await httpLoad(loadOf(own, http.eventsPerSecond / 2))).waits);
    await printSocketAcks(own, size);
    const sockets = await measureSockets(own, size);
    printShare('sockets', sockets, raw, TARGETS.sockets);
    const [value, target] = [sockets.residentMb, TARGETS.memoryMb];
    printFigure({ bench, figure: 'sockets_memory', value, unit: 'MB', target, met: value < target });
    await gateway.stop();
  });
}
