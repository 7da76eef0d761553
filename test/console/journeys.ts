/**
 * What operators come to the console for, each with the number of clicks that it may take, counted
 * from the overview, signed in. By keyboard, what counts is a control that is activated.
 */
import assert from 'node:assert/strict';
import type { EventFields } from '../../domain/events/event.ts';
import { CAPE, ended } from '../helpers.ts';
import type { ConsoleStack } from './console-stack.ts';
import type { Visit, Visitors } from './visit.ts';

/** What a journey is given. */
export interface Travel {
  visit: Visit;
  stack: ConsoleStack;
  /** For journeys on which others are met. */
  visitors: Visitors;
  /** No other journey has it: for names. */
  name: string;
}

export interface Journey {
  id: string;
  title: string;
  mostClicks: number;
  walk: (travel: Travel) => Promise<void>;
}

const DAY_MS = 86_400_000;

/** A player's name or a key leads to the claim, and the answer is copied. */
async function whereIsMyReward({ visit, stack, name }: Travel): Promise<void> {
  const { eventId } = await stack.openEvent(`Reward of ${name}`);
  const { claimId, key } = await stack.claim(eventId, name);
  const { page, t } = visit;
  const isKorean = visit.manner.language === 'ko';
  const copies = async () => {
    await visit.heading(t.claim.title).waitFor();
    await visit.press(visit.button(isKorean ? t.claim.copyKorean : t.claim.copyEnglish));
    await visit.hears(t.common.copied);
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.ok(copied.includes(`Reward of ${name}`) && copied.includes(claimId), copied);
  };
  await visit.home();
  await visit.search(key);
  await copies();
  assert.ok(visit.clicks <= 3, `by key: ${visit.clicks} clicks`);
  await visit.home();
  await visit.search(name);
  await visit.heading(name).waitFor();
  await visit.check();
  await visit.press(visit.link(CAPE.name).first());
  await copies();
  await visit.check();
}

/** The parked claims of one cause are retried together, and the progress is there after a reload. */
async function retryOneCause({ visit, stack, name }: Travel): Promise<void> {
  const { eventId } = await stack.openEvent(`Cause ${name}`);
  const players = ['a', 'b', 'c'].map((part) => `${name}${part}`);
  const parked = await Promise.all(players.map((player) => stack.claim(eventId, player, 'fails')));
  stack.mendGame();
  const { page, t } = visit;
  const count = String(parked.length);
  await visit.home();
  await visit.check();
  const row = page.getByRole('row').filter({ hasText: `Cause ${name}` });
  await visit.press(row.getByRole('link').first());
  await visit.heading(t.claims.title).waitFor();
  await visit.press(visit.button(t.claims.retry));
  await visit.sees(t.claims.matches(count));
  await visit.check();
  await visit.write(page.getByLabel(t.common.typeCount(count)), count);
  await visit.press(visit.button(t.claims.retryConfirm(count)));
  const progress = t.operation.progress(count, count);
  await visit.sees(progress);
  await page.reload();
  await visit.sees(progress);
  await visit.check();
  for (const { claimId } of parked) {
    assert.equal((await ended(stack.laurel, claimId)).state, 'GRANTED');
  }
}

async function pauseNow({ visit, stack, name }: Travel): Promise<void> {
  const title = `Pause ${name}`;
  const { eventId } = await stack.openEvent(title);
  const { t } = visit;
  await visit.home();
  await visit.press(visit.button(t.overview.pauseOf(title)));
  await visit.check();
  await visit.press(visit.button(t.overview.pauseConfirm));
  await visit.hears(t.overview.paused(title));
  assert.equal((await stack.laurel.store.events.get(eventId))?.status, 'PAUSED');
}

/** A draft is made of last month's event, with other dates, stock and condition, and is opened. */
async function fromLastMonths({ visit, stack, name }: Travel): Promise<void> {
  const title = `Harvest ${name}`;
  const last: Partial<EventFields> = {
    startsAt: new Date(Date.now() - 40 * DAY_MS),
    endsAt: new Date(Date.now() - 10 * DAY_MS),
    condition: { metric: 'quest.completed', key: 'harvest', atLeast: 3, window: 'EVENT' },
  };
  const { eventId } = await stack.openEvent(title, last);
  await stack.change(eventId, { status: 'ENDED' });
  const { page, t } = visit;
  const day = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
  await visit.home();
  await visit.goTo(t.events.title);
  await visit.check();
  await visit.press(visit.link(title));
  await visit.press(visit.button(t.event.clone));
  await visit.write(page.getByLabel(t.events.fields.startsAt), `${day(-1)}T00:00`);
  await visit.write(page.getByLabel(t.events.fields.endsAt), `${day(30)}T00:00`);
  await visit.check();
  await visit.press(visit.button(t.event.cloneAction));
  await visit.heading(t.eventForm.editTitle(title)).waitFor();
  await visit.check();
  await visit.write(page.getByLabel(t.events.parts.stock, { exact: true }), '750');
  await visit.write(page.getByLabel(t.eventForm.value, { exact: true }), '5');
  await visit.press(visit.button(t.eventForm.save));
  await visit.press(visit.button(t.event.open));
  await visit.press(visit.button(t.event.ask.open.action));
  await visit.hears(t.event.ask.open.done);
  const made = await stack.laurel.store.events.get(page.url().split('/').at(-1) ?? '');
  assert.deepEqual(
    [made?.status, made?.rewards[0]?.stock, made?.condition, made?.startsAt.toISOString()],
    ['ACTIVE', 750, { ...last.condition, atLeast: 5 }, `${day(-1)}T00:00:00.000Z`],
  );
}

/** The stock goes down before one's eyes. */
async function watchALaunch({ visit, stack, name }: Travel): Promise<void> {
  const title = `Launch ${name}`;
  const { eventId } = await stack.openEvent(title, { rewards: [{ ...CAPE, stock: 600 }] });
  const { page } = visit;
  await visit.home();
  await visit.press(visit.link(title).first());
  await visit.heading(title).waitFor();
  await visit.sees('600');
  await Promise.all(['a', 'b', 'c'].map((part) => stack.claim(eventId, `${name}${part}`)));
  await page.getByText('597', { exact: true }).first().waitFor();
  await visit.check();
}

/** Stock is added while somebody else edits the event. */
async function addStock({ visit, stack, visitors, name }: Travel): Promise<void> {
  const title = `Stock ${name}`;
  const { eventId } = await stack.openEvent(title);
  const { page, t } = visit;
  const other = await visitors.visit('OPERATOR', visit.manner);
  await other.open(`/console/events/${eventId}/edit`);
  await other.write(other.page.getByLabel(t.events.fields.title), `${title}, edited`);

  await visit.home();
  await visit.press(visit.link(title).first());
  await visit.press(page.getByRole('button', { name: t.event.addStock }));
  await visit.write(page.getByLabel(t.event.addStockAmount), '25');
  await visit.check();
  await visit.press(visit.button(t.event.addStockAction));
  await visit.hears(t.event.stockAdded('25', CAPE.name));

  await other.press(other.button(t.eventForm.save));
  const conflict = other.button(t.eventForm.conflictSave);
  await conflict.or(other.page.getByText(t.eventForm.saved)).first().waitFor();
  if (await conflict.isVisible()) {
    await other.check();
    await other.press(conflict);
    await other.hears(t.eventForm.saved);
  }
  await other.page.close();
  const now = await stack.laurel.store.events.get(eventId);
  const stock = (CAPE.stock ?? 0) + 25;
  assert.deepEqual([now?.title, now?.rewards[0]?.stock], [`${title}, edited`, stock]);
}

/** Why a player cannot claim an event. */
async function whyNot({ visit, stack, name }: Travel): Promise<void> {
  const title = `Why ${name}`;
  await stack.openEvent(title, {
    condition: { metric: 'quest.completed', key: 'lantern', atLeast: 3 },
  });
  const { id } = await stack.user(name, 'PLAYER');
  await stack.count(id, 'quest.completed', 'lantern', 2);
  const { page, t } = visit;
  await visit.home();
  await visit.search(name);
  await visit.heading(name).waitFor();
  const status = t.words.eventStatus.ACTIVE;
  await visit.choose(page.getByLabel(t.player.event, { exact: true }), `${title} (${status})`);
  await visit.sees(t.player.notEligible);
  await visit.sees(t.common.atLeast('3'));
  await visit.check();
}

/** Who changed an event, what and when, as a file. */
async function whoChangedIt({ visit, stack, name }: Travel): Promise<void> {
  const title = `Changed ${name}`;
  const { eventId } = await stack.openEvent(title);
  await stack.change(eventId, { description: `Told to ${name}` });
  const { page, t } = visit;
  await visit.home();
  await visit.press(visit.link(title).first());
  await visit.press(visit.link(t.event.tab.history));
  await visit.sees(`Told to ${name}`);
  await visit.check();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    visit.press(visit.button(t.event.export)),
  ]);
  const chunks = await (await download.createReadStream()).toArray();
  const text = Buffer.concat(chunks).toString();
  assert.ok(text.includes(eventId) && text.includes(`Told to ${name}`), text);
}

/** Whether everything adds up: the overview says it, one click shows of what. */
async function doesItAddUp({ visit, stack }: Travel): Promise<void> {
  assert.deepEqual(await stack.laurel.store.stock.unbalanced(), []);
  const { t } = visit;
  await visit.home();
  await visit.sees(t.overview.addsUp);
  await visit.press(visit.link(t.overview.toReconciliation));
  await visit.sees(t.reconciliation.addsUp);
  await visit.check();
}

/** A player is banned, and the claim that runs is seen to stop. */
async function ban({ visit, stack, name }: Travel): Promise<void> {
  const { eventId } = await stack.openEvent(`Ban ${name}`);
  const { claimId } = await stack.claim(eventId, name, 'never ends');
  const { page, t } = visit;
  await visit.home();
  await visit.search(name);
  await visit.press(visit.button(t.player.ban));
  await visit.check();
  await visit.press(visit.button(t.player.banConfirm));
  const states = page.getByRole('list', { name: t.player.states });
  await states.getByText(t.words.claimState.FAILED).waitFor();
  await visit.check();
  assert.equal((await ended(stack.laurel, claimId)).reason, 'USER_NOT_ACTIVE');
}

/** A view of some claims is handed over as a link. */
async function handOver({ visit, stack, visitors, name }: Travel): Promise<void> {
  const { eventId } = await stack.openEvent(`View ${name}`);
  const { claimId } = await stack.claim(eventId, name, 'fails');
  const { page, t } = visit;
  await visit.home();
  const row = page.getByRole('row').filter({ hasText: `View ${name}` });
  await visit.press(row.getByRole('link').first());
  await visit.link(claimId).waitFor();
  await visit.check();
  const other = await visitors.visit('SUPPORT', visit.manner);
  await other.open(page.url());
  await other.link(claimId).waitFor();
  assert.equal(await other.page.getByLabel(t.claims.eventId).inputValue(), eventId);
  await other.check();
  other.checkTroubles();
  await other.page.close();
}

/** All of them, in the order of the issue. */
export const JOURNEYS: readonly Journey[] = [
  { id: 'J1', title: 'where is my reward?', mostClicks: 3, walk: whereIsMyReward },
  { id: 'J2', title: "one cause's parked claims are retried", mostClicks: 5, walk: retryOneCause },
  { id: 'J3', title: 'an event is paused now', mostClicks: 3, walk: pauseNow },
  { id: 'J4', title: "an event is made from last month's", mostClicks: 12, walk: fromLastMonths },
  { id: 'J5', title: 'a launch is watched', mostClicks: 1, walk: watchALaunch },
  { id: 'J6', title: 'stock is added while somebody edits', mostClicks: 4, walk: addStock },
  { id: 'J7', title: 'why can this player not claim?', mostClicks: 3, walk: whyNot },
  { id: 'J8', title: 'who changed this event?', mostClicks: 4, walk: whoChangedIt },
  { id: 'J9', title: 'does everything add up?', mostClicks: 1, walk: doesItAddUp },
  { id: 'J10', title: 'a player is banned', mostClicks: 4, walk: ban },
  { id: 'J11', title: 'a filtered view is handed over', mostClicks: 1, walk: handOver },
];

/** Walks a journey, and asserts its clicks and that nothing went wrong unnoticed. */
export async function walk(journey: Journey, travel: Travel): Promise<void> {
  const { visit } = travel;
  await journey.walk(travel);
  const { clicks } = visit;
  assert.ok(clicks <= journey.mostClicks, `${clicks} clicks, of ${journey.mostClicks} at most`);
  visit.checkTroubles();
  await visit.page.close();
}
