/** What stands around the screens: the navigation, the search, the messages. */
import { useEffect } from 'preact/hooks';
import { Forbidden } from '../parts/forbidden.tsx';
import { Loading } from '../parts/loaded.tsx';
import { Page } from '../parts/page.tsx';
import { NAVIGATION, ROUTES, type Route } from '../screens/index.ts';
import { SignIn } from '../screens/sign-in.tsx';
import { AccountPanel } from './account-panel.tsx';
import { announce, announced } from './announce.ts';
import { reachable, returns } from './connection.ts';
import { searchIsOpen } from './keyboard.ts';
import { match, path } from './router.ts';
import { SearchDialog } from './search-dialog.tsx';
import { can, session, signOut } from './session.ts';
import { t } from './text/index.ts';
import { STAFF } from './types.ts';
import { UnsavedDialog } from './unsaved-dialog.tsx';

/** The whole page. */
export function Shell() {
  const { shell } = t();
  const isIn = session.value.state === 'IN' && can(...STAFF);
  const back = returns.value;
  useEffect(() => {
    if (back > 0) announce(t().shell.apiBack);
  }, [back]);
  return (
    <>
      <a class="skip" href="#main">
        {shell.skip}
      </a>
      <div class={isIn ? 'layout' : 'layout alone'}>
        <Header isIn={isIn} />
        <main id="main" tabIndex={-1}>
          {!reachable.value && (
            <p class="note warn" role="alert">
              {shell.apiLost}
            </p>
          )}
          <Content />
        </main>
        {!isIn && (
          <footer>
            <AccountPanel />
          </footer>
        )}
      </div>
      {isIn && <SearchDialog />}
      {isIn && <UnsavedDialog />}
      <div class="toast" role="status">
        {announced.value && <p>{announced.value}</p>}
      </div>
    </>
  );
}

function Header({ isIn }: { isIn: boolean }) {
  const { shell } = t();
  return (
    <header>
      <div class="brand">
        {isIn ? <a href="/console">Laurel</a> : <span>Laurel</span>}
        {isIn && (
          <div class="actions">
            <button
              type="button"
              class="open-search"
              onClick={() => {
                searchIsOpen.value = true;
              }}
            >
              {shell.openSearch} <kbd>/</kbd>
            </button>
            <button type="button" class="open-menu" popovertarget="menu">
              {shell.menu}
            </button>
          </div>
        )}
      </div>
      {isIn && (
        // On a wide page it always shows; on a narrow one it is a popover. A new path closes it.
        <div id="menu" popover="auto" key={path.value}>
          <Navigation />
          <AccountPanel />
        </div>
      )}
    </header>
  );
}

function Navigation() {
  const texts = t();
  return (
    <nav aria-label={texts.shell.mainNavigation}>
      <ul>
        {NAVIGATION.filter(({ roles }) => can(...roles)).map(({ pattern, title }) => (
          <li key={pattern}>
            <a href={pattern} aria-current={currentness(pattern)}>
              {title(texts)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A player's screen belongs to the players: `true` says so, `page` is the address itself. */
function currentness(pattern: string): 'page' | 'true' | undefined {
  if (path.value === pattern) return 'page';
  const isBelow = pattern !== '/console' && path.value.startsWith(`${pattern}/`);
  return isBelow ? 'true' : undefined;
}

function Content() {
  const { state } = session.value;
  if (state === 'STARTING') return <Loading />;
  if (state === 'OUT') return <SignIn />;
  return can(...STAFF) ? <Screen /> : <NotStaff />;
}

/** The screen of the address. Another path is another screen: nothing of the last one is kept. */
function Screen() {
  const texts = t();
  const at = path.value;
  for (const route of ROUTES) {
    const params = match(route.pattern, at);
    if (!params) continue;
    if (!can(...route.roles)) return <Forbidden key={at} title={route.title(texts)} />;
    return <ScreenOf key={at} route={route} params={params} />;
  }
  return (
    <Page key={at} title={texts.common.noSuchPage}>
      <p>{texts.common.noSuchPageHint}</p>
    </Page>
  );
}

function ScreenOf({ route, params }: { route: Route; params: Record<string, string> }) {
  const Shown = route.screen;
  return <Shown params={params} />;
}

function NotStaff() {
  const { shell } = t();
  return (
    <Page title="Laurel">
      <p class="note">{shell.notStaff}</p>
      <button type="button" onClick={signOut}>
        {shell.signOut}
      </button>
    </Page>
  );
}
