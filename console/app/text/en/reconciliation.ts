export const reconciliation = {
  title: 'Reconciliation',
};
