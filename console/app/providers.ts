/** The names of the providers that are configured. */
import { signal } from '@preact/signals';
import { api, ask } from './api.ts';

const names = signal<readonly string[]>([]);
let asking: Promise<void> | undefined;

/**
 * The names, once they are known. They are asked for once while the page is open, of the overview: the
 * API has it ready for all viewers, so no route of their own is needed.
 */
export function providerNames(): readonly string[] {
  asking ??= load();
  return names.value;
}

async function load(): Promise<void> {
  const answer = await ask(api.GET('/api/overview'));
  if (answer.ok) names.value = answer.data.providers.map(({ provider }) => provider);
  else asking = undefined;
}
