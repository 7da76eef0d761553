/** A sign of life for whoever watches a process that listens on no port: a file touched while it polls. */
import { writeFile } from 'node:fs';
import type { Worker } from '@temporalio/worker';

const EVERY_MS = 5_000;

/** Touches the file every five seconds for as long as every worker runs. Clear the timer to end it. */
export function beat(file: string, workers: Worker[]): NodeJS.Timeout {
  const touch = () => {
    if (workers.some((worker) => worker.getState() !== 'RUNNING')) return;
    writeFile(file, '', (error) => {
      if (error)
        process.emitWarning(`The sign of life ${file} cannot be written: ${error.message}`);
    });
  };
  touch();
  return setInterval(touch, EVERY_MS);
}
