export const claim = {
  title: 'Claim',
};
