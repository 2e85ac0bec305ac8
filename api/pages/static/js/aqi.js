// Bands of VN_AQI (QĐ 1459/QĐ-TCMT): colour, name, advice.

import { t } from "./text.js";

const LIMITS = [50, 100, 150, 200, 300];

/** Number of the band 1..6 that a value falls into, 0 without a value. */
export function band(value) {
  if (value === null || value === undefined) return 0;
  const index = LIMITS.findIndex((limit) => value <= limit);
  return index < 0 ? 6 : index + 1;
}

export const bandName = (number) => t(`band.${number}`);
export const bandAdvice = (number) => t(`advice.${number}`);
export const BANDS = [[0, 50], [51, 100], [101, 150], [151, 200], [201, 300], [301, 500]];
