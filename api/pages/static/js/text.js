// Texts, numbers and times in the page's language.

export const LANGUAGE = document.documentElement.lang === "en" ? "en" : "vi";
const { TEXTS } = await import(`../texts/${LANGUAGE}.js`);
const LOCALE = LANGUAGE === "en" ? "en-GB" : "vi-VN";
export const ZONE = "Asia/Ho_Chi_Minh";

/** The text `key` with its {placeholders} filled in. */
export function t(key, values = {}) {
  const text = TEXTS[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The text of a code that other parts of the platform may extend; the code itself when there is no text yet. */
export function named(prefix, code) {
  return TEXTS[`${prefix}.${code}`] ?? String(code);
}

/** Which of a Vietnamese and an English text to show. */
export function pick(vi, en) {
  return LANGUAGE === "en" ? (en || vi) : vi;
}

/** A number with as many digits as help: 1.234,5 in Vietnamese. */
export function number(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const shown = digits ?? (size >= 1000 || Number.isInteger(value) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3);
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: shown, useGrouping: "always" }).format(value);
}

/** A share 0..1 as per cent; never rounded up to a complete one. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const value = share >= 1 ? 100 : Math.min(Math.floor(share * 1000) / 10, 99.9);
  return `${number(value, 1)} %`;
}

// What people read for a UCUM code; unknown codes are shown as they are.
const UNITS = {
  "1": "", "ug/m3": "µg/m³", "mg/m3": "mg/m³", "ng/m3": "ng/m³", "g/m3": "g/m³", Cel: "°C", "[degF]": "°F", deg: "°",
  "m[H2O]": "mH₂O", "cm[H2O]": "cmH₂O", "mm[Hg]": "mmHg", "[psi]": "psi", m3: "m³", "m3/h": "m³/h", "m3/s": "m³/s",
  "m3/d": "m³/d", "kW.h": "kWh", "W.h": "Wh", "MW.h": "MWh", "[NTU]": "NTU", "[FNU]": "FNU", "[pH]": "", "dB[A]": "dB(A)",
  "{count}": "", "[ppb]": "ppb", "[ppm]": "ppm", "[ft_i]": "ft", "[in_i]": "in", "[mi_i]/h": "mph", "[kn_i]": "kn",
  min: pick("phút", "min"), h: pick("giờ", "h"), d: pick("ngày", "d"),
};

export function unitName(code) {
  if (code === null || code === undefined) return "";
  if (UNITS[code] !== undefined) return UNITS[code];
  const annotated = /^\{(.+)\}$/.exec(code);
  return annotated ? annotated[1] : code;
}

/** A value with its unit; the angle sign stands close. */
export function quantityValue(value, unit, digits) {
  if (value === null || value === undefined) return "–";
  const name = unitName(unit);
  const shown = number(value, digits);
  if (!name) return shown;
  return name === "°" ? shown + name : `${shown}\u00a0${name}`;
}

// Day before month in both languages, with the strokes that both know: 27/10/2026.
const DATES = "en-GB";

function formatter(options) {
  const cache = new Map();
  return (instant, zone = ZONE) => {
    if (!instant) return "–";
    if (!cache.has(zone)) cache.set(zone, new Intl.DateTimeFormat(DATES, { timeZone: zone, hourCycle: "h23", ...options }));
    return cache.get(zone).format(new Date(instant));
  };
}

export const clock = formatter({ hour: "2-digit", minute: "2-digit" });
export const clockSeconds = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const day = formatter({ day: "2-digit", month: "2-digit", year: "numeric" });
export const dayMonth = formatter({ day: "2-digit", month: "2-digit" });
export const month = formatter({ month: "2-digit", year: "numeric" });
export const year = formatter({ year: "numeric" });

/** Day and time, without the day when it is today. */
export function moment(instant, zone = ZONE) {
  if (!instant) return "–";
  const today = day(new Date(), zone) === day(instant, zone);
  return today ? clockSeconds(instant, zone) : `${clock(instant, zone)} ${day(instant, zone)}`;
}

/** How long ago, in words. */
export function age(instant, now = Date.now()) {
  if (!instant) return t("age.never");
  const seconds = (now - new Date(instant).getTime()) / 1000;
  if (seconds < -60) return moment(instant);
  if (seconds < 2) return t("age.now");
  return t("age.ago", { span: span(Math.max(seconds, 0)) });
}

/** A length of time in words. */
export function span(seconds) {
  if (seconds < 90) return t("age.seconds", { n: number(Math.round(seconds)) });
  if (seconds < 5400) return t("age.minutes", { n: number(Math.round(seconds / 60)) });
  if (seconds < 129600) return t("age.hours", { n: number(Math.round(seconds / 3600)) });
  return t("age.days", { n: number(Math.round(seconds / 86400)) });
}

// An area may have a zone of its own. Its zone name is not in a value, its offset is: "…+08:00".
export function zoneOf(periodStart) {
  const offset = /([+-])(\d\d):(\d\d)$/.exec(periodStart ?? "");
  if (!offset || periodStart.endsWith("+07:00")) return ZONE;
  if (offset[3] !== "00") return `${offset[1]}${offset[2]}:${offset[3]}`;
  const hours = Number(offset[2]);
  // POSIX turns the sign around: Etc/GMT-8 is eight hours ahead.
  return hours === 0 ? "UTC" : `Etc/GMT${offset[1] === "+" ? "-" : "+"}${hours}`;
}
