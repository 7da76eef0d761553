/**
 * `node deploy/observability/make-boards.ts` writes the boards as Grafana's JSON into dashboards/.
 * A panel is one line there, so that a change of one can be read.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Board, Panel } from './board.ts';
import { BOARDS } from './boards.ts';

/** Grafana's schema of dashboards, as Grafana 12 writes it; newer ones read it too. */
const SCHEMA_VERSION = 41;
/** Two panels in a row; Grafana's grid has 24 columns. */
const WIDTH = 12;
const HEIGHT = 8;

/** Chosen on the board, so that one file fits every Grafana. */
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

function panelJson(panel: Panel, index: number): string {
  const { title, help, unit, shows, stat = false, stacked = false } = panel;
  return JSON.stringify({
    id: index + 1,
    type: stat ? 'stat' : 'timeseries',
    title,
    description: help,
    datasource: DATASOURCE,
    gridPos: {
      h: HEIGHT,
      w: WIDTH,
      x: (index % 2) * WIDTH,
      y: Math.floor(index / 2) * HEIGHT,
    },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(!stat && {
          custom: {
            fillOpacity: stacked ? 30 : 5,
            showPoints: 'never',
            stacking: { mode: stacked ? 'normal' : 'none' },
          },
        }),
      },
      overrides: [],
    },
    options: stat
      ? { reduceOptions: { calcs: ['lastNotNull'] } }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: Object.entries(shows).map(([legendFormat, expr], at) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + at),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  });
}

/** A board's JSON. @param name of its file, and part of its address in Grafana */
export function boardJson(name: string, { title, description, panels }: Board): string {
  const head = {
    uid: `laurel-${name}`,
    title,
    description,
    tags: ['laurel'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    links: [{ type: 'dashboards', title: 'Laurel', tags: ['laurel'], asDropdown: true }],
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }],
    },
  };
  const fields = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`,
  );
  const lines = panels.map((panel, index) => `    ${panelJson(panel, index)}`);
  return ['{', ...fields, '  "panels": [', lines.join(',\n'), '  ]', '}', ''].join('\n');
}

/** Where a board's JSON stands. */
export const boardPath = (name: string) =>
  join(import.meta.dirname, 'dashboards', `laurel-${name}.json`);

if (import.meta.main) {
  for (const [name, board] of Object.entries(BOARDS)) {
    writeFileSync(boardPath(name), boardJson(name, board));
  }
}
