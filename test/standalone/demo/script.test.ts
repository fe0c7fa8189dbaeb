import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeUserId } from '../../../services/gateway/identity.ts';
import { demoClass } from '../../../services/standalone/demo/class-roster.ts';
import { playStudent, type ScriptStep } from '../../../services/standalone/demo/script.ts';

function play(seed: number, index: number, count: number): ScriptStep[] {
  const steps = playStudent({ seed, index, student: demoClass.students[index]!, startMs: 1_700_000_000_000 });
  return Array.from({ length: count }, () => steps.next().value);
}

interface Command {
  readonly ty: string;
  readonly ibi: number;
  readonly s: string;
  readonly si: number;
  readonly ei: number;
}

/** The commands of a frame; a history starts its document anew. */
function commandsOf(frame: Record<string, unknown>): Command[] {
  const history = frame.history as { changelog: [Command][] } | undefined;
  const bundles = frame.bundles as { commands: Command[] }[] | undefined;
  return history?.changelog.map(([command]) => command) ?? bundles?.flatMap(({ commands }) => commands) ?? [];
}

/** Applies a command as an editor does, and throws where one would have to make something up. */
function apply(text: string, command: Command): string {
  if (command.ty === 'is') {
    if (command.ibi < 1 || command.ibi > text.length + 1) throw new Error('insertion out of bounds');
    if (command.s === '') throw new Error('nothing inserted');
    return text.slice(0, command.ibi - 1) + command.s + text.slice(command.ibi - 1);
  }
  if (command.ty !== 'ds' || command.si < 1 || command.ei < command.si || command.ei > text.length)
    throw new Error('deletion out of bounds');
  return text.slice(0, command.si - 1) + text.slice(command.ei);
}

function documentsOf(steps: readonly ScriptStep[]): Map<string, string> {
  const documents = new Map<string, string>();
  for (const { frame } of steps) {
    const id = frame.doc_id as string;
    if (frame.event === 'document_history') documents.set(id, '');
    for (const command of commandsOf(frame)) documents.set(id, apply(documents.get(id)!, command));
  }
  return documents;
}

const places = fc.tuple(fc.integer(), fc.nat(demoClass.students.length - 1));

describe('the script of a demo student', () => {
  test('the same seed gives the same frames; another seed or student gives others', () => {
    expect(play(1, 0, 500)).toEqual(play(1, 0, 500));
    expect(play(2, 0, 500)).not.toEqual(play(1, 0, 500));
    expect(play(1, 1, 500)).not.toEqual(play(1, 0, 500));
  });

  test('the text can be rebuilt from the frames: no command leaves its document', () => {
    fc.assert(
      fc.property(places, ([seed, index]) => {
        for (const text of documentsOf(play(seed, index, 2_000)).values())
          expect(text).toMatch(/^[\w ,.?#\n]*$/);
      }),
      { interruptAfterTimeLimit: 2_000, numRuns: 50 },
    );
  });

  test('it goes on without its documents growing past a bound', () => {
    const documents = documentsOf(play(7, 3, 30_000));
    expect(documents.size).toBe(3);
    for (const text of documents.values()) expect(text.length).toBeLessThan(5_000);
  });

  test('it begins with the locked fields, gives every document its history once, and does all a writer does', () => {
    const frames = play(1, 0, 5_000).map(({ frame }) => frame);
    expect(frames[0]).toMatchObject({
      event: 'lock_fields',
      fields: { source: 'org.mitros.writing_analytics', user_id: 'demo-01' },
    });
    const histories = frames.filter(({ event }) => event === 'document_history');
    expect(new Set(histories.map(({ doc_id }) => doc_id)).size).toBe(histories.length);
    expect(new Set(frames.map(({ event }) => event))).toEqual(
      new Set([
        'lock_fields',
        'document_history',
        'google_docs_save',
        'keystroke',
        'mouseclick',
        'visibility',
      ]),
    );
    const types = new Set(frames.flatMap(commandsOf).map(({ ty }) => ty));
    expect(types).toEqual(new Set(['is', 'ds']));
  });

  test('every event names its document as the editor does, and its own time never goes back', () => {
    let last = 0;
    for (const { frame, delayMs } of play(1, 0, 1_000).slice(1)) {
      const { ts, iso_ts } = frame.metadata as { ts: number; iso_ts: string };
      expect(Date.parse(iso_ts)).toBe(ts);
      if (last !== 0) expect(ts - last).toBe(delayMs);
      last = ts;
      const { id, url } = frame.object as { id: string; url: string };
      expect(id).toBe(frame.doc_id);
      expect(url).toMatch(/^https:\/\/docs\.google\.com\/document\/d\/demo-01-doc-\d\/edit$/);
    }
  });
});

test('the class has 30 students, whose ids are those that the gateway gives them', () => {
  expect(demoClass.students).toHaveLength(30);
  expect(new Set(demoClass.students.map(({ name }) => name)).size).toBe(30);
  for (const { id, userId } of demoClass.students) expect(id).toBe(safeUserId('tc', `testcase-${userId}`));
});
