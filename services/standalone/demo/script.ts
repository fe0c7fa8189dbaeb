import type { DemoStudent } from './class-roster.ts';
import { SENTENCE_PARTS, TITLES } from './corpus.ts';
import { type Command, createDemoDocument, type DemoDocument } from './document.ts';
import { createFrameMaker, type DemoFrame, type FrameMaker } from './frames.ts';
import { createRandom, type Random } from './random.ts';

/** What happens next: a frame, so long after the one before. */
export interface ScriptStep {
  readonly delayMs: number;
  readonly frame: DemoFrame;
}

export interface ScriptOptions {
  readonly seed: number;
  readonly student: DemoStudent;
  /** The place of the student in the class: students of one seed write different things. */
  readonly index: number;
  /** When the play begins, in milliseconds since 1970. The script's clock runs by its own delays. */
  readonly startMs: number;
}

const DOCUMENTS = 3;
/** A longer document is cut back by its writer, so that a demo may run for days. */
const LONGEST = 4_000;

interface Scene {
  readonly random: Random;
  readonly frames: FrameMaker;
  /** Lets the script's clock go on by so long, before the frame that comes then is made. */
  readonly pass: (delayMs: number) => number;
  document: DemoDocument;
}

type Steps = Generator<ScriptStep, void>;
type EndlessSteps = Generator<ScriptStep, never>;

function sentence(random: Random): string {
  const { SUBJECTS, VERBS, OBJECTS, LINKS } = SENTENCE_PARTS;
  const clause = (): string => `${random.pick(SUBJECTS)} ${random.pick(VERBS)} ${random.pick(OBJECTS)}`;
  const text = random.next() < 0.4 ? `${clause()} ${random.pick(LINKS)} ${clause()}` : clause();
  return `${text[0]!.toUpperCase()}${text.slice(1)}. `;
}

/** Types a text as an editor saves it: a few characters at a time, at the pace of the hand. */
function* typeText(scene: Scene, text: string): Steps {
  const { random, frames, pass, document } = scene;
  for (let at = 0; at < text.length; ) {
    const burst = text.slice(at, at + random.between(1, 8));
    at += burst.length;
    const delayMs = pass(random.between(120, 260) * burst.length);
    yield { delayMs, frame: frames.save(document, [document.type(burst)]) };
  }
}

function* erase(scene: Scene, count: number): Steps {
  const { random, frames, pass, document } = scene;
  const command = document.erase(count);
  if (command === null) return;
  yield { delayMs: pass(random.between(150, 500)), frame: frames.keystroke(document, 'Backspace') };
  yield { delayMs: pass(random.between(80, 300)), frame: frames.save(document, [command]) };
}

function* writeSentence(scene: Scene): Steps {
  for (const word of sentence(scene.random).split(/(?<= )/)) {
    if (scene.random.next() < 0.05) {
      const slip = scene.random.pick(['teh ', 'wiht ', 'becuase ', 'thier ']);
      yield* typeText(scene, slip);
      yield* erase(scene, slip.length);
    }
    yield* typeText(scene, word);
  }
}

/** Clicks somewhere in the text and adds a sentence there, or goes back to the end. */
function* moveCursor(scene: Scene): Steps {
  const { random, frames, pass, document } = scene;
  const inside = random.next() < 0.5;
  document.moveTo(inside ? random.between(1, document.length() + 1) : document.length() + 1);
  const [x, y] = [random.between(80, 900), random.between(120, 700)];
  yield { delayMs: pass(random.between(400, 2_500)), frame: frames.mouseclick(document, x, y) };
  if (!inside) return;
  yield* typeText(scene, sentence(random));
  document.moveTo(document.length() + 1);
}

/** Looks away from the page and comes back. */
function* lookAway(scene: Scene): Steps {
  const { random, frames, pass, document } = scene;
  yield { delayMs: pass(random.between(300, 2_000)), frame: frames.visibility(document, false) };
  yield { delayMs: pass(random.between(4_000, 40_000)), frame: frames.visibility(document, true) };
}

/** Cuts the last part of what was written, as one replaced selection: a deletion and an insertion in one save. */
function* revise(scene: Scene): Steps {
  const { random, frames, pass, document } = scene;
  document.moveTo(document.length() + 1);
  const longest = document.length() > LONGEST ? LONGEST : 60;
  const erased = document.erase(random.between(10, longest));
  const commands: Command[] = erased === null ? [] : [erased];
  commands.push(document.type('So '));
  yield { delayMs: pass(random.between(1_500, 6_000)), frame: frames.save(document, commands) };
}

/** What the document already held comes as its history, before anything is typed into it. */
function* open(scene: Scene, known: Set<string>): Steps {
  const { random, frames, pass, document } = scene;
  yield { delayMs: pass(random.between(800, 3_000)), frame: frames.visibility(document, true) };
  if (known.has(document.id)) return;
  known.add(document.id);
  const commands = [document.type(`${document.title}\n`), document.type(sentence(random))];
  yield { delayMs: pass(random.between(50, 400)), frame: frames.history(document, commands) };
}

function* act(scene: Scene, documents: readonly DemoDocument[], known: Set<string>): Steps {
  const chance = scene.random.next();
  if (scene.document.length() > LONGEST || chance < 0.05) yield* revise(scene);
  else if (chance < 0.8) yield* writeSentence(scene);
  else if (chance < 0.9) yield* moveCursor(scene);
  else if (chance < 0.96) yield* lookAway(scene);
  else {
    scene.document = scene.random.pick(documents);
    yield* open(scene, known);
  }
}

/**
 * Everything one student does, without end: a function of its options alone. The first frame locks the student's
 * fields; every command stays within its document, so the texts can be rebuilt from the frames.
 */
export function* playStudent(options: ScriptOptions): EndlessSteps {
  const { student } = options;
  const random = createRandom(Math.imul(options.seed, 1_000_003) + options.index);
  let nowMs = options.startMs;
  const pass = (delayMs: number): number => {
    nowMs += delayMs;
    return delayMs;
  };
  const frames = createFrameMaker(student, () => nowMs);
  const documents = Array.from({ length: DOCUMENTS }, (_, number) =>
    createDemoDocument(`${student.userId}-doc-${number + 1}`, random.pick(TITLES)),
  );
  const scene: Scene = { random, frames, pass, document: documents[0]! };
  const known = new Set<string>();
  yield { delayMs: pass(random.between(0, 4_000)), frame: frames.lockFields() };
  yield* open(scene, known);
  for (;;) yield* act(scene, documents, known);
}
