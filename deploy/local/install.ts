import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CannotStart } from './cannot-start.ts';

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 600_000;
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

export type Log = (line: string) => void;

/** The first of these commands that is on the PATH, as a full path. */
function findCommand(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

interface Outcome {
  readonly failed: boolean;
  readonly output: string;
}

async function attempt(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(command, [...args], {
      env: { ...process.env, ...env },
      timeout: INSTALL_TIMEOUT_MS,
      maxBuffer: OUTPUT_LIMIT_BYTES,
    });
    return { failed: false, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const output = `${stdout}${stderr}`.trim();
    return { failed: true, output: output === '' ? message : output };
  }
}

export interface Java {
  readonly command: string;
  /** In full, as `17.0.13`. */
  readonly version: string;
}

/** Java 17 or later. */
export async function findJava(what: string): Promise<Java> {
  const remedy = 'Install Java 17 or later, on Debian: apt-get install -y openjdk-17-jre-headless maven';
  const home = process.env.JAVA_HOME;
  const inHome = home === undefined ? undefined : join(home, 'bin', 'java');
  const command = inHome !== undefined && existsSync(inHome) ? inHome : findCommand(['java']);
  if (command === undefined)
    throw new CannotStart(what, 'there is no java on the PATH or in JAVA_HOME', remedy);
  const { output } = await attempt(command, ['-version']);
  const version = output.match(/version "([\w.+-]+)"/)?.[1] ?? '0';
  if (Number.parseInt(version, 10) < 17)
    throw new CannotStart(what, `${command} is not Java 17 or later`, remedy);
  return { command, version };
}

/** Runs Maven quietly, in batch mode. */
export async function maven(what: string, args: readonly string[]): Promise<void> {
  const mvn = findCommand(['mvn']);
  if (mvn === undefined)
    throw new CannotStart(
      what,
      'its files are not in the cache yet and there is no mvn on the PATH to download them',
      'Install Maven, on Debian: apt-get install -y maven',
    );
  const { failed, output } = await attempt(mvn, ['-q', '-B', '-Dstyle.color=never', ...args]);
  if (failed)
    throw new CannotStart(
      what,
      `Maven could not download it (${output.split('\n')[0]})`,
      'Give this machine access to Maven Central, or name a mirror in ~/.m2/settings.xml',
    );
}

// One at a time: the package manager has one lock.
let installing: Promise<void> = Promise.resolve();

async function aptInstall(what: string, name: string, log: Log): Promise<void> {
  const remedy = `Install it, on Debian: apt-get install -y ${name}`;
  const apt = findCommand(['apt-get']);
  if (apt === undefined)
    throw new CannotStart(what, 'it is not installed and there is no apt-get here', remedy);
  if (process.getuid?.() !== 0)
    throw new CannotStart(
      what,
      'it is not installed, and installing it needs root',
      `As root: apt-get install -y ${name}`,
    );
  log(`installing ${name} with apt-get`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-q', '-y'];
  const update = await attempt(apt, [...wait, 'update'], env);
  const install = await attempt(apt, [...wait, 'install', '--no-install-recommends', name], env);
  if (install.failed)
    throw new CannotStart(
      what,
      `apt-get could not install ${name} (${(update.failed ? update : install).output.split('\n').at(-1)})`,
      'Give this machine access to a Debian mirror, or install it by hand',
    );
}

/** A command from the PATH, or from the Debian package of that name when this is Debian and we are root. */
export async function findOrInstall(
  what: string,
  commands: readonly string[],
  debianPackage: string,
  log: Log,
): Promise<string> {
  const there = findCommand(commands);
  if (there !== undefined) return there;
  const install = installing.then(() => aptInstall(what, debianPackage, log));
  installing = install.catch(() => undefined);
  await install;
  const installed = findCommand(commands);
  if (installed === undefined)
    throw new CannotStart(
      what,
      `${debianPackage} brought none of ${commands.join(', ')}`,
      'Put it on the PATH',
    );
  return installed;
}

export interface Python {
  readonly command: string;
  /** In full, as `3.11.7`. */
  readonly version: string;
}

/** Python 3.11 or later that can make virtual environments; Debian has that apart, installed when we are root. */
export async function findPython(what: string, log: Log): Promise<Python> {
  const remedy = 'Install Python 3.11 or later, on Debian: apt-get install -y python3-venv';
  const command = await findOrInstall(what, ['python3'], 'python3-venv', log);
  const can = () =>
    attempt(command, ['-c', 'import venv, ensurepip, platform; print(platform.python_version())']);
  let { failed, output } = await can();
  if (failed) {
    await aptInstall(what, 'python3-venv', log);
    ({ failed, output } = await can());
  }
  const version = output.match(/^3\.(\d+)\.\S+/m);
  if (failed || version === null || Number(version[1]) < 11)
    throw new CannotStart(what, `${command} is not Python 3.11 or later with venv`, remedy);
  return { command, version: version[0] };
}

/** Makes a virtual environment in a folder, with these packages alone, none of them built here. */
export async function installPython(
  what: string,
  python: Python,
  dir: string,
  packages: readonly string[],
): Promise<void> {
  const made = await attempt(python.command, ['-m', 'venv', dir]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
  const args = [...pip, '--no-compile', '--no-deps', '--only-binary', ':all:', ...packages];
  const { failed, output } = made.failed ? made : await attempt(join(dir, 'bin', 'python'), args);
  if (failed)
    throw new CannotStart(
      what,
      `pip could not install it (${output.split('\n').at(-1)})`,
      'Give this machine access to PyPI or a mirror, or name a Python that has the packages in LECTERN_PYTHON',
    );
}
