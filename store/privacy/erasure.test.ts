import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Claim } from '../claims/claim-record.ts';
import { inTransaction } from '../mongodb/connection.ts';
import { newClaim, type StoreFixture, storeFixture, unique } from '../test-store.ts';
import { userModel } from '../users/user-record.ts';
import { type ExportedRecord, HIDDEN_OF_USER, SHOWN_OF_USER } from './personal-exports.ts';
import { entryOf } from './read-log.ts';

const ADMIN = { actor: { userId: 'usr_admin', role: 'ADMIN' as const }, requestId: 'req_1' };

let t: StoreFixture;
before(async () => {
  t = await storeFixture();
});
after(() => t.close());

/** A player of whom every collection holds something; each text about them holds the mark. */
async function playerWithAll() {
  const mark = unique('mark');
  const { users, refreshTokens, claims, progress, readLog } = t.store;
  const names = { username: mark, displayName: `Name ${mark}`, passwordHash: `hash ${mark}` };
  const { userId } = await users.register(names, new Date());
  await refreshTokens.issue({ userId, epoch: 0, role: 'PLAYER' }, new Date());
  const claimId = await abortedClaim(userId, `note ${mark}`, `detail ${mark}`);
  await claims.accept(newClaim({ userId }));
  const days = [0, 1, 3, 5].map((n) => new Date(Date.now() - n * 86_400_000).toISOString());
  const sent = days.map((at) => ({ id: unique('id'), userId, metric: 'quest', key: mark, at }));
  await progress.ingest(sent, new Date(), () => 'usr_game');
  const read = { at: new Date(), actorId: 'usr_s', actorRole: 'SUPPORT' as const, userId };
  await readLog.add([entryOf({ ...read, route: 'GET /', requestId: 'r', from: '10.0.0.1' })]);
  const asStaff = { actor: { userId, role: 'OPERATOR' as const }, requestId: 'r' };
  const note = { action: 'event.update' as const, targetId: 'evt_1', before: null, after: null };
  await inTransaction(t.connection, (session) =>
    t.store.auditLog.append({ ...asStaff, from: `from ${mark}`, session }, note),
  );
  const own = { ...read, actorId: userId, userId: 'usr_x', route: 'GET /', requestId: 'r' };
  await readLog.add([entryOf({ ...own, from: `from ${mark}` })]);
  return { userId, mark, claimId };
}

/** A final claim with texts: it was parked, and an admin aborted it with a note. */
async function abortedClaim(userId: string, note: string, detail: string): Promise<string> {
  const { claims } = t.store;
  const { claim } = await claims.accept(newClaim({ userId }));
  const { lines, steps } = claim;
  const why = { number: 1, reason: 'FULFILLMENT_UNKNOWN', detail, lineIds: [] } as const;
  const step = { ...steps[0], detail } as Claim['steps'][number];
  await claims.startFulfilling(claim, steps);
  await claims.park(claim, { ...why, step: 'S4_FULFIL', lineIds: [] }, { lines, steps: [step] });
  await claims.decide(ADMIN, claim, 1, { action: 'ABORT', note });
  await claims.unpark(claim, 1, true);
  await claims.takeUndoFate(claim, 'ABORTED_BY_ADMIN', [step]);
  const cancelled = lines.map((line) => ({ ...line, state: 'CANCELLED' as const }));
  const end = { state: 'FAILED', reason: 'ABORTED_BY_ADMIN', lines: cancelled } as const;
  await claims.finishUndone(claim, { ...end, lines: cancelled, steps: [step] });
  return claim._id;
}

/** Ends the player's claims that are open, as their runs would. */
async function endOpenClaims(userId: string): Promise<void> {
  for (const claim of await t.store.claims.openOf(userId)) {
    await t.store.claims.refuse(claim, { reason: 'USER_NOT_ACTIVE', steps: claim.steps });
  }
}

async function recordsOf(userId: string): Promise<ExportedRecord[]> {
  const batches = await Array.fromAsync(t.store.personalData.exportOf(userId));
  return batches.flat();
}

/** Every document of the database that holds the text, by its collection. */
async function holding(text: string): Promise<string[]> {
  const collections = await t.connection.db?.collections();
  const found: string[] = [];
  for (const collection of collections ?? []) {
    for (const document of await collection.find().toArray()) {
      if (JSON.stringify(document).includes(text)) found.push(collection.collectionName);
    }
  }
  return [...new Set(found)].sort();
}

/** The names of collections in our source files, and those that the connection knows. */
function collectionsInUse(): string[] {
  const root = path.dirname(import.meta.dirname);
  const isTest = (file: string) => file.includes('.test.') || file.startsWith('test-');
  const files = globSync('**/*.ts', { cwd: root }).filter((file) => !isTest(file));
  const named = files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const names = text.matchAll(/(?:collection|into): '(\w+)'|\.collection(?:<.*?>)?\(\s*'(\w+)'/g);
    return [...names].map(([, first, second]) => String(first ?? second));
  });
  return [...new Set([...named, ...Object.keys(t.connection.collections)])].sort();
}

describe('the table of personal data', () => {
  it('says of every collection how it is exported and erased, or why not', () => {
    assert.deepEqual(Object.keys(t.store.personalData.table).sort(), collectionsInUse());
  });

  it("says of every field of a user's record whether it is exported", () => {
    const fields = Object.keys(userModel(t.connection).schema.paths).sort();
    assert.deepEqual([...SHOWN_OF_USER, ...HIDDEN_OF_USER].sort(), fields);
  });
});

describe('the export of a user', () => {
  it('has everything that is kept of them, and no secret', async () => {
    const { userId, mark, claimId } = await playerWithAll();
    const records = await recordsOf(userId);
    const types = new Set(records.map(({ type }) => type));
    const events = ['player_event', 'progress_day', 'audit_entry', 'own_action', 'read'];
    assert.deepEqual([...types].sort(), ['user', 'sign_in', 'claim', ...events].sort());
    const claim = records.find((record) => record.claimId === claimId);
    assert.match(JSON.stringify(claim), new RegExp(`note ${mark}`));
    const own = records.filter(({ type }) => type === 'own_action');
    assert.deepEqual(
      own.map(({ action, from }) => [action, from]),
      [['event.update', `from ${mark}`]],
    );
    const texts = JSON.stringify(records);
    assert.match(texts, new RegExp(`Name ${mark}`));
    assert.doesNotMatch(texts, /hash mark|usr_admin|usr_s"|10\.0\.0\.1/, 'and nothing of others');
  });

  it('is read in batches, however much there is', async () => {
    const { userId } = await playerWithAll();
    const at = new Date().toISOString();
    const sent = Array.from({ length: 250 }, () => ({ id: unique('id'), userId, metric: 'm', at }));
    await t.store.progress.ingest(sent, new Date(), () => 'usr_game');
    for (let n = 0; n < 120; n++) await t.store.claims.accept(newClaim({ userId }));
    const batches = await Array.fromAsync(t.store.personalData.exportOf(userId));
    assert.ok(batches.every((batch) => batch.length <= 100));
    const of = (type: string) => batches.flat().filter((record) => record.type === type);
    assert.equal(new Set(of('claim').map((record) => record.claimId)).size, 122);
    assert.equal(new Set(of('player_event').map((record) => record.id)).size, 254);
  });
});

describe('an erasure', () => {
  it('leaves nothing of the person in the whole database, and the audit log whole', async () => {
    const { userId, mark, claimId } = await playerWithAll();
    const everywhere = ['activity_events', 'audit_log', 'claims', 'progress_days', 'read_log'];
    assert.deepEqual(await holding(mark), [...everywhere, 'users'].sort());
    await t.store.erasures.request(ADMIN, userId);
    assert.ok(!(await holding(mark)).includes('users'), 'the name is gone at once');
    await endOpenClaims(userId);
    await t.store.personalData.erase(userId);
    assert.deepEqual(await holding(mark), []);
    assert.equal((await t.store.auditLog.verify()).isWhole, true);
    assert.equal((await t.store.auditChecks.check()).whole, true);
    const claim = await t.store.claims.get(claimId);
    assert.deepEqual(
      [claim?.state, claim?.userId, claim?.lines[0]?.quantity],
      ['FAILED', userId, 1],
    );
    const [entry] = await t.store.auditLog.page({ targetId: claimId }, undefined, 1);
    assert.ok(entry);
    assert.deepEqual(
      entry.personal.map(({ of, erased }) => [of, erased]),
      [[userId, true]],
    );
    assert.deepEqual((entry.after as { decision: object }).decision, {
      action: 'ABORT',
      note: null,
    });
  });

  it('comes to its end however often it is stopped, after whichever batch', async () => {
    const { userId, mark } = await playerWithAll();
    await t.store.erasures.request(ADMIN, userId);
    await endOpenClaims(userId);
    let isDone = false;
    let stops = 0;
    for (; !isDone; stops++) {
      let batches = 0;
      const stop = () => assert.ok(batches++ < stops, 'killed');
      isDone = await t.store.personalData.erase(userId, stop, 1).then(
        () => true,
        () => false,
      );
    }
    assert.ok(stops > 6, `stopped ${stops} times`);
    assert.deepEqual(await holding(mark), []);
    assert.equal((await t.store.auditLog.verify()).isWhole, true);
  });

  it('is one operation, however often it is asked for', async () => {
    const { userId } = await playerWithAll();
    const asked = [1, 2, 3].map(() => t.store.erasures.request(ADMIN, userId));
    const ids = (await Promise.all(asked)).map(({ _id }) => _id);
    assert.equal(new Set(ids).size, 1);
    const entries = await t.store.auditLog.page(
      { targetId: userId, action: 'user.erase' },
      undefined,
      9,
    );
    assert.equal(entries.length, 1);
  });

  it('is for good: no change and no report gives the user a status or a role again', async () => {
    const { userId } = await playerWithAll();
    const { users, erasures } = t.store;
    await erasures.request(ADMIN, userId);
    const now = new Date();
    await assert.rejects(users.change(ADMIN, userId, { status: 'ACTIVE' }, now), /was erased/);
    const at = new Date(now.getTime() + 60_000);
    const { isLatest } = await users.report(ADMIN, { userId, status: 'ACTIVE', at }, now);
    assert.equal(isLatest, false);
    assert.equal((await users.get(userId))?.status, 'WITHDRAWN');
  });

  it('cannot take the last active admin away', async () => {
    const own = await storeFixture();
    try {
      const names = { username: 'admin', displayName: 'A', passwordHash: '-' };
      const { userId } = await own.store.users.ensureAdmin(names, new Date());
      await assert.rejects(own.store.erasures.request(ADMIN, userId), /last active admin/);
      assert.equal((await own.store.users.get(userId))?.username, 'admin');
    } finally {
      await own.close();
    }
  });
});

describe('personal data in the audit log', () => {
  const entryWithNote = async (of: string) =>
    await inTransaction(t.connection, (session) =>
      t.store.auditLog.append(
        { ...ADMIN, session },
        {
          action: 'claim.abort',
          targetId: 'clm_1',
          before: null,
          after: { decision: { action: 'ABORT', note: null } },
          personal: [{ of, fields: { after: { decision: { note: 'why' } } } }],
        },
      ),
    );
  const why = async () => {
    const verdict = await t.store.auditLog.verify();
    return verdict.isWhole ? 'whole' : verdict.why;
  };

  it('is shown in its place', async () => {
    await entryWithNote('usr_1');
    const [entry] = await t.store.auditLog.page({ targetId: 'clm_1' }, undefined, 1);
    assert.deepEqual(entry?.after, { decision: { action: 'ABORT', note: 'why' } });
  });

  it('is shown to its own user alone', async () => {
    const [own, other] = [unique('usr'), unique('usr')];
    const personal = [
      { of: own, fields: { after: { note: 'own' } } },
      { of: other, fields: { after: { name: 'of another' } } },
    ];
    const change = { action: 'claim.abort' as const, targetId: 'clm_2', before: null, after: {} };
    await inTransaction(t.connection, (session) =>
      t.store.auditLog.append({ ...ADMIN, session }, { ...change, personal }),
    );
    const [entry] = await t.store.auditLog.about(own, 0, 10);
    assert.deepEqual(entry?.after, { note: 'own' });
  });

  it('cannot be changed or removed without an erasure on the record', async () => {
    const { model } = t.store.auditLog;
    const seq = await entryWithNote(unique('usr'));
    const entry = await model.findById(seq).lean();
    const [part] = entry?.personal ?? [];
    const keep = async (personal: unknown) => {
      await model.updateOne({ _id: seq }, { $set: { personal } });
      return await why();
    };
    assert.match(await keep([{ ...part, text: '{"after":{}}' }]), /personal data .* were changed/);
    const { text: _t, salt: _s, ...gone } = part as object & { text?: string; salt?: string };
    assert.match(await keep([gone]), /personal data .* were changed/);
    assert.match(await keep([{ ...gone, erasedBy: 1 }]), /removed without an erasure/);
    assert.match(await keep([{ ...part, of: 'usr_other' }]), /was changed/);
    assert.match(await keep([]), /was changed/);
    assert.equal(await keep([part]), 'whole');
  });
});
