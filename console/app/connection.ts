/** Whether the API answers. */
import { signal } from '@preact/signals';

/** How often the API is asked whether it is back, in milliseconds. */
const ASK_EVERY_MS = 3_000;

/** False from a call without an answer until the next answer. */
export const reachable = signal(true);
/** How often the API came back; what is shown is loaded again each time. */
export const returns = signal(0);

let asking: ReturnType<typeof setInterval> | undefined;

/** To be called when the API has answered, whatever it said. */
export function heard(): void {
  clearInterval(asking);
  asking = undefined;
  if (reachable.value) return;
  reachable.value = true;
  returns.value += 1;
}

/** To be called when a call got no answer. Asks until there is one. */
export function lost(): void {
  reachable.value = false;
  asking ??= setInterval(askWhetherBack, ASK_EVERY_MS);
}

async function askWhetherBack(): Promise<void> {
  await fetch('/healthz', { cache: 'no-store' }).then(heard, () => undefined);
}
