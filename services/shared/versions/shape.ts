import type { Control } from '../control/port.ts';
import { type Module, rekeyedContexts } from '../module.ts';
import { eventsTopic, rekeyTopic } from '../topics.ts';

/** What one version of a module reads, as far as its progress depends on it. */
export interface VersionShape {
  /** `<NAME>.v<VERSION>` */
  readonly id: string;
  /** The topics of events that it reads. */
  readonly sources: readonly string[];
  /** Of these, those whose events it also folds under other keys. */
  readonly rekeyed: readonly string[];
  /** Of its events under other keys; null when it has none. */
  readonly rekeyTopic: string | null;
}

export const moduleId = (name: string, version: number): string => `${name}.v${version}`;

/** Null for what is no `<NAME>.v<VERSION>`. */
function versionOf(id: string): number | null {
  const found = /\.v(\d{1,16})$/.exec(id);
  return found === null ? null : Number(found[1]);
}

/** Of a version whose code is here. */
export function shapeOf(namespace: string, module: Module): VersionShape {
  return {
    id: module.id,
    sources: module.contexts.map((context) => eventsTopic(namespace, context)),
    rekeyed: rekeyedContexts(module).map((context) => eventsTopic(namespace, context)),
    rekeyTopic: module.rekeyed ? rekeyTopic(namespace, module.id) : null,
  };
}

/** Of a version of which only is known what workers claimed; null when they never claimed anything of it. */
export function claimedShape(
  namespace: string,
  control: Pick<Control, 'claimedUnits'>,
  name: string,
  version: number,
): VersionShape | null {
  const id = moduleId(name, version);
  const topics = new Set(
    control
      .claimedUnits(name)
      .filter((unit) => unit.module === id)
      .map(({ topic }) => topic),
  );
  if (topics.size === 0) return null;
  const own = rekeyTopic(namespace, id);
  const isRekeyed = topics.delete(own);
  const sources = [...topics].sort();
  return { id, sources, rekeyed: isRekeyed ? sources : [], rekeyTopic: isRekeyed ? own : null };
}

/** The versions of a module that workers ever claimed, the lowest first. */
export function claimedVersions(control: Pick<Control, 'claimedUnits'>, name: string): readonly number[] {
  const versions = new Set(control.claimedUnits(name).map(({ module }) => versionOf(module)));
  return [...versions].filter((version) => version !== null).sort((a, b) => a - b);
}
