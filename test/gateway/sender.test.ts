import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { type Credential, NO_CREDENTIAL } from '../../services/gateway/credential.ts';
import { createLaunchOf } from '../../services/gateway/lti-session.ts';
import { type SenderSettings, senderOf } from '../../services/gateway/sender.ts';

const SECRET = 'a secret that has more than thirty-two bytes';

test('a sender has the launch of its session cookie, with the class, and the user of its Basic header', async () => {
  const token = await new SignJWT({ sub: 'u-1', context: 'class-7', role: 'Learner', exp: 2_000 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
  const request = new IncomingMessage(new Socket());
  request.headers = { cookie: `lectern_lti=${token}` };
  request.headersDistinct = { authorization: [`Basic ${Buffer.from('bob:x').toString('base64')}`] };
  const settings = { keepIp: false, proxies: 0, crossSite: false, newGuestId: () => '0'.repeat(32) };
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

async function senderBy(
  headers: Record<string, string>,
  settings: Partial<SenderSettings>,
): Promise<Awaited<ReturnType<typeof senderOf>>> {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: '::ffff:10.0.0.1' });
  const request = new IncomingMessage(socket);
  request.headers = headers;
  return senderOf(request, {
    keepIp: true,
    proxies: 0,
    crossSite: false,
    newGuestId: () => '0'.repeat(32),
    credentialOf: () => NO_CREDENTIAL,
    launchOf: async () => null,
    ...settings,
  });
}

test.each([
  ['no proxy in front, that of the connection', 0, '203.0.113.9', '10.0.0.1'],
  ['one proxy, what it says', 1, '203.0.113.9', '203.0.113.9'],
  ['one proxy, the whole of an IPv6 address', 1, '1.2.3.4, 2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
  ['two proxies, what the outer one says', 2, '6.6.6.6, 203.0.113.9, 10.0.0.7', '203.0.113.9'],
  ['a proxy that says nothing, that of the connection', 1, '', '10.0.0.1'],
])('the address that is kept is, with %s', async (_, proxies, forwarded, ip) => {
  const headers = { 'x-forwarded-for': forwarded };
  expect(JSON.parse((await senderBy(headers, { proxies })).server)).toMatchObject({ ip });
  expect(JSON.parse((await senderBy(headers, { proxies, keepIp: false })).server)).toMatchObject({
    ip: null,
  });
});

test.each([
  ['over https for pages of listed origins, other sites too', 'https', 1, true, 'Secure; SameSite=None'],
  ['when one proxy of two says https', 'https', 2, true, 'Secure; SameSite=None'],
  ['when the outer proxy of two says https', 'http, https,http', 2, true, 'Secure; SameSite=None'],
  ['over https where any page may send, its own site', 'https', 1, false, 'Secure; SameSite=Lax'],
  ['over http, its own site', 'http', 1, true, 'SameSite=Lax'],
  ['when the outer proxy of two says http, its own site', 'http,https', 2, true, 'SameSite=Lax'],
  ['when nobody is believed, its own site', 'https', 0, true, 'SameSite=Lax'],
])("a guest's cookie goes, %s", async (_, proto, proxies, crossSite, attributes) => {
  const { setCookie } = await senderBy({ 'x-forwarded-proto': proto }, { proxies, crossSite });
  expect(setCookie!.split('HttpOnly; ')[1]).toBe(attributes);
});
