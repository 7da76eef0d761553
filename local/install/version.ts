/** Versions of servers: read from `--version`, compared by major and minor. */

export interface Version {
  major: number;
  minor: number;
  patch: number;
}

/** Reads `1.2.3`. @throws Error if the text is no such version */
export function parseVersion(text: string): Version {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) throw new Error(`not a version: ${text}`);
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** `major.minor`: what decides whether data on disk can be opened. */
export function seriesOf(version: Version): string {
  return `${version.major}.${version.minor}`;
}

export function formatVersion(version: Version): string {
  return `${seriesOf(version)}.${version.patch}`;
}

/** Whether a version is of the series `major.minor` or newer. */
export function atLeast(version: Version, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
