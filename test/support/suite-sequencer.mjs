import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** About how many seconds a suite takes; the first that matches counts. */
const SECONDS = [
  [/kill-loop/, 90],
  [/exactly-once/, 60],
  [/^test\/integrity\/|kafka-(outage|watchdogs)/, 35],
  [/^test\/acceptance\/|\.(stack|cluster)\.test|event-log\.kafka|watchdog/, 12],
  [/./, 1.5],
];
/** What mostly waits for real servers and for processes that it starts. */
const WAITS = /^test\/(integrity|acceptance|deploy)\/|\.(stack|cluster)\.test|event-log\.kafka|watchdog/;

const secondsOf = (path) => SECONDS.find(([pattern]) => pattern.test(path))[1];

/**
 * The order in which suites start on so many workers. At any time one worker has suites that keep a core busy, and the
 * others those that wait; of both the longest come first, so that nothing long is left for the end.
 */
export function inOrder(paths, workers) {
  const longestFirst = [...paths].sort(
    (one, other) => secondsOf(other) - secondsOf(one) || (one < other ? -1 : 1),
  );
  const busy = longestFirst.filter((path) => !WAITS.test(path));
  const waiting = longestFirst.filter((path) => WAITS.test(path));
  const lanes = Array.from({ length: workers }, (_, index) => ({
    from: index === 0 ? [busy, waiting] : [waiting, busy],
    until: 0,
  }));
  return paths.map(() => {
    const lane = lanes.reduce((first, other) => (other.until < first.until ? other : first));
    const path = lane.from.find((left) => left.length > 0).shift();
    lane.until += secondsOf(path);
    return path;
  });
}

/** Jest's own knows how long suites took, but only where they ran before: not in a fresh clone. */
export default class SuiteSequencer extends Sequencer {
  #workers;
  constructor({ globalConfig }) {
    super({ globalConfig, contexts: [] });
    this.#workers = Math.max(globalConfig.maxWorkers, 1);
  }

  sort(tests) {
    const byPath = new Map(
      [...tests].map((test) => [relative(test.context.config.rootDir, test.path), test]),
    );
    return inOrder([...byPath.keys()], this.#workers).map((path) => byPath.get(path));
  }
}
