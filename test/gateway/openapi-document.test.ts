import { afterEach, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Router } from 'express';
import type { OpenAPIObject, OperationObject, RequestBodyObject } from 'openapi3-ts/oas31';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createDocument } from '../../services/gateway/openapi/document.ts';
import { createDecisions } from './access-house.ts';
import { createContract } from './openapi-contract.ts';
import { routesOf } from './openapi-routes.ts';
import { ask } from './raw-request.ts';
import { createStandardHouse } from './standard-support.ts';
import { startGateway } from './support.ts';

const { start, cleanUp } = createStandardHouse();
afterEach(() => cleanUp.run());

const ASK = { method: 'GET', path: '/openapi.json' };
const read = async (url: string): Promise<OpenAPIObject> =>
  JSON.parse((await ask(url, ASK)).text) as OpenAPIObject;

describe('the document', () => {
  test.each([true, false])('is valid OpenAPI 3.1, with the standards: %s', async (standards) => {
    const document = createDocument({ limits: DEFAULT_LIMITS, standards });
    const validator = new Validator();
    expect(await validator.validate({ ...document })).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('is given to anybody, before the gateway is ready and where keys are required', async () => {
    const decisions = createDecisions({ requireKey: true, caughtUp: () => new Promise(() => undefined) });
    const { url, gateway } = await start({ access: decisions.access, origins: new Set() });
    expect(gateway.notReady()).not.toEqual([]);
    const answer = await ask(url, { ...ASK, headers: { origin: 'https://anything.example' } });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(createContract(JSON.parse(answer.text) as OpenAPIObject).operations).toContain(
      'get /openapi.json',
    );
  });

  test('has the numbers that hold in its process', async () => {
    const { url } = await start({ limits: { bodyBytes: 4_711, bodyEvents: 815 } });
    const text = JSON.stringify(await read(url));
    expect(text).toContain('4711 bytes');
    expect(text).toContain('"maxItems":815');
    expect(text).not.toContain(String(DEFAULT_LIMITS.bodyBytes));
  });

  test('has what is served and nothing else, also without the standards', async () => {
    const gateway = await startGateway();
    cleanUp.add(gateway.close);
    const { operations } = createContract(await read(gateway.url));
    expect(operations.filter((name) => /xapi|caliper/.test(name))).toEqual([]);
    expect(operations).toContain('post /v1/events');
    expect((await ask(gateway.url, { method: 'GET', path: '/xapi/about' })).status).toBe(404);
  });
});

describe('the routes', () => {
  test('are those of the document, and the other way round', async () => {
    const urls: string[] = [];
    const routes = await routesOf(async () => urls.push((await start()).url));
    const { operations } = createContract(await read(urls[0]!));
    expect([...routes].sort()).toEqual([...operations].sort());
    expect(operations).toContain('put /xapi/statements');
  });

  test('of a router in a router are seen, and none can hide below a path', async () => {
    const inner = (): Router => Router().get('/inner', (_request, response) => void response.end());
    const nested = await routesOf(() => Router().use(Router().use(inner())));
    expect(nested).toEqual(['get /inner']);
    await expect(routesOf(() => Router().use('/below', inner()))).rejects.toThrow('below /below');
  });
});

test('every example is taken as it stands', async () => {
  const { url } = await start();
  const { paths } = createContract(await read(url));
  let taken = 0;
  for (const [path, item] of Object.entries(paths))
    for (const method of ['post', 'put'] as const) {
      const operation: OperationObject | undefined = item[method];
      const { content = {} } = (operation?.requestBody ?? {}) as Partial<RequestBodyObject>;
      for (const [type, { example }] of Object.entries(content)) {
        const given = (operation?.parameters ?? []).flatMap((parameter) =>
          'in' in parameter ? [parameter] : [],
        );
        const needed = given.filter(({ required }) => required === true);
        const inQuery = needed.filter((parameter) => parameter.in === 'query');
        const query = inQuery.map(({ name, example: value }) => `?${name}=${value}`).join('');
        const headers = Object.fromEntries(
          needed
            .filter((parameter) => parameter.in === 'header')
            .map((parameter) => [parameter.name, parameter.example]),
        );
        const answer = await ask(url, {
          method: method.toUpperCase(),
          path: `${path}${query}`,
          headers: { ...headers, 'content-type': type },
          body: typeof example === 'string' ? example : JSON.stringify(example),
        });
        expect([path, answer.status < 300, answer.text.includes('rejected')]).toEqual([path, true, false]);
        taken++;
      }
    }
  expect(taken).toBe(5);
});
