/** Seconds in words: `8 seconds`, `2 min 5 sec`. */

export function duration(seconds: number, language: string): string {
  const whole = Math.max(1, Math.round(seconds));
  const part = (value: number, unit: string, unitDisplay: "long" | "short") =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay }).format(value);
  if (whole < 60) return part(whole, "second", "long");
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes >= 60) return `${part(Math.floor(minutes / 60), "hour", "short")} ${part(minutes % 60, "minute", "short")}`;
  return rest ? `${part(minutes, "minute", "short")} ${part(rest, "second", "short")}` : part(minutes, "minute", "long");
}
