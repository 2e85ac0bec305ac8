// How a value of an indicator is written.

import { percent, quantityValue } from "./text.js";

/** VN_AQI is a number without unit and has bands. */
export const isAqi = (indicator) => indicator.code.startsWith("vn_aqi");

/** A dimensionless value of which more is better is a share of a whole; a count per customer (SAIFI) is none. */
export const isShare = (indicator) => indicator.unit === "1" && indicator.direction === "higher";

/** The value in words for people; `unit` is the value's own where the indicator has none of its own. */
export function indicatorValue(value, indicator, unit = indicator.unit) {
  if (isShare(indicator) && value !== null && value >= 0 && value <= 1) return percent(value);
  return quantityValue(value, isAqi(indicator) ? "1" : unit);
}
