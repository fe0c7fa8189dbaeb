import { expect, test } from '@jest/globals';
import type { Child } from '../../deploy/local/child.ts';
import { keyText } from '../../services/shared/state-key.ts';
import { eventsTopic, UNCLAIMED } from '../../services/shared/topics.ts';
import { type House, withHouse } from '../faults/house.ts';
import { createClaimLoad, CLAIMED_SOURCE as SOURCE } from '../support/claim-load.ts';
import { collect } from '../support/collect.ts';
import { eventRecord } from '../support/events.ts';
import { readArchive, readLog } from '../support/ledger.ts';
import { startProgram } from '../support/process.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: a source is claimed under load, by a command that is killed and run again, while one of two gateways stands
// still and goes on later. Every acknowledged event is in the states once, and the archive is whole.

const PARTITIONS = 3;
const UNIT = { module: 'claimed.v1', topic: '' };
const LAGGING = 'tc-testcase-lagging';
const LAGGED = 50;
const PAUSE_MS = 100;

const endsOf = async ({ log, namespace }: House, source: string): Promise<number> =>
  (await log.offsets(eventsTopic(namespace, source))).reduce((sum, { end }) => sum + end, 0);

/** As a gateway that is cut off from the control topic. */
async function appendLagging({ log, namespace }: House): Promise<void> {
  const producer = await log.createProducer();
  await producer.send(
    Array.from({ length: LAGGED }, (_, n) => ({
      ...eventRecord({ namespace, source: SOURCE, student: LAGGING, id: `lag ${n}`, fields: { n } }),
      topic: eventsTopic(namespace, UNCLAIMED),
    })),
  );
  await producer.close();
}

/** By student, how often each event is in the states. */
async function storedTimes({ state, namespace }: House): Promise<Map<string, Record<string, number>>> {
  const stored = new Map<string, Record<string, number>>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const unit = { ...UNIT, topic: eventsTopic(namespace, SOURCE), partition };
    for (const { field, value } of await collect(state.entries(unit)))
      if (field.startsWith('Internal,claimed.seen,'))
        stored.set(
          field.slice('Internal,claimed.seen,'.length),
          (JSON.parse(value) as { times: Record<string, number> }).times,
        );
  }
  return stored;
}

describeOnStack('a source that is claimed under load, while a gateway stands still', () => {
  test('loses no acknowledged event and counts none twice, whatever the command and the gateway do', async () => {
    const stage = { run: testRun, addresses: stack() };
    const nothing = { LECTERN_MODULES: '' };
    await withHouse(stage, { partitions: PARTITIONS, variables: nothing }, async (house) => {
      const module = { LECTERN_MODULES: './test/support/claimed-module' };
      const lectern = (...args: string[]): Promise<Child> =>
        startProgram('dist/services/cli/main.js', { args, env: house.variables });
      const works = async (...args: string[]): Promise<string> => {
        const child = await lectern(...args);
        const { code } = await child.ended;
        const said = child.lines().join('\n');
        expect([code, said]).toEqual([0, said]);
        return said;
      };
      const claim = () => works('sources', 'claim', SOURCE, '--quiet', '1');

      const gateways = [await house.gateway(), await house.gateway()];
      const load = createClaimLoad(gateways.map(({ url }) => url));
      let stop = load.keepSending(0);
      await waitFor(async () => (await endsOf(house, UNCLAIMED)) > 3_000, {
        message: 'events wait',
        timeoutMs: 60_000,
      });
      await stop();
      stop = load.keepSending(PAUSE_MS);
      // The module is deployed: its worker makes the topic. The archiver that comes with it knows of neither.
      await house.worker(module);

      gateways[1]!.freeze();
      const killed = await lectern('sources', 'claim', SOURCE, '--quiet', '1');
      await waitFor(async () => (await endsOf(house, SOURCE)) > 0, {
        message: 'the claim copies',
        timeoutMs: 60_000,
        intervalMs: 5,
      });
      await killed.stop('SIGKILL');
      await claim();
      const before = await endsOf(house, SOURCE);
      await waitFor(async () => (await endsOf(house, SOURCE)) > before + 100, {
        message: 'the other gateway sends directly',
        timeoutMs: 60_000,
      });
      gateways[1]!.thaw();
      await appendLagging(house);
      await stop();
      stop = load.keepSending(PAUSE_MS);
      const waiting = await endsOf(house, UNCLAIMED);
      const sent = await endsOf(house, SOURCE);
      await waitFor(async () => (await endsOf(house, SOURCE)) > sent + 200, {
        message: 'both gateways send directly',
        timeoutMs: 60_000,
      });
      await stop();
      await claim();
      expect(await endsOf(house, UNCLAIMED)).toBeGreaterThanOrEqual(waiting);

      const expected = new Map([...load.acknowledged, [LAGGING, LAGGED]]);
      const all = (): Promise<boolean> =>
        storedTimes(house).then((stored) =>
          [...expected].every(
            ([student, count]) =>
              Object.keys(stored.get(keyText({ STUDENT: student })) ?? {}).length >= count,
          ),
        );
      await waitFor(all, { message: 'all is folded', timeoutMs: 60_000, intervalMs: 100 });
      const stored = await storedTimes(house);
      for (const [student, count] of expected) {
        const times = stored.get(keyText({ STUDENT: student }))!;
        expect([student, new Set(Object.values(times))]).toEqual([student, new Set([1])]);
        for (let n = 0; n < count; n++) expect([student, n, times[n]]).toEqual([student, n, 1]);
      }

      const logged = await readLog(house.log, eventsTopic(house.namespace, SOURCE));
      await waitFor(async () => (await readArchive(house.archive, SOURCE)).length === logged.length, {
        message: 'the copies are archived',
        timeoutMs: 60_000,
        intervalMs: 200,
      });
      expect(await works('archive', 'verify', '--deep')).toContain('whole');
      const acknowledged = [...expected.values()].reduce((sum, count) => sum + count, 0);
      process.stdout.write(`${acknowledged} events acknowledged, ${logged.length} records of the source\n`);
    });
  }, 240_000);
});
