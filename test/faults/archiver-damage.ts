import assert from 'node:assert/strict';
import type { ArchiveFault } from '../../services/shared/archive/archive-fault.ts';
import type { ArchiveObject, ArchiveStore } from '../../services/shared/archive/port.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';
import { auditArchive, faultsOf } from './archive-audit.ts';
import { archivedTopic } from './archived.ts';
import { type ArchiverHouse, withArchiverHouse } from './archiver-house.ts';
import type { Fault } from './fault.ts';
import { SOURCE } from './house.ts';
import { startInnerArchiver } from './inner-archiver.ts';
import { createLoad } from './load.ts';
import { NOTHING } from './totals.ts';

/** Each with a manifest but the last. */
const DAYS = ['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'] as const;

/** The names of one partition's objects, a day each, and of its manifests. */
interface Names {
  readonly objects: readonly string[];
  readonly manifests: readonly string[];
}

/** What a hand does to the archive, and what verify says then. */
interface Damage {
  readonly what: string;
  readonly does: (archive: ArchiveStore, names: Names) => Promise<void>;
  readonly found: (names: Names) => readonly (readonly [kind: ArchiveFault['kind'], name: string])[];
}

const nth = (names: readonly string[], n: number): string => names[n]!;

async function change(
  archive: ArchiveStore,
  name: string,
  by: (object: ArchiveObject) => ArchiveObject,
): Promise<void> {
  const { bytes, metadata } = by((await archive.get(name))!);
  await archive.delete(name);
  await archive.putIfAbsent(name, bytes, metadata);
}

async function copy(archive: ArchiveStore, from: string, to: string): Promise<void> {
  const { bytes, metadata } = (await archive.get(from))!;
  await archive.putIfAbsent(to, bytes, metadata);
}

const twice = ({ objects }: Names): string => nth(objects, 1).replace(DAYS[1], '2026-05-09');
const aside = ({ objects }: Names): string => `${nth(objects, 1)}.copy`;

const DAMAGES: readonly Damage[] = [
  {
    what: 'a byte is corrupted',
    does: (archive, { objects }) =>
      change(archive, nth(objects, 1), ({ bytes, metadata }) => {
        const other = Buffer.from(bytes);
        other[other.length >> 1]! ^= 1;
        return { bytes: other, metadata };
      }),
    found: ({ objects }) => [['broken', nth(objects, 1)]],
  },
  {
    what: 'an object is cut short',
    does: (archive, { objects }) =>
      change(archive, nth(objects, 3), ({ bytes, metadata }) => ({
        bytes: bytes.subarray(0, 300),
        metadata,
      })),
    found: ({ objects }) => [['broken', nth(objects, 3)]],
  },
  {
    what: 'its metadata is lost, as when it is copied by hand',
    does: (archive, { objects }) =>
      change(archive, nth(objects, 0), ({ bytes }) => ({ bytes, metadata: {} })),
    found: ({ objects }) => [['broken', nth(objects, 0)]],
  },
  {
    what: 'an object is removed',
    does: (archive, { objects }) => archive.delete(nth(objects, 1)),
    found: ({ objects }) => [
      ['gap', nth(objects, 2)],
      ['missing', nth(objects, 1)],
    ],
  },
  {
    what: 'the last ones are removed, which leaves no gap',
    async does(archive, { objects }) {
      await archive.delete(nth(objects, 2));
      await archive.delete(nth(objects, 3));
    },
    found: ({ objects }) => [['missing', nth(objects, 2)]],
  },
  {
    what: 'an object is there twice, under another date',
    does: (archive, names) => copy(archive, nth(names.objects, 1), twice(names)),
    found: (names) => [
      ['misplaced', twice(names)],
      ['overlap', twice(names)],
    ],
  },
  {
    what: 'an object is there twice, under a name that no archiver gives',
    does: (archive, names) => copy(archive, nth(names.objects, 1), aside(names)),
    found: (names) => [['foreign', aside(names)]],
  },
  {
    what: 'a manifest is removed',
    does: (archive, { manifests }) => archive.delete(nth(manifests, 0)),
    found: ({ manifests }) => [['manifest', nth(manifests, 1)]],
  },
  {
    what: 'a manifest is changed',
    does: (archive, { manifests }) =>
      change(archive, nth(manifests, 0), ({ bytes, metadata }) => ({
        bytes: Buffer.from(bytes.toString().replace('"count": ', '"count":  ')),
        metadata,
      })),
    found: ({ manifests }) => [['manifest', nth(manifests, 1)]],
  },
];

async function namesOf({ archive }: ArchiverHouse): Promise<Names> {
  const names = async (prefix: string): Promise<string[]> =>
    (await collect(archive.list({ prefix }))).map(({ name }) => name);
  return {
    objects: await names(`events/source=${SOURCE}/`),
    manifests: await names(`manifests/source=${SOURCE}/`),
  };
}

/** Puts back what was there before, and nothing else. */
async function restore(archive: ArchiveStore, kept: ReadonlyMap<string, ArchiveObject>): Promise<void> {
  for (const prefix of ['events/', 'manifests/'])
    for (const { name } of await collect(archive.list({ prefix }))) await archive.delete(name);
  for (const [name, { bytes, metadata }] of kept) await archive.putIfAbsent(name, bytes, metadata);
}

async function playDamages(house: ArchiverHouse): Promise<void> {
  const { archive } = house;
  const names = await namesOf(house);
  const kept = new Map<string, ArchiveObject>();
  for (const name of [...names.objects, ...names.manifests]) kept.set(name, (await archive.get(name))!);
  for (const { what, does, found } of DAMAGES) {
    await does(archive, names);
    const faults = (await faultsOf(archive)).map(({ kind, name }) => [kind, name]);
    assert.deepEqual(faults.sort(), [...found(names)].sort(), what);
    await restore(archive, kept);
  }
}

export const archiverDamage: Fault = {
  name: 'archiver-damage',
  promise: 'whatever a hand corrupts, removes or doubles in an archive, verify names it, and nothing else',
  rounds: { short: 1, long: 2 },
  async play({ stage, seed, rounds }) {
    let totals = NOTHING;
    for (const _ of rounds)
      totals = await withArchiverHouse(stage, { partitions: 1 }, async (house) => {
        const load = await createLoad({ ...house, log: house.dated }, { seed });
        const archiver = await startInnerArchiver(house, { limits: { maxBytes: 1_048_576, maxAgeMs: 100 } });
        for (const day of DAYS) {
          house.dated.setClock(Date.parse(`${day}T12:00:00Z`));
          await load.append(load.make(40));
          await archivedTopic(house, house.topic);
        }
        const haveManifests = async () => (await namesOf(house)).manifests.length === DAYS.length - 1;
        await waitFor(haveManifests, { message: 'each day but the last has a manifest', timeoutMs: 30_000 });
        await archiver.stop();
        await playDamages(house);
        return auditArchive(house, load);
      });
    return totals;
  },
};
