/** Names of what is known by its ID alone. */
import { type Signal, signal } from '@preact/signals';
import type { Answer } from './problem.ts';

/**
 * Finds names by IDs; each is asked for once while the page is open.
 * @param load asks for one
 * @returns gives a name: undefined until it is known, and for what is gone
 */
export function createNames<T>(
  load: (id: string) => Promise<Answer<T>>,
  nameOf: (of: T) => string,
) {
  const names = new Map<string, Signal<string | undefined>>();
  return (id: string): string | undefined => {
    const known = names.get(id);
    if (known) return known.value;
    const name = signal<string | undefined>(undefined);
    names.set(id, name);
    void load(id).then((answer) => {
      if (answer.ok) name.value = nameOf(answer.data);
      // What is gone stays unknown; asking again helps where there was no answer.
      else if (answer.problem.status !== 404) names.delete(id);
    });
    return name.value;
  };
}
