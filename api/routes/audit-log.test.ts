import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../../test/helpers.ts';
import type { Fields } from '../test-app.ts';
import { as, at, create, operator, player, t, useEventApi } from './test-events.ts';

useEventApi();

const auditor = as('AUDITOR');

/** The application's answer to a request for JSON lines, not read yet. */
async function lines(query = '', accept = 'application/x-ndjson'): Promise<Response> {
  const { accessToken } = await t.signIn('AUDITOR');
  const headers = { authorization: `Bearer ${accessToken}`, accept };
  return await t.app.request(`/api/audit-log${query}`, { headers });
}

const parsed = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Fields);

async function changed(times: number) {
  const event = await create();
  for (let n = 1; n < times; n++) await operator('PATCH', at(event), { title: `Title ${n}` });
  return event;
}

describe('the audit log as JSON lines', () => {
  it('is every entry that fits, newest first, past the limit of a page', async () => {
    const { eventId } = await changed(230);
    await create();
    const response = await lines(`?targetId=${eventId}`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^application\/x-ndjson/);
    const entries = parsed(await response.text());
    assert.equal(entries.length, 230);
    const seqs = entries.map(({ seq }) => Number(seq));
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => b - a),
    );
    const { body } = await auditor<{ items: Fields[] }>(
      'GET',
      `/api/audit-log?targetId=${eventId}&limit=200`,
    );
    assert.deepEqual(entries.slice(0, 200), body.items);
    assert.equal(t.deps.longRequests.open(), 0);
  });

  it('is sent to those who prefer it, and a page to all others', async () => {
    for (const [accept, isLines] of [
      ['application/x-ndjson, application/json;q=0.5', true],
      ['application/json, application/x-ndjson;q=0.5', false],
      ['*/*', false],
      ['text/html', false],
    ] as const) {
      const response = await lines('', accept);
      const type = response.headers.get('content-type') ?? '';
      assert.equal(type.startsWith('application/x-ndjson'), isLines, accept);
      assert.equal(response.headers.get('vary'), 'Accept', 'whichever it is');
      await response.body?.cancel();
    }
  });

  it('refuses what belongs to pages, and bad filters', async () => {
    for (const query of ['?limit=5', '?cursor=x', '?action=no', '?unknown=1']) {
      assert.equal((await lines(query)).status, 400, query);
    }
  });

  it('takes a place of long requests until the client goes', async () => {
    await changed(120);
    const response = await lines();
    const reader = response.body?.getReader();
    assert.ok((await reader?.read())?.value);
    assert.equal(t.deps.longRequests.open(), 1);
    await reader?.cancel();
    await until(() => t.deps.longRequests.open() === 0, 'the place to be free');
  });

  it('breaks off when the reader loses the right to it', async () => {
    await changed(120);
    const { id, accessToken } = await t.signIn('AUDITOR');
    const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/x-ndjson' };
    const reader = (await t.app.request('/api/audit-log', { headers })).body?.getReader();
    assert.ok((await reader?.read())?.value);
    const role = { role: 'PLAYER' };
    assert.equal((await as('ADMIN')('PATCH', `/api/users/${id}`, role)).status, 200);
    const readAll = async () => {
      for (;;) {
        // The right is read again after a second at the latest.
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        const { done } = (await reader?.read()) ?? { done: true };
        if (done) return;
      }
    };
    await assert.rejects(readAll());
    assert.equal(t.deps.longRequests.open(), 0);
  });
});

describe('the verification of the audit log', () => {
  const verification = async () => (await auditor('GET', '/api/audit-log/verification')).body;

  it('says that it is whole and how far it was checked, and finds an edit', async () => {
    const { eventId } = await create();
    const { checkedAt, ...whole } = await verification();
    const entries = await t.store.auditLog.model.countDocuments();
    assert.deepEqual(whole, { whole: true, entries, through: entries });
    assert.ok(Math.abs(Date.parse(String(checkedAt)) - Date.now()) < 60_000);
    const [entry] = await t.store.auditLog.page({ targetId: eventId }, undefined, 1);
    const one = { _id: entry?.seq ?? 0 };
    await t.store.auditLog.model.updateOne(one, { $set: { actorId: 'usr_x' } });
    const { checkedAt: _, ...broken } = await verification();
    assert.deepEqual(broken, { whole: false, entries, through: entries - 1 });
  });

  it('is for auditors and admins', async () => {
    assert.equal((await player('GET', '/api/audit-log/verification')).status, 403);
    assert.equal((await operator('GET', '/api/audit-log/verification')).status, 403);
  });
});
