import { t } from '../../app/text/index.ts';

/** Says where a sign-in without TLS works; nothing where there is TLS. */
export function PlainHttp() {
  return location.protocol === 'http:' ? <p class="note">{t().signIn.plainHttp}</p> : null;
}
