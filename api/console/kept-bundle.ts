/** The console's bundle, made once in a process. */
import type { Logger } from 'pino';
import type { ConsoleBundle } from './bundle.ts';

/** Gives the bundle; rejects if it cannot be made. */
export type KeptBundle = () => Promise<ConsoleBundle>;

/** @param load makes the bundle: called once, at the first call, and again after it has failed */
export function keepBundle(load: () => Promise<ConsoleBundle>): KeptBundle {
  let loading: Promise<ConsoleBundle> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

/**
 * Begins to make the bundle, so that the first look at the console does not wait for it, and so that
 * one which cannot be made is in the log from the start. The rest of the API works without it.
 */
export function beginBundle(bundle: KeptBundle, log: Pick<Logger, 'error'>): void {
  bundle().catch((err: unknown) => {
    log.error({ err }, 'the console cannot be bundled: /console answers 500 until it can');
  });
}
