export const search = {
  title: 'Search',
  field: 'What are you looking for?',
  results: 'Found',
  kind: 'What it is',
  name: 'Name or ID',
  detail: 'More',
  player: 'User',
  claim: 'Claim',
  event: 'Event',
  operation: 'Bulk operation',
  start: 'Type the beginning of a username, a whole ID or an idempotency key.',
  empty: (text: string) =>
    `Nothing is found for “${text}”. A username is found by its beginning; IDs and keys must be whole.`,
  more: 'More users begin like that. Type more of the name.',
};
