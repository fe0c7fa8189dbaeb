import type { ArchiveStore } from '../shared/archive/port.ts';
import type { Clock } from '../shared/clock.ts';
import type { OpenControl } from '../shared/control/control.ts';
import type { History } from '../shared/history/port.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Module } from '../shared/module.ts';
import type { StateStore } from '../shared/state/port.ts';

/** What a command works on: an installation, and where its log, states and archive are. */
export interface House {
  readonly namespace: string;
  readonly modules: readonly Module[];
  readonly sources: readonly string[];
  readonly log: EventLog;
  readonly state: StateStore;
  /** Without what is erased. */
  readonly history: History;
  readonly archive: ArchiveStore;
  readonly control: OpenControl;
  readonly clock: Clock;
  /** Whether workers may be running: not on a data directory that the command itself has opened. */
  readonly mayRun: boolean;
}
