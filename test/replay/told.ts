import { readFileSync } from 'node:fs';
import type { House } from '../../services/cli/house.ts';
import { eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { collect } from '../support/collect.ts';
import { A, B } from './module.ts';

/** States as `<reducer> <key as JSON>` and their texts, so that files and stores can be held against one another. */
export type Told = Readonly<Record<string, { readonly internal: string; readonly external: string }>>;

const plainText = (text: string): string => decodeURIComponent(text.replace(/%(?![0-9A-F]{2})/g, '%25'));

/** What a store holds, read from its fields without the code that writes files. */
export function statesIn({ modules, namespace, ...house }: House): Promise<Told> {
  const module = modules[0]!.id;
  const topics = [eventsTopic(namespace, A), eventsTopic(namespace, B), rekeyTopic(namespace, module)];
  return statesOfUnits(house, module, topics);
}

/** The same of a module's units of some topics. */
export async function statesOfUnits(
  { state, log }: Pick<House, 'state' | 'log'>,
  module: string,
  topics: readonly string[],
): Promise<Told> {
  const told: Record<string, { internal: string; external: string }> = {};
  for (const topic of topics)
    for (const { partition } of await log.offsets(topic)) {
      const fields = new Map(
        (await collect(state.entries({ module, topic, partition }))).map(({ field, value }) => [
          field,
          value,
        ]),
      );
      for (const [field, value] of fields) {
        if (!field.startsWith('Internal,') || field.includes(',PART:')) continue;
        const [, reducer, ...pairs] = field.split(',');
        const key = pairs.map((pair) => pair.split(':') as [string, string]);
        const named = key.map(([name, text]) => [name.replace('EventField.', ''), plainText(text)]);
        const internal = reducer === 'told.trail' ? listIn(fields, field, value) : value;
        const external = fields.get(field.replace('Internal', 'External')) ?? internal;
        told[`${reducer} ${JSON.stringify(Object.fromEntries(named.sort()))}`] = { internal, external };
      }
    }
  return told;
}

/** All that was ever appended, in the parts and in the head. */
function listIn(fields: ReadonlyMap<string, string>, field: string, head: string): string {
  const items: unknown[] = [];
  for (let n = 0; fields.has(`${field},PART:${n}`); n++)
    items.push(...(JSON.parse(fields.get(`${field},PART:${n}`)!) as unknown[]));
  return JSON.stringify([...items, ...(JSON.parse(head) as { tail: unknown[] }).tail]);
}

/** What a file says, its lines in order. */
export function linesOf(path: string): { readonly told: Told; readonly lines: readonly string[] } {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const told: Record<string, { internal: string; external: string }> = {};
  for (const line of lines) {
    const [, reducer, key, internal, external] =
      /^\{"reducer":"(.+?)","key":(\{.*?\}),"internal":(.*),"external":(.*)\}$/.exec(line)!;
    told[`${reducer} ${key}`] = { internal: internal!, external: external! };
  }
  return { told, lines };
}
