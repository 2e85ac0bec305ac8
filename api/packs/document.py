"""The readable page of a pack: the same sentences as its texts, in Vietnamese and English, with the hashes.

The same manifest is the same bytes: no date of making, no random names.
"""

from __future__ import annotations

import io
from importlib.resources import as_file, files
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from api.packs.words import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

# SIL Open Font License 1.1: Vietnamese, Greek and the signs of formulas. Only letters that are used go in.
_FONT: Final = "OpenSans"
_FONT_FILE: Final = ("fontpkg_open_sans", "files", "OpenSans[wdth,wght].ttf")
_MARGIN_PT: Final = 54.0
_SIZE_PT: Final = 9.5
_TITLE_PT: Final = 14.0
_VALUE_PT: Final = 11.5
_HASH_PT: Final = 7.0
_LEADING: Final = 1.45
_HASHES: Final = ("Mã băm SHA-256 của các tệp trong gói", "SHA-256 of the files in the pack")
# The library keeps its fonts in one table of the process.
_ONE_AT_A_TIME: Final = Lock()


def document(manifest: Mapping[str, Any], hashes: Mapping[str, str]) -> bytes:
    """Return what the manifest says as PDF, for people.

    Args:
        manifest: of a pack.
        hashes: name of a file in the pack -> its SHA-256.
    """
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 # 200 ms that only packs need
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415 # as above

    made = io.BytesIO()
    with _ONE_AT_A_TIME:
        _register_fonts()
        pages = SimpleDocTemplate(
            made,
            pagesize=A4,
            leftMargin=_MARGIN_PT,
            rightMargin=_MARGIN_PT,
            topMargin=_MARGIN_PT,
            bottomMargin=_MARGIN_PT,
            title=f"{manifest['indicator']} {manifest['subject']['code']} {manifest['period_start']}",
            author="Nhịp",
            invariant=1,
        )
        pages.build(_story(manifest, hashes))
    return made.getvalue()


def _register_fonts() -> None:
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont  # noqa: PLC0415 # as above
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 # as above

    if _FONT not in getRegisteredFontNames():
        package, *names = _FONT_FILE
        with as_file(files(package).joinpath(*names)) as path:
            registerFont(TTFont(_FONT, str(path)))


def _story(manifest: Mapping[str, Any], hashes: Mapping[str, str]) -> list[Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 # as above
    from reportlab.platypus import HRFlowable, Paragraph, Spacer  # noqa: PLC0415 # as above

    def style(size: float) -> Any:  # noqa: ANN401 # the library has no types
        leading = size * _LEADING
        return ParagraphStyle("", fontName=_FONT, fontSize=size, leading=leading, spaceAfter=size / 3)

    title, strong, plain, small = (style(size) for size in (_TITLE_PT, _VALUE_PT, _SIZE_PT, _HASH_PT))
    story: list[Any] = []
    for language in ("vi", "en"):
        heading, value, *rest = sentences(manifest, language)
        story += [Paragraph(escape(heading), title), Paragraph(escape(value), strong)]
        story += [Paragraph(escape(one), plain) for one in rest]
        story += [Spacer(1, _SIZE_PT), HRFlowable(width="100%"), Spacer(1, _SIZE_PT)]
    story.append(Paragraph(escape(" · ".join(_HASHES)), plain))
    story += [Paragraph(escape(f"{digest}  {name}"), small) for name, digest in hashes.items()]
    return story
