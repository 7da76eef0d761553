/** Versions of servers. */

export interface Version {
  major: number;
  minor: number;
  patch: number;
}

/** Parses `1.2.3`. @throws Error if the text is not a version */
export function parseVersion(text: string): Version {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) throw new Error(`not a version: ${text}`);
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** The series `major.minor`, which decides whether data on disk can be opened. */
export function seriesOf(version: Version): string {
  return `${version.major}.${version.minor}`;
}

/** The version as `1.2.3`. */
export function formatVersion(version: Version): string {
  return `${seriesOf(version)}.${version.patch}`;
}

/** Whether a version is of the series `major.minor` or newer. */
export function atLeast(version: Version, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
