import { viewerZone } from '../../app/format.ts';
import type { Language } from '../../app/preferences.ts';
import { t } from '../../app/text/index.ts';
import type { Claim } from '../../app/types.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Section } from '../../parts/page.tsx';
import { playerAnswer } from './player-answer.ts';

/** What to tell the player, to be copied in either language. */
export function AnswerForPlayer(props: { claim: Claim; title: string; zone: string | undefined }) {
  const { claim } = t();
  const zone = props.zone ?? viewerZone;
  const inLanguage = (language: Language) => playerAnswer(props.claim, props.title, zone, language);
  return (
    <Section
      title={claim.answerTitle}
      actions={
        <>
          <CopyButton text={inLanguage('ko')} what={claim.answerTitle} label={claim.copyKorean} />
          <CopyButton text={inLanguage('en')} what={claim.answerTitle} label={claim.copyEnglish} />
        </>
      }
    >
      <p class="quiet">{claim.answerHint}</p>
      <Preview title={claim.korean} language="ko" text={inLanguage('ko')} />
      <Preview title={claim.english} language="en" text={inLanguage('en')} />
    </Section>
  );
}

function Preview(props: { title: string; language: Language; text: string }) {
  return (
    <details>
      <summary>{props.title}</summary>
      <div class="note stack" lang={props.language}>
        {props.text.split('\n\n').map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
      </div>
    </details>
  );
}
