import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { type DemoClass, demoClass } from '../../../services/standalone/demo/class-roster.ts';
import type { DemoFrame } from '../../../services/standalone/demo/frames.ts';
import { type Player, playClass } from '../../../services/standalone/demo/player.ts';
import { playStudent } from '../../../services/standalone/demo/script.ts';
import { createCleanUp, silent, startGateway, until } from '../../gateway/support.ts';

const cleanUp = createCleanUp();
afterEach(() => cleanUp.run());

function play(url: string, roster: DemoClass): Player {
  const player = playClass({
    url,
    roster,
    seed: 1,
    speed: 5_000,
    logger: silent,
    retryMinMs: 5,
    retryMaxMs: 20,
  });
  cleanUp.add(() => player.stop());
  return player;
}

test('a class plays through the real gateway: every student’s events arrive under the own id', async () => {
  const { url, log, close } = await startGateway();
  cleanUp.add(close);
  const player = play(`${url.replace('http', 'ws')}/wsapi/in/`, demoClass);
  const keys = () => new Set(log.sends.flat().map(({ key }) => key));
  await until(() => keys().size === 30 && player.connected() === 30, 'all students write', 20_000);
  expect(keys()).toEqual(new Set(demoClass.students.map(({ id }) => id)));
  await player.stop();
  expect(player.connected()).toBe(0);
  expect(player.sent()).toBeGreaterThan(60);
  expect(new Set(log.written().map(({ source }) => source))).toEqual(
    new Set(['org.mitros.writing_analytics']),
  );
});

/** What the script says, without the times, which depend on when the play began. */
function essence({ event, doc_id, bundles }: DemoFrame): object {
  return { event, doc_id, bundles };
}

test('a student whose connection ends comes back, locks the fields again, and goes on where the script was', async () => {
  const roster = { ...demoClass, students: demoClass.students.slice(0, 1) };
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  cleanUp.add(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const connections: DemoFrame[][] = [];
  server.on('connection', (ws) => {
    const frames: DemoFrame[] = [];
    connections.push(frames);
    ws.on('message', (data) => {
      frames.push(JSON.parse(String(data)) as DemoFrame);
      if (frames.length === 20) ws.close(1001);
    });
  });
  play(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, roster);
  await until(() => connections.length === 4 && connections[3]!.length > 10, 'it came back', 20_000);
  for (const frames of connections) expect(frames[0]?.event).toBe('lock_fields');
  const received = connections.flat().filter(({ event }) => event !== 'lock_fields');
  const steps = playStudent({ seed: 1, student: roster.students[0]!, index: 0, startMs: 0 });
  steps.next();
  expect(received.map(essence)).toEqual(received.map(() => essence(steps.next().value.frame)));
});

test('a class that finds no gateway stops at once when asked to', async () => {
  const player = play('ws://127.0.0.1:1/wsapi/in/', demoClass);
  await player.stop();
  expect(player.sent()).toBe(0);
});
