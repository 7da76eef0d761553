/** The least that an API can do: verify the token, read, and answer. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createTokens } from '../../../api/identity/tokens.ts';
import { connect } from '../../../store/mongodb/connection.ts';

const database = await connect(process.env.MONGODB_URI ?? '', { appName: 'laurel-yardstick' });
const tokens = await createTokens({
  keys: JSON.parse(process.env.JWT_KEYS ?? '[]'),
  ttlS: 900,
  now: () => new Date(),
});
const read = (collection: string, _id: string) =>
  database.collection<{ _id: string }>(collection).findOne({ _id });
const callerOf = async (header = '') => await tokens.verify(header.slice('Bearer '.length));

const app = new Hono();
app.post('/refuse/:eventId', async (c) => {
  const { userId } = await callerOf(c.req.header('authorization'));
  const [user, event] = await Promise.all([
    read('users', userId),
    read('events', c.req.param('eventId')),
  ]);
  return c.json({ code: 'sold_out', detail: `${user?._id} ${event?._id}` }, 409);
});
app.get('/claims/:claimId', async (c) => {
  await callerOf(c.req.header('authorization'));
  return c.json(await read('claims', c.req.param('claimId')));
});

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT) }, () => {
  console.log('bare ready');
});
process.once('SIGTERM', () => {
  server.close();
  void database.close();
});
