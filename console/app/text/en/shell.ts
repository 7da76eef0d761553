/** Texts around the screens. */
export const shell = {
  apiBack: 'The API answers again.',
  apiLost: 'The API does not answer. What you see may be old; the page goes on by itself.',
  language: 'Language',
  languages: { ko: '한국어', en: 'English' },
  mainNavigation: 'Main',
  menu: 'Menu',
  notStaff: 'This console is for staff. Ask an admin for a role.',
  openSearch: 'Search',
  scheme: 'Colours',
  schemes: { auto: 'System', light: 'Light', dark: 'Dark' },
  searchHint: 'A name’s beginning, any ID, an idempotency key or an external ID',
  searchTitle: 'Search',
  signedInAs: (name: string, role: string) => `${name} · ${role}`,
  signOut: 'Sign out',
  skip: 'Skip to content',
  account: 'Account and display',
};
