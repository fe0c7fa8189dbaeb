export interface GatherOptions<Q, A> {
  /** How many one run may be given. */
  readonly most: number;
  /** Answers all of them, in their order. Runs do not overlap. */
  readonly run: (questions: readonly Q[]) => Promise<readonly A[]>;
}

interface Waiting<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** Answers together what is asked while a run is under way; a run is begun after each of its questions was asked. */
export function createGather<Q, A>({ most, run }: GatherOptions<Q, A>): (question: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  let running = false;

  const drain = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const taken = waiting.slice(0, most);
      waiting = waiting.slice(taken.length);
      try {
        const answers = await run(taken.map(({ question }) => question));
        for (const [index, { resolve }] of taken.entries()) resolve(answers[index]!);
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    running = false;
  };

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject });
      if (!running) void Promise.resolve().then(() => (running ? undefined : drain()));
    });
}
