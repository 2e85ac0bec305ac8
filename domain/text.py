"""Text that people see exists in Vietnamese and English."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages of the platform."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text in `language` ("vi" or "en"; anything else gives Vietnamese)."""
        return self.en if language == "en" else self.vi
