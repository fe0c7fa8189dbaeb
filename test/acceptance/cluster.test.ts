import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Cluster, createCluster, SERVICES } from '../support/cluster.ts';
import { readArchive, readLog } from '../support/ledger.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { waitFor } from '../support/wait.ts';

const SOURCE = 'org.mitros.writing_analytics';

interface StateAnswer {
  readonly state: { readonly count: number };
  readonly default: boolean;
  readonly asOf: { readonly topic: string; readonly offset: number; readonly time: number } | null;
}

/** Sends frames as Learning Observer's client does: one JSON text each, and reads what the server says. */
async function talk(
  url: string,
  frames: readonly object[],
): Promise<{ readonly said: object[]; readonly code: number }> {
  const said: object[] = [];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/`);
  socket.on('message', (data) => said.push(JSON.parse(String(data)) as object));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const frame of frames) socket.send(JSON.stringify(frame));
  const code = await new Promise<number>((resolve) => socket.once('close', resolve));
  return { said, code };
}

describeOnStack('the built product as four processes on Kafka, Redis and S3', () => {
  const name = uniqueName('acceptance');
  const topic = `${name}.events.${SOURCE}`;
  let cluster: Cluster;
  const get = async <T>(path: string): Promise<{ status: number; body: T }> => {
    const response = await fetch(`${cluster.programs.query.url}${path}`);
    return { status: response.status, body: (await response.json()) as T };
  };
  const counter = (student: string): string =>
    `/v1/state/student_events.student_event_counter?STUDENT=${student}`;

  beforeAll(async () => {
    cluster = await createCluster(name, stack(), { LECTERN_ARCHIVE_MAX_AGE_MS: '1000' });
    await cluster.startAll();
  }, 120_000);
  afterAll(() => cluster.stopAll(), 60_000);

  test('every service tells its health and its figures', async () => {
    for (const service of SERVICES) {
      const { url } = cluster.programs[service];
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
        ready: true,
        status: 'ready',
        reasons: [],
      });
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('process_cpu_seconds_total');
    }
  });

  test('an event goes from a socket to a state and to the archive', async () => {
    const { said, code } = await talk(cluster.programs.gateway.url, [
      { event: 'lock_fields', fields: { source: SOURCE, user_id: 'alice' } },
      { event: 'keystroke', n: 1 },
      { event: 'keystroke', n: 2 },
      { event: 'terminate' },
    ]);
    expect(said).toContainEqual({ status: 'auth', user_id: 'testcase-alice' });
    expect(code).toBe(1000);
    const answer = await waitFor(
      async () => {
        const { body } = await get<StateAnswer>(counter('tc-testcase-alice'));
        return body.state.count === 2 && body;
      },
      { message: 'both events are counted' },
    );
    expect(answer).toMatchObject({ default: false, asOf: { topic, time: expect.any(Number) } });
    const logged = await readLog(cluster.log, topic);
    const archived = await waitFor(
      async () => {
        const found = await readArchive(cluster.archive, SOURCE);
        return found.length === logged.length && found;
      },
      { message: 'both events are archived' },
    );
    expect(archived.map(({ value }) => value.toString('hex'))).toEqual(
      logged.map(({ value }) => value.toString('hex')),
    );
  });

  test('a request is told of each of its events, and what is accepted is counted', async () => {
    const frames = [
      { event: 'lock_fields', fields: { source: SOURCE, user_id: 'bob' } },
      { event: 'a', id: 'bob-1' },
      { wrong: true },
      { event: 'b' },
    ];
    const response = await fetch(`${cluster.programs.gateway.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: frames.map((frame) => JSON.stringify(frame)).join('\n'),
    });
    expect(await response.json()).toEqual({
      results: [
        { index: 0, status: 'accepted' },
        { index: 1, status: 'accepted', id: 'bob-1' },
        { index: 2, status: 'rejected', error: expect.stringContaining('event') },
        { index: 3, status: 'accepted', id: expect.any(String) },
      ],
    });
    await waitFor(async () => (await get<StateAnswer>(counter('tc-testcase-bob'))).body.state.count === 2, {
      message: 'the accepted events are counted',
    });
  });

  test('an event of an unknown source is kept, and runs nothing', async () => {
    const body = JSON.stringify([{ event: 'x', source: 'never.heard.of', user_id: 'carol' }]);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${cluster.programs.gateway.url}/v1/events`, { method: 'POST', headers, body });
    const kept = await readLog(cluster.log, `${name}.events._unclaimed`);
    expect(kept.map(({ student }) => student)).toEqual(['tc-testcase-carol']);
    expect((await get<StateAnswer>(counter('tc-testcase-carol'))).body).toMatchObject({
      state: { count: 0 },
      default: true,
    });
  });

  test('the modules are listed, and a reducer that nobody has is not found, with those that there are', async () => {
    const { body } = await get<{ modules: { name: string }[] }>('/v1/modules');
    expect(body.modules.map((module) => module.name)).toEqual(['student_events', 'writing_observer']);
    const missing = await get<object>('/v1/state/student_events.nothing?STUDENT=x');
    expect(missing.status).toBe(404);
    expect(JSON.stringify(missing.body)).toContain('student_events.student_event_counter');
  });

  test('no learner appears in any log', () => {
    const logged = SERVICES.flatMap((service) => cluster.programs[service].lines()).join('\n');
    expect(logged).toContain('listening');
    for (const learner of ['alice', 'bob', 'carol']) expect(logged).not.toContain(learner);
  });
});
