"""Kernels of any signal: over time, of numbers, of sound."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from domain.text import Text
from processing.compute.forms import (
    AS_WRITTEN,
    AT,
    BEFORE,
    COUNTER,
    DAY_NIGHT,
    GAP,
    METHOD_OF_CHANGE,
    NO_TS,
    PARAMETERS_ONLY,
    THRESHOLD,
    Kernel,
    parameter,
)
from processing.compute.readings import Wanted

SIGNAL_KERNELS: Final = (
    Kernel(
        "time_weighted_mean",
        Text("Trung bình theo thời gian", "Time-weighted mean"),
        "",
        "over_time:time_weighted_mean",
        (
            parameter(
                "method",
                "giữ giá trị hay nối đường thẳng",
                "hold values or draw lines",
                default="locf",
                choices=("locf", "linear"),
            ),
            GAP,
            parameter(
                "until",
                "sau đó không biết gì",
                "nothing is known after it (a time); none: the last reading, "
                "or the end of the window when there is one",
            ),
        ),
        aliases=(
            "time_weighted_average",
            "time_weight",
            "twa",
            "twm",
            "time_weighted",
            "interpolated_average",
            "integral",
            "interpolated_integral",
        ),
    ),
    Kernel(
        "counter_increase",
        Text("Mức tăng của bộ đếm", "Counter increase"),
        "",
        "counting:counter_increase",
        COUNTER,
        aliases=(
            "counter",
            "counter_delta",
            "counter_agg",
            "increase",
            "interpolated_delta",
            "extrapolated_delta",
            "prometheus_increase",
            "num_resets",
            "num_changes",
            "idelta_left",
            "idelta_right",
            "time_delta",
        ),
    ),
    Kernel(
        "counter_rate",
        Text("Tốc độ tăng của bộ đếm, mỗi giây", "Counter increase per second"),
        "",
        "counting:counter_rate",
        COUNTER,
        aliases=(
            "rate",
            "interpolated_rate",
            "extrapolated_rate",
            "prometheus_rate",
            "irate",
            "irate_left",
            "irate_right",
        ),
    ),
    Kernel(
        "gauge_delta",
        Text("Thay đổi của đại lượng", "Change of a gauge"),
        "",
        "counting:gauge_delta",
        (METHOD_OF_CHANGE,),
        aliases=("gauge", "delta", "gauge_agg"),
    ),
    Kernel(
        "state_duration",
        Text("Thời gian ở từng trạng thái", "Time in each state"),
        "s",
        "over_time:state_duration",
        (
            parameter("state", "chỉ trạng thái này", "this state only"),
            parameter(
                "hold_last",
                "trạng thái cuối giữ đến hết cửa sổ",
                "the last state holds to the window's end; none: only when there is a window",
                choices=("true", "false"),
            ),
        ),
        columns="ts, value (or state: numbers or names)",
        aliases=("state_durations", "duration_in", "state_agg", "states", "state_periods", "state_timeline"),
        wanted=Wanted(texts=True),
    ),
    Kernel(
        "state_at",
        Text("Trạng thái tại một thời điểm", "State at an instant"),
        "1",
        "over_time:state_at",
        (replace(AT, required=True),),
        columns="ts, value (or state: numbers or names); a name stands in `responsible`",
        wanted=Wanted(texts=True),
    ),
    Kernel(
        "heartbeat",
        Text("Thời gian sống theo nhịp tim", "Uptime by heartbeats"),
        "s",
        "over_time:heartbeat",
        (
            parameter(
                "liveness_s",
                "một nhịp chứng minh sự sống",
                "how long a heartbeat proves life; none: two median steps",
                "s",
            ),
            BEFORE,
            AT,
        ),
        columns="ts",
        aliases=(
            "heartbeat_agg",
            "uptime",
            "downtime",
            "liveness",
            "live_ranges",
            "dead_ranges",
            "num_gaps",
            "num_live_ranges",
            "live_at",
        ),
        wanted=Wanted(value=False),
    ),
    Kernel(
        "mtbf_mttr",
        Text("MTBF, MTTR và độ sẵn sàng", "MTBF, MTTR and availability"),
        "h",
        "over_time:mtbf_mttr",
        (
            parameter(
                "liveness_s",
                "một nhịp chứng minh sự sống",
                "how long a heartbeat proves life; none: two median steps",
                "s",
            ),
            BEFORE,
        ),
        columns="ts",
        aliases=("mtbf", "mttr", "availability", "reliability"),
        wanted=Wanted(value=False),
    ),
    Kernel(
        "completeness",
        Text("Mức đầy đủ", "Completeness"),
        "1",
        "over_time:completeness",
        (
            parameter(
                "interval_s",
                "khoảng đo; không có: bước trung vị",
                "interval; none: --interval-s or the median step",
                "s",
            ),
        ),
        aliases=("coverage",),
    ),
    Kernel(
        "exceedance",
        Text("Thời gian vượt ngưỡng", "Time at or beyond a threshold"),
        "s",
        "over_time:exceedance",
        THRESHOLD,
        aliases=("exceedances", "threshold", "exceedance_duration", "exceedance_hours"),
    ),
    Kernel(
        "episodes",
        Text("Các đợt vượt ngưỡng", "Episodes beyond a threshold"),
        "",
        "over_time:episodes",
        THRESHOLD,
        aliases=("excursions",),
    ),
    Kernel(
        "stats",
        Text("Thống kê", "Statistics"),
        "",
        "numbers:stats",
        (parameter("ddof", "bậc tự do của độ lệch chuẩn", "delta degrees of freedom of std", default="1"),),
        aliases=("mean", "statistics", "summary", "describe"),
        wanted=NO_TS,
    ),
    Kernel(
        "period_mean",
        Text("Trung bình của kỳ theo quy tắc đầy đủ", "Mean of a period by a completeness rule"),
        "",
        "averaging:period_mean",
        (
            parameter(
                "rule",
                "share: đủ tỷ lệ; wmo: quy tắc 3/5; wmo_1203: 5/11; quarters: trung bình bốn quý (40 CFR 50)",
                "share: enough of them; wmo: the 3/5 rule; wmo_1203: 5/11; quarters: of four quarterly means "
                "(40 CFR 50, with --period year)",
                default="share",
                choices=("share", "wmo", "wmo_1203", "quarters"),
            ),
            parameter(
                "share", "tỷ lệ cần có (share, quarters)", "share needed (share, quarters)", "1", "0.75"
            ),
            parameter(
                "interval_s",
                "khoảng cách các giá trị; không có: bước trung vị",
                "distance of the values; none: --interval-s or the median step",
                "s",
            ),
            parameter(
                "label",
                "mốc thời gian là đầu hay cuối khoảng (01:00 … 00:00)",
                "whether a stamp is the start or the end of its interval (01:00 … 00:00)",
                default="start",
                choices=("start", "end"),
            ),
        ),
        aliases=("hourly_mean", "daily_mean", "monthly_mean", "annual_mean", "wmo_mean", "averaging"),
    ),
    Kernel(
        "weighted_mean",
        Text("Trung bình có trọng số", "Weighted mean"),
        "",
        "numbers:weighted_mean",
        (
            parameter(
                "values",
                "các giá trị; bỏ trống là thiếu",
                "values by commas; nothing between commas is missing and leaves its weight out",
                required=True,
            ),
            parameter(
                "weights",
                "các trọng số, như dân số",
                "weights by commas, such as inhabitants",
                required=True,
            ),
        ),
        columns=PARAMETERS_ONLY,
        aliases=("population_weighted_mean", "sdg_11_6_2"),
        needs_file=False,
    ),
    Kernel(
        "percentile",
        Text("Phân vị", "Percentile"),
        "",
        "numbers:percentile",
        (
            parameter(
                "p",
                "phần trăm; nhiều số cách nhau bằng dấu phẩy",
                "per cent, several by commas; between 0 and 1 it is a share",
                "%",
                "50",
            ),
        ),
        aliases=("percentiles", "quantile", "quantiles", "median"),
        wanted=NO_TS,
    ),
    Kernel(
        "histogram_quantile",
        Text("Phân vị từ biểu đồ tần suất gộp được", "Quantile of a mergeable histogram"),
        "",
        "numbers:histogram_quantile",
        (
            parameter(
                "p", "phần trăm", "per cent, several by commas; between 0 and 1 it is a share", "%", "50"
            ),
            parameter(
                "resolution",
                "bước của cảm biến; không có: log-tuyến tính",
                "resolution of the sensor; none: log-linear buckets, relative error at most 2^-8",
            ),
        ),
        aliases=("histogram",),
        wanted=NO_TS,
    ),
    Kernel(
        "convert",
        Text("Đổi đơn vị", "Unit conversion"),
        "",
        "numbers:convert",
        (
            parameter("value", "giá trị, thay cho tệp", "the value, in place of a file"),
            parameter("from", "đơn vị đầu", "unit of the values (of the unit column when absent)"),
            parameter("to", "đơn vị đích", "wanted unit", required=True),
            parameter(
                "pollutant",
                "chất khí, khi đổi ppb và µg/m³",
                "gas, between ppb and mass: no2, so2, o3, co, no",
            ),
            parameter(
                "temperature_c", "nhiệt độ của thể tích khí", "temperature of the gas volume", "Cel", "25"
            ),
            parameter("pressure_hpa", "áp suất", "pressure of the gas volume", "hPa", "1013.25"),
        ),
        aliases=("unit", "units", "unit_convert", "convert_unit", "unit_conversion"),
        wanted=AS_WRITTEN,
        needs_file=False,
    ),
    Kernel(
        "leq",
        Text("Mức âm tương đương", "Equivalent sound level"),
        "dB[A]",
        "sound:leq",
        (
            GAP,
            parameter("levels", "các mức, thay cho tệp", "levels by commas, in place of a file", "dB[A]"),
            parameter(
                "durations", "thời gian của từng mức", "duration of each typed level; none: equal ones"
            ),
        ),
        columns="ts, value (without ts: equal durations)",
        aliases=("laeq",),
        wanted=NO_TS,
        needs_file=False,
        quantities=("sound_level",),
        after_last=True,
    ),
    Kernel(
        "ln",
        Text("Mức vượt N % thời gian (L10, L50, L90)", "Levels exceeded N % of the time (L10, L50, L90)"),
        "dB[A]",
        "sound:level_exceeded",
        (parameter("n", "phần trăm, cách nhau bằng dấu phẩy", "per cents, by commas", "%", "10,50,90"),),
        aliases=("l10", "l50", "l90", "l_n", "lxx"),
        wanted=NO_TS,
        quantities=("sound_level",),
    ),
    Kernel(
        "lden",
        Text("Mức ngày-tối-đêm", "Day-evening-night level"),
        "dB[A]",
        "sound:lden",
        (
            *DAY_NIGHT,
            parameter(
                "evening", "mức buổi tối, thay cho tệp", "level of the evening, in place of a file", "dB[A]"
            ),
            parameter(
                "evening_start", "giờ bắt đầu buổi tối", "local hour at which the evening begins", "h", "19"
            ),
            parameter("night_start", "giờ bắt đầu đêm", "local hour at which the night begins", "h", "23"),
            parameter("evening_penalty", "cộng thêm buổi tối", "added in the evening", "dB", "5"),
        ),
        quantities=("sound_level",),
        needs_file=False,
        after_last=True,
    ),
    Kernel(
        "ldn",
        Text("Mức ngày-đêm", "Day-night level"),
        "dB[A]",
        "sound:ldn",
        (
            *DAY_NIGHT,
            parameter("night_start", "giờ bắt đầu đêm", "local hour at which the night begins", "h", "22"),
        ),
        aliases=("dnl",),
        quantities=("sound_level",),
        needs_file=False,
        after_last=True,
    ),
    Kernel(
        "tni",
        Text("Chỉ số ồn giao thông", "Traffic noise index"),
        "dB[A]",
        "sound:tni",
        (
            parameter("l10", "L10, thay cho tệp", "L10, in place of a file", "dB[A]"),
            parameter("l90", "L90, thay cho tệp", "L90, in place of a file", "dB[A]"),
        ),
        wanted=NO_TS,
        quantities=("sound_level",),
        needs_file=False,
    ),
    Kernel(
        "lnp",
        Text("Mức ô nhiễm tiếng ồn", "Noise pollution level"),
        "dB[A]",
        "sound:lnp",
        (
            parameter(
                "leq", "mức tương đương, thay cho tệp", "equivalent level, in place of a file", "dB[A]"
            ),
            parameter("sigma", "độ lệch chuẩn, thay cho tệp", "standard deviation, in place of a file", "dB"),
            parameter("ddof", "bậc tự do", "delta degrees of freedom of sigma", default="0"),
        ),
        wanted=NO_TS,
        quantities=("sound_level",),
        needs_file=False,
    ),
)
