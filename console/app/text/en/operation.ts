export const operation = {
  title: 'Bulk operation',
};
