import { useState } from 'preact/hooks';
import { Dialog, DialogActions } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { searchIsOpen } from './keyboard.ts';
import { go, hrefTo } from './router.ts';
import { t } from './text/index.ts';

/** The search box of every screen. Enter leads to the search, which goes on to its first hit. */
export function SearchDialog() {
  const { shell } = t();
  const close = () => {
    searchIsOpen.value = false;
  };
  return (
    <Dialog open={searchIsOpen.value} title={shell.searchTitle} onClose={close}>
      <SearchForm onDone={close} />
    </Dialog>
  );
}

function SearchForm({ onDone }: { onDone: () => void }) {
  const { shell, common } = t();
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        if (!wanted) return;
        onDone();
        // `open=first`: the search screen replaces itself by its first hit, if there is one.
        go(hrefTo('/console/search', { q: wanted, open: 'first' }));
      }}
    >
      <TextField
        label={common.search}
        hint={shell.searchHint}
        value={text}
        onInput={setText}
        type="search"
        autocomplete="off"
      />
      <DialogActions action={common.search} onCancel={onDone} />
    </form>
  );
}
