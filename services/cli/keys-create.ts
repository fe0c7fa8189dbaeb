import { Command, InvalidArgumentError } from 'commander';
import { newKey } from '../shared/access-key.ts';
import { ACCESS_BOUNDS, type ApiKey } from '../shared/control/access-record.ts';
import { LecternError } from '../shared/errors.ts';
import { SOURCE_NAME } from '../shared/topics.ts';
import type { House } from './house.ts';
import { keyRow } from './keys-list.ts';
import type { RunInHouse } from './run-in-house.ts';

interface Options {
  readonly name: string;
  readonly source?: readonly string[];
  readonly allSources?: boolean;
  /** Milliseconds since 1970, or from now on. */
  readonly expires?: { readonly at: number } | { readonly afterMs: number };
  readonly public?: boolean;
  readonly json?: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };
const DAY = /^\d{4}-\d{2}-\d{2}(?:T\S+)?$/;

function expires(text: string): Options['expires'] {
  const span = /^(\d{1,5})([hd])$/.exec(text);
  if (span !== null) return { afterMs: Number(span[1]) * UNIT_MS[span[2]!]! };
  const at = DAY.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('must be as 90d, 12h, 2027-07-31 or 2027-07-31T18:00Z.');
  return { at };
}

function name(text: string): string {
  if (text.trim() === '' || text.length > ACCESS_BOUNDS.nameChars)
    throw new InvalidArgumentError(`must have 1 to ${ACCESS_BOUNDS.nameChars} characters.`);
  return text;
}

function source(text: string, before: readonly string[] = []): readonly string[] {
  if (!SOURCE_NAME.test(text)) throw new InvalidArgumentError('must be the name of a source.');
  if (before.length >= ACCESS_BOUNDS.sources)
    throw new InvalidArgumentError(`a key may be for ${ACCESS_BOUNDS.sources} sources, or for all.`);
  return [...new Set([...before, text])];
}

function expiryOf({ expires: given }: Options, now: number): number | null {
  if (given === undefined) return null;
  const at = 'at' in given ? given.at : now + given.afterMs;
  if (at <= now) throw new LecternError('CONFIG_INVALID', '--expires: must lie in the future');
  return at;
}

/** Makes a key, which every gateway knows at once. Nobody can be told it a second time. */
export async function createKey(
  { control, clock }: Pick<House, 'control' | 'clock'>,
  options: Options,
): Promise<{ readonly key: string; readonly record: ApiKey }> {
  const { name: named, source: sources, allSources = false, public: isPublic = false } = options;
  if (allSources === (sources !== undefined))
    throw new LecternError(
      'CONFIG_INVALID',
      'say what the key is for: --source <source>, once for each, or --all-sources',
    );
  const { id, key, hash } = newKey();
  const created = clock.now();
  const record: ApiKey = {
    kind: 'api-key',
    id,
    hash,
    name: named,
    sources: sources ?? null,
    vouches: !isPublic,
    created,
    expires: expiryOf(options, created),
    revoked: null,
  };
  await control.caughtUp();
  await control.publish(record);
  return { key, record };
}

/** `lectern keys create` */
export function createKeysCreateCommand(run: RunInHouse): Command {
  return new Command('create')
    .description('make an API key, and print it this once: nothing keeps it')
    .requiredOption('--name <text>', 'what it is for, for people', name)
    .option('--source <source>', 'a source that it may send for; once for each', source)
    .option('--all-sources', 'it may send for every source')
    .option('--expires <when>', 'when it ends: 90d, 12h, or a date', expires)
    .option(
      '--public',
      'it stands in a page, where anybody can read it: who a learner is, it is not believed',
    )
    .option('--json', 'print JSON')
    .action((options: Options, command: Command) =>
      run(command, async (house, answer) => {
        const { key, record } = await createKey(house, options);
        if (options.json === true) {
          answer.log(JSON.stringify({ key, ...keyRow(record, record.created) }, null, 2));
          return;
        }
        const unknown = (record.sources ?? []).filter((one) => !house.sources.includes(one));
        answer.log(key);
        answer.log(
          `API key ${record.id} for ${record.sources?.join(', ') ?? 'all sources'}; it is not shown again`,
        );
        if (unknown.length > 0)
          answer.log(
            `no module and no LECTERN_SOURCES has ${unknown.join(', ')}: its events are only archived`,
          );
        if (!house.mayRun) answer.log('this takes effect when the product is started again');
      }),
    );
}
