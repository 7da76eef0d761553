/** The machine that the figures were measured on: without it they mean nothing. */
import os from 'node:os';

interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  /** The load average of the minute before the measurement. */
  loadBefore: number;
}

/** Describes this machine. */
export function machine(): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    loadBefore: Number(os.loadavg()[0]?.toFixed(1)),
  };
}

/** The machine as one line of text. */
export function machineLine({ cpu, cores, memoryGiB, system, node, loadBefore }: Machine): string {
  return `${cores} × ${cpu}, ${memoryGiB} GiB, ${system}, Node ${node}, load before ${loadBefore}`;
}
