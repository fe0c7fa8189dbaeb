import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '../../deploy/local/run.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { type ArchiverRun, type ArchiverRunOptions, runArchiver } from './archiver-run.ts';
import { printFigure } from './figure.ts';
import { type House, PARTITIONS, withHouse } from './house.ts';
import { appendLoad } from './load.ts';
import type { BenchOptions } from './options.ts';
import { readProfile } from './profile.ts';
import { rawConsume } from './raw.ts';
import { verifiedSeconds } from './verified.ts';

const bench = 'archive';
const PAYLOAD_BYTES = 300;
const MANY_PARTITIONS = 64;
const FULL = { events: 500_000, objects: 10_000 };
/** Enough events for several objects. */
const BRIEF = { events: 150_000, objects: 400 };
const TARGETS = { events: 60_000, memoryMb: 400, verifyMicros: 3_000 };

/** Has an archiver archive a topic of its own with so many partitions, and makes sure that all of it is there. */
async function measure(
  house: House,
  { events, students }: { events: number; students: number },
  options: Pick<ArchiverRunOptions, 'namespace' | 'source' | 'partitions' | 'nodeArgs'>,
): Promise<ArchiverRun> {
  const { namespace, source, partitions } = options;
  await house.log.ensureTopics([{ name: eventsTopic(namespace, source), partitions }]);
  await appendLoad(house.log, {
    namespace,
    source,
    events,
    students,
    payloadBytes: PAYLOAD_BYTES,
    sessions: true,
  });
  await house.quiet();
  const run = await runArchiver(house, { ...options, events });
  const archive = createS3Archive({ ...house.stack.addresses.s3, region: 'us-east-1' });
  const opener = createObjectOpener(archive);
  const { faults, partitions: found } = await verifySource(source, { deep: false }, { archive, opener });
  await archive.close();
  const records = found.reduce((sum, one) => sum + one.records, 0);
  if (faults.length > 0 || records !== events)
    throw new Error(`${records} of ${events} events of ${source} are archived; ${JSON.stringify(faults[0])}`);
  return run;
}

async function profile(house: House, load: { events: number; students: number }): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'lectern-profile-'));
  const nodeArgs = ['--cpu-prof', '--cpu-prof-dir', dir];
  await measure(house, load, {
    namespace: 'profiled',
    source: 'bench.profiled',
    partitions: PARTITIONS,
    nodeArgs,
  });
  console.error(readProfile(dir));
}

/** The archiver, as a process of its own, against bare consumption of what it archives; and how long verify takes. */
export function archive(run: Run, options: BenchOptions): Promise<void> {
  return withHouse(run, async (house) => {
    const size = options.brief ? BRIEF : FULL;
    const load = { events: options.events ?? size.events, students: options.students };
    const own = { namespace: 'archived', source: 'bench.archived', partitions: PARTITIONS };
    const one = await measure(house, load, own);
    await house.quiet();
    const raw = await rawConsume({
      brokers: house.stack.addresses.brokers,
      topic: eventsTopic(own.namespace, own.source),
      events: load.events,
      partitions: PARTITIONS,
    });
    printFigure({ bench, figure: 'raw_consume', value: raw.eventsPerSecond, unit: 'events/s' });
    printFigure({ bench, figure: 'raw_consume_cpu', value: raw.cpuMicrosPerEvent, unit: 'us' });
    const value = one.eventsPerSecond;
    const ratio = value / raw.eventsPerSecond;
    const target = TARGETS.events;
    printFigure({
      bench,
      figure: 'archive',
      value,
      unit: 'events/s',
      ratio,
      ratioTo: 'raw_consume',
      target,
      met: value >= target,
    });
    const cpu = one.cpuMicrosPerEvent;
    const times = cpu / raw.cpuMicrosPerEvent;
    printFigure({
      bench,
      figure: 'archive_cpu',
      value: cpu,
      unit: 'us',
      ratio: times,
      ratioTo: 'raw_consume_cpu',
    });
    if (options.profile) await profile(house, load);

    const many = { namespace: 'many', source: 'bench.many', partitions: MANY_PARTITIONS };
    const { peakMb } = await measure(house, load, many);
    const most = TARGETS.memoryMb;
    printFigure({
      bench,
      figure: 'archive_memory',
      value: peakMb,
      unit: 'MB',
      target: most,
      met: peakMb < most,
    });

    await house.quiet();
    const seconds = await verifiedSeconds(house, size.objects);
    const limit = (TARGETS.verifyMicros * size.objects) / 1e6;
    printFigure({ bench, figure: 'verify', value: seconds, unit: 's', target: limit, met: seconds < limit });
  });
}
