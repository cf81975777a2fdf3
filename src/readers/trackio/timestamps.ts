import { parseLocalTime } from '../files/localTime.ts';

/** Reads ISO times of rows that follow one another: mostly only the seconds differ, so the minute is worked out once. */
export class TimestampReader {
  #minute = '';
  #zone = '';
  #seconds = Number.NaN;

  /** Seconds since 1970; NaN where the text is no time. */
  read(text: string): number {
    // 2026-01-20T18:52:59.047817+00:00
    const minute = text.slice(0, 17);
    const end = zoneStart(text);
    const zone = text.slice(end);
    if (minute !== this.#minute || zone !== this.#zone) {
      this.#seconds = parseLocalTime(`${minute}00${zone}`) ?? Number.NaN;
      this.#minute = minute;
      this.#zone = zone;
    }
    const seconds = Number(text.slice(17, end));
    return this.#seconds + seconds;
  }
}

/** Where the zone begins, behind the seconds and their fraction. */
function zoneStart(text: string): number {
  for (let at = 17; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isNumber = (code >= 48 && code <= 57) || code === 46;
    if (!isNumber) return at;
  }
  return text.length;
}
