import { LecternError } from '../shared/errors.ts';
import type { Unit } from '../shared/state/port.ts';
import { eventsTopic, rekeyTopic } from '../shared/topics.ts';
import type { House } from './house.ts';

type Installed = Pick<House, 'namespace' | 'modules' | 'sources' | 'log'>;

interface Versions {
  /** `<NAME>.v<VERSION>` */
  readonly id: string;
  /** The sources that it reads, or may have read. */
  readonly sources: readonly string[];
}

const MODULE_ID = /^[A-Za-z_][A-Za-z0-9_]*\.v\d+$/;

export function unknownModule(name: string, modules: House['modules']): LecternError {
  const names = modules.map((module) => module.name).join(', ') || 'none';
  return new LecternError('CONFIG_INVALID', `no module ${name} is installed; there are: ${names}`);
}

function versionsOf(name: string | undefined, { modules, sources }: Installed): readonly Versions[] {
  const toVersions = (module: House['modules'][number]): Versions => ({
    id: module.id,
    sources: module.contexts,
  });
  if (name === undefined) return modules.map(toVersions);
  const found = modules.filter((module) => module.name === name || module.id === name);
  if (found.length > 0) return found.map(toVersions);
  // A version that is not installed any more may still have dead letters, of whatever source.
  if (MODULE_ID.test(name)) return [{ id: name, sources }];
  throw unknownModule(name, modules);
}

/**
 * The units of a module, given as `<NAME>` or `<NAME>.v<VERSION>`, or of all that are installed; those of its rekey
 * topic with them.
 */
export async function unitsOf(name: string | undefined, house: Installed): Promise<readonly Unit[]> {
  const units: Unit[] = [];
  for (const { id, sources } of versionsOf(name, house)) {
    const topics = sources.map((source) => eventsTopic(house.namespace, source));
    for (const topic of [...topics, rekeyTopic(house.namespace, id)]) {
      const partitions = (await house.log.partitionCount(topic)) ?? 0;
      for (let partition = 0; partition < partitions; partition++)
        units.push({ module: id, topic, partition });
    }
  }
  return units;
}
