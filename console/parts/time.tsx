import { dateTime, relative, shortDateTime, viewerZone } from '../app/format.ts';
import { t } from '../app/text/index.ts';

/**
 * A moment in the viewer's zone, and how long ago it is.
 * @param props.zone the event's zone, where the moment is an event's: shown in addition
 * @param props.isExact true shows seconds and the zone's name
 */
export function Time(props: { at: string; zone?: string | undefined; isExact?: boolean }) {
  const { at, zone } = props;
  const { common } = t();
  return (
    <span class="time">
      <time dateTime={at} title={dateTime(at)}>
        {props.isExact ? dateTime(at) : shortDateTime(at)}
      </time>{' '}
      <span class="quiet">{relative(at)}</span>
      {zone && zone !== viewerZone && (
        <span class="quiet other-zone">
          {shortDateTime(at, zone)} ({common.eventTime}, {zone})
        </span>
      )}
    </span>
  );
}
