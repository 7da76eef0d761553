/** The boards of what runs: the service as a whole, and the worker's side of Temporal. */
import { type Board, quantile, rate } from './board.ts';

const HTTP = 'http_server_request_duration_seconds';

export const service: Board = {
  title: 'Laurel: service',
  description: 'Whether callers get their answers, and whether the processes keep up.',
  panels: [
    {
      title: 'Budget of 30 days: how fast it burns',
      help: 'Over 1 it does not last 30 days. Over 14.4 for an hour somebody is called. The runbook has a section for each objective.',
      unit: 'short',
      shows: {
        '{{objective}}':
          'objective:laurel_claims_missed:ratio_rate1h / objective:laurel_claims_missed:budget',
      },
    },
    {
      title: 'Processes',
      help: 'How many of each kind answer. A kind that is gone is in the runbook under “A process is missing”.',
      unit: 'short',
      shows: { '{{process}} {{version}}': 'count by (process, version) (laurel_process_info)' },
    },
    {
      title: 'Requests by status',
      help: '500 is a mistake of ours: read the log. 503 and 429: the runbook’s “Callers get 429 or 503”.',
      unit: 'reqps',
      stacked: true,
      shows: {
        '{{http_response_status_code}}': `sum by (http_response_status_code) (${rate(`${HTTP}_count`)})`,
      },
    },
    {
      title: 'Time to the answer, p99 by route',
      help: 'Waits (`Prefer: wait`) take as long as they are told to. If all routes rise together, look at the event loop and at MongoDB.',
      unit: 's',
      shows: { '{{http_route}}': quantile(0.99, HTTP, 'http_route') },
    },
    {
      title: 'Event-loop lag, p99',
      help: 'Over half a second this process has too much to do: start more of its kind.',
      unit: 's',
      shows: {
        '{{job}} {{instance}}':
          'nodejs_eventloop_lag_p99_seconds and on (job, instance) laurel_process_info',
      },
    },
    {
      title: 'Memory',
      help: 'A curve that only rises for days is a leak: note the version, and restart the process.',
      unit: 'bytes',
      shows: {
        '{{job}} {{instance}}':
          'process_resident_memory_bytes and on (job, instance) laurel_process_info',
        'heap {{job}} {{instance}}':
          'nodejs_heap_size_used_bytes and on (job, instance) laurel_process_info',
      },
    },
    {
      title: 'CPU',
      help: 'A process uses little more than one core for JavaScript. At 1 start more of its kind.',
      unit: 'short',
      shows: {
        '{{job}} {{instance}}': `${rate('process_cpu_seconds_total')} and on (job, instance) laurel_process_info`,
      },
    },
    {
      title: 'Connections and long requests',
      help: 'Long requests are streams and waits. MAX_CONNECTIONS and MAX_LONG_REQUESTS limit them.',
      unit: 'short',
      shows: {
        'connections {{instance}}': 'laurel_http_connections',
        'long requests {{instance}}': 'laurel_long_requests',
      },
    },
    {
      title: 'Turned away before they were read',
      help: 'Which limit: the runbook’s “Callers get 429 or 503” has each.',
      unit: 'reqps',
      shows: {
        'connections: {{bound}}': `sum by (bound) (${rate('laurel_http_connections_refused_total')})`,
        'bodies: {{kind}}': `sum by (kind) (${rate('laurel_http_bodies_refused_total')})`,
      },
    },
    {
      title: 'Bodies in memory',
      help: 'At 64 MiB of a kind, more of it is refused.',
      unit: 'bytes',
      shows: { '{{kind}} {{instance}}': 'laurel_http_body_bytes' },
    },
  ],
};

export const temporal: Board = {
  title: 'Laurel: Temporal',
  description: 'The worker’s side, by the metrics of Temporal’s SDK. Its own boards fit them too.',
  panels: [
    {
      title: 'Free slots',
      help: 'At 0 for minutes: the runbook’s “A worker has no free slot”.',
      unit: 'short',
      shows: {
        '{{instance}} {{task_queue}} {{worker_type}}':
          'min by (instance, task_queue, worker_type) (temporal_worker_task_slots_available)',
      },
    },
    {
      title: 'Workflow tasks that failed',
      help: 'NonDeterminismError: the runbook’s “Nondeterminism after a deploy”. WorkflowError is a mistake of ours: go back, too.',
      unit: 'ops',
      shows: {
        '{{workflow_type}} {{failure_reason}}': `sum by (workflow_type, failure_reason) (${rate('temporal_workflow_task_execution_failed')})`,
      },
    },
    {
      title: 'From the server’s queue to the worker, p95',
      help: 'Workflow tasks that wait: too few workers, or their CPU is used up.',
      unit: 'ms',
      shows: {
        'workflow {{task_queue}}': quantile(
          0.95,
          'temporal_workflow_task_schedule_to_start_latency',
          'task_queue',
        ),
        'activity {{task_queue}}': quantile(
          0.95,
          'temporal_activity_schedule_to_start_latency',
          'task_queue',
        ),
      },
    },
    {
      title: 'A workflow task and its replay, p95',
      help: 'Replays that grow: the cache is too small for the claims that are open, or a history is long.',
      unit: 'ms',
      shows: {
        'execution {{workflow_type}}': quantile(
          0.95,
          'temporal_workflow_task_execution_latency',
          'workflow_type',
        ),
        'replay {{workflow_type}}': quantile(
          0.95,
          'temporal_workflow_task_replay_latency',
          'workflow_type',
        ),
      },
    },
    {
      title: 'Activities, p95',
      help: '`grantLine` takes as long as its provider; the others take as long as MongoDB.',
      unit: 'ms',
      shows: {
        '{{activity_type}}': quantile(0.95, 'temporal_activity_execution_latency', 'activity_type'),
        'local {{activity_type}}': quantile(
          0.95,
          'temporal_local_activity_execution_latency',
          'activity_type',
        ),
      },
    },
    {
      title: 'Attempts of activities that failed',
      help: 'They are tried again. Many of `grantLine`: look at the board of the providers.',
      unit: 'ops',
      shows: {
        '{{activity_type}}': `sum by (activity_type) (${rate('temporal_activity_execution_failed')})`,
        'local {{activity_type}}': `sum by (activity_type) (${rate('temporal_local_activity_execution_failed')})`,
      },
    },
    {
      title: 'Runs from start to end, p95',
      help: 'A claim’s run lasts a little less than the claim.',
      unit: 'ms',
      shows: {
        '{{workflow_type}}': quantile(0.95, 'temporal_workflow_endtoend_latency', 'workflow_type'),
      },
    },
    {
      title: 'Cached runs',
      help: 'What is evicted is replayed when it goes on, which costs CPU.',
      unit: 'short',
      shows: {
        '{{instance}}': 'sum by (instance) (temporal_sticky_cache_size)',
        'evicted a second {{instance}}': `sum by (instance) (${rate('temporal_sticky_cache_total_forced_eviction')})`,
      },
    },
    {
      title: 'Calls to the server, p95',
      help: 'If these rise, the server or its database is slow: nothing to do at Laurel.',
      unit: 'ms',
      shows: { '{{operation}}': quantile(0.95, 'temporal_request_latency', 'operation') },
    },
    {
      title: 'Calls to the server that failed',
      help: 'All of them: Temporal is down, or the token or the certificate has expired.',
      unit: 'ops',
      shows: {
        '{{operation}} {{status_code}}': `sum by (operation, status_code) (${rate('temporal_request_failure')})`,
        'polls: {{operation}} {{status_code}}': `sum by (operation, status_code) (${rate('temporal_long_request_failure')})`,
      },
    },
  ],
};
