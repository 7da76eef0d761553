export const signIn = {
  title: 'Sign in',
  ended: 'Your session has ended. Sign in again; you come back to where you were.',
  username: 'Username',
  password: 'Password',
  submit: 'Sign in',
  wrong: 'No user has this name and password.',
  plainHttp: 'This connection is not encrypted. You can sign in so on this machine only.',
  by: (provider: string) => `Sign in with ${provider}`,
  /** Why a sign-in at the studio's provider brought nobody in, by the problem's code. */
  failed: {
    unauthenticated: 'The sign-in did not work, or took too long. Try again.',
    forbidden: 'Your account has no role here. Ask an admin.',
    user_not_active: 'Your account is suspended here. Ask an admin.',
    rate_limited: 'Too many tries. Wait a minute, and try again.',
    unavailable: 'Your sign-in provider cannot be reached. Try again in a minute.',
  },
};
