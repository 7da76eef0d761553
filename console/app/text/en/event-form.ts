export const eventForm = {
  title: 'Event form',
};
