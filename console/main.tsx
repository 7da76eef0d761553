/** Starts the console: the language, the address, the session, then the page. */
import { render } from 'preact';
import { startKeyboard } from './app/keyboard.ts';
import { startPreferences } from './app/preferences.ts';
import { startRouter } from './app/router.ts';
import { startSession } from './app/session.ts';
import { Shell } from './app/shell.tsx';

startPreferences();
startRouter();
startKeyboard();
startSession();

const mount = document.getElementById('console');
if (mount) render(<Shell />, mount);
