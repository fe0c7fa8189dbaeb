import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deed, Rule } from '../support/http-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { auditArchive } from './archive-audit.ts';
import { archivedTopic } from './archived.ts';
import { type ArchiverHouse, withArchiverHouse } from './archiver-house.ts';
import type { Fault } from './fault.ts';
import { startInnerArchiver } from './inner-archiver.ts';
import { createLoad, type Load } from './load.ts';
import { NOTHING } from './totals.ts';

const PLAYED_MS = 60_000;
const SLOW_MS = 1_500;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse('2026-05-01T12:00:00Z');

const says =
  (status: number, code: string): Deed =>
  ({ answer }) =>
    answer({
      status,
      headers: { 'content-type': 'application/xml' },
      body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>played</Message></Error>`),
    });
const loseReply: Deed = async ({ pass, drop }) => {
  await pass();
  drop();
};
const halfReply: Deed = async ({ pass, answerHalf }) => answerHalf(await pass());
const halfRequest: Deed = async ({ passHalf, drop }) => {
  await passHalf();
  drop();
};
const slow: Deed = async ({ pass, answer }) => {
  const reply = await pass();
  await sleep(SLOW_MS);
  answer(reply);
};
const lies: Deed = says(412, 'PreconditionFailed');

const PUTS: readonly (readonly [what: string, rule: Pick<Rule, 'times' | 'deed'>])[] = [
  ['a put succeeded, and its reply was lost', { deed: loseReply }],
  ['a put succeeded, and half of its reply came', { deed: halfReply }],
  ['half of a put arrived', { deed: halfRequest }],
  ['the name is said to be taken, which is not so', { deed: lies }],
  ['another put is under way', { times: 5, deed: says(409, 'ConditionalRequestConflict') }],
  ['the server is too busy', { times: 7, deed: says(503, 'SlowDown') }],
  ['the server is slow', { times: 2, deed: slow }],
];
/** Of what is asked when an archiver begins: where the archive ends, by listing and by metadata. */
const QUESTIONS: readonly (readonly [what: string, rule: Pick<Rule, 'times' | 'deed'>])[] = [
  ['half of an answer came', { times: 2, deed: halfReply }],
  ['no answer came', { deed: loseReply }],
  ['the server is too busy', { times: 4, deed: says(503, 'SlowDown') }],
  ['the server is slow', { deed: slow }],
];
const OBJECTS = /^\/[^/]+\/events\/source=test\.faults\//;
const LISTING = /list-type=2.*prefix=events\/source=test\.faults\//;
const MANIFESTS = /^\/[^/]+\/manifests\/source=test\.faults\//;

/** Sends until the rule was played as often as it says, and all is archived after it. */
async function playRule({ proxy }: ArchiverHouse, load: Load, what: string, rule: Rule): Promise<void> {
  const played = proxy.rule(rule);
  const all = async (): Promise<boolean> => {
    if (played.count < (rule.times ?? 1)) await load.send(100);
    return played.count === (rule.times ?? 1);
  };
  await waitFor(all, {
    message: `${what}: ${rule.method} ${rule.path}`,
    timeoutMs: PLAYED_MS,
    intervalMs: 200,
  });
}

export const archiverReplies: Fault = {
  name: 'archiver-replies',
  promise: 'whatever S3 or the network makes of what an archiver asks, each offset is archived once',
  rounds: { short: 1, long: 6 },
  play: ({ stage, seed, random, rounds }) =>
    withArchiverHouse(stage, {}, async (house) => {
      const { dated, proxy } = house;
      const load = await createLoad({ ...house, log: dated }, { seed });
      let totals = NOTHING;
      let day = FIRST_DAY;
      dated.setClock(day);
      let archiver = await startInnerArchiver(house);
      for (const _ of rounds) {
        for (const [what, rule] of PUTS)
          await playRule(house, load, what, {
            method: 'PUT',
            path: OBJECTS,
            after: random.between(0, 2),
            ...rule,
          });
        await archivedTopic(house, house.topic);
        // The next day begins with a manifest of this one, whose reply is lost, too.
        const manifest = proxy.rule({ method: 'PUT', path: MANIFESTS, deed: loseReply });
        day += DAY_MS;
        dated.setClock(day);
        await load.send(300);
        await waitFor(() => manifest.count > 0, { message: 'a manifest is put', timeoutMs: PLAYED_MS });
        await archiver.stop();
        const asked = QUESTIONS.flatMap(([, rule]) => [
          proxy.rule({ method: 'GET', path: LISTING, ...rule }),
          proxy.rule({ method: 'HEAD', path: OBJECTS, ...rule }),
        ]);
        archiver = await startInnerArchiver(house);
        await load.send(300);
        await waitFor(() => asked.every(({ count }) => count > 0), {
          message: 'what an archiver asks first is answered in every bad way',
          timeoutMs: PLAYED_MS,
        });
        totals = await auditArchive(house, load);
        assert.deepEqual(archiver.notReady(), [], 'what keeps the archiver from its work');
      }
      await archiver.stop();
      await auditArchive(house, load);
      return totals;
    }),
};
