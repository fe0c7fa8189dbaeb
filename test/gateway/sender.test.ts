import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { type Credential, NO_CREDENTIAL } from '../../services/gateway/credential.ts';
import { createLaunchOf } from '../../services/gateway/lti-session.ts';
import { senderOf } from '../../services/gateway/sender.ts';

const SECRET = 'a secret that has more than thirty-two bytes';

test('a sender has the launch of its session cookie, with the class, and the user of its Basic header', async () => {
  const token = await new SignJWT({ sub: 'u-1', context: 'class-7', role: 'Learner', exp: 2_000 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
  const request = new IncomingMessage(new Socket());
  request.headers = { cookie: `lectern_lti=${token}` };
  request.headersDistinct = { authorization: [`Basic ${Buffer.from('bob:x').toString('base64')}`] };
  const settings = { keepIp: false, newGuestId: () => '0'.repeat(32) };
  const at = (seconds: number, credential: Credential = NO_CREDENTIAL) =>
    senderOf(request, {
      ...settings,
      credentialOf: () => credential,
      launchOf: createLaunchOf({ secret: SECRET, now: () => seconds * 1_000 }),
    });
  expect(await at(1_999)).toMatchObject({
    launch: { userId: 'u-1', context: 'class-7', role: 'Learner' },
    basicUser: 'bob',
  });
  expect(await at(2_000)).toMatchObject({ launch: null, basicUser: 'bob' });
  // Whose password is an API key has that checked, and nobody has checked the name beside it.
  const key: Credential = { kind: 'api-key', id: 'k', sources: null, vouches: true, expiresAt: null };
  expect(await at(2_000, key)).toMatchObject({ credential: key, basicUser: null });
});
