import { findOrInstall, type Log } from './install.ts';

/** The path of a Chromium: LECTERN_CHROMIUM, one on the PATH, or Debian's, installed when we are root. */
export async function findChromium(log: Log): Promise<string> {
  const named = process.env.LECTERN_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return findOrInstall('Chromium', commands, 'chromium', log);
}
