import type { Deed } from '../support/http-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { assertWhole, auditArchive } from './archive-audit.ts';
import { archivedTopic } from './archived.ts';
import { type ArchiverHouse, withArchiverHouse } from './archiver-house.ts';
import type { Fault, Play } from './fault.ts';
import { startInnerArchiver } from './inner-archiver.ts';
import { createLoad } from './load.ts';
import { NOTHING, sumOf, type Totals } from './totals.ts';

const OBJECTS = /\/events\/source=test\.faults\//;
const MANIFESTS = /\/manifests\/source=test\.faults\//;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse('2026-05-01T23:00:00Z');
/** Each time: some objects of each partition. */
const EVENTS = 500;
const DEADLINE_MS = 60_000;

/** When in a flush the archiver is killed, with -9. */
interface Step {
  readonly name: string;
  readonly path: RegExp;
  readonly deed: (kill: () => Promise<void>) => Deed;
}

const beforePut: Step['deed'] = (kill) => async (exchange) => {
  await kill();
  exchange.drop();
};
const putAndNotAnswered: Step['deed'] = (kill) => async (exchange) => {
  await exchange.pass();
  await kill();
};
/** It has the answer, and no time to do anything with it but by chance. */
const answered: Step['deed'] = (kill) => async (exchange) => {
  exchange.answer(await exchange.pass());
  await kill();
};

const STEPS: readonly Step[] = [
  { name: 'before a put arrives', path: OBJECTS, deed: beforePut },
  { name: 'after a put, before its answer', path: OBJECTS, deed: putAndNotAnswered },
  { name: 'after the answer to a put', path: OBJECTS, deed: answered },
  { name: 'before a manifest arrives', path: MANIFESTS, deed: beforePut },
  { name: 'after a manifest was put, before its answer', path: MANIFESTS, deed: putAndNotAnswered },
];

async function playStep(house: ArchiverHouse, { path, deed }: Step, play: Play): Promise<Totals> {
  const { dated, proxy } = house;
  const load = await createLoad({ ...house, log: dated }, { seed: play.seed });
  const victim = await house.archiver();
  dated.setClock(FIRST_DAY);
  await load.send(EVENTS);
  await victim.start();
  if (path === MANIFESTS) await archivedTopic(house, house.topic);
  const after = path === OBJECTS ? play.random.between(0, 3) : 0;
  const killed = proxy.rule({ method: 'PUT', path, after, deed: deed(() => victim.kill()) });
  // Of the next day, so that a manifest is due.
  dated.setClock(FIRST_DAY + DAY_MS);
  await load.send(EVENTS);
  await waitFor(() => killed.count > 0 && !victim.running(), {
    message: 'the archiver was killed',
    timeoutMs: DEADLINE_MS,
  });
  // In a group of its own: nothing is to be learnt from waiting until the group gives up the one that was killed.
  const heir = await startInnerArchiver(house, { group: `${house.namespace}.heir` });
  await load.send(EVENTS);
  const totals = await auditArchive(house, load);
  await waitFor(async () => (await manifestsOf(house)) > 0, {
    message: 'the first day has a manifest',
    timeoutMs: DEADLINE_MS,
  });
  await heir.stop();
  await assertWhole(house);
  return totals;
}

async function manifestsOf({ archive }: ArchiverHouse): Promise<number> {
  let found = 0;
  for await (const page of archive.list({ prefix: 'manifests/source=test.faults/' })) found += page.length;
  return found;
}

export const archiverKills: Fault = {
  name: 'archiver-kills',
  promise: 'an archiver that is killed at any step of a flush leaves an archive that the next goes on with',
  rounds: { short: 1, long: 4 },
  async play(play) {
    let totals = NOTHING;
    for (const _ of play.rounds) {
      // Together, since most of it is waiting.
      const played = await Promise.all(
        STEPS.map((step) =>
          withArchiverHouse(play.stage, {}, (house) => playStep(house, step, play)).catch((cause: Error) => {
            throw new Error(`killed ${step.name}: ${cause.message}`, { cause });
          }),
        ),
      );
      totals = played.reduce(sumOf, totals);
    }
    return totals;
  },
};
