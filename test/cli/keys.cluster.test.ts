import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stackVariables } from '../../deploy/local/stack.ts';
import { startProgram } from '../support/process.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { waitFor } from '../support/wait.ts';

describeOnStack('a gateway on Kafka alone, and the command line beside it', () => {
  const namespace = uniqueName('keys');
  let gateway: RestartableProgram;

  /** The status of a request with an event of bob's. */
  const send = async (key: string): Promise<number> => {
    const response = await fetch(`${gateway.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify([{ event: 'x', source: 'org.mitros.writing_analytics', user_tag: 'bob' }]),
    });
    return response.status;
  };
  const lectern = async (...args: string[]): Promise<string> => {
    const env = { ...stackVariables(stack()), LECTERN_NAMESPACE: namespace };
    const child = await startProgram('dist/services/cli/main.js', { args, env });
    const { code } = await child.ended;
    if (code !== 0) throw new Error(child.lines().join('\n'));
    return child.lines().join('\n');
  };

  beforeAll(async () => {
    const { brokers } = stack();
    gateway = await createProgram('dist/services/gateway/main.js', {
      LECTERN_NAMESPACE: namespace,
      LECTERN_KAFKA_BROKERS: brokers.join(','),
      LECTERN_REQUIRE_KEY: 'true',
    });
    await gateway.start();
    await gateway.ready();
  }, 120_000);
  afterAll(async () => {
    await gateway.stop();
  });

  test('a key works as soon as it is made, until it is revoked, and is nowhere in what the gateway logs', async () => {
    const said = await lectern('keys', 'create', '--name', 'acceptance', '--all-sources');
    const key = /lct_[0-9a-f]{12}_[0-9a-f]{64}/.exec(said)![0];
    await waitFor(async () => (await send(key)) === 200, { message: 'the key is taken', timeoutMs: 20_000 });
    await lectern('keys', 'revoke', key.split('_')[1]!);
    await waitFor(async () => (await send(key)) === 401, { message: 'it is refused', timeoutMs: 20_000 });
    expect(gateway.lines().join('\n')).not.toContain(key.split('_')[2]);
  }, 120_000);
});
