"""Kernels of services: air, traffic, buses, water, electricity."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from domain.text import Text
from processing.compute.forms import (
    AS_WRITTEN,
    CUSTOMERS_INTERRUPTED,
    EVENTS,
    FREE_FLOW,
    HOURS_OF_PERIOD,
    MOMENTARY,
    NO_TS,
    PARAMETERS_ONLY,
    PLANNED,
    Kernel,
    parameter,
)
from processing.compute.readings import Wanted

SERVICE_KERNELS: Final = (
    Kernel(
        "nowcast",
        Text("Nowcast 12 giờ", "NowCast of 12 hours"),
        "",
        "air_quality:nowcast",
        (
            parameter(
                "c",
                "c1 (mới nhất), c2, … cách nhau bằng dấu phẩy, thay cho tệp; bỏ trống là thiếu",
                "c1 (newest), c2, … by commas, in place of a file; nothing between commas is missing",
            ),
            parameter(
                "method",
                "pm: 12 giờ, trọng số từ 0,5; ozone: 8 giờ, không có trọng số nhỏ nhất",
                "pm: 12 hours, weights from 0.5; ozone: 8 hours, no least weight",
                default="pm",
                choices=("pm", "ozone"),
            ),
            parameter(
                "decimals",
                "cắt bỏ (không làm tròn) sau chừng ấy chữ số; không có: giữ nguyên",
                "truncated (not rounded) to so many decimals (US scale: PM2.5 1, PM10 0); none: not",
            ),
        ),
        columns="ts, value (hourly means; without ts the oldest first); with --period hour every hour",
        aliases=("nowcast_pm", "nowcast_ozone", "nowcast_o3"),
        wanted=Wanted(ts=False, keep_missing=True),
        needs_file=False,
    ),
    Kernel(
        "sub_index",
        Text("Chỉ số AQI của một thông số", "AQI of one parameter"),
        "1",
        "air_quality:sub_index",
        (
            parameter(
                "pollutant",
                "thông số; không có: đại lượng của tệp",
                "pm25, pm10, so2, no2, co, o3; none: the quantity of the file",
            ),
            parameter(
                "averaging", "thời gian trung bình", "1h, 8h or 24h; none: the scale's own for the pollutant"
            ),
            parameter("scale", "thang", "scale", default="vn_aqi", choices=("vn_aqi", "us_aqi")),
            parameter(
                "concentration",
                "nồng độ, thay cho tệp",
                "concentrations by commas, in place of a file",
                "ug/m3",
            ),
            parameter(
                "unit",
                "đơn vị của nồng độ; không có: của tệp, hoặc ug/m3",
                "unit of the concentrations, such as [ppm]; none: the file's, or ug/m3",
            ),
            parameter(
                "date", "ngày, chọn bảng có hiệu lực", "day whose table holds (us_aqi); none: the newest"
            ),
        ),
        aliases=("aqi", "vn_aqi", "us_aqi", "subindex"),
        wanted=AS_WRITTEN,
        needs_file=False,
    ),
    Kernel(
        "tti",
        Text("Chỉ số thời gian hành trình", "Travel time index"),
        "1",
        "services:tti",
        (
            *FREE_FLOW,
            parameter(
                "peak", "thời gian cao điểm trung bình, thay cho tệp", "mean peak time, in place of a file"
            ),
        ),
        aliases=("travel_time_index",),
        wanted=NO_TS,
        needs_file=False,
        quantities=("travel_time", "vehicle_speed"),
    ),
    Kernel(
        "buffer_index",
        Text("Chỉ số thời gian dự phòng", "Buffer index"),
        "1",
        "services:buffer_index",
        (parameter("peak_hours", "giờ cao điểm, hoặc all", "local peak hours, or all", "h", "all"),),
        aliases=("buffer_time_index", "buffer_time", "bti"),
        wanted=NO_TS,
        quantities=("travel_time", "vehicle_speed"),
    ),
    Kernel(
        "planning_time_index",
        Text("Chỉ số thời gian kế hoạch", "Planning time index"),
        "1",
        "services:planning_time_index",
        (
            *FREE_FLOW[:2],
            parameter("peak_hours", "giờ cao điểm, hoặc all", "local peak hours, or all", "h", "all"),
        ),
        aliases=("pti", "planning_time"),
        wanted=NO_TS,
        quantities=("travel_time", "vehicle_speed"),
    ),
    Kernel(
        "los",
        Text("Mức phục vụ của đường phố", "Level of service of an urban street"),
        "%",
        "services:los",
        (
            parameter(
                "free_flow_speed",
                "tốc độ thông thoáng; không có: phân vị 85",
                "free-flow speed; none: 85th percentile",
                "km/h",
            ),
            parameter("speed", "tốc độ trung bình, thay cho tệp", "mean speed, in place of a file", "km/h"),
        ),
        aliases=("level_of_service",),
        wanted=NO_TS,
        needs_file=False,
        quantities=("vehicle_speed",),
    ),
    Kernel(
        "bus_on_time",
        Text("Tỷ lệ xe buýt đúng giờ", "Bus punctuality"),
        "%",
        "services:bus_on_time",
        (
            parameter("early_s", "sớm nhất", "how early is still on time", "s", "60"),
            parameter("late_s", "muộn nhất", "how late is still on time", "s", "300"),
            parameter("scheduled", "số lượt theo lịch", "scheduled passages, for the coverage"),
        ),
        columns="value: deviation from schedule in s, late positive; ts optional",
        aliases=("on_time", "punctuality"),
        wanted=NO_TS,
    ),
    Kernel(
        "excess_wait",
        Text("Thời gian chờ vượt", "Excess waiting time"),
        "",
        "services:excess_wait",
        (
            parameter(
                "scheduled",
                "khoảng cách theo lịch, một hoặc nhiều số",
                "scheduled headway, or several by commas",
                required=True,
            ),
        ),
        columns="value: headways",
        aliases=("excess_wait_time", "ewt", "bus_excess_wait", "excess_waiting_time"),
        wanted=NO_TS,
    ),
    Kernel(
        "headway_cv",
        Text("Hệ số biến thiên khoảng cách chuyến", "Headway coefficient of variation"),
        "1",
        "services:headway_cv",
        (
            parameter(
                "scheduled",
                "khoảng cách theo lịch; không có: trung bình",
                "scheduled headway; none: the mean",
            ),
            parameter("ddof", "bậc tự do", "delta degrees of freedom", default="0"),
        ),
        columns="value: headways",
        aliases=("bus_headway_cv", "headway_adherence"),
        wanted=NO_TS,
    ),
    Kernel(
        "nrw",
        Text("Nước thất thoát, thất thu", "Non-revenue water"),
        "%",
        "services:nrw",
        (
            parameter("input", "nước vào mạng", "system input volume", "m3", required=True),
            parameter("billed", "nước bán ra", "billed authorised volume", "m3", required=True),
            parameter("network_km", "chiều dài mạng", "length of the network", "km"),
            parameter("connections", "số đấu nối", "active connections"),
            parameter("days", "số ngày", "days of the volumes", "d", "365"),
        ),
        columns=PARAMETERS_ONLY,
        aliases=("non_revenue_water",),
        needs_file=False,
    ),
    Kernel(
        "mnf",
        Text("Lưu lượng đêm tối thiểu", "Minimum night flow"),
        "",
        "services:minimum_night_flow",
        (
            parameter("from_hour", "từ giờ", "local hour from which it is night", "h", "2"),
            parameter("to_hour", "đến giờ", "local hour to which it is night", "h", "4"),
            parameter(
                "statistic",
                "trung bình hay nhỏ nhất",
                "mean of the window, or its lowest reading",
                default="mean",
                choices=("mean", "min"),
            ),
        ),
        aliases=("minimum_night_flow", "night_flow"),
        quantities=("water_flow",),
    ),
    Kernel(
        "uarl",
        Text("Tổn thất thực không tránh được", "Unavoidable annual real losses"),
        "L/d",
        "services:uarl",
        (
            parameter("mains_km", "chiều dài tuyến chính", "length of mains", "km", required=True),
            parameter("connections", "số đấu nối", "service connections", required=True),
            parameter("pressure_m", "áp lực trung bình", "mean pressure", "m", required=True),
            parameter(
                "private_km", "ống từ ranh giới đến đồng hồ", "pipes from the boundary to meters", "km", "0"
            ),
        ),
        columns=PARAMETERS_ONLY,
        needs_file=False,
    ),
    Kernel(
        "ili",
        Text("Chỉ số rò rỉ hạ tầng", "Infrastructure leakage index"),
        "1",
        "services:ili",
        (
            parameter(
                "real_losses", "tổn thất thực mỗi ngày", "current real losses per day", "L/d", required=True
            ),
            parameter(
                "uarl",
                "tổn thất không tránh được",
                "unavoidable real losses; else from the parameters below",
                "L/d",
            ),
            parameter("mains_km", "chiều dài tuyến chính", "length of mains", "km"),
            parameter("connections", "số đấu nối", "service connections"),
            parameter("pressure_m", "áp lực trung bình", "mean pressure", "m"),
            parameter(
                "private_km", "ống từ ranh giới đến đồng hồ", "pipes from the boundary to meters", "km", "0"
            ),
        ),
        columns=PARAMETERS_ONLY,
        aliases=("infrastructure_leakage_index",),
        needs_file=False,
    ),
    *(
        Kernel(
            name,
            title,
            unit,
            f"supply:{name}",
            (PLANNED, MOMENTARY, *((HOURS_OF_PERIOD,) if name == "asai" else ())),
            columns=EVENTS,
            needs_file=False,
        )
        for name, title, unit in (
            ("saidi", Text("SAIDI của các sự cố", "SAIDI of events"), "min"),
            ("saifi", Text("SAIFI của các sự cố", "SAIFI of events"), "1"),
            ("caidi", Text("CAIDI của các sự cố", "CAIDI of events"), "min"),
            ("maifi", Text("MAIFI của các sự cố", "MAIFI of events"), "1"),
            ("asai", Text("ASAI của các sự cố", "ASAI of events"), "1"),
        )
    ),
    Kernel(
        "interruption_hours",
        Text("Số giờ gián đoạn mỗi hộ", "Interruption hours per household"),
        "h",
        "supply:interruption_hours",
        (PLANNED, replace(MOMENTARY, default="0")),
        columns=EVENTS,
        aliases=("water_interruption_hours",),
        needs_file=False,
    ),
    *(
        Kernel(
            name,
            title,
            unit,
            f"supply:{name}",
            (PLANNED, MOMENTARY, CUSTOMERS_INTERRUPTED),
            columns=EVENTS,
            needs_file=False,
        )
        for name, title, unit in (
            ("ctaidi", Text("CTAIDI của các sự cố", "CTAIDI of events"), "min"),
            ("caifi", Text("CAIFI của các sự cố", "CAIFI of events"), "1"),
        )
    ),
    Kernel(
        "major_event_days",
        Text("Ngưỡng ngày sự kiện lớn (T_MED)", "Major event day threshold (T_MED)"),
        "",
        "supply:major_event_days",
        (
            parameter("multiplier", "hệ số của beta", "k of exp(alpha + k beta)", default="2.5"),
            parameter("ddof", "bậc tự do của beta", "delta degrees of freedom of beta", default="1"),
            parameter(
                "history_end",
                "chỉ các ngày trước đó định ra ngưỡng, các ngày sau được xét",
                "only days before it make the threshold, days from it on are judged; none: all days both",
            ),
        ),
        columns="ts, value: daily SAIDI",
        aliases=("t_med", "tmed", "med", "major_event_day"),
        wanted=NO_TS,
    ),
)
