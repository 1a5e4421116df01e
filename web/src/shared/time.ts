// Times as people read them. Pure: `now` and the language are arguments.

export type Lang = "zh" | "en";

const LOCALE: Record<Lang, string> = { zh: "zh-CN", en: "en-GB" };

function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

/** "21:05" for today; with the date before it for any other day. */
export function moment(iso: string, lang: Lang, now: Date): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return sameDay(at, now)
    ? at.toLocaleTimeString(LOCALE[lang], clock)
    : at.toLocaleString(LOCALE[lang], { month: "short", day: "numeric", ...clock });
}

/** Seconds as a clock: "0:45", "12:03", "1:02:03"; with a minus sign when the time is past. */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.abs(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = `${h > 0 ? String(m).padStart(2, "0") : m}:${String(s).padStart(2, "0")}`;
  return `${seconds <= -1 ? "−" : ""}${h > 0 ? `${h}:` : ""}${tail}`;
}

/** Whole seconds from now until a moment; negative when it is past. */
export function until(iso: string, now: Date): number {
  return Math.round((new Date(iso).getTime() - now.getTime()) / 1000);
}

/** A wait told to a person: whole minutes, never fewer than one, so that it promises nothing exact. */
export function minutes(seconds: number): number {
  return Math.max(1, Math.ceil(seconds / 60));
}
