import { startProgram } from './process.ts';

/** Runs `lectern <args>` of the built product, and answers with what it prints; throws that when it fails. */
export async function runLectern(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const child = await startProgram('dist/services/cli/main.js', { args, env });
  const { code } = await child.ended;
  const said = child.lines().join('\n');
  if (code !== 0) throw new Error(said);
  return said;
}
