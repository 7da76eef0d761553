/** How a stand-in for a game server misbehaves. Each mood has its own path and can be switched off. */

/** `slow`: a second for each answer. `down`: 503. `late`: it answers after the caller's timeout. */
export const MOODS = ['slow', 'down', 'late'] as const;
export type Mood = (typeof MOODS)[number];

/** Time of an answer in each mood, in milliseconds. The product's timeout is ten seconds. */
export const TAKES_MS: Record<Mood, number> = { slow: 1_000, down: 0, late: 11_000 };

const moodAt = (port: number, mood: Mood) => `http://127.0.0.1:${port}/${mood}/mood`;

/** Switches a mood on, or off so that its path grants at once. @param port of the stand-in */
export async function setMood(port: number, mood: Mood, isOn: boolean): Promise<void> {
  await fetch(moodAt(port, mood), { method: isOn ? 'PUT' : 'DELETE' });
}
