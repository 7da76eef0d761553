/** The names of the providers that are configured. */
import { signal } from '@preact/signals';
import { api, ask } from './api.ts';

const names = signal<readonly string[]>([]);
let isAsked = false;

/**
 * The names, once they are known. They are asked for once while the page is open, of the overview: the
 * API has it ready for all viewers, so no route of their own is needed.
 */
export function providerNames(): readonly string[] {
  if (!isAsked) void load();
  return names.value;
}

async function load(): Promise<void> {
  isAsked = true;
  const answer = await ask(api.GET('/api/overview'));
  if (answer.ok) names.value = answer.data.providers.map(({ provider }) => provider);
  else isAsked = false;
}
