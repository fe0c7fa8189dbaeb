import type { StandingVersion } from '../shared/control/version-record.ts';
import { LecternError } from '../shared/errors.ts';
import type { StateStore } from '../shared/state/port.ts';
import { type VersionLook, watchVersion } from '../shared/versions/look.ts';
import { readReach } from '../shared/versions/reach.ts';
import {
  claimedShape,
  claimedVersions,
  moduleId,
  shapeOf,
  type VersionShape,
} from '../shared/versions/shape.ts';
import type { House } from './house.ts';
import { unknownModule } from './units.ts';

export type VersionsHouse = Pick<
  House,
  'namespace' | 'modules' | 'log' | 'state' | 'control' | 'clock' | 'mayRun'
>;

/** A version of a module that is installed here, or has states. */
export interface KnownVersion {
  readonly version: number;
  readonly shape: VersionShape;
  /** Whether its code is here. */
  readonly installed: boolean;
  readonly active: boolean;
}

export interface KnownVersions {
  readonly name: string;
  readonly stands: StandingVersion | null;
  /** The lowest first. */
  readonly versions: readonly KnownVersion[];
}

async function hasStates(
  { state, control }: Pick<House, 'control'> & { readonly state: Pick<StateStore, 'position'> },
  name: string,
  id: string,
): Promise<boolean> {
  for (const unit of control.claimedUnits(name))
    if (unit.module === id && (await state.position(unit)) !== null) return true;
  return false;
}

/** Throws CONFIG_INVALID for a name that neither the code nor the control topic knows. */
export async function versionsOf(house: VersionsHouse, name: string): Promise<KnownVersions> {
  const { control, namespace } = house;
  await control.caughtUp();
  const stands = control.activeVersion(name);
  const installed = house.modules.filter((module) => module.name === name);
  const claimed = claimedVersions(control, name);
  if (installed.length === 0 && claimed.length === 0 && stands === null)
    throw unknownModule(name, house.modules);
  const numbers = new Set([...installed.map(({ version }) => version), ...claimed]);
  const versions: KnownVersion[] = [];
  for (const version of [...numbers].sort((a, b) => a - b)) {
    const code = installed.find((module) => module.version === version);
    const active = stands?.version === version;
    const shape =
      code === undefined ? claimedShape(namespace, control, name, version) : shapeOf(namespace, code);
    const isKept = code !== undefined || active || (await hasStates(house, name, moduleId(name, version)));
    if (shape !== null && isKept) versions.push({ version, shape, installed: code !== undefined, active });
  }
  return { name, stands, versions };
}

/** Throws CONFIG_INVALID when there is no such version, and names those that there are. */
export function findVersion({ name, versions }: KnownVersions, version: number): KnownVersion {
  const found = versions.find((one) => one.version === version);
  if (found !== undefined) return found;
  const known = versions.map((one) => one.version).join(', ') || 'none';
  throw new LecternError(
    'CONFIG_INVALID',
    `no version ${version} of ${name} is installed here, nor has it states; there are: ${known}`,
  );
}

const POLL_MS = 200;
/** A version that keeps up has what another had after some checkpoints. */
const LONGEST_MS = 5_000;

/**
 * How far a version is, measured by what the active one had when this was asked. One that is whole and a moment behind is
 * waited for.
 */
export async function lookAt(
  house: VersionsHouse,
  { versions }: KnownVersions,
  one: KnownVersion,
): Promise<VersionLook> {
  const active = versions.find((other) => other.active && other !== one);
  const reach = active === undefined ? null : await readReach(house, active.shape);
  const watch = watchVersion(house, one.shape, reach);
  const deadline = house.clock.now() + (house.mayRun ? LONGEST_MS : 0);
  for (;;) {
    const look = await watch.look();
    const isWhole = look.units.every((unit) => unit.isWhole);
    if (look.covers || !isWhole || house.clock.now() >= deadline) return look;
    await house.clock.sleep(POLL_MS);
  }
}

/** How many records of those that are asked for it has not. */
export const recordsBehind = ({ units }: VersionLook): number =>
  units.reduce((sum, { next, target }) => sum + (target === null ? 0 : target - next), 0);

export const percent = (progress: number): string => `${Math.floor(progress * 100)} %`;
