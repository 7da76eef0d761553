import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkedInSchema, generateSchema } from './generate.ts';
import { createClient } from './index.ts';

it('the types are those of the routes as they are', async () => {
  const isUpToDate = (await checkedInSchema()) === (await generateSchema());
  assert.ok(isUpToDate, 'client/schema.d.ts is out of date: run `npm run client`');
});

describe('a call', () => {
  const EVENT = { eventId: 'evt_1', title: 'Snow festival' };
  const answering = (status: number, type: string, body: object, seen: Request[] = []) =>
    createClient({
      baseUrl: 'http://laurel.test',
      token: 'a-token',
      async fetch(request) {
        seen.push(request);
        return Response.json(body, { status, headers: { 'content-type': type } });
      },
    });

  it('goes to its route with the token, and answers what was found', async () => {
    const seen: Request[] = [];
    const client = answering(200, 'application/json', EVENT, seen);
    const path = { eventId: 'evt/1' };
    const { data } = await client.GET('/api/events/{eventId}', { params: { path } });
    assert.equal(data?.title, EVENT.title);
    assert.equal(seen[0]?.url, 'http://laurel.test/api/events/evt%2F1');
    assert.equal(seen[0]?.headers.get('authorization'), 'Bearer a-token');
  });

  it('answers a refusal as a problem', async () => {
    const problem = { code: 'not_found', status: 404 };
    const client = answering(404, 'application/problem+json', problem);
    const path = { claimId: 'clm_1' };
    const { data, error } = await client.GET('/api/event-claims/{claimId}', { params: { path } });
    assert.equal(data, undefined);
    assert.equal(error?.code, 'not_found');
  });
});
