"""`nhip simulate`: a city of gateways that measure, fail and send, as a real one does."""

import asyncio
import re
import signal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from device_sim.simulation import Simulation

_SENSORS_PER_GATEWAY: Final = 6
# A larger city would need long for its history; it gets one only when asked.
_HISTORY_SENSORS_MAX: Final = 1500
# Yesterday whole, with the eight hours before it that its ozone mean looks back on.
_HISTORY_S: Final = 50 * 3600.0
_SPEED_HISTORY_S: Final = 24 * 3600.0
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_UNIT_S: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class FaultLevel(StrEnum):
    """How often things go wrong in the city."""

    NONE = "none"
    NORMAL = "normal"
    HEAVY = "heavy"


class DurationError(ValueError):
    """A span of time is not written as one."""

    def __init__(self, option: str, found: str) -> None:
        self.option = option
        self.found = found
        super().__init__(f"{option}: found {found!r}, expected a span of time such as 90s, 30m, 50h or 2d")


def simulate(  # noqa: PLR0917 # typer's options are arguments
    gateways: Annotated[int, typer.Option(help="How many gateways.")] = 40,
    sensors: Annotated[
        int | None, typer.Option(help="How many sensors in all (6 per gateway).", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same city, signals and faults.")] = 1,
    history: Annotated[
        str | None,
        typer.Option(
            help="Start so long ago, such as 50h, and fill the past behind the running hour; 0 starts now. "
            f"By default 50h for a city of up to {_HISTORY_SENSORS_MAX} sensors.",
            show_default=False,
        ),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            help="Live through the past at so many seconds per second, and in real time once it is now.",
            show_default=False,
        ),
    ] = None,
    interval_s: Annotated[
        int | None,
        typer.Option(help="Seconds between two readings of every sensor (10 to 60).", show_default=False),
    ] = None,
    faults: Annotated[FaultLevel, typer.Option(help="How often things go wrong.")] = FaultLevel.NORMAL,
    truth: Annotated[
        Path | None,
        typer.Option(help="Write which fault happened where and when, as JSON lines.", show_default=False),
    ] = None,
    unknown: Annotated[
        int, typer.Option(min=0, help="Leave so many sensors for a technician to register.")
    ] = 2,
    state_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the outbox and the credentials (~/.local/state/nhip/simulate).",
            show_default=False,
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(help="End after so long, such as 10m, once the past is delivered.", show_default=False),
    ] = None,
    no_register: Annotated[
        bool, typer.Option("--no-register", help="Only publish; register nothing.")
    ] = False,
    api_url: Annotated[str, typer.Option(envvar="NHIP_API_URL")] = "http://127.0.0.1:8000",
    api_key: Annotated[str, typer.Option(envvar="NHIP_API_KEY", show_default=False)] = "",
    mqtt_url: Annotated[str, typer.Option(envvar="NHIP_MQTT_URL")] = "mqtt://127.0.0.1:1883",
) -> None:
    """Simulate a city over MQTT until Ctrl-C; what is not acknowledged is sent by the next run."""
    # Heavy imports only inside commands.
    from device_sim.city import build_city  # noqa: PLC0415
    from device_sim.endpoint import parsed_endpoint  # noqa: PLC0415
    from device_sim.faults import RATES  # noqa: PLC0415
    from device_sim.registration import RegistryClient  # noqa: PLC0415
    from device_sim.settings import DeviceSimSettings  # noqa: PLC0415
    from device_sim.simulation import Simulation, SimulationOptions  # noqa: PLC0415
    from nhip.cli.state import state_folder  # noqa: PLC0415
    from nhip.logs import configure_logging  # noqa: PLC0415

    configure_logging(json=False)
    settings = DeviceSimSettings()
    city = build_city(seed, gateways, sensors or gateways * _SENSORS_PER_GATEWAY, interval_s=interval_s)
    options = SimulationOptions(
        endpoint=parsed_endpoint(mqtt_url),
        state_dir=state_dir or state_folder() / "simulate",
        rates=RATES[faults.value],
        history_s=_history_s(history, speed, len(city.sensors)),
        speed=None if speed is None or speed <= 1 else speed,
        duration_s=None if duration is None else _seconds("--duration", duration),
        truth=truth,
        unknown=unknown,
    )
    registry = None
    if not no_register:
        registry = RegistryClient(
            api_url,
            api_key,
            timeout_s=settings.api_timeout_s,
            rows_per_request=settings.import_rows_per_request,
        )
    typer.echo(
        f"city of seed {seed}: {len(city.gateways)} gateways, {len(city.sensors)} sensors, "
        f"{sum(1 / sensor.interval_s for sensor in city.sensors):.0f} readings/s, faults {faults}",
        err=True,
    )
    _raise_file_limit(len(city.gateways))
    asyncio.run(_run(Simulation(city, registry, settings, options)))


async def _run(simulation: "Simulation") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, simulation.stop)
    await simulation.run()
    typer.echo(
        f"{simulation.produced_count:,} readings produced, {simulation.acknowledged_count:,} acknowledged",
        err=True,
    )


def _history_s(history: str | None, speed: float | None, sensors: int) -> float:
    if history is not None:
        return _seconds("--history", history)
    if speed is not None and speed > 1:
        return _SPEED_HISTORY_S
    return _HISTORY_S if sensors <= _HISTORY_SENSORS_MAX else 0.0


def _seconds(option: str, text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise DurationError(option, text)
    return float(match[1]) * _UNIT_S[match[2]]


def _raise_file_limit(gateways: int) -> None:
    """Let this process have a socket for each gateway, as far as the system allows."""
    import resource  # noqa: PLC0415 # not on every system; only this command needs it

    wanted = gateways + 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard < 0 else min(wanted, hard), hard))
    if 0 <= hard < wanted:
        typer.echo(f"only {hard} files may be open: some of {gateways} gateways will not connect", err=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)
