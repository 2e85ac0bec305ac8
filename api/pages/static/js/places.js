// Positions: reading them from people and from the phone, distances.

import { t } from "./text.js";

const EARTH_M = 6371008.8;

/** Metres between two {latitude, longitude} (haversine). */
export function distanceM(one, other) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const [low, high] = [radians(one.latitude), radians(other.latitude)];
  const half = Math.sin((high - low) / 2) ** 2 + Math.cos(low) * Math.cos(high) * Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** A number as people type it, with comma or point; null when it is none. */
export function typedNumber(text) {
  const cleaned = text.trim().replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(cleaned) ? Number(cleaned) : null;
}

/** [latitude, longitude] of a pasted pair such as "10.7769, 106.7009"; null when it is not one. */
export function pastedPair(text) {
  const found = /^\s*([+-]?\d+\.\d+)\s*[,; ]\s*([+-]?\d+\.\d+)\s*$/.exec(text);
  return found ? [found[1], found[2]] : null;
}

/** Where this device is: {latitude, longitude, accuracy_m}; fails with words for the technician. */
export function whereAmI() {
  if (!window.isSecureContext) return Promise.reject(new Error(t("register.locate_insecure")));
  if (!("geolocation" in navigator)) return Promise.reject(new Error(t("register.locate_unavailable")));
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy_m: coords.accuracy }),
      (error) => reject(new Error(t(error.code === error.PERMISSION_DENIED ? "register.locate_denied" : "register.locate_unavailable"))),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 10000 },
    );
  });
}

/** A code for something new from what people call it: "Trạm Nguyễn Văn Cừ" -> "tram-nguyen-van-cu-3f9a". */
export function codeFrom(name) {
  const plain = name.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();
  const slug = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 50) || "x";
  const tail = [...crypto.getRandomValues(new Uint8Array(2))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${slug}-${tail}`;
}
