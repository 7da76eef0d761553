/** The boards of what Laurel does, and the list of all. make-boards.ts writes them as Grafana's JSON. */
import { type Board, oneOf, quantile, rate } from './board.ts';
import { service, temporal } from './process-boards.ts';

const CALLS = 'laurel_provider_call_duration_seconds';

const claims: Board = {
  title: 'Laurel: claims',
  description: 'How claims come in, how they end, and which wait.',
  panels: [
    {
      title: 'Parked claims',
      help: 'They wait for a person: the runbook’s “Claims are parked”.',
      unit: 'short',
      shows: {
        '{{provider}} {{reason}}': oneOf('laurel_claims_parked', 'provider, reason'),
      },
    },
    {
      title: 'The oldest parked claim',
      help: 'Over an hour, somebody should retry or abort it.',
      unit: 's',
      shows: {
        '{{provider}}':
          'time() - min by (provider) (laurel_claims_parked_oldest_timestamp_seconds)',
      },
    },
    {
      title: 'Acceptance by outcome',
      help: '`failed` counts against the objective: look at /readyz and the API’s log. `refused` is a rule that said no.',
      unit: 'reqps',
      stacked: true,
      shows: {
        '{{outcome}}': `sum by (outcome) (${rate('laurel_claim_acceptance_seconds_count')})`,
      },
    },
    {
      title: 'Time to the acceptance',
      help: 'The objective is p99 within one second. The runbook: “Objective: claims-accepted-in-time”.',
      unit: 's',
      shows: {
        p50: quantile(0.5, 'laurel_claim_acceptance_seconds'),
        p99: quantile(0.99, 'laurel_claim_acceptance_seconds'),
      },
    },
    {
      title: 'Time from acceptance to the end, p95',
      help: 'The objectives are 5 s from the mailbox and 30 s from a provider over HTTP.',
      unit: 's',
      shows: { '{{provider}}': quantile(0.95, 'laurel_claim_duration_seconds', 'provider') },
    },
    {
      title: 'Ends by state and reason',
      help: 'A reason that is new or grows says what players are told. REJECTED is a rule, FAILED is a fault or a player who left.',
      unit: 'reqps',
      stacked: true,
      shows: {
        '{{state}} {{reason}}': `sum by (state, reason) (${rate('laurel_claim_duration_seconds_count')})`,
      },
    },
    {
      title: 'Open claims',
      help: 'A state that only grows stands still: the runbook’s “A claim stands in FULFILLING”, “Claims wait and have no run”.',
      unit: 'short',
      stacked: true,
      shows: { '{{state}} {{reason}}': oneOf('laurel_claims_open', 'state, reason') },
    },
    {
      title: 'Claims at the door',
      help: 'Claims that wait to be recorded. A crowd lasts a minute; if it lasts longer, start more API processes.',
      unit: 'short',
      shows: { '{{place}} {{instance}}': 'laurel_admission_claims' },
    },
    {
      title: 'Refused before the record, by code',
      help: 'What players are told. A code that is new after a change of an event is worth a look at that event.',
      unit: 'reqps',
      stacked: true,
      shows: { '{{code}}': `sum by (code) (${rate('laurel_claim_refusals_total')})` },
    },
    {
      title: 'Changes of claims are seen after',
      help: 'Waits and streams are this much late, claims are not. The runbook: “Waits and streams of claims are late”.',
      unit: 's',
      shows: { '{{instance}}': 'laurel_change_stream_lag_seconds' },
    },
    {
      title: 'The last pass of reconciliation',
      help: 'Should be less than two minutes ago. The runbook: “Reconciliation does not run”.',
      unit: 's',
      stat: true,
      shows: { ago: 'time() - max(laurel_reconciliation_last_pass_timestamp_seconds)' },
    },
    {
      title: 'Stock documents that do not add up',
      help: 'Must be 0. The runbook: “Stock does not add up”.',
      unit: 'short',
      stat: true,
      shows: { unbalanced: 'max(laurel_stock_unbalanced)' },
    },
    {
      title: 'Mended by reconciliation within an hour',
      help: 'A few are harmless. Many without a deploy or an outage: the runbook’s “Reconciliation mends much”.',
      unit: 'short',
      shows: {
        '{{kind}}': `${oneOf('laurel_reconciliation_mended_total', 'kind')} - ${oneOf('laurel_reconciliation_mended_total offset 1h', 'kind')}`,
      },
    },
  ],
};

const providers: Board = {
  title: 'Laurel: providers',
  description: 'The calls to the game’s services: how many, how long, and what they answer.',
  panels: [
    {
      title: 'Calls that fail, of all',
      help: 'Over half for ten minutes is an alert: the runbook’s “A provider is down”.',
      unit: 'percentunit',
      shows: {
        '{{provider}}': `sum by (provider) (${rate(`${CALLS}_count{outcome=~"unavailable|unknown|timeout"}`)}) / sum by (provider) (${rate(`${CALLS}_count`)})`,
      },
    },
    {
      title: 'Calls by outcome',
      help: '`unknown` and `timeout`: the runbook’s “A provider’s answers are unknown”. `refused` undoes the claim.',
      unit: 'reqps',
      stacked: true,
      shows: {
        '{{provider}} {{call}} {{outcome}}': `sum by (provider, call, outcome) (${rate(`${CALLS}_count`)})`,
      },
    },
    {
      title: 'Time of a call, p50 and p99',
      help: 'Near FULFILLMENT_TIMEOUT_MS answers are cut off and become unknown: raise it, or ask the provider’s people.',
      unit: 's',
      shows: {
        'p50 {{provider}} {{call}}': quantile(0.5, CALLS, 'provider, call'),
        'p99 {{provider}} {{call}}': quantile(0.99, CALLS, 'provider, call'),
      },
    },
    {
      title: 'Calls that wait for a slot',
      help: 'The provider’s `limit` is used up: raise it where the game agrees.',
      unit: 'short',
      shows: { '{{provider}}': 'sum by (provider) (laurel_provider_slots_waiting)' },
    },
    {
      title: 'Claims from acceptance to the end, p95',
      help: 'If it rises and the calls’ time does not, claims wait for the provider’s limit or for a worker.',
      unit: 's',
      shows: { '{{provider}}': quantile(0.95, 'laurel_claim_duration_seconds', 'provider') },
    },
    {
      title: 'Parked claims',
      help: 'When the provider is back, retry them in bulk.',
      unit: 'short',
      shows: {
        '{{provider}} {{reason}}': oneOf('laurel_claims_parked', 'provider, reason'),
      },
    },
    {
      title: 'Claims that end FAILED',
      help: 'FULFILLMENT_REFUSED by many players at once is mostly a wrong secret or a wrong reward.',
      unit: 'reqps',
      shows: {
        '{{provider}} {{reason}}': `sum by (provider, reason) (${rate('laurel_claim_duration_seconds_count{state="FAILED"}')})`,
      },
    },
  ],
};

const streams: Board = {
  title: 'Laurel: streams',
  description: 'What comes in and goes out over Kafka. Empty without the process `streams`.',
  panels: [
    {
      title: 'Records that wait to be read',
      help: 'Growing: start more processes of streams, or MongoDB is slow. The runbook: “Player events do not count”.',
      unit: 'short',
      shows: { '{{topic}}': 'sum by (topic) (laurel_kafka_consumer_lag)' },
    },
    {
      title: 'Records by outcome',
      help: '`dead_letter` means that a game’s server sends what cannot be used.',
      unit: 'ops',
      shows: {
        '{{topic}} {{outcome}}': `sum by (topic, outcome) (${rate('laurel_kafka_records_total')})`,
      },
    },
    {
      title: 'Dead letters',
      help: 'Each has its reason in a header: the runbook’s “Player events do not count”.',
      unit: 'short',
      shows: { '{{topic}}': 'sum by (topic) (increase(laurel_dead_letters_total[$__interval]))' },
    },
    {
      title: '`claim.state` is late by',
      help: 'Growing: Kafka is away or refuses. The runbook: “claim.state stands still”.',
      unit: 's',
      shows: { '{{instance}}': 'laurel_claim_feed_lag_seconds' },
    },
  ],
};

/** All boards, by the name of their file. */
export const BOARDS: Readonly<Record<string, Board>> = {
  service,
  claims,
  providers,
  streams,
  temporal,
};
