export const operations = {
  title: 'Bulk operations',
  list: 'Bulk operations, newest first',
  operation: 'Operation',
  action: 'Action',
  state: 'State',
  progress: 'Progress',
  filter: 'For which claims',
  by: 'Asked for by',
  created: 'Started',
  empty: 'No bulk operation is in this state.',
  emptyAll: 'Nobody has retried or aborted claims together yet.',
  toParked: 'Look at parked claims',
};
