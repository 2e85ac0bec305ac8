"""Kernels of any signal: over time, of sound, of quality."""

from __future__ import annotations

from typing import Final

from domain.text import Text
from processing.compute.forms import DAY_NIGHT, GAP, MISSING_TOO, NO_TS, THRESHOLD, Kernel, parameter
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
        aliases=("time_weighted_average", "time_weight", "twa", "twm", "time_weighted"),
    ),
    Kernel(
        "counter_increase",
        Text("Mức tăng của bộ đếm", "Counter increase"),
        "",
        "over_time:counter_increase",
        (
            parameter(
                "rollover", "giá trị quay vòng; 0: về 0", "modulus; 0: a drop is a reset to zero", default="0"
            ),
            parameter(
                "rate_max_per_s",
                "bước tăng nhanh nhất; 0: mọi bước",
                "steepest step to believe; 0: any",
                default="0",
            ),
        ),
        aliases=("counter", "counter_delta", "counter_agg", "increase"),
    ),
    Kernel(
        "counter_rate",
        Text("Tốc độ tăng của bộ đếm, mỗi giây", "Counter increase per second"),
        "",
        "over_time:counter_rate",
        (
            parameter(
                "rollover", "giá trị quay vòng; 0: về 0", "modulus; 0: a drop is a reset to zero", default="0"
            ),
            parameter(
                "rate_max_per_s",
                "bước tăng nhanh nhất; 0: mọi bước",
                "steepest step to believe; 0: any",
                default="0",
            ),
        ),
        aliases=("rate",),
    ),
    Kernel(
        "gauge_delta",
        Text("Thay đổi của đại lượng", "Change of a gauge"),
        "",
        "over_time:gauge_delta",
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
        aliases=("state_durations", "duration_in", "state_agg", "states"),
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
            parameter(
                "before",
                "trước nhịp đầu tiên",
                "before the first heartbeat",
                default="dead",
                choices=("dead", "unknown"),
            ),
        ),
        columns="ts",
        aliases=("heartbeat_agg", "uptime", "downtime", "liveness"),
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
        wanted=NO_TS,
        needs_file=False,
    ),
    Kernel(
        "leq",
        Text("Mức âm tương đương", "Equivalent sound level"),
        "dB[A]",
        "sound:leq",
        (GAP,),
        aliases=("laeq",),
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
    Kernel(
        "gross_range",
        Text("QARTOD: khoảng giá trị", "QARTOD gross range test"),
        "{flag}",
        "quality:gross_range",
        (
            parameter("fail_min", "dưới mức này là sai", "below it: fail (4)", required=True),
            parameter("fail_max", "trên mức này là sai", "above it: fail (4)", required=True),
            parameter("suspect_min", "dưới mức này là nghi ngờ", "below it: suspect (3)"),
            parameter("suspect_max", "trên mức này là nghi ngờ", "above it: suspect (3)"),
        ),
        aliases=("gross_range_test", "qartod_gross_range", "qartod.gross_range"),
        wanted=Wanted(ts=False, keep_missing=True),
    ),
    Kernel(
        "spike",
        Text("QARTOD: gai nhọn", "QARTOD spike test"),
        "{flag}",
        "quality:spike",
        (
            parameter("suspect_threshold", "lệch hơn là nghi ngờ", "further off than this: suspect (3)"),
            parameter("fail_threshold", "lệch hơn là sai", "further off than this: fail (4)"),
            parameter(
                "method",
                "average hoặc differential",
                "reference: mean of neighbours, or the smaller difference",
                default="average",
                choices=("average", "differential"),
            ),
        ),
        aliases=("spike_test", "qartod_spike", "qartod.spike"),
        wanted=Wanted(ts=False, keep_missing=True),
    ),
    Kernel(
        "rate_of_change",
        Text("QARTOD: tốc độ thay đổi", "QARTOD rate of change test"),
        "{flag}",
        "quality:rate_of_change",
        (
            parameter(
                "threshold",
                "thay đổi mỗi giây",
                "change per second above which a reading is suspect (3)",
                required=True,
            ),
        ),
        aliases=("rate_of_change_test", "qartod_rate_of_change", "qartod.rate_of_change", "roc"),
        wanted=MISSING_TOO,
    ),
    Kernel(
        "flat_line",
        Text("QARTOD: đứng yên", "QARTOD flat line test"),
        "{flag}",
        "quality:flat_line",
        (
            parameter(
                "suspect_threshold",
                "đứng yên từ đó là nghi ngờ",
                "flat for so long: suspect (3)",
                "s",
                required=True,
            ),
            parameter(
                "fail_threshold", "đứng yên từ đó là sai", "flat for so long: fail (4)", "s", required=True
            ),
            parameter("tolerance", "dao động nhỏ hơn là đứng yên", "a smaller range is flat", default="0"),
        ),
        aliases=("flat_line_test", "qartod_flat_line", "qartod.flat_line", "stuck"),
        wanted=MISSING_TOO,
    ),
    Kernel(
        "drift",
        Text("Trôi so với các cảm biến lân cận", "Drift against neighbours"),
        "",
        "quality:drift",
        (
            parameter(
                "sensor",
                "cảm biến được xét; không có: từng cảm biến",
                "the sensor in question; none: each in turn",
            ),
            parameter("window_s", "cửa sổ nhìn lại", "trailing window", "s", "604800"),
            parameter("threshold", "lệch hơn là nghi ngờ", "further off than this: suspect (3)"),
        ),
        columns="sensor, ts, value of three sensors or more",
        aliases=("neighbours", "neighbors"),
    ),
)
