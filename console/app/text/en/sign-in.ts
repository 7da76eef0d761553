export const signIn = {
  title: 'Sign in',
  ended: 'Your session has ended. Sign in again; you come back to where you were.',
  username: 'Username',
  password: 'Password',
  submit: 'Sign in',
  wrong: 'No user has this name and password.',
};
