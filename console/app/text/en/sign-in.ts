export const signIn = {
  title: 'Sign in',
  ended: 'Your session has ended. Sign in again; you come back to where you were.',
  username: 'Username',
  password: 'Password',
  submit: 'Sign in',
  wrong: 'No user has this name and password.',
  by: (provider: string) => `Sign in with ${provider}`,
  /** Why a sign-in at the studio's provider brought nobody in, by the problem's code. */
  failed: {
    unauthenticated: 'The sign-in did not work, or took too long. Try again.',
    forbidden: 'Your account has no role here. Ask an admin.',
    user_not_active: 'Your account is suspended here. Ask an admin.',
    rate_limited: 'Too many tries. Wait a minute, and try again.',
    unavailable: 'Your sign-in provider cannot be reached. Try again in a minute.',
  },
  code: 'Code',
  codeHint: 'The six digits that your authenticator shows now, or a recovery code.',
  wrongCode: 'This code is wrong, or it was used already. Wait for the next one.',
  over: 'This sign-in took too long. Enter your password again.',
  goOn: 'Continue',
  startOver: 'Start over',
  enrol: 'Set up a second factor',
  enrolWhy:
    'Staff sign in with a code as well as a password. Scan this with an authenticator app, then enter the code that it shows.',
  qrCode: 'QR code for your authenticator app',
  secret: 'Or type this secret into the app',
  copySecret: 'secret',
  recovery: 'Keep your recovery codes',
  recoveryWhy:
    'Each of them stands for a code once, if you lose your authenticator. They are shown only now.',
  copyRecovery: 'recovery codes',
  kept: 'I have kept them: sign in',
};
