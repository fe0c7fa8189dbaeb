import { startProgram } from './process.ts';

/** Runs `lectern <args>` of the built product, and answers with what it prints; throws that when it fails. */
export async function runLectern(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const child = await startProgram('dist/services/cli/main.js', { args, env });
  const { code } = await child.ended;
  const said = child.lines().join('\n');
  if (code !== 0) throw new Error(said);
  return said;
}

/** The same of a command that prints a list as JSON, whatever Node or a library warns of beside it. */
export async function listFromLectern(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<readonly object[]> {
  const lines = (await runLectern(env, ...args)).split('\n');
  const [from, to] = [lines.indexOf('['), lines.indexOf(']')];
  return JSON.parse(lines.slice(from, to + 1).join('\n')) as readonly object[];
}
