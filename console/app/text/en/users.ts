export const users = {
  title: 'Users and roles',
};
