/** A sign of life for whoever watches a process that listens on no port: a file touched while it works. */
import { writeFile } from 'node:fs';

const EVERY_MS = 5_000;

/** Touches the file every five seconds for as long as `isAlive`. Clear the timer to end it. */
export function beat(file: string, isAlive: () => boolean): NodeJS.Timeout {
  const touch = () => {
    if (!isAlive()) return;
    writeFile(file, '', (error) => {
      if (error)
        process.emitWarning(`The sign of life ${file} cannot be written: ${error.message}`);
    });
  };
  touch();
  return setInterval(touch, EVERY_MS);
}
