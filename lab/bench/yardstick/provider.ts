/**
 * A stand-in for game servers. It grants everything at once and remembers nothing, so that it costs
 * almost no CPU time. At the path of a mood it misbehaves (see `moods.ts`).
 */
import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { MOODS, type Mood, TAKES_MS } from './moods.ts';

/** Moods that are switched off. */
const switchedOff = new Set<Mood>();

/** The mood of a request's path, and whether the request switches it. */
function moodOf({ url = '' }: IncomingMessage): { mood: Mood | undefined; isChange: boolean } {
  const [, first, second] = url.split('/');
  return { mood: MOODS.find((mood) => mood === first), isChange: second === 'mood' };
}

async function statusOf(request: IncomingMessage): Promise<number> {
  const { mood, isChange } = moodOf(request);
  if (mood && isChange) {
    if (request.method === 'PUT') switchedOff.delete(mood);
    else switchedOff.add(mood);
    return 204;
  }
  const isOn = mood !== undefined && !switchedOff.has(mood);
  if (isOn) await sleep(TAKES_MS[mood]);
  if (isOn && mood === 'down') return 503;
  return request.method === 'POST' ? 200 : 404;
}

const server = createServer((request, response) => {
  request.resume();
  request.once('end', async () => {
    const status = await statusOf(request);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 204 ? '' : JSON.stringify(status === 200 ? { state: 'GRANTED' } : {}));
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('provider ready'));
process.once('SIGTERM', () => {
  server.closeAllConnections();
  server.close();
});
