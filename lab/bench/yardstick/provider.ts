/**
 * Game servers that grant whatever they are asked for and remember nothing: they cost next to nothing.
 * At a path of its own, each mood can be had too.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { MOODS, type Mood, TAKES_MS } from './moods.ts';

const well = new Set<Mood>();

/** The mood that a path is about, if any, and whether it is to be changed. */
function moodOf({ url = '' }: IncomingMessage): { mood: Mood | undefined; isChange: boolean } {
  const [, first, second] = url.split('/');
  return { mood: MOODS.find((mood) => mood === first), isChange: second === 'mood' };
}

async function statusOf(request: IncomingMessage): Promise<number> {
  const { mood, isChange } = moodOf(request);
  if (mood && isChange) {
    if (request.method === 'PUT') well.delete(mood);
    else well.add(mood);
    return 204;
  }
  const isAiling = mood !== undefined && !well.has(mood);
  if (isAiling) await sleep(TAKES_MS[mood]);
  if (isAiling && mood === 'down') return 503;
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
