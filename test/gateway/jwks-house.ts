import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { createCleanUp } from './support.ts';

/** A school's sign-in, for tests: a server with the public keys, and tokens signed by the private ones. */

export const ISSUER = 'https://sign-in.school.org';
export const AUDIENCE = 'lectern';

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function makeKey(kid: string, algorithm = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm };
  return { kid, algorithm, privateKey, publicJwk };
}

export interface TokenFields {
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Seconds since 1970; null for none. */
  readonly expires?: number | null;
}

const inAnHour = (): number => Math.floor(Date.now() / 1_000) + 3_600;

export async function sign(key: SigningKey, fields: TokenFields = {}): Promise<string> {
  const token = new SignJWT({ sub: 'bob@school.org', ...fields.claims })
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid })
    .setIssuer(fields.issuer ?? ISSUER)
    .setAudience(fields.audience ?? AUDIENCE);
  const expires = fields.expires === undefined ? inAnHour() : fields.expires;
  if (expires !== null) token.setExpirationTime(expires);
  return await token.sign(key.privateKey);
}

export interface JwksServer {
  readonly url: string;
  /** What it publishes from now on. */
  publish(...keys: readonly SigningKey[]): void;
  /** Answers with this status instead, or with the keys again for 200. */
  answer(status: number): void;
  fetches(): number;
}

export const cleanUp = createCleanUp();

export async function startJwks(...first: readonly SigningKey[]): Promise<JwksServer> {
  let keys = first;
  let status = 200;
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches++;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.add(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    publish: (...given) => {
      keys = given;
    },
    answer: (given) => {
      status = given;
    },
    fetches: () => fetches,
  };
}
