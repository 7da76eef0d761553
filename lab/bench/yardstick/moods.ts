/** What ails a stand-in for a game server; each mood has a path of its own. */

/** `slow`: a second for each answer. `down`: 503. `late`: it answers once nobody listens any more. */
export const MOODS = ['slow', 'down', 'late'] as const;
export type Mood = (typeof MOODS)[number];

/** How long each takes to answer, in milliseconds; the product gives a call up after ten seconds. */
export const TAKES_MS: Record<Mood, number> = { slow: 1_000, down: 0, late: 11_000 };

const moodAt = (port: number, mood: Mood) => `http://127.0.0.1:${port}/${mood}/mood`;

/** Ails, or from now on grants at once whatever it is asked for. */
export async function setMood(port: number, mood: Mood, isOn: boolean): Promise<void> {
  await fetch(moodAt(port, mood), { method: isOn ? 'PUT' : 'DELETE' });
}
