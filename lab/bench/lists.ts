/** How quickly the console's lists open in a browser, after a hundred claims and after a million. */
import type { Page } from 'playwright-core';
import { startBrowser } from '../../test/console/browser.ts';
import { bound, type Check, type Figures, type Row } from './figures.ts';
import { pileUp } from './growth-pile.ts';
import type { BenchOptions } from './options.ts';
import { median } from './percentiles.ts';
import { runRounds, type Side } from './rounds.ts';
import { startBenchServers } from './servers.ts';
import { API_ALONE, type Stack, startStack } from './stack.ts';
import { withStops } from './stop-at-end.ts';

/** Numbers of claims, few and many. */
const SIZES = [100, 1_000_000] as const;
const SHORT_SIZES = [100, 1_000] as const;

/** Units of each event: more than it has claims. */
const STOCK = 500_000;

/** How often a list is opened in a round; the median counts. */
const TIMES = 10;

/** Entries of the audit log, at least: a page full. */
const LEAST_CHANGES = 100;

/** The lists that grow with claims, players and changes. */
const LISTS = {
  claims: '/console/claims',
  'granted claims': '/console/claims?state=GRANTED',
  players: '/console/players',
  'audit log': '/console/audit-log',
};

/** Most time beside few claims: "as quickly", and the noise of a browser. */
const SLOWER = 1.25;

/** The part `lists`. */
export async function benchLists(options: BenchOptions): Promise<Figures> {
  return await withStops(async (stopAtEnd) => {
    const { isShort, say } = options;
    const servers = stopAtEnd(await startBenchServers({}, say));
    const browser = await startBrowser();
    stopAtEnd({ stop: () => browser.close() });
    const sides: Side[] = [];
    for (const claims of isShort ? SHORT_SIZES : SIZES) {
      const spec = { ...API_ALONE, name: `lists ${claims}` };
      const stack = stopAtEnd(await startStack(servers, spec, {}));
      await pileUp(stack.collections, {
        claims,
        stock: STOCK,
        changes: Math.max(LEAST_CHANGES, claims / 10),
        say,
      });
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      await signIn(page, stack, servers.secrets.adminPassword);
      sides.push(...sidesOf(page, stack, claims, isShort ? 1 : TIMES));
    }
    const rows = await runRounds(sides, options);
    return { rows, checks: checksOf(rows), notes: [] };
  });
}

/** The address of a stack's console. */
const urlOf = ({ port }: Stack, path: string) => `http://127.0.0.1:${port}${path}`;

async function signIn(page: Page, stack: Stack, password: string): Promise<void> {
  await page.goto(urlOf(stack, '/console'));
  await page.locator('input[autocomplete="username"]').fill('admin');
  await page.locator('input[type="password"]').fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').first().waitFor();
}

function sidesOf(page: Page, stack: Stack, claims: number, times: number): Side[] {
  return Object.entries(LISTS).map(([name, path]) => ({
    name: `${name}, ${claims.toLocaleString('en')}`,
    unit: 'ms',
    async run() {
      const tookMs: number[] = [];
      for (let n = 0; n < times; n++) {
        const startedMs = performance.now();
        await page.goto(urlOf(stack, path));
        await page.locator('tbody tr').first().waitFor();
        tookMs.push(performance.now() - startedMs);
      }
      return { value: median(tookMs) };
    },
  }));
}

/** Each list with many claims beside the same with few. */
function checksOf(rows: Row[]): Check[] {
  const lists = rows.length / 2;
  return rows.slice(0, lists).map(({ name, samples }, index) => {
    const many = rows[index + lists]?.samples ?? [];
    const ratios = samples.map(({ value }, round) => (many[round]?.value ?? Number.NaN) / value);
    const label = `${name.split(',')[0]}: many : few`;
    return bound(label, [median(ratios)], { atMost: SLOWER });
  });
}
