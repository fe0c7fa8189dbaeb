import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  gatewayShape,
  IDENTITY_NOT_CHOSEN,
  identityIsChosen,
  identityOf,
} from '../../services/gateway/config.ts';
import { type Environment, parseConfig } from '../../services/shared/config.ts';

const schema = z.object(gatewayShape).refine(identityIsChosen, IDENTITY_NOT_CHOSEN);
const loadGatewayConfig = (env: Environment) => parseConfig(schema, env);

describe('the configuration of the gateway', () => {
  test('is open for testing on the loopback address only', () => {
    expect(identityOf(loadGatewayConfig({}))).toEqual({
      methods: ['local_storage', 'testcase_auth', 'guest'],
      localStorageUsers: new Set(),
      guests: true,
    });
    for (const host of ['localhost', '::1', '127.1.2.3'])
      expect(loadGatewayConfig({ LECTERN_HOST: host }).LECTERN_PORT).toBe(8080);
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', 'gateway.school.org', '127.0.0.1.evil.org'])(
    'refuses to listen on %s without a chosen identity, saying so',
    (host) => {
      expect(() => loadGatewayConfig({ LECTERN_HOST: host })).toThrow(/LECTERN_IDENTITY: must be set when/);
      const config = loadGatewayConfig({ LECTERN_HOST: host, LECTERN_IDENTITY: 'local_storage' });
      expect(identityOf(config)).toMatchObject({ methods: ['local_storage'], guests: false });
    },
  );

  test('reports all problems at once', () => {
    const env = { LECTERN_HOST: '0.0.0.0', LECTERN_PORT: 'x', LECTERN_GUESTS: 'yes' };
    const load = () => loadGatewayConfig(env);
    for (const name of ['LECTERN_PORT', 'LECTERN_GUESTS', 'LECTERN_IDENTITY']) expect(load).toThrow(name);
    expect(() => loadGatewayConfig({ LECTERN_IDENTITY: 'guest,telepathy' })).toThrow(
      /LECTERN_IDENTITY: must be one or more of local_storage, testcase_auth, guest/,
    );
  });

  test('reads the allow-list from a file, and with one takes no guests unless told to', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'lectern-')), 'users');
    writeFileSync(path, 'ls-bob\n\n  ls-eve \n');
    const env = { LECTERN_LOCAL_STORAGE_USERS_FILE: path };
    expect(identityOf(loadGatewayConfig(env))).toMatchObject({
      localStorageUsers: new Set(['ls-bob', 'ls-eve']),
      guests: false,
    });
    expect(identityOf(loadGatewayConfig({ ...env, LECTERN_GUESTS: 'true' })).guests).toBe(true);
  });
});
