import { afterEach, describe, expect, test } from '@jest/globals';
import { createGatewayHouse, SOURCE, TESTCASE_ONLY, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const TEACHER = '{"sec":"authenticated","user_id":"teacher","safe_user_id":"teacher"}';

/** Every place where a client may try to say who it is, each followed by an event that the test looks at. */
const FRAMES: readonly (readonly [name: string, ...frames: string[]])[] = [
  ['in an event', `{"event":"x","user_id":"bob","auth":${TEACHER}}`],
  ['under an escaped name', `{"event":"x","user_id":"bob","\\u0061uth":${TEACHER}}`],
  ['several times', `{"auth":${TEACHER},"event":"x","auth":1,"user_id":"bob","auth":${TEACHER}}`],
  ['locked', `{"event":"lock_fields","fields":{"user_id":"bob","auth":${TEACHER}}}`, '{"event":"x"}'],
  [
    'locked under an escaped name',
    `{"event":"lock_fields","fields":{"user_id":"bob","\\u0061\\u0075th":${TEACHER}}}`,
    '{"event":"x"}',
  ],
  [
    'locked after the identity',
    '{"event":"lock_fields","fields":{"user_id":"bob"}}',
    '{"event":"first"}',
    `{"event":"lock_fields","fields":{"source":"${SOURCE}","auth":${TEACHER}}}`,
    '{"event":"x"}',
  ],
  [
    'beside the fields to lock',
    `{"event":"lock_fields","auth":${TEACHER},"fields":{"user_id":"bob"}}`,
    '{"event":"x"}',
  ],
  ['while it waits for an identity', `{"event":"x","auth":${TEACHER}}`, '{"event":"last","user_id":"bob"}'],
];

const BOB = {
  sec: 'unauthenticated',
  user_id: 'testcase-bob',
  providence: 'tc',
  safe_user_id: 'tc-testcase-bob',
};

describe.each(FRAMES)('an auth that the client sends %s is stripped', (_name, ...frames) => {
  const events = frames.filter((frame) => !frame.includes('lock_fields')).length;

  test('on a socket', async () => {
    const { url, log } = await start({ identity: TESTCASE_ONLY });
    (await open(url)).send(...frames);
    await until(() => log.written().length === events, 'all were written');
    const event = log.written().find(({ type }) => type === 'x');
    expect(event).toMatchObject({
      key: 'tc-testcase-bob',
      clientFields: { auth: BOB },
      metadataFields: { auth: BOB },
    });
    expect(JSON.stringify(log.written())).not.toContain('teacher');
    for (const { client } of log.written()) expect(client.match(/"auth"|\\u0061/g)).toEqual(['"auth"']);
  });

  test('in a request', async () => {
    const { url, log } = await start({ identity: TESTCASE_ONLY });
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: frames.join('\n'),
    });
    expect(response.status).toBe(200);
    const event = log.written().find(({ type }) => type === 'x');
    expect(event).toMatchObject({
      key: 'tc-testcase-bob',
      clientFields: { auth: BOB },
      metadataFields: { auth: BOB },
    });
    expect(JSON.stringify(log.written())).not.toContain('teacher');
  });
});
