export const operations = {
  title: 'Bulk operations',
};
