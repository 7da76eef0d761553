import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEcho } from './warning-echo.ts';

function echoed(lines: readonly string[], clock = () => 0): string[] {
  const said: string[] = [];
  const echo = createEcho((line) => void said.push(line), clock);
  for (const line of lines) echo('api', line);
  return said;
}

describe('the supervisor repeats', () => {
  it('warnings and worse, with their reason', () => {
    assert.deepEqual(
      echoed([
        '{"level":30,"msg":"a request"}',
        '{"level":40,"msg":"slow"}',
        '{"level":50,"err":{"message":"no route"},"msg":"call failed"}',
        '{"level":"error","msg":"by name"}',
        'webpack compiled 1 module',
      ]),
      ['api: warn: slow', 'api: error: call failed (no route)', 'api: error: by name'],
    );
  });

  it('at most forty lines in ten seconds', () => {
    let now = 0;
    const flood = Array.from({ length: 100 }, () => '{"level":50,"msg":"no"}');
    assert.equal(echoed(flood, () => now).length, 41);
    const later = () => {
      now += 100;
      return now;
    };
    assert.equal(echoed([...flood, ...flood], later).length, 2 * 41);
  });
});
