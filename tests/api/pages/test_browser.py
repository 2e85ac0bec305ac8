"""The pages in a real browser, in front of the real API, ingester, broker and database."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.api.pages.browser_stack import (
    Registry,
    find_chromium,
    make_key,
    running_api,
    running_ingest,
    sending_gateway,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from store import StoreSettings

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1400, "height": 900}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATHS = ["/", "/register", "/indicators", "/gateways", "/quarantine", "/login"]
HERE = {"latitude": 10.7769, "longitude": 106.7009}
WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)
EVIL = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium: install one, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield started
        started.close()


class Visitor:
    """Somebody with a browser; remembers whatever the browser complained about."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        settings = {"viewport": PHONE, "locale": "vi-VN", "timezone_id": "Asia/Ho_Chi_Minh", **options}
        self.context: BrowserContext = browser.new_context(base_url=address, **settings)
        self.context.set_default_timeout(WAIT_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        # An answer with an error status is an answer; the page says in words what it means.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def log_in(self, key: str) -> None:
        response = self.context.request.post("/api/v1/session", data={"key": key})
        assert response.status == 200, response.text()


@pytest.fixture
def address(store_settings: StoreSettings) -> Iterator[str]:
    with running_api(store_settings) as started:
        yield started


@pytest.fixture
def key(dsn: str) -> str:
    return make_key(dsn)


@pytest.fixture
def registry(address: str, key: str) -> Iterator[Registry]:
    client = Registry(address, key)
    yield client
    client.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Visitor]]:
    visitors: list[Visitor] = []

    def come(**options: Any) -> Visitor:
        visitors.append(Visitor(browser, address, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()


def fill_indicators(dsn: str, site_id: int) -> None:
    """One indicator with a day of hourly values, one of them missing."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with psycopg.connect(dsn) as connection:
        [indicator] = connection.execute(
            "INSERT INTO indicator (code, title_vi, title_en, unit, service, direction, subject_kinds,"
            " periods, formula_vi, formula_en, completeness_rule_vi, completeness_rule_en, source,"
            " method_version)"
            " VALUES ('vn_aqi_hour', 'VN_AQI giờ', 'VN_AQI, hourly', '1', 'air', 'lower', '{site}', '{hour}',"
            " 'lớn nhất', 'largest', '2 trên 3 giờ', '2 of 3 hours', 'QĐ 1459/QĐ-TCMT', 'test.1')"
            " ON CONFLICT (code) DO UPDATE SET title_vi = excluded.title_vi RETURNING id"
        ).fetchone() or [0]
        for age in range(24):
            start = hour - timedelta(hours=age)
            connection.execute(
                "INSERT INTO indicator_value (indicator_id, subject_kind, subject_id, period, period_start,"
                " period_end, value, n, completeness, responsible, note, provisional, method_version)"
                " VALUES (%s, 'site', %s, 'hour', %s, %s, %s, 12, 0.99, 'pm25', %s, %s, 'test.1')",
                (
                    indicator,
                    site_id,
                    start,
                    start + timedelta(hours=1),
                    None if age == 5 else 40 + 5 * age,
                    "incomplete" if age == 5 else None,
                    age == 0,
                ),
            )


@pytest.fixture
def filled(dsn: str, registry: Registry) -> dict[str, Any]:
    """An area, a site with a name that is an attack, a gateway, a sensor, indicator values."""
    registry.add("areas", code="phuong-1", name="Phường Một", kind="ward")
    site = registry.add(
        "sites", code="tram-1", name=f"Trạm {EVIL}", kind="air_station", area="phuong-1", **HERE
    )
    registry.add("gateways", code="gw-1", name=f"Tủ {EVIL}")
    registry.add("sensors", gateway="gw-1", name="pm25-01", quantity="pm25", interval_s=60, site="tram-1")
    fill_indicators(dsn, site["id"])
    return site


def settle(page: Page) -> None:
    """Wait until the page has asked for everything it shows at first."""
    page.wait_for_load_state("networkidle")


def unreachable_targets(page: Page) -> list[str]:
    """Buttons, fields and choices lower or narrower than 44 pixels."""
    return page.evaluate(
        "[...document.querySelectorAll('main button, main select, main input:not([type=checkbox]), nav a')]"
        ".map((node) => [node.getBoundingClientRect(), node])"
        ".filter(([box]) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))"
        ".map(([box, node]) => `${node.tagName} ${node.id || node.textContent} ${box.width}x${box.height}`)"
    )


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
@pytest.mark.parametrize("locale", ["vi-VN", "en-GB"])
def test_every_page_of_an_empty_city_opens_fits_and_says_what_to_do(
    visit, key, size: dict[str, int], locale: str
) -> None:
    visitor = visit(viewport=size, locale=locale)
    visitor.log_in(key)
    for path in PATHS:
        visitor.page.goto(path)
        expect(visitor.page.locator("#who button")).to_be_visible()
        settle(visitor.page)
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert unreachable_targets(visitor.page) == [], path
        assert not re.search(r"\b(undefined|NaN|null|\[object)", visitor.page.inner_text("main")), path
    assert visitor.complaints == []


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
@pytest.mark.usefixtures("filled")
def test_names_that_are_attacks_are_shown_as_names_on_every_page(visit, key, size: dict[str, int]) -> None:
    visitor = visit(viewport=size)
    visitor.log_in(key)
    for path in PATHS:
        visitor.page.goto(path)
        expect(visitor.page.locator("#who button")).to_be_visible()
        settle(visitor.page)
        assert visitor.page.locator("img").count() == 0, path
        assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert not re.search(r"\b(undefined|NaN|\[object)", visitor.page.inner_text("main")), path
    visitor.page.goto("/gateways")
    expect(visitor.page.locator("#gateways")).to_contain_text(f"Tủ {EVIL}")
    assert visitor.complaints == []


@pytest.mark.usefixtures("filled")
def test_the_start_page_shows_stations_with_their_band_and_a_chart_with_a_text(visit) -> None:
    visitor = visit()
    visitor.page.goto("/")
    tile = visitor.page.locator("#air .tile")
    expect(tile).to_contain_text("Tốt")
    expect(tile.locator(".value")).to_have_text("40")
    expect(visitor.page.locator("#chart rect")).to_have_count(23)
    expect(visitor.page.locator("#chart rect.open")).to_have_count(1)
    expect(visitor.page.locator("#chart figcaption")).to_contain_text("Cao nhất 155 (Xấu)")
    figures = visitor.page.locator("#figures")
    expect(figures.locator("[data-figure=gateways] dd").first).to_have_text("0 / 1")
    expect(visitor.page.locator("#alert-list")).to_contain_text("1 gateway đang mất liên lạc")


@pytest.mark.usefixtures("filled")
def test_the_start_page_says_when_the_server_is_away_and_when_it_is_back(visit) -> None:
    visitor = visit()
    visitor.page.goto("/")
    expect(visitor.page.locator("#live")).to_have_class(re.compile(r"\bon\b"))
    visitor.context.set_offline(True)
    expect(visitor.page.locator("#connection")).to_be_visible()
    expect(visitor.page.locator("#connection")).to_contain_text("Mất kết nối")
    visitor.context.set_offline(False)
    expect(visitor.page.locator("#connection")).to_be_hidden()


@pytest.mark.usefixtures("filled")
def test_indicator_values_come_as_chart_table_and_files_and_the_address_holds_the_choice(visit) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/indicators")
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#table tbody tr").first).to_contain_text("tạm tính")
    expect(page.locator("#method-facts")).to_contain_text("QĐ 1459/QĐ-TCMT")
    page.select_option("#period", "hour")
    page.locator("#from").fill((datetime.now(UTC) - timedelta(days=3)).date().isoformat())
    expect(page.locator("#chart rect")).to_have_count(23)
    expect(page).to_have_url(re.compile("site=tram-1"))
    shared = page.url
    for name, kind in (("json", "application/json"), ("csv", "text/csv"), ("xlsx", "spreadsheetml")):
        answer = visitor.context.request.get(page.get_attribute(f"#as-{name}", "href") or "")
        assert answer.status == 200, answer.text()
        assert kind in answer.headers["content-type"]
    other = visit(locale="en-GB")
    other.page.goto(shared)
    expect(other.page.locator("#chart rect")).to_have_count(23)
    expect(other.page.locator("#result-title")).to_contain_text("VN_AQI, hourly")


@pytest.mark.usefixtures("filled")
def test_a_span_that_ends_before_it_begins_is_refused_in_words(visit) -> None:
    page = visit().page
    page.goto("/indicators")
    expect(page.locator("#result")).to_be_visible()
    page.locator("#to").fill("2020-01-01")
    expect(page.locator("#dates-error")).to_contain_text("tìm thấy “2020-01-01”")


def test_registering_asks_for_a_key_says_when_it_is_wrong_and_goes_on_when_it_is_right(visit, key) -> None:
    page = visit().page
    page.goto("/register")
    page.fill("#key", "nhip_wrong")
    page.click("#login button")
    expect(page.locator("#key-error")).to_contain_text("Khoá không đúng")
    page.fill("#key", key)
    page.press("#key", "Enter")
    expect(page.locator("#step-pick")).to_be_visible()
    page.click("#who button")
    expect(page.locator("#step-login")).to_be_visible()


def test_the_log_in_page_never_leads_to_another_host(visit, key, address: str) -> None:
    page = visit().page
    page.goto("/login?next=//evil.example/x")
    page.fill("#key", key)
    page.press("#key", "Enter")
    expect(page.locator("#who button")).to_be_visible()
    assert page.url.startswith(address)


def test_a_technician_registers_a_sensor_that_sends_already_and_sees_its_value(
    visit, registry: Registry, key: str, dsn: str, broker
) -> None:
    registry.add("areas", code="phuong-1", name="Phường Một", kind="ward")
    gateway = f"tu-moi-{secrets.token_hex(3)}"
    visitor = visit(geolocation=HERE, permissions=["geolocation"])
    page = visitor.page
    with (
        running_ingest(dsn, broker.url),
        sending_gateway(broker.host, broker.port, gateway, "pm25-01", "mg/m3"),
    ):
        page.goto("/register")
        page.fill("#key", key)
        page.press("#key", "Enter")
        heard = page.locator(f'#heard button[data-pick="{gateway}/pm25-01"]')
        expect(heard).to_contain_text("mg/m³")
        heard.click()
        assert page.input_value("#gateway") == gateway
        assert page.input_value("#name") == "pm25-01"
        assert page.input_value("#quantity") == "pm25"
        assert page.input_value("#unit") == "mg/m3"
        page.click("#save")
        expect(page.locator("#form-errors")).to_contain_text("Tên gateway: chưa có; cần")
        expect(page.locator("#form-errors")).to_contain_text("Địa điểm: chưa có; cần")
        page.fill("#gateway-name", "Tủ thử")
        page.click("#locate")
        expect(page.locator("#latitude")).to_have_value("10.776900")
        page.select_option("#site", "+")
        page.fill("#site-name", "Trạm Thử")
        page.select_option("#site-area", "phuong-1")
        page.dblclick("#save")
        expect(page.locator("#first")).to_have_class(re.compile(r"\bok\b"))
        # Sent as 0.021 … mg/m3, stored and shown in the unit of the quantity.
        expect(page.locator("#first .big")).to_have_text(re.compile(r"^\d\d+\sµg/m³$"))
        expect(page.locator("#first")).to_contain_text("Chất lượng: tốt")
        expect(page.locator("#credential dd")).to_have_count(2)
        before = page.inner_text("#first .big")
        expect(page.locator("#first .big")).not_to_have_text(before)  # and it goes on living
    assert [item["code"] for item in registry.items("sensors")] == [f"{gateway}.pm25-01"]
    assert [item["name"] for item in registry.items("sites")] == ["Trạm Thử"]
    assert visitor.complaints == []


@pytest.mark.usefixtures("filled")
def test_what_the_server_refuses_is_shown_at_its_field_and_can_be_corrected(visit, registry, key) -> None:
    visitor = visit()
    visitor.log_in(key)
    page = visitor.page
    page.goto("/register")
    page.click("#gateway-list button")
    page.fill("#name", "pm25-01")  # taken
    page.select_option("#quantity", "pm25")
    page.select_option("#site", "tram-1")
    page.click("#save")
    expect(page.locator("#form-errors")).to_contain_text("pm25-01")
    page.fill("#name", "pm25-02")
    page.click("#save")
    expect(page.locator("#step-wait")).to_be_visible()
    assert sorted(item["name"] for item in registry.items("sensors")) == ["pm25-01", "pm25-02"]


@pytest.mark.usefixtures("filled")
def test_a_suspect_value_is_shown_as_doubtful_with_its_usual_range(visit, registry, dsn, key) -> None:
    [sensor] = registry.items("sensors")
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT ensure_reading_partitions(now(), now())")
        connection.execute(
            "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)"
            " VALUES (%s, now(), now(), 21000, 3, 0)",
            (sensor["id"],),
        )
    visitor = visit()
    visitor.log_in(key)
    visitor.page.goto(f"/register?sensor={sensor['id']}")
    expect(visitor.page.locator("#first")).to_have_class(re.compile(r"\bdoubt\b"))
    expect(visitor.page.locator("#first .big")).to_have_text(re.compile(r"^21\.000\sµg/m³$"))
    expect(visitor.page.locator("#first")).to_contain_text(re.compile(r"từ 0 đến 2\.000\sµg/m³"))


@pytest.mark.usefixtures("filled")
def test_when_no_reading_comes_the_page_says_what_to_look_at(visit, key) -> None:
    visitor = visit()
    visitor.log_in(key)
    page = visitor.page
    page.goto("/register")
    page.click("#gateway-list button")
    page.fill("#name", "pm10-01")
    page.select_option("#quantity", "pm10")
    page.select_option("#site", "tram-1")
    page.click("#save")
    expect(page.locator("#hints")).to_contain_text("gw-1 chưa từng được nghe thấy")


@pytest.mark.usefixtures("filled")
def test_a_registration_made_without_network_is_kept_and_sent_once_when_it_is_back(
    visit, registry, key
) -> None:
    visitor = visit()
    visitor.log_in(key)
    page = visitor.page
    page.goto("/register")
    expect(page.locator("#gateway-list button")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()  # now under the worker, which keeps the lists
    expect(page.locator("#gateway-list button")).to_be_visible()
    visitor.context.set_offline(True)
    page.reload()
    page.click("#gateway-list button")
    page.fill("#name", "pm1-01")
    page.select_option("#quantity", "pm10")
    page.select_option("#site", "tram-1")
    page.reload()  # the battery fell out
    expect(page.locator("#name")).to_have_value("pm1-01")
    page.click("#save")
    expect(page.locator("#outbox")).to_contain_text("gw-1.pm1-01 · chờ mạng")
    assert len(registry.items("sensors")) == 1
    visitor.context.set_offline(False)
    expect(page.locator("#step-wait")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    assert sorted(item["name"] for item in registry.items("sensors")) == ["pm1-01", "pm25-01"]


def test_an_operator_discards_what_was_set_aside_and_a_visitor_cannot(visit, dsn, key) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO quarantine (gateway, topic, payload_format, reason, detail, reading_count, payload,"
            " digest) VALUES ('gw-9', 'nhip/v1/gw-9/data', 'native', 'malformed', %s, 1, '{', 'x')",
            (EVIL,),
        )
    visitor = visit()
    visitor.page.goto("/quarantine")
    expect(visitor.page.locator("#rows")).to_contain_text(EVIL)
    expect(visitor.page.locator("#rows button")).to_have_count(0)
    visitor.log_in(key)
    visitor.page.goto("/quarantine")
    visitor.page.on("dialog", lambda dialog: dialog.accept())
    visitor.page.click("#rows button[data-act=discard]")
    expect(visitor.page.locator("#outcome")).to_contain_text("Đã bỏ số")
    expect(visitor.page.locator("#rows tbody tr")).to_have_count(0)


def test_quarantine_is_counted_whole_and_shows_the_message(visit, dsn) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO quarantine (gateway, topic, payload_format, reason, reading_count, payload, digest)"
            " SELECT 'gw-9', 't', 'native', 'malformed', 1, convert_to(%s, 'UTF8'), i::text::bytea"
            " FROM generate_series(1, 1203) i",
            (EVIL,),
        )
    page = visit(viewport=WIDE, locale="vi-VN").page
    page.goto("/quarantine")
    expect(page.locator("#reasons")).to_contain_text("Tất cả: 1.203")
    box = page.locator("#rows details").first
    box.locator("summary").click()
    expect(box.locator("pre")).to_be_visible()
    expect(box.locator("pre")).to_have_text(EVIL)


@pytest.mark.usefixtures("filled")
def test_a_gateway_that_floods_and_misses_batches_is_marked(visit, dsn) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO gateway_seen (gateway, online, missing, throttled_count, throttled_at)"
            " VALUES ('gw-1', true, '{[7,9),[11,12)}', 41, now())"
        )
        visitor = visit(viewport=WIDE, locale="vi-VN")
        visitor.page.goto("/gateways")
        row = visitor.page.locator("#gateways tbody tr")
        expect(row).to_contain_text("gửi quá dồn dập")
        expect(row).to_contain_text("từ chối 41 bản tin")
        expect(row.locator("[data-label='Lô còn thiếu']")).to_have_text("3")
        connection.execute("UPDATE gateway_seen SET throttled_at = now() - interval '2 days'")
        visitor.page.goto("/gateways?lang=en")
        expect(row.locator("[data-label='Batches missing']")).to_have_text("3")
        expect(row).not_to_contain_text("floods")


@pytest.mark.usefixtures("filled")
def test_the_registration_page_works_from_the_keyboard_alone(visit, key) -> None:
    visitor = visit(viewport=WIDE)
    visitor.log_in(key)
    page = visitor.page
    page.goto("/register")
    expect(page.locator("#gateway-list button")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#gateway-list button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#step-form")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "form-title"
    page.locator("#save").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#form-errors")).to_be_focused()
