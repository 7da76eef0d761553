/** A heartbeat for a process that listens on no port: a file that is touched while the process works. */
import { writeFile } from 'node:fs';

/** In milliseconds. A supervisor takes three missed heartbeats as a sign that the process hangs. */
const EVERY_MS = 5_000;

/** Touches the file every five seconds while `isAlive` answers true. Clear the timer to end it. */
export function startHeartbeat(file: string, isAlive: () => boolean): NodeJS.Timeout {
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
