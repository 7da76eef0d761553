export const players = {
  title: 'Players',
  query: 'Name or ID',
  username: 'Username',
  displayName: 'Display name',
  role: 'Role',
  status: 'Status',
  created: 'Registered',
  list: 'Users',
  empty: 'No user fits these filters. A name is found by its beginning; an ID must be whole.',
  emptyAll: 'Nobody has registered yet. Players appear here once they do.',
};
