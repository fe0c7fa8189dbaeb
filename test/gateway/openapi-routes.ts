import { jest } from '@jest/globals';
import { Router } from 'express';

type Routed = { readonly path: unknown; readonly methods: () => readonly string[] };

/**
 * Notes every route that is made while `build` runs, of the application and of any router within another, as `get /path`.
 * Throws where a router is mounted below a path, since its routes would then be elsewhere than they say.
 */
export async function routesOf(build: () => unknown): Promise<readonly string[]> {
  const routed: Routed[] = [];
  const { route, use } = Router.prototype as Router;
  const onRoute = jest.spyOn(Router.prototype as Router, 'route');
  const onUse = jest.spyOn(Router.prototype as Router, 'use');
  onRoute.mockImplementation(function (this: Router, path) {
    const made = route.call(this, path);
    const { methods } = made as unknown as { readonly methods: Readonly<Record<string, true>> };
    routed.push({ path, methods: () => Object.keys(methods).filter((name) => name !== '_all') });
    return made;
  });
  onUse.mockImplementation(function (this: Router, ...given: readonly unknown[]) {
    const isRouter = (value: unknown): boolean => typeof value === 'function' && 'stack' in value;
    if (given.flat().some(isRouter) && typeof given[0] !== 'function' && given[0] !== '/')
      throw new Error(`a router is mounted below ${String(given[0])}`);
    return use.apply(this, given as Parameters<typeof use>);
  } as typeof use);
  try {
    await build();
  } finally {
    onRoute.mockRestore();
    onUse.mockRestore();
  }
  return routed.flatMap(({ path, methods }) =>
    methods().map((method) => `${method} ${typeof path === 'string' ? path : JSON.stringify(path)}`),
  );
}
